"""The moment at which the bad night stands still, and histories up to it."""

from __future__ import annotations

import math
from functools import cache

from checks.views import Points

__all__ = ["NAN", "NOW", "ramp", "wave"]

NOW = 1_700_000_000.0
"""22:13:20 on 14 November 2023, UTC."""

NAN = math.nan


@cache
def wave(length: int, low: float, high: float, period: float = 17.0) -> Points:
    """A smooth curve between ``low`` and ``high``."""
    middle, swing = (low + high) / 2, (high - low) / 2
    return tuple(
        middle + swing * math.sin(2 * math.pi * i / period) + swing * 0.1 * math.sin(i * 2.3)
        for i in range(length)
    )


@cache
def ramp(length: int, low: float, high: float) -> Points:
    """A curve that turns up in its second half."""
    half = length // 2
    flat = tuple(low * (1 + 0.1 * math.sin(i)) for i in range(half))
    rise = tuple(low + (high - low) * (i + 1) / (length - half) for i in range(length - half))
    return flat + rise
