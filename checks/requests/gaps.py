"""Ids that were skipped: rows that a slower transaction may still commit.

Ids are given out when a row is written and appear when it is committed, so between two
ids seen there may be one that comes later. Every hole is looked at again, at growing
distances of time, until it is ``late`` seconds old. With ids that have no holes this
costs nothing; where holes are the rule (increments above 1, ids made of timestamps, a
filter) a whole stretch is watched by its count and sum instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Gap", "Gaps"]

Ids = NDArray[np.int64]

_RANGES_A_BATCH: Final = 32
_FIRST_WAIT: Final = 1.0
_NONE: Final = np.empty(0, dtype=np.int64)


@dataclass(slots=True, eq=False)
class Gap:
    """Ids from ``low`` to ``high``, both included.

    ``seen`` are the ids in it that have been read (ascending); ``mark`` their count and
    the sum of ``id - low`` when it was last looked at. ``due`` is when to look again.
    """

    low: int
    high: int
    born: float
    due: float
    wait: float = _FIRST_WAIT
    seen: Ids = field(default_factory=lambda: _NONE)
    mark: tuple[int, int] = (0, 0)

    @property
    def plain(self) -> bool:
        """Whether no id in it has been read."""
        return len(self.seen) == 0

    def unseen(self, ids: Ids) -> NDArray[np.bool_]:
        """Which of ``ids`` lie in here and have not been read."""
        inside = (ids >= self.low) & (ids <= self.high)
        return inside & ~np.isin(ids, self.seen, assume_unique=True)


class Gaps:
    """All holes that are watched; bounded in number and in ids remembered."""

    def __init__(self, late: float, max_gaps: int = 4096, max_seen: int = 1_000_000) -> None:
        self._late = late
        self._max_gaps = max_gaps
        self._max_seen = max_seen
        self._gaps: list[Gap] = []
        self.given_up = 0
        """Holes dropped before their time because there were too many."""

    def __len__(self) -> int:
        return len(self._gaps)

    def note(self, after: int, ids: Ids, now: float, upto: int | None = None) -> None:
        """``ids`` (ascending) were read: all that is visible above ``after``, up to
        their last or to ``upto``."""
        self._gaps += self._holes(after, ids, now, upto)
        self._bound()

    def due(self, now: float) -> list[Gap]:
        """Holes to look at now, oldest first; not those noted at this very moment."""
        return [gap for gap in self._gaps if gap.due <= now and gap.born < now]

    def all(self) -> list[Gap]:
        """Every hole that is watched, oldest first."""
        return list(self._gaps)

    def looked(self, gap: Gap, found: Ids, now: float) -> None:
        """``gap`` was looked at and shows ``found``, all of its ids that are visible now;
        those not seen before have been added to its ``seen`` already."""
        if now >= gap.born + self._late:
            self._gaps.remove(gap)
            return
        if gap.plain and len(found):
            self._split(gap, found, now)
            return
        if len(found):
            gap.mark = (len(found), int((found - gap.low).sum()))
        self._postpone(gap, now)

    def narrow(self, gap: Gap, found: Ids) -> None:
        """Only the lower end of ``gap`` could be read, up to the last of ``found``; the
        rest stays due."""
        holes = self._holes(gap.low - 1, found, gap.born, None)
        for hole in holes:
            hole.due, hole.wait = gap.due, gap.wait
        self._gaps += holes
        gap.low = int(found[-1]) + 1

    def unchanged(self, gap: Gap, now: float) -> None:
        """``gap`` was looked at and showed what it had shown before."""
        self.looked(gap, _NONE, now)

    def forget_above(self, last: int) -> None:
        """Ids above ``last`` will be read anew."""
        self._gaps = [gap for gap in self._gaps if gap.high <= last]

    def clear(self) -> None:
        self._gaps.clear()

    def _holes(self, after: int, ids: Ids, born: float, upto: int | None) -> list[Gap]:
        ends = np.concatenate(([after], ids))
        lows, highs = ends[:-1] + 1, ids - 1
        holes = np.flatnonzero(lows <= highs)[: _RANGES_A_BATCH + 1]
        ranges = [(int(lows[i]), int(highs[i])) for i in holes]
        end = max(upto or int(ends[-1]), int(ends[-1]))
        if end > int(ends[-1]):
            ranges.append((int(ends[-1]) + 1, end))
        if len(ranges) <= _RANGES_A_BATCH:
            return [Gap(low, high, born, born) for low, high in ranges]
        low = after + 1
        mark = (len(ids), int((ids - low).sum()))
        return [Gap(low, end, born, born, seen=ids, mark=mark)]

    def _split(self, gap: Gap, found: Ids, now: float) -> None:
        self._gaps.remove(gap)
        for part in self._holes(gap.low - 1, found, gap.born, gap.high):
            part.wait = gap.wait
            self._postpone(part, now)
            self._gaps.append(part)
        self._bound()

    def _postpone(self, gap: Gap, now: float) -> None:
        """Look again later, each time twice as late, the last time at the very end."""
        gap.due = min(now + gap.wait, gap.born + self._late)
        gap.wait *= 2

    def _bound(self) -> None:
        remembered = sum(len(gap.seen) for gap in self._gaps)
        while len(self._gaps) > self._max_gaps or remembered > self._max_seen:
            remembered -= len(self._gaps.pop(0).seen)
            self.given_up += 1
