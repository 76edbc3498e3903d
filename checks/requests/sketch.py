"""Durations as counts over logarithmic bins: quantiles within 1 %, merged by addition.

The mapping is DDSketch's (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable
quantile sketch with relative-error guarantees", VLDB 2019): bin ``i`` holds the values
of ``(GAMMA**(i-1), GAMMA**i]`` and stands for ``2 * GAMMA**i / (GAMMA + 1)``, which is at
most ``ALPHA`` off any of them. The range is fixed (1 µs to 1 h), so a sketch is a plain
array of ``BINS`` counts and never has to be collapsed.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ALPHA",
    "BINS",
    "HIGHEST",
    "LOG_GAMMA",
    "LOWEST",
    "VALUES",
    "bins",
    "from_log_index",
    "quantile",
    "quantiles",
]

ALPHA: Final = 0.01
"""Largest relative error of a quantile."""
LOWEST: Final = 1e-6
"""Seconds; what is shorter counts as zero."""
HIGHEST: Final = 3600.0
"""Seconds; what is longer counts as this long."""

LOG_GAMMA: Final = math.log((1 + ALPHA) / (1 - ALPHA))
"""``log(GAMMA)``: a database computes a value's index as ``CEIL(LN(v) / LOG_GAMMA)``."""

_FIRST: Final = math.ceil(math.log(LOWEST) / LOG_GAMMA)
_LAST: Final = math.ceil(math.log(HIGHEST) / LOG_GAMMA)
BINS: Final = _LAST - _FIRST + 3
"""Bins of a sketch: the zero bin, the logarithmic ones, the overflow bin."""


def _values() -> NDArray[np.float64]:
    index = np.arange(_FIRST, _LAST + 1, dtype=np.float64)
    middle = 2 * np.exp(index * LOG_GAMMA) / (math.exp(LOG_GAMMA) + 1)
    return np.concatenate(([0.0], middle, [HIGHEST]))


VALUES: Final = _values()
"""What each bin stands for, in seconds, ascending."""


def from_log_index(index: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bin numbers of ``CEIL(LN(seconds) / LOG_GAMMA)``; out of range is zero or overflow."""
    return np.clip(index - _FIRST + 1, 0, BINS - 1).astype(np.int64)


def bins(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bin number of each of ``seconds``; NaN is not allowed."""
    return from_log_index(np.ceil(np.log(np.maximum(seconds, LOWEST / 2)) / LOG_GAMMA))


def quantile(counts: NDArray[np.int64], q: float) -> float | None:
    """The value of rank ``floor(n * q)``, counted from 0; None of an empty sketch.

    ``counts`` has shape ``(BINS,)``. The rank is that of SQL's
    ``ORDER BY … LIMIT 1 OFFSET floor(n * q)``.
    """
    running = np.cumsum(counts)
    total = int(running[-1])
    if total == 0:
        return None
    rank = min(int(total * q), total - 1)
    return float(VALUES[np.searchsorted(running, rank, side="right")])


def quantiles(
    counts: NDArray[np.int64], qs: tuple[float, ...]
) -> tuple[tuple[float | None, ...], ...]:
    """:func:`quantile` for each of ``qs`` of many sketches at once: shape ``(n, BINS)``."""
    running = np.cumsum(counts, axis=1)
    totals = running[:, -1]
    ranks = np.minimum((totals[:, None] * np.array(qs)).astype(np.int64), totals[:, None] - 1)
    places = (running[:, None, :] <= ranks[:, :, None]).sum(axis=2)
    nothing = (None,) * len(qs)
    return tuple(
        tuple(VALUES[own].tolist()) if total else nothing
        for own, total in zip(places, totals.tolist(), strict=True)
    )
