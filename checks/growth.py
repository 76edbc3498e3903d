"""How fast a size grows now, and whether that has held for long enough to say where it leads.

Pure. A line through a whole window follows a change only when the window has passed and makes
a trend of a single jump; so the rate is that of the last seconds, the median of the slopes
between any two results, and a jump is no slope.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np

from checks.store.block import Floats, Times

__all__ = ["LEAST", "TREND", "Growth", "growth", "reach"]

LEAST: Final = 10.0
"""Seconds of sizes without which nothing is said."""
TREND: Final = 60.0
"""Seconds that must agree with each other before anything is foretold."""
_RECENT: Final = 10.0
"""Seconds whose rate is the rate now; where too little moved in them, it is the trend's."""
_RESULTS: Final = 5
"""Results that these are at least, where runs are further apart."""
_HALF: Final = 3
"""Results that each half of the trend has at least."""
_ALIKE: Final = 3.0
"""Rates further apart than this factor are not the same trend."""
_CLEAR: Final = 4.0
"""How much more than its usual scatter a size must have changed."""
_STEEP: Final = 2.0
"""How many times as steep as the rest a jump is."""
_MOSTLY: Final = 0.6
"""Share of the time in which a jump may also have been a slope."""
_MOST: Final = 16
"""Results that are compared with each other at most."""


@dataclass(frozen=True, slots=True)
class Growth:
    """``rate`` is items a second; ``held`` says that the last minute was of one mind about it."""

    rate: float
    held: bool


def reach(interval: float) -> float:
    """Seconds of results, ``interval`` seconds apart, that :func:`growth` has use for."""
    return max(TREND, 2 * _HALF * interval) + interval / 2


def growth(times: Floats, sizes: Floats) -> Growth | None:
    """Of ``sizes`` seen at ``times`` (seconds, ascending); those that are not finite are left out.

    None below three results, where they cover clearly less than :data:`LEAST` seconds, and where
    most of what moved did so between two that are much further apart than the others, as the first
    ones are: a jump and a slope look alike then.
    """
    # Two rows at one moment have no slope between them.
    known = np.isfinite(sizes) & (np.diff(times, append=np.inf) > 0)
    x, y = times[known], sizes[known]
    # Runs begin a little early or late.
    if len(x) < 3 or x[-1] - x[0] < 0.9 * LEAST:
        return None
    if (y == y[0]).all():
        return Growth(0.0, held=False)
    rate = _rate(x, y)
    return None if rate is None else Growth(rate, _held(x, y, rate))


def _rate(x: Floats, y: Floats) -> float | None:
    first = int(np.searchsorted(x, x[-1] - _RECENT - 0.5))
    first = max(0, min(first, len(x) - _RESULTS))
    if np.count_nonzero(np.diff(y[first:])) > 1:
        return _usual(x[first:], y[first:])
    return _slow_rate(x[_minute(x) :], y[_minute(x) :])


def _slow_rate(x: Floats, y: Floats) -> float | None:
    """Of what moves now and then; 0 where it has rested for longer than that explains."""
    moved = x[1:][np.diff(y) != 0]
    if len(moved) < 2:
        return _usual(x, y)
    between = (moved[-1] - moved[0]) / (len(moved) - 1)
    return _usual(x, y) if x[-1] - moved[-1] <= 2 * between else 0.0


def _minute(x: Floats) -> int:
    """Where the trend begins."""
    first = int(np.searchsorted(x, x[-1] - TREND - 0.5))
    return max(0, min(first, len(x) - 2 * _HALF))


def _usual(x: Floats, y: Floats) -> float | None:
    """The slope of ``y`` as if the one step that makes up most of what moved had not been, since
    it is steeper than the rest by far.

    None where that step took most of the time as well.
    """
    steps, spans = np.diff(y), np.diff(x)
    sizes = np.abs(steps)
    at = int(sizes.argmax())
    # Of two steps, one is mostly the larger.
    most = 0.5 if len(steps) > 2 else 0.8
    rest, time = sizes.sum() - sizes[at], spans.sum() - spans[at]
    if sizes[at] <= most * sizes.sum() or sizes[at] * time <= _STEEP * rest * spans[at]:
        return _slope(x, y)
    if spans[at] > _MOSTLY * spans.sum():
        return None
    level = y.copy()
    level[at + 1 :] -= steps[at]
    return _slope(x, level)


def _slope(x: Floats, y: Floats) -> float:
    """The median of the slopes between any two points (Theil and Sen)."""
    stride = -(-len(x) // _MOST)
    x, y = x[::-stride], y[::-stride]
    one, other = _pairs(len(x))
    return _median((y[one] - y[other]) / (x[one] - x[other]))


@functools.cache
def _pairs(count: int) -> tuple[Times, Times]:
    one, other = np.triu_indices(count, 1)
    return one, other


def _median(values: Floats) -> float:
    # A fraction of what numpy's own takes for so few.
    ordered = np.sort(values)
    middle = len(ordered) // 2
    odd = len(ordered) % 2
    return float(ordered[middle] if odd else (ordered[middle - 1] + ordered[middle]) / 2)


def _held(x: Floats, y: Floats, rate: float) -> bool:
    """Whether both halves and ``rate`` are alike, and the change is more than the scatter."""
    x, y = x[_minute(x) :], y[_minute(x) :]
    middle = len(x) // 2
    if middle < _HALF or x[middle] == x[0] or x[-1] == x[middle]:
        return False
    halves = [
        (y[middle] - y[0]) / (x[middle] - x[0]),
        (y[-1] - y[middle]) / (x[-1] - x[middle]),
    ]
    if not (_alike(*halves) and _alike(halves[1], rate)):
        return False
    whole = _slope(x, y)
    off = y - whole * x
    scatter = _median(np.abs(off - _median(off)))
    return abs(whole) * float(x[-1] - x[0]) >= _CLEAR * scatter


def _alike(one: float, other: float) -> bool:
    if one * other <= 0:
        return False
    return 1 / _ALIKE <= one / other <= _ALIKE
