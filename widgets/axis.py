"""The value axis of a large chart: where it ends, its marks, and one unit for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from widgets.spark import top_of

if TYPE_CHECKING:
    from checks.views import Chart

__all__ = ["Axis", "axis_of", "bounded", "labels"]

FEW: Final = 12
"""Things up to which a count is drawn in whole ones, with a mark at each or every other."""
_FURTHEST: Final = 1e300
"""Where axes end: some programs write the largest number there is for none at all."""

_TIMES: Final = (
    (172_800.0, 86_400.0, " d"),
    (7_200.0, 3_600.0, " h"),
    (120.0, 60.0, " m"),
    (0.9995, 1.0, " s"),
    (0.0009995, 1e-3, " ms"),
    (0.0, 1e-6, " µs"),
)
"""From which value on, how much one is, and its name."""
_SIZES: Final = tuple(
    (10.0**power, 10.0**power, f" {unit}")
    for power, unit in ((15, "PB"), (12, "TB"), (9, "GB"), (6, "MB"), (3, "kB"), (0, "B"))
)
_COUNTS: Final = ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (0.0, 1.0, ""))


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high``, with a mark at each of ``ticks``.

    ``bounds`` are the thresholds that lie within: value and role. ``filled`` says whether the
    room beneath the curve may be filled: it would hide a bound that the curve passes, and of
    what hardly moves it makes a block.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    bounds: tuple[tuple[float, str], ...]
    filled: bool


def bounded(value: float | None) -> float | None:
    """``value`` as far as axes reach; None where it is none."""
    if value is None or abs(value) <= _FURTHEST:
        return value
    return math.copysign(_FURTHEST, value) if math.isfinite(value) else None


def axis_of(chart: Chart, marks: int) -> Axis:
    """From 0 (or the lowest) to a round figure above the highest, with about ``marks`` marks.

    A bound more than four times as far from 0 as all values is left to the legend: it would press
    the curve flat.
    """
    known = [value for value in chart.values if math.isfinite(value)]
    peak, least = bounded(max(known, default=0.0)) or 0.0, bounded(min(known, default=0.0)) or 0.0
    named = ((bounded(chart.warning), "warning"), (bounded(chart.critical), "critical"))
    reach = max(abs(peak), abs(least))
    near = tuple(
        (v, role) for v, role in named if v is not None and (abs(v) <= 4 * reach or not reach)
    )
    lowest = min([0.0, least, *(value for value, _ in near)])
    highest = max([peak, *(value for value, _ in near)])
    if chart.unit == "" and lowest >= 0 and highest <= FEW and all(v == int(v) for v in known):
        return _whole(highest, near, marks)
    low, high = lowest, _end(highest)
    step = (high - low) / marks
    ticks = tuple(low + step * place for place in range(marks + 1))
    moves = least < 0.7 * peak
    passed = any(value > bound for bound, _ in near for value in known)
    return Axis(low, high, ticks, near, filled=moves and not passed)


def _whole(highest: float, near: tuple[tuple[float, str], ...], marks: int) -> Axis:
    """The axis of a count of few things: marks at whole numbers, some room above the last."""
    top = max(1, math.ceil(highest))
    step = math.ceil(top / marks)
    count = math.ceil(top / step)
    ticks = tuple(float(step * place) for place in range(count + 1))
    return Axis(0.0, step * (count + 0.25), ticks, near, filled=False)


def _end(highest: float) -> float:
    """A round figure above ``highest``, not much."""
    high = top_of([highest * 1.02], 1e-6) if highest > 0 else 1.0
    return next((high * step for step in (0.4, 0.6, 0.8) if highest * 1.02 <= high * step), high)


def labels(unit: str, ticks: Sequence[float]) -> list[str]:
    """``ticks`` as text, all in the one unit that suits the largest.

    ``unit`` is one of :class:`checks.views.Chart`'s.
    """
    largest = max((abs(tick) for tick in ticks), default=0.0)
    scales = {"s": _TIMES, "bytes": _SIZES, "ratio": ((0.0, 0.01, " %"),)}.get(unit, _COUNTS)
    one, name = next(
        ((one, name) for least, one, name in scales if largest >= least), scales[-1][1:]
    )
    shown = [tick / one for tick in ticks]
    step = min((abs(b - a) for a, b in pairwise(shown)), default=1.0)
    places = next((p for p in range(3) if all(abs(round(v, p) - v) < step / 50 for v in shown)), 3)
    end = f"{name}/s" if unit == "1/s" else name
    return [f"{value + 0.0:,.{places}f}{end}" for value in shown]
