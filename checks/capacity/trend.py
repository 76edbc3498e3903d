"""Where a course is going, and whether that is certain enough to name a date. Pure.

The rate is the median of the slopes between any two points (Theil 1950, Sen 1968): a file that is
rotated or a night's job that comes and goes does not move it, as it would move a line of least
squares. What is said of it stands on three legs:

- the course covers a sixth of the time asked for, and :data:`LEAST` seconds at least;
- Mann and Kendall's test (1945, 1975; with ties counted) finds a trend at 1 %, and Sen's interval
  of 95 % confidence does not span more than a factor of :data:`SPREAD`;
- since both take points to be independent, which those of a size are not: what it has come to in
  the end is what the rate says, and so it is in each quarter of the course. (Of random
  walks, which lead nowhere, Kendall's test alone takes four of five for trends.)
"""

from __future__ import annotations

import functools
import math
from itertools import pairwise
from typing import Final

import numpy as np

from checks.capacity.views import Trend
from checks.store.block import Floats, Times

__all__ = ["FEWEST", "LEAST", "MOST", "needed_for", "trend"]

LEAST: Final = 3600.0
"""Seconds of course without which nothing is said."""
FEWEST: Final = 10
"""Points without which nothing is said."""
MOST: Final = 120
"""Points that are compared with each other at most."""
SPREAD: Final = 4.0
SURE: Final = 2.576
"""Standard deviations of Mann and Kendall's statistic for a confidence of 99 %, two-sided."""
_INTERVAL: Final = 1.96
"""Those of Sen's interval, for 95 %."""
_ENDS: Final = 1.5
"""Factor by which the rate and what it came to in the end may differ."""
_QUARTERS: Final = 4
_FLAT: Final = 1e-3
"""A change over the whole course below this part of the value is none."""


def needed_for(over: float) -> float:
    """Seconds of course without which nothing is said of the last ``over``."""
    return max(LEAST, over / 6)


def trend(times: Floats, values: Floats, over: float) -> Trend:
    """Of ``values`` at ``times`` (seconds, ascending), which are of the last ``over`` seconds."""
    known = np.isfinite(values)
    x, y = times[known], values[known]
    needed = needed_for(over)
    length = float(x[-1] - x[0]) if len(x) else 0.0
    if length < 0.95 * needed or len(x) < FEWEST:
        return Trend("unknown", known=length, needed=needed, over=over)
    stride = -(-len(x) // MOST)
    x, y = x[::-stride][::-1], y[::-stride][::-1]
    low, rate, high = _slopes(x, y)
    found = Trend("steady", rate, low, high, length, needed, over)
    moved = abs(rate) * length
    if moved <= _FLAT * float(np.abs(y).max()):
        return found
    way = "growing" if rate > 0 else "shrinking"
    sure = abs(_kendall(y)) >= SURE and low * high > 0 and _lasted(x, y, rate)
    if not sure:
        spread = float(np.abs(y - np.median(y)).max())
        calm = spread <= 10 * _FLAT * float(np.abs(y).max())
        way = "steady" if calm else "unsteady"
    elif max(abs(low), abs(high)) > SPREAD * min(abs(low), abs(high)):
        way = "unsteady"
    return Trend(way, rate, low, high, length, needed, over)  # type: ignore[arg-type]


def _lasted(x: Floats, y: Floats, rate: float) -> bool:
    """Whether ``rate`` is what the ends of the course, and each of its quarters, say."""
    tenth = max(1, len(x) // 10)
    ends = np.median(y[-tenth:]) - np.median(y[:tenth])
    apart = np.median(x[-tenth:]) - np.median(x[:tenth])
    if not 1 / _ENDS <= ends / apart / rate <= _ENDS:
        return False
    bounds = [len(x) * part // _QUARTERS for part in range(_QUARTERS + 1)]
    slopes = [_middle(x[at : to + 1], y[at : to + 1]) for at, to in pairwise(bounds)]
    alike = sum(1 / SPREAD <= slope / rate <= SPREAD for slope in slopes)
    return alike == _QUARTERS


def _middle(x: Floats, y: Floats) -> float:
    one, other = _pairs(len(x))
    return float(np.median((y[other] - y[one]) / (x[other] - x[one])))


def _slopes(x: Floats, y: Floats) -> tuple[float, float, float]:
    """The median slope between two points, and what it lies between."""
    one, other = _pairs(len(x))
    slopes = np.sort((y[other] - y[one]) / (x[other] - x[one]))
    count = len(slopes)
    half = _INTERVAL * math.sqrt(_variance(y)) / 2
    low = max(0, math.floor(count / 2 - half) - 1)
    high = min(count - 1, math.ceil(count / 2 + half))
    middle = (slopes[(count - 1) // 2] + slopes[count // 2]) / 2
    return float(slopes[low]), float(middle), float(slopes[high])


def _kendall(y: Floats) -> float:
    """Mann and Kendall's Z: above 0 where it grows."""
    one, other = _pairs(len(y))
    score = float(np.sign(y[other] - y[one]).sum())
    variance = _variance(y)
    if variance <= 0 or score == 0:
        return 0.0
    return (score - math.copysign(1.0, score)) / math.sqrt(variance)


def _variance(y: Floats) -> float:
    """Of Kendall's score; values that occur more than once tell less."""
    n = len(y)
    _, ties = np.unique(y, return_counts=True)
    tied = float((ties * (ties - 1) * (2 * ties + 5)).sum())
    return (n * (n - 1) * (2 * n + 5) - tied) / 18


@functools.cache
def _pairs(count: int) -> tuple[Times, Times]:
    one, other = np.triu_indices(count, 1)
    return one, other
