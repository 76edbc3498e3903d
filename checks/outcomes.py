"""How a check did over the last hour: how much of the time it was available, and when not.

The outcome of a run stands for the time since the run before it, of at most two intervals;
of the first, and of one after a gap, it is one interval. OK and WARNING are available, CRITICAL
is not. UNKNOWN, which we cannot judge, and time without results count as neither. Consecutive
runs of one status are one stretch, so that a check which is fine for an hour costs a few bytes.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from checks.model import Status
from checks.records import OutageView, RecordView, WindowRecord

__all__ = ["CELL", "CELLS", "MEMORY", "WINDOWS", "Outcomes"]

WINDOWS: Final = (60.0, 300.0, 900.0, 3600.0)
"""Seconds over which it is told how good a check was."""
MEMORY: Final = WINDOWS[-1]
"""Seconds that are remembered."""
CELL: Final = 60.0
"""Seconds of a cell of the strip; cells begin at whole minutes, so that they rarely move."""
CELLS: Final = 60
MOST_STRETCHES: Final = 1000
"""Beyond them the oldest are forgotten: a check that changes with each run remembers less."""
MOST_OUTAGES: Final = 10
"""Last outages that are remembered, however long ago."""

_AVAILABLE: Final = (Status.OK.severity, Status.WARNING.severity)
_FAILED: Final = Status.CRITICAL.severity
_NONE: Final = -1
"""In the strip: a cell in which nothing was known."""


class Outcomes:
    """What the runs of one check came to; ``interval`` in seconds."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._begins = array("d")
        self._ends = array("d")
        self._codes = array("b")
        self._runs = array("L")
        self._outages: deque[OutageView] = deque(maxlen=MOST_OUTAGES)
        self._cells: deque[int] = deque(maxlen=CELLS)
        self._newest_cell = 0
        self._drawn: tuple[int, ...] | None = None

    def add(self, began: float, status: Status, message: str) -> None:
        """Take in a run that began at ``began`` (seconds since 1970) and came to ``status``."""
        code = status.severity
        known = self._ends[-1] if self._ends else began - self._interval
        gap = began - known > 2.0 * self._interval + 0.5
        since = began - self._interval if gap else known
        if self._codes and self._codes[-1] == code and not gap:
            self._ends[-1] = began
            self._runs[-1] += 1
        else:
            self._begins.append(since)
            self._ends.append(began)
            self._codes.append(code)
            self._runs.append(1)
        self._forget(began)
        self._mark(since, began, code)
        self._judge(began, code, message)

    def _forget(self, now: float) -> None:
        old = 0
        while self._ends[old] <= now - MEMORY:
            old += 1
        old = max(old, len(self._ends) - MOST_STRETCHES)
        if old:
            for column in (self._begins, self._ends, self._codes, self._runs):
                del column[:old]

    def _mark(self, since: float, until: float, code: int) -> None:
        """Make the cells of the strip between the two times at least as bad as ``code``."""
        newest, first = int(until // CELL), int(since // CELL)
        if first == newest == self._newest_cell and self._cells and self._cells[-1] >= code:
            return
        self._drawn = None
        if not self._cells:
            self._newest_cell = first
            self._cells.append(_NONE)
        for _ in range(min(newest - self._newest_cell, CELLS)):
            self._cells.append(_NONE)
        self._newest_cell = max(self._newest_cell, newest)
        last = len(self._cells) - 1
        for cell in range(max(first, self._newest_cell - last), newest + 1):
            at = last - (self._newest_cell - cell)
            self._cells[at] = max(self._cells[at], code)

    def _judge(self, began: float, code: int, message: str) -> None:
        """Begin, go on with or end an outage. What cannot be judged does neither."""
        open_one = self._outages[-1] if self._outages and self._outages[-1].ended is None else None
        if code == _FAILED and open_one is None:
            self._outages.append(OutageView(began, None, 1, message))
        elif code == _FAILED and open_one is not None:
            self._outages[-1] = replace(open_one, failed=open_one.failed + 1)
        elif code in _AVAILABLE and open_one is not None:
            self._outages[-1] = replace(open_one, ended=began)

    @property
    def nbytes(self) -> int:
        """Bytes of what is remembered, but for the last outages and the strip."""
        columns = (self._begins, self._ends, self._codes, self._runs)
        return sum(len(column) * column.itemsize for column in columns)

    def record(self, now: float) -> RecordView:
        """How good the check was over each window that ends at ``now``."""
        since = self._begins[0] if self._begins else now
        return RecordView(
            at=now,
            since=since,
            windows=tuple(self._over(now, seconds) for seconds in WINDOWS),
            cells=self._strip(now),
            outages=tuple(reversed(self._outages)),
        )

    def _strip(self, now: float) -> tuple[int, ...]:
        """The cells up to that of ``now``; nothing is known of those after the newest."""
        missing = min(CELLS, max(0, int(now // CELL) - self._newest_cell)) if self._cells else 0
        if not missing:
            # Shared by the records of a minute, as long as it does not get worse.
            self._drawn = self._drawn or tuple(self._cells)
            return self._drawn
        return (*list(self._cells)[-(CELLS - missing) :], *(_NONE,) * missing)[-CELLS:]

    def _over(self, now: float, seconds: float) -> WindowRecord:
        start = now - seconds
        available = failing = runs = failed = 0.0
        outages, ill = 0, False
        for begin, end, code, count in self._within(start):
            inside = min(end, now) - max(begin, start)
            share = inside / (end - begin) if end > begin else 1.0
            runs += share * count
            if code in _AVAILABLE:
                available += inside
                ill = False
            elif code == _FAILED:
                failing += inside
                failed += max(1.0, share * count)
                outages += not ill
                ill = True
        judged = available + failing
        return WindowRecord(
            seconds=seconds,
            covered=min(seconds, now - self._begins[0]) if self._begins else 0.0,
            judged=judged,
            runs=round(runs),
            failed=round(failed),
            outages=outages,
            availability=available / judged if judged > 0 else None,
        )

    def _within(self, start: float) -> Iterator[tuple[float, float, int, int]]:
        """The stretches that reach past ``start``, oldest first."""
        first = len(self._ends)
        while first and self._ends[first - 1] > start:
            first -= 1
        for at in range(first, len(self._ends)):
            yield self._begins[at], self._ends[at], self._codes[at], self._runs[at]
