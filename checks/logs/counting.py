"""How many there were of late: sums over sliding windows, in steps, of bounded size."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from typing import Final

__all__ = ["Course", "Sliding", "Top"]

_STEPS: Final = 300
"""Steps of a window: what left it is still counted for a three hundredth of it."""
_FINEST: Final = 0.2
"""Seconds of the shortest step."""
POINTS: Final = 60
"""Points of a small curve."""


class Sliding:
    """How many there were in the last ``window`` seconds: at least all of these, and at most what
    was a step before.
    """

    __slots__ = ("_length", "_step", "_steps", "total", "window")

    def __init__(self, window: float) -> None:
        self.window = window
        self._step = max(_FINEST, window / _STEPS)
        self._length = math.ceil(window / self._step)
        self._steps: deque[list[int]] = deque()
        self.total = 0

    def add(self, when: float, count: int = 1) -> None:
        """``count`` more at ``when``, no earlier than the last, or else they count as then."""
        number = int(when / self._step)
        if self._steps and self._steps[-1][0] >= number:
            self._steps[-1][1] += count
        else:
            self._steps.append([number, count])
        self.total += count

    def advance(self, now: float) -> int:
        """Let go of what is past; how many are left."""
        oldest = int(now / self._step) - self._length
        while self._steps and self._steps[0][0] < oldest:
            self.total -= self._steps.popleft()[1]
        return self.total


class Course:
    """How many there were in each of the last minutes, for a small curve."""

    __slots__ = ("_counts", "_last", "_since")

    def __init__(self, now: float) -> None:
        self._since = int(now // 60)
        self._counts: Counter[int] = Counter()
        self._last = Sliding(60)

    def add(self, when: float, count: int = 1) -> None:
        """``count`` more at ``when``, which may be before the beginning."""
        minute = int(when // 60)
        self._since = min(self._since, minute)
        self._counts[minute] += count
        self._last.add(when, count)

    def points(self, now: float) -> tuple[float, ...]:
        """How many in each full minute since the beginning, and in the last sixty seconds."""
        minute = int(now // 60)
        first = max(self._since, minute - POINTS + 1)
        for old in [one for one in self._counts if one < minute - POINTS]:
            del self._counts[old]
        full = (float(self._counts[one]) for one in range(first, minute))
        return (*full, float(self._last.advance(now)))


class Top:
    """The most frequent values of late, of however many: a bounded table, exact while the values
    are no more than it holds.

    It forgets by halves of ``span`` seconds: what is told covers between one half and both. Where
    the values are more, those that came once or so make room, and are missing from sums
    (Misra and Gries' summary, 1982, with what was taken away left out).
    """

    __slots__ = ("_before", "_from", "_half", "_most", "_now", "_turned", "cut", "since")

    def __init__(self, now: float, span: float = 3600.0, most: int = 200) -> None:
        self._half = span / 2
        self._most = most
        self._now: Counter[str] = Counter()
        self._before: Counter[str] = Counter()
        self._turned = self._from = now
        self.since = now
        """What is counted came since then."""
        self.cut = False
        """Whether values have been left out."""

    def add(self, values: Iterable[str], weight: int = 1) -> None:
        """``weight`` more of each of ``values``."""
        if weight == 1:
            self._now.update(values)
        else:
            for value in values:
                self._now[value] += weight
        if len(self._now) > 4 * self._most:
            self._now = Counter(dict(self._now.most_common(self._most)))
            self.cut = True

    def reaches(self, since: float) -> None:
        """Some of what was added is of before it was made: as old as ``since``."""
        self._from, self.since = min(self._from, since), min(self.since, since)

    def advance(self, now: float) -> None:
        """Forget what is older than the span."""
        if now - self._turned >= self._half:
            self._before, self._now = self._now, Counter()
            self.since = self._from if now - self._turned < 2 * self._half else now
            self._turned = self._from = now
            self.cut = self.cut and bool(self._before)

    def most(self, count: int) -> list[tuple[str, int]]:
        """The ``count`` most frequent values, and how many there were."""
        both = self._before + self._now if self._before else self._now
        return both.most_common(count)
