"""The rows of a request log that were read last, and what it means that one has gone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal

from checks.requests.source import Row

__all__ = ["Memory", "Verdict"]

Verdict = Literal["same", "shifted", "another"]
"""``same``: some of the rows remembered are still there. ``shifted``: all are, at times that
lie a whole zone apart from what they were. ``another``: none is."""

_REMEMBERED: Final = 4096
_MARKS: Final = 64
_QUARTER: Final = 900.0
_FARTHEST_ZONES: Final = 15 * 3600.0

Key = int
Time = float | None


class Memory:
    """Ids and times of the newest rows read, of which the largest id is the *anchor*.

    Of what lies further back one row a batch is kept as a *mark*.
    """

    def __init__(self) -> None:
        self._recent: dict[Key, Time] = {}
        self._marks: list[tuple[Key, Time]] = []
        self._ghosts: dict[Key, Time] = {}
        self.anchor: tuple[Key, Time] | None = None
        self.newest = -math.inf
        """The latest time that a row had."""

    def __len__(self) -> int:
        return len(self._recent)

    @property
    def span(self) -> tuple[Key, Key] | None:
        """Smallest and largest id that are remembered."""
        return (min(self._recent), max(self._recent)) if self._recent else None

    def add(self, rows: Sequence[Row]) -> None:
        """New rows, ascending, above all that are known."""
        fresh = {int(row[0]): row[1] for row in rows[-_REMEMBERED:]}
        if self.anchor is not None:
            self._marks = [*self._marks, self.anchor][-_MARKS:]
        self._recent |= fresh
        self.anchor = max(self._recent.items(), default=None, key=lambda item: item[0])
        self._note_times(rows)
        self._bound()

    def unseen(self, rows: Sequence[Row]) -> Sequence[Row]:
        """``rows`` without those that had been read before they vanished for a while."""
        if not self._ghosts:
            return rows
        missing = object()
        return [row for row in rows if self._ghosts.get(row[0], missing) != row[1]]

    def judge(self, rows: Sequence[Row]) -> Verdict:
        """What ``rows``, all within :attr:`span` that there are, say of the table."""
        both = [(row[1], self._recent[row[0]]) for row in rows if row[0] in self._recent]
        if any(now == then for now, then in both):
            return "same"
        apart = {round(now - then, 3) for now, then in both if now is not None and then is not None}
        moments = {then for _, then in both}
        if len(apart) == 1 and len(moments) > 1:
            (seconds,) = apart
            if seconds % _QUARTER == 0 and abs(seconds) <= _FARTHEST_ZONES:
                return "shifted"
        return "another"

    def used_again(self, rows: Sequence[Row]) -> list[Row]:
        """Those of ``rows`` whose id another row had before."""
        return [row for row in rows if row[0] in self._recent and self._recent[row[0]] != row[1]]

    def replace(self, rows: Sequence[Row]) -> None:
        """Of all that is remembered only ``rows`` are there still; the rest may come back
        (behind an address there may be several replicas)."""
        found = {int(row[0]): row[1] for row in rows}
        gone = {key: time for key, time in self._recent.items() if key not in found}
        self._ghosts = dict(list({**self._ghosts, **gone}.items())[-_REMEMBERED:])
        self._recent = found
        self.anchor = max(found.items(), default=None, key=lambda item: item[0])
        self._note_times(rows)

    def move(self, rows: Sequence[Row]) -> None:
        """The same rows, at other times than they had."""
        self._marks.clear()
        self._ghosts.clear()
        self.newest = -math.inf
        self.replace(rows)
        self._ghosts.clear()

    def mark_below(self, last: Key) -> tuple[Key, Time] | None:
        """The newest mark with an id up to ``last``."""
        return next((mark for mark in reversed(self._marks) if mark[0] <= last), None)

    def clear(self) -> None:
        """Forget all rows; the latest time stays."""
        self._recent.clear()
        self._marks.clear()
        self._ghosts.clear()
        self.anchor = None

    def _note_times(self, rows: Sequence[Row]) -> None:
        self.newest = max(self.newest, *(row[1] for row in rows if row[1] is not None), -math.inf)

    def _bound(self) -> None:
        if len(self._recent) > 2 * _REMEMBERED:
            kept = sorted(self._recent.items())[-_REMEMBERED:]
            self._recent = dict(kept)
