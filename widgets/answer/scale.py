"""The scale of curves that are drawn together: from nought, unless all of them are far above it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from widgets.spark import top_of

if TYPE_CHECKING:
    from checks.views import Points

__all__ = ["LinearScale", "linear_scale"]


@dataclass(frozen=True, slots=True)
class LinearScale:
    """From ``low`` to ``high``, which is above it."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Where ``value`` lies, from 0 at the bottom to 1 at the top."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def ticks(self, height: int) -> dict[int, float]:
        """Values by the line, counted from the top, that they lie in: even parts of the scale."""
        count = next((n for n in (4, 2) if height > 3 * n), 1)
        values = (self.low + (self.high - self.low) * part / count for part in range(count + 1))
        return {round((1 - self.place(one)) * (height - 1)): one for one in values}


def linear_scale(curves: Sequence[Points]) -> LinearScale | None:
    """One that has room for all points; None where none is known."""
    known = [point for points in curves for point in points if math.isfinite(point)]
    if not known:
        return None
    low, high = min(known), max(known)
    if low >= 0 and low <= 0.7 * high:
        return LinearScale(0.0, _round_above(high))
    if low == high:
        return LinearScale(min(0.0, low), high if high > 0 else max(low + 1, 0.0))
    return LinearScale(low, high)


def _round_above(value: float) -> float:
    top = top_of([value], 1e-12)
    return next((top * part for part in (0.4, 0.6, 0.8) if value <= top * part), top)
