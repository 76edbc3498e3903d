"""Child rows from lines that a script prints for people: ``✅ database: 3 ms``. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from checks.health_words import word_status
from checks.model import Part, Status
from checks.patterns import Matcher

__all__ = ["child_rows"]

MOST_ROWS: Final = 50
MOST_LINES: Final = 10_000
"""Lines that are looked through: many short ones would use up the pattern's time."""

_OK: Final = "✅✔✓☑🟢+"
_WARNING: Final = "⚠▲🟡!"
_CRITICAL: Final = "❌✘✗✖☒🔴⛔x×-"
_MARKS: Final = {
    mark: status
    for marks, status in (
        (_OK, Status.OK),
        (_WARNING, Status.WARNING),
        (_CRITICAL, Status.CRITICAL),
    )
    for mark in marks
}
_FRAME: Final = "[]()<>:\ufe0f "


def child_rows(text: str, pattern: Matcher) -> tuple[Part, ...]:
    """A row for each line that matches ``pattern``, which has the groups ``name``, ``status``.

    Of the first :data:`MOST_LINES` lines that are not blank. A mark or a word that nobody knows
    makes the row UNKNOWN.

    Raises:
        SlowPatternError: the pattern takes too long.
    """
    return tuple(islice(_rows(text, pattern), MOST_ROWS))


def _rows(text: str, pattern: Matcher) -> Iterator[Part]:
    lines = islice((line for line in text.splitlines() if line.strip()), MOST_LINES)
    for match in pattern.searches(lines):
        if match is None:
            continue
        found = match.groupdict(default="")
        if found["name"].strip():
            yield Part(
                found["name"].strip(),
                _status(found["status"]),
                found.get("message", "").strip(),
                found.get("value", "").strip(),
            )


def _status(said: str) -> Status:
    plain = said.strip(_FRAME)
    return _MARKS.get(plain.lower()) or word_status(plain) or Status.UNKNOWN
