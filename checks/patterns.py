"""Regular expressions of the user's, on texts that a target chooses: each search is bounded.

The standard ``re`` cannot be given up: ``^(a+)+$`` on thirty bytes holds up all threads for
seconds, on sixty for years. ``regex`` can, and takes 20 ms to import, so only who has a
pattern pays for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from time import thread_time
from typing import TYPE_CHECKING, Final

from checks.errors import TargetError
from checks.model import clean

if TYPE_CHECKING:
    import regex

__all__ = ["LIMIT", "Matcher", "SlowPatternError"]

LIMIT: Final = 0.1
"""Seconds that a pattern may take on one answer, however many texts that has."""
_SHOWN: Final = 80
_ESCAPED_OR_BRACE = re.compile(r"\\N\{[^}]*\}|\\.|\{(?!\d+(?:,\d*)?\}|,\d*\})", re.DOTALL)


class SlowPatternError(TargetError):
    """A pattern took too long; the sentence says which, and what to do."""

    def __init__(self, pattern: str) -> None:
        super().__init__(
            "limit",
            f"the pattern {clean(pattern, _SHOWN)} took longer than {LIMIT * 1000:.0f} ms on this "
            "answer; make it simpler",
        )


class Matcher:
    """A pattern in the syntax of ``re``, for texts of others."""

    __slots__ = ("_compiled", "pattern")

    def __init__(self, pattern: str, *, multiline: bool = False) -> None:
        import regex  # noqa: PLC0415 - see the module

        self.pattern = pattern
        flags = regex.VERSION0 | (regex.MULTILINE if multiline else 0)
        self._compiled = regex.compile(_plain(pattern), flags)

    def search(self, text: str) -> regex.Match[str] | None:
        """The first match.

        Raises:
            SlowPatternError: it takes too long.
        """
        return self._search(text, LIMIT)

    def searches(self, texts: Iterable[str]) -> Iterator[regex.Match[str] | None]:
        """The first match in each of ``texts``, which are of one answer.

        Raises:
            SlowPatternError: all of them together take too long.
        """
        left = LIMIT
        for text in texts:
            began = thread_time()
            found = self._search(text, left)
            left -= thread_time() - began
            yield found
            if left <= 0:
                raise SlowPatternError(self.pattern)

    def _search(self, text: str, limit: float) -> regex.Match[str] | None:
        try:
            return self._compiled.search(text, timeout=limit)
        except (TimeoutError, MemoryError):
            raise SlowPatternError(self.pattern) from None


def _plain(pattern: str) -> str:
    """``pattern`` with each brace escaped that ``re`` takes literally.

    To ``regex`` a brace may say how many errors are allowed: ``(?:ok){e<=1}``.
    """
    return _ESCAPED_OR_BRACE.sub(_escaped, pattern)


def _escaped(found: re.Match[str]) -> str:
    text = found.group()
    return "\\{" if text == "{" else text
