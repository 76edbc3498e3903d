"""How durations are distributed, in buckets that a person reads."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from checks.requests.sketch import BINS, HIGHEST, LOWEST, VALUES
from checks.requests.stats import Bucket

__all__ = ["BOUNDS", "buckets"]

BOUNDS: Final = tuple(
    bound
    for exponent in range(-6, 4)
    for mantissa in (1, 1.5, 2, 3, 5, 7)
    if LOWEST <= (bound := round(mantissa * 10.0**exponent, 8)) < HIGHEST
)
"""Seconds between which buckets lie, six of them from 1 to 10, so that pairs of them are
those of 1, 2, 5 and all six one of 1 and 10."""

_FIRST_BINS: Final = np.concatenate(([0], np.searchsorted(VALUES, BOUNDS, side="right")))
"""The first bin of each bucket."""


def buckets(ok: NDArray[np.int64], failed: NDArray[np.int64]) -> tuple[Bucket, ...]:
    """The buckets from the first to the last that hold a request.

    ``ok`` and ``failed`` are sketches of the requests that went well and of the others.
    """
    errors = np.add.reduceat(failed[:BINS], _FIRST_BINS)
    counts = np.add.reduceat(ok[:BINS], _FIRST_BINS) + errors
    held = np.flatnonzero(counts)
    if not len(held):
        return ()
    first, last = int(held[0]), int(held[-1]) + 1
    lows, highs = (0.0, *BOUNDS), (*BOUNDS, HIGHEST)
    return tuple(
        Bucket(low, high, count, failures)
        for low, high, count, failures in zip(
            lows[first:last],
            highs[first:last],
            counts[first:last].tolist(),
            errors[first:last].tolist(),
            strict=True,
        )
    )
