"""Go's string literals, read and written (strconv.Quote, Unquote)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["code_point", "quote", "unquote", "unquote_char"]

_NAMED: Final = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}
_MEANINGS: Final = {name: char for char, name in _NAMED.items()} | {"\\": "\\"}
_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\\"'])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))"
)
_HIGHEST: Final = 0x10FFFF


def quote(text: str, ascii_only: bool = False, mark: str = '"') -> str:
    """``text`` as a literal of Go between two ``mark``."""
    plain = text.isprintable() and (text.isascii() or not ascii_only)
    if plain and mark not in text and "\\" not in text:
        return f"{mark}{text}{mark}"
    return mark + "".join(_escaped(char, ascii_only, mark) for char in text) + mark


def _escaped(char: str, ascii_only: bool, mark: str) -> str:
    if char in (mark, "\\"):
        return "\\" + char
    if char in _NAMED:
        return "\\" + _NAMED[char]
    if char.isprintable() and (char.isascii() or not ascii_only):
        return char
    number = ord(char)
    if number < 0x80:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def unquote(literal: str) -> str | None:
    """What a literal in double quotes or backquotes stands for; None where it is malformed."""
    if literal[:1] == "`":
        return literal[1:-1].replace("\r", "")
    return _unescaped(literal[1:-1], '"')


def unquote_char(literal: str) -> str | None:
    """What stands between single quotes, one character if it is right; None where malformed."""
    return _unescaped(literal[1:-1], "'")


def _unescaped(body: str, mark: str) -> str | None:
    if "\\" not in body:
        return body
    octets = bytearray()
    at = 0
    while (slash := body.find("\\", at)) >= 0:
        octets += body[at:slash].encode("utf-8", "replace")
        found = _ESCAPE.match(body, slash)
        meaning = _meaning(found, mark) if found else None
        if found is None or meaning is None:
            return None
        octets += meaning
        at = found.end()
    octets += body[at:].encode("utf-8", "replace")
    return octets.decode("utf-8", "replace")


def _meaning(found: re.Match[str], mark: str) -> bytes | None:
    """The octets that an escape stands for: Go's ``\\x`` and octal escapes are octets."""
    named, octet, short, long, octal = found.groups()
    if named:
        char = _MEANINGS.get(named, named if named == mark else "")
        return char.encode() or None
    if octet or octal:
        number = int(octet, 16) if octet else int(octal, 8)
        return bytes([number]) if number < 256 else None
    number = int(short or long, 16)
    if number > _HIGHEST or 0xD800 <= number < 0xE000:
        return None
    return chr(number).encode()


def code_point(char: str) -> str:
    """``char`` as Go's ``%#U`` shows it: ``U+00E9 'é'``."""
    number = ord(char)
    return f"U+{number:04X} '{char}'" if char.isprintable() else f"U+{number:04X}"
