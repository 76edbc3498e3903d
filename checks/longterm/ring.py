"""Buckets of equal length, three numbers each; the oldest are forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from checks.longterm.tally import HOUR, KEPT, MINUTE, Key, Tally
from checks.store.block import Floats, Times

__all__ = ["Buckets", "Ring"]

_FIRST: Final = 16
"""Buckets that there is room for at first."""


class Ring:
    """Buckets of ``step`` seconds for ``KEPT[step]`` seconds, ascending; room grows with them.

    With ``peaks`` the second of the three numbers is the largest that was put in, else a sum
    like the others.
    """

    def __init__(self, step: int, *, peaks: bool = False) -> None:
        self.step = step
        self._peaks = peaks
        self._room: Times = np.zeros(_FIRST, dtype=np.int64)
        self._rows: Floats = np.zeros((_FIRST, 3))
        self._count = 0
        self._changed: set[int] = set()

    @property
    def _starts(self) -> Times:
        return self._room[: self._count]

    @property
    def _values(self) -> Floats:
        return self._rows[: self._count]

    def add(self, at: float, values: tuple[float, float, float]) -> None:
        """Put ``values`` into the bucket of the moment ``at`` (seconds)."""
        start = int(at // self.step) * self.step
        if self._count and start < int(self._room[self._count - 1]) - KEPT[self.step]:
            return
        place = int(self._starts.searchsorted(start))
        if place == self._count or int(self._room[place]) != start:
            place = self._insert(place, start)
        row = self._rows[place]
        second = max(row[1], values[1]) if self._peaks else row[1] + values[1]
        row[:] = (row[0] + values[0], second, row[2] + values[2])
        self._changed.add(start)

    def _insert(self, place: int, start: int) -> int:
        """Make an empty bucket; almost always it is the newest. Returns its place."""
        if self._count == len(self._room):
            place -= self._expire(start)
        self._room[place + 1 : self._count + 1] = self._room[place : self._count].copy()
        self._rows[place + 1 : self._count + 1] = self._rows[place : self._count].copy()
        self._room[place] = start
        self._rows[place] = (0.0, -np.inf if self._peaks else 0.0, 0.0)
        self._count += 1
        return place

    def _expire(self, now: int) -> int:
        """Forget what is too old, and have room for more. Returns how many were forgotten."""
        old = int(self._starts.searchsorted(now - KEPT[self.step]))
        kept = self._count - old
        room = max(_FIRST, 2 * kept if 2 * kept > len(self._room) else len(self._room))
        starts, rows = np.zeros(room, dtype=np.int64), np.zeros((room, 3))
        starts[:kept], rows[:kept] = self._starts[old:], self._values[old:]
        self._room, self._rows, self._count = starts, rows, kept
        # Where nobody writes, nothing else takes them out.
        self._changed.intersection_update(self._starts.tolist())
        return old

    def recall(self, starts: Times, rows: Floats) -> None:
        """Add buckets of before, at once; they need not be written again."""
        every = np.concatenate((self._starts, starts))
        merged, where = np.unique(every, return_inverse=True)
        values = np.zeros((len(merged), 3))
        given = np.concatenate((self._values, rows))
        np.add.at(values, where, given)
        if self._peaks:
            values[:, 1] = -np.inf
            np.maximum.at(values[:, 1], where, given[:, 1])
        self._room, self._rows, self._count = merged, values, len(merged)

    def since(self, after: float) -> Floats:
        """The sums of the buckets that end later than ``after`` (seconds)."""
        first = int(self._starts.searchsorted(after - self.step, side="right"))
        found: Floats = self._values[first:].sum(axis=0)
        return found

    def points(self, after: float) -> tuple[Times, Floats]:
        """Starts and rows of the buckets that end later than ``after``, the oldest first."""
        first = int(self._starts.searchsorted(after - self.step, side="right"))
        return self._starts[first:], self._values[first:]

    def touch(self) -> None:
        """Have all buckets written again: the file that had them is gone."""
        self._changed.update(self._starts.tolist())

    def changed(self) -> Iterator[tuple[int, Floats]]:
        """The buckets that changed since this was last asked."""
        changed, self._changed = self._changed, set()
        for start in sorted(changed):
            place = int(self._starts.searchsorted(start))
            if place < self._count and int(self._room[place]) == start:
                yield start, self._rows[place]


class Buckets:
    """Minutes for six hours and hours for three months of what is called ``series``.

    ``recalled`` says whether what the file holds of before was added; ``about`` what the series
    is, for who reads the file.
    """

    def __init__(self, series: str, *, peaks: bool = False) -> None:
        self.series = series
        self.recalled = False
        self.about = ""
        self.minutes = Ring(MINUTE, peaks=peaks)
        self.hours = Ring(HOUR, peaks=peaks)

    def add(self, at: float, first: float, second: float, third: float) -> None:
        """Put the three numbers into the minute and the hour of ``at`` (seconds)."""
        for ring in (self.minutes, self.hours):
            ring.add(at, (first, second, third))

    def recall(self, tallies: Sequence[Tally]) -> None:
        """Add what the file holds."""
        for ring in (self.minutes, self.hours):
            own = [one for one in tallies if one.key.step == ring.step]
            starts = np.array([one.key.start for one in own], dtype=np.int64)
            rows = np.array([one[1:] for one in own], dtype=np.float64).reshape(-1, 3)
            ring.recall(starts, rows)

    def fitting(self, seconds: float) -> Ring:
        """The finest buckets that reach back so far."""
        return self.minutes if seconds <= KEPT[MINUTE] - 600 else self.hours

    def touch(self) -> None:
        """Have all buckets written again."""
        self.minutes.touch()
        self.hours.touch()

    def changed(self) -> Iterator[Tally]:
        """What is to be written."""
        for ring in (self.minutes, self.hours):
            for start, row in ring.changed():
                first, second, third = row.tolist()
                yield Tally(Key(self.series, ring.step, start), first, second, third)
