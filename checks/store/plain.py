"""Patterns that need no library: alternatives, each a text or the beginning of one.

Prometheus matches these without a regular expression, too (model/labels/regexp.go), and nearly all
matchers that people write are such. RE2 takes 2 MB, and ten times as long for a value.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["Alternatives", "alternatives", "is_sound"]

_LETTER: Final = r"[\w /:,@%=-]"
_POINT: Final = r"\\\.|\[\.\]"
_ALTERNATIVE: Final = re.compile(rf"((?:{_LETTER}|{_POINT})*)(\.[*+])?", re.ASCII)
_WRITTEN_POINT: Final = re.compile(_POINT)

_ATOM: Final = rf"{_LETTER}|{_POINT}|\.[*+?]?|\[[\w.]+\]|\|"
_SOUND: Final = re.compile(rf"(?:\(\?i\))?(?:{_ATOM}|\((?:{_ATOM})*\)[*+?]?)*", re.ASCII)
_SHORT: Final = 300


class Alternatives:
    """A pattern for whole values, whose dot matches a line's end too."""

    __slots__ = ("_any", "_beginnings", "_whole")

    def __init__(self, parts: list[tuple[str, str]]) -> None:
        self._whole = frozenset(text for text, rest in parts if not rest)
        self._any = tuple(text for text, rest in parts if rest == ".*")
        self._beginnings = tuple(text for text, rest in parts if rest == ".+")

    def fits(self, value: str) -> bool:
        """Whether ``value`` is one of them."""
        return (
            value in self._whole
            or value.startswith(self._any)
            or any(value.startswith(one) and value != one for one in self._beginnings)
        )


@lru_cache(maxsize=1024)
def alternatives(pattern: str) -> Alternatives | None:
    """What ``pattern`` lists; None where it is more than a list."""
    parts = []
    for text in pattern.split("|"):
        found = _ALTERNATIVE.fullmatch(text)
        if found is None:
            return None
        parts.append((_WRITTEN_POINT.sub(".", found[1]), found[2] or ""))
    return Alternatives(parts)


def is_sound(pattern: str) -> bool:
    """Whether ``pattern`` is so simple that RE2 has nothing to refuse, and need not be asked."""
    return len(pattern) <= _SHORT and _SOUND.fullmatch(pattern) is not None
