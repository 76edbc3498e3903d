"""Numbers, durations and strings as PromQL writes them, which is mostly as Go does."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

__all__ = ["format_float", "parse_duration", "parse_number", "quote", "unquote"]

_DURATION: Final = re.compile(
    r"(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?"
    r"(?:([0-9]+)m(?!s))?(?:([0-9]+)s)?(?:([0-9]+)ms)?"
)
_UNITS: Final = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)
_LONGEST: Final = 2**63 // 1_000_000
"""Milliseconds; Go's durations are 64 bits of nanoseconds."""
_LONGEST_TEXT: Final = 200
"""Characters; Python refuses whole numbers of thousands of digits in words of its own."""
_OCTAL: Final = re.compile(r"0[0-7_]+")

_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.)|\Z)", re.DOTALL
)
_SIMPLE: Final = {
    "a": b"\a",
    "b": b"\b",
    "f": b"\f",
    "n": b"\n",
    "r": b"\r",
    "t": b"\t",
    "v": b"\v",
    "\\": b"\\",
}
_SHORT: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}


def parse_number(text: str) -> float:
    """The value of a number: decimal, hexadecimal, octal (``010``), with underscores, Inf, NaN.

    Raises:
        ValueError: it is none, or larger than Go can read.
    """
    plain = text.lower()
    if plain.startswith("0x"):
        plain = plain.replace("_", "")
        value = _whole(plain, 16) if "." not in plain and "p" not in plain else _hex(plain)
    elif _OCTAL.fullmatch(plain):
        value = _whole(plain, 8)
    else:
        value = float(plain)
    if math.isinf(value) and "inf" not in plain:
        raise ValueError("value out of range")
    return value


def _whole(text: str, base: int) -> float:
    number = int(text, base)
    if number >= 2**63:
        raise ValueError("value out of range")
    return float(number)


def _hex(text: str) -> float:
    if "p" not in text:
        raise ValueError("hexadecimal mantissa requires a 'p' exponent")
    try:
        return float.fromhex(text)
    except OverflowError:
        raise ValueError("value out of range") from None


def parse_duration(text: str) -> int:
    """Milliseconds of a duration such as ``1h30m``.

    Raises:
        ValueError: it is none, with Prometheus' sentence.
    """
    if text == "0":
        return 0
    found = _DURATION.fullmatch(text)
    if found is None or not text:
        raise ValueError(f"not a valid duration string: {quote(text)}")
    if len(text) > _LONGEST_TEXT:
        raise ValueError("duration out of range")
    parts = [int(part or 0) for part in found.groups()]
    total = sum(part * unit for part, unit in zip(parts, _UNITS, strict=True))
    if total >= _LONGEST:
        raise ValueError("duration out of range")
    return total


def unquote(text: str) -> str:
    """The value of a string literal with its quotes.

    Bytes that are not UTF-8 (``\\xff``) become lone surrogates, as ``surrogateescape`` makes them.

    Raises:
        ValueError: an escape that Go does not know.
    """
    mark, body = text[0], text[1:-1]
    if mark == "`":
        return body.replace("\r", "")
    if "\\" not in body:
        return body
    out = bytearray()
    end = 0
    for found in _ESCAPE.finditer(body):
        out += _bytes(body[end : found.start()]) + _escaped(found, mark)
        end = found.end()
    return (out + _bytes(body[end:])).decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _escaped(found: re.Match[str], mark: str) -> bytes:
    two, four, eight, octal, other = found.groups()
    if two:
        return bytes([int(two, 16)])
    if octal and int(octal, 8) < 256:
        return bytes([int(octal, 8)])
    code = int(four or eight or "110000", 16)
    if code < 0x110000 and not 0xD800 <= code < 0xE000:
        return chr(code).encode()
    if other == mark:
        return other.encode()
    if other in _SIMPLE:
        return _SIMPLE[other]
    raise ValueError("invalid syntax")


def quote(text: str) -> str:
    """``text`` as Go's ``%q`` prints it."""
    return '"' + "".join(map(_quoted, text)) + '"'


def _quoted(char: str) -> str:
    short = _SHORT.get(char)
    if short is not None:
        return short
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def format_float(value: float) -> str:
    """``value`` as Go's ``FormatFloat(value, 'f', -1, 64)``: shortest, without an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")
