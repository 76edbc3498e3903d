"""``match`` and ``reReplaceAll``: regular expressions are RE2's, as in Go."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from checks.templates.errors import CallError

if TYPE_CHECKING:
    import re2

__all__ = ["match", "replace_all"]

MAX_PATTERN: Final = 10_000
MAX_MEMORY: Final = 8 << 20
"""What one expression may take, in octets: RE2 refuses one that wants more."""

_REFERENCE: Final = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))?")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,8}")
"""The number of a group; what looks otherwise, such as ``01``, is a name to Go."""


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> re2._Regexp[str]:
    import re2  # noqa: PLC0415 - a library that only such templates need

    if len(pattern) > MAX_PATTERN:
        raise CallError(f"error parsing regexp: longer than {MAX_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0]
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise CallError(f"error parsing regexp: {text}: `{pattern}`") from None


def _encodable(text: str) -> str:
    """``text`` without lone surrogates, which RE2 cannot be given."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def match(pattern: str, text: str) -> bool:
    """Whether ``pattern`` matches anywhere in ``text``."""
    return _compiled(pattern).search(_encodable(text)) is not None


def replace_all(pattern: str, replacement: str, text: str) -> str:
    """``text`` with each match replaced; ``$1``, ``${1}`` and ``${name}`` are its groups.

    After Go's Regexp.ReplaceAllString: an empty match right behind a match is none.
    """
    text = _encodable(text)
    parts: list[str] = []
    copied = 0
    for found in _compiled(pattern).finditer(text):
        start, end = found.span()
        parts.append(text[copied:start])
        if end > copied or start == 0:
            parts.append(_expanded(replacement, found))
        copied = end
    parts.append(text[copied:])
    return "".join(parts)


def _expanded(replacement: str, found: Any) -> str:
    if "$" not in replacement:
        return replacement
    return _REFERENCE.sub(lambda reference: _group(reference, found), replacement)


def _group(reference: re.Match[str], found: Any) -> str:
    dollar, braced, plain = reference.groups()
    if dollar:
        return "$"
    name = braced or plain
    if not name:
        return "$"
    try:
        return found.group(int(name) if _NUMBER.fullmatch(name) else name) or ""
    except (IndexError, KeyError):
        return ""
