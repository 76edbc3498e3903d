"""The last hour at the start: aggregates of id ranges, the newest first.

The range of ids that the hour takes up is found by bisection over the key, so no index
on the time column is needed. Each range's size follows from how long the one before took.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from checks.errors import TargetError
from checks.requests.source import Cell, RequestSource

__all__ = ["Backfill", "first_since"]

_FIRST_SPAN: Final = 20_000
_SMALLEST_SPAN: Final = 100
_FEW_ROWS: Final = 5_000
_TARGET: Final = 0.2
"""Seconds that one statement should take."""
_SLACK: Final = 120.0
"""Seconds that the order of ids and the order of times may differ."""


class Backfill:
    """Reads what lies below the id ``high`` and after the time ``since``.

    ``since`` is in the time column's own terms (the server's clock, its zone).
    """

    def __init__(self, source: RequestSource, high: int, since: float, step: float) -> None:
        self._source = source
        self._high = high
        self._since = since
        self._step = step
        self._low: int | None = None
        self._top = high
        self._span = _FIRST_SPAN
        self._most = 2**62
        self.reached: float | None = None
        """Time of the oldest row read; None while nothing was."""
        self.done = False

    @property
    def progress(self) -> float:
        """Share of the ids that have been read, 0 to 1."""
        if self.done:
            return 1.0
        if self._low is None or self._top <= self._low:
            return 0.0
        return (self._top - self._high) / (self._top - self._low)

    async def run(self, spare: Callable[[], float], take: Callable[[Sequence[Cell]], None]) -> None:
        """Hand aggregates to ``take`` until done or ``spare()`` seconds are used up, or until
        the server gave a statement up: the next run tries fewer rows."""
        if self._low is None:
            self._low = await first_since(self._source, self._high, self._since)
            self.done = self._low > self._high
        while not self.done:
            before = spare()
            if before <= 0:
                return
            low = max(self._low, self._high - self._span + 1)
            try:
                cells = await self._source.cells(low, self._high, self._since, self._step)
            except TargetError as error:
                self._narrow(error)
                if error.reason == "timeout":
                    return
                continue
            take(cells)
            # Before anything is awaited: a run cut short must not read this range again.
            self._high = low - 1
            self.done = self._high < self._low
            self._adapt(before - spare(), sum(cell[-4] for cell in cells))
            found = await self._source.time_at(low)
            if found is not None:
                self.reached = found[1]

    def _narrow(self, error: TargetError) -> None:
        """Ask for fewer rows, where they were too many; raises ``error`` otherwise."""
        if error.reason not in ("timeout", "limit") or self._span <= _SMALLEST_SPAN:
            raise error
        self._span = max(_SMALLEST_SPAN, self._span // 4)
        if error.reason == "limit":
            self._most = self._span

    def _adapt(self, took: float, rows: int) -> None:
        """Ranges of ids that take ``_TARGET`` seconds; what few rows take is not theirs."""
        few = rows < _FEW_ROWS
        if took < _TARGET / 2 or (few and took < 10 * _TARGET):
            self._span = min(2 * self._span, self._most)
        elif took > 2 * _TARGET and not few:
            self._span = max(_SMALLEST_SPAN, self._span // 2)


async def first_since(source: RequestSource, high: int, since: float) -> int:
    """An id, at most ``high + 1``, below which no row is younger than ``since``.

    ``since`` is in the time column's own terms. Costs a look-up by key for each bit of
    the ids' range.
    """
    first = await source.first()
    if first is None or first > high:
        return high + 1
    low = first
    while low < high:
        middle = (low + high) // 2
        found = await source.time_at(middle)
        if found is None or found[0] > high or found[1] >= since - _SLACK:
            high = middle
        else:
            low = found[0] + 1
    return low
