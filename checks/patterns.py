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

__all__ = ["LIMIT", "Allowance", "Matcher", "SlowPatternError"]

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


class Allowance:
    """What is left of the time that a pattern may take on one answer, in seconds."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = LIMIT


class Matcher:
    """A pattern in the syntax of ``re``, for texts of others.

    ``octets``: the texts are bytes, decoded as Latin-1; what that means for the pattern is
    as with a pattern of bytes, and the dot matches a line's end too.
    """

    __slots__ = ("_compiled", "pattern")

    def __init__(self, pattern: str, *, multiline: bool = False, octets: bool = False) -> None:
        import regex  # noqa: PLC0415 - see the module

        self.pattern = pattern
        flags = regex.VERSION0 | (regex.MULTILINE if multiline else 0)
        if octets:
            pattern = pattern.encode().decode("latin-1")
            flags |= regex.ASCII | regex.DOTALL
        self._compiled = regex.compile(_plain(pattern), flags)

    def search(self, text: str, allowance: Allowance | None = None) -> regex.Match[str] | None:
        """The first match.

        Raises:
            SlowPatternError: it takes longer than is left of ``allowance``, else :data:`LIMIT`.
        """
        allowance = allowance or Allowance()
        began = thread_time()
        try:
            if allowance.left > 0:
                return self._compiled.search(text, timeout=allowance.left)
        except (TimeoutError, MemoryError):
            pass
        finally:
            allowance.left -= thread_time() - began
        raise SlowPatternError(self.pattern)

    def searches(self, texts: Iterable[str]) -> Iterator[regex.Match[str] | None]:
        """The first match in each of ``texts``, which are of one answer.

        Raises:
            SlowPatternError: all of them together take too long.
        """
        allowance = Allowance()
        for text in texts:
            yield self.search(text, allowance)


def _plain(pattern: str) -> str:
    """``pattern`` with each brace escaped that ``re`` takes literally.

    To ``regex`` a brace may say how many errors are allowed: ``(?:ok){e<=1}``.
    """
    return _ESCAPED_OR_BRACE.sub(_escaped, pattern)


def _escaped(found: re.Match[str]) -> str:
    text = found.group()
    return "\\{" if text == "{" else text
