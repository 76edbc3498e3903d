"""The scale of a panel's curves, and the columns that moments fall into."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from widgets.axis import bounded

if TYPE_CHECKING:
    from checks.dashboards.model import Panel

__all__ = ["PanelScale", "TimeColumns", "panel_scale", "time_columns"]

_NEAR: Final = 4.0
"""A bound more than so many times the highest value would press the curves flat."""
_WHOLE: Final = {"%": 100.0, "ratio": 1.0}
_STEPS: Final = (1.0, 2.0, 2.5, 4.0, 5.0, 10.0)
_MOVES: Final = 15.0
"""Seconds after which curves move at the earliest, since all their cells are sent anew then."""
_SMALLEST: Final = 1e-300
"""What a scale reaches over at least, where it is of anything but nought."""


@dataclass(frozen=True, slots=True)
class PanelScale:
    """From ``low`` to ``high``, which is above it, with a mark at each of ``ticks``.

    ``bounds`` are the thresholds that lie within: value and role.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    bounds: tuple[tuple[float, str], ...]

    def place(self, value: float) -> float:
        """Where ``value`` lies, from 0 at the bottom to 1 at the top."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def dot(self, value: float, rows: int) -> int:
        """The row of dots, from the top, that ``value`` lies in."""
        return round((1 - self.place(value)) * (rows - 1))


def panel_scale(panel: Panel, values: Sequence[float], marks: int) -> PanelScale | None:
    """One with round ends that has room for all ``values``, and about ``marks`` marks; None
    where none of them is known.

    It begins at nought unless all of them are far above it. The panel's own ends widen it, and
    hide nothing.
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return None
    least, most = bounded(min(known)) or 0.0, bounded(max(known)) or 0.0
    reach = max(abs(least), abs(most))
    bounds = tuple(
        (value, one.status.value)
        for one in panel.thresholds
        if one.status.severity
        and (value := bounded(one.value)) is not None
        and (abs(value) <= _NEAR * reach or not reach)
    )
    low = min([least, *(value for value, _ in bounds)])
    high = max([most, *(value for value, _ in bounds)])
    if low >= 0 and low <= 0.7 * high:
        low = 0.0
    own_low, own_high = bounded(panel.low), bounded(panel.high)
    low = low if own_low is None else min(low, own_low)
    high = high if own_high is None else max(high, own_high)
    if not high > low:
        low, high = min(0.0, low), max(0.0, high) if high else 1.0
    if high - low < _SMALLEST:
        high = low + 1.0
    ticks = _ticks(low, high, marks, (own_low, own_high, _WHOLE.get(panel.unit)))
    return PanelScale(ticks[0], ticks[-1], ticks, bounds)


def _ticks(
    low: float, high: float, marks: int, ends: tuple[float | None, ...]
) -> tuple[float, ...]:
    """Round figures from at most ``low`` to at least ``high``, none beyond one of the ``ends``
    that nothing passes.
    """
    step = _round_step((high - low) / max(1, marks))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    made = [step * place for place in range(first, last + 1)]
    for end in ends:
        if end is not None and high <= end < made[-1]:
            made = [*(tick for tick in made if tick < end), end]
        if end is not None and made[0] < end <= low:
            made = [end, *(tick for tick in made if tick > end)]
    return tuple(made)


def _round_step(size: float) -> float:
    """The round figure (1, 2, 2.5, 4 or 5 times a power of ten) at or above ``size``."""
    power = 10.0 ** math.floor(math.log10(size))
    return power * next(step for step in _STEPS if size <= power * step * (1 + 1e-9))


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """``count`` columns of ``each`` seconds from ``start`` on."""

    start: float
    each: float
    count: int

    def of(self, moment: float) -> int:
        """The column that ``moment`` falls into, below 0 where it is older than all of them."""
        return math.floor((moment - self.start) / self.each)


def time_columns(at: float, span: float, count: int) -> TimeColumns:
    """Columns for the ``span`` seconds before ``at``.

    They begin at multiples of their length, so that a new point changes the newest column alone,
    and all move some columns at once, no sooner than after :data:`_MOVES` seconds.
    """
    each = span / max(1, count)
    moves = each * math.ceil(_MOVES / each) if span >= 4 * _MOVES else each
    end = math.ceil(at / moves - 1e-9) * moves
    return TimeColumns(end - each * count, each, count)
