"""Sums that do not lose small values beside large ones.

Neumaier's variant of Kahan's summation, as Prometheus sums (util/kahansum). The part that an
addition loses is computed by Knuth's two-sum: the same part, without a branch on which of the
two is larger, so that one call adds a row of thousands of sums.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from checks.promql.values import Floats

__all__ = ["Sums", "add", "exact", "running", "total"]

FEW: Final = 100
"""Sums up to which each is made for itself; more are made side by side."""
ALIKE: Final = 1e9
"""How much larger than its sum all that is summed may be, so that both sums are the same."""

Sums = tuple[Floats, Floats]
"""Running sums, and what they have lost so far."""


def add(values: Floats, sums: Floats, lost: Floats) -> Sums:
    """``sums`` with ``values`` added. A sum that overflows has lost nothing."""
    new = sums + values
    added = new - sums
    lost = lost + ((sums - (new - added)) + (values - added))
    return new, np.where(np.isinf(new), 0.0, lost)


def exact(values: Floats) -> float:
    """The sum, right to the last bit."""
    try:
        return math.fsum(values.tolist())
    except OverflowError:
        return float(values.sum())
    except ValueError:  # infinities of both signs
        return math.nan


def total(rows: Floats) -> Sums:
    """The sums over ``rows``, as :func:`add` makes them, but faster; together they are the same.

    What was lost is right where the sum is finite, and meaningless elsewhere.
    """
    shape = rows.shape[1:]
    if rows.size <= FEW * len(rows):
        columns = rows.reshape(len(rows), -1)
        sums = np.array([exact(column) for column in columns.T])
        # Where large values cancel each other, Prometheus' sum is not the exact one.
        if (np.abs(columns).sum(axis=0) <= ALIKE * np.abs(sums)).all():
            return sums.reshape(shape), np.zeros(shape)
    return running(rows)


def running(rows: Floats) -> Sums:
    """The sums over ``rows`` and what they have lost, apart to the last bit."""
    shape = rows.shape[1:]
    sums, lost = np.zeros(shape), np.zeros(shape)
    new, added, part = np.empty(shape), np.empty(shape), np.empty(shape)
    for values in rows:
        np.add(sums, values, out=new)
        np.subtract(new, sums, out=added)
        np.subtract(new, added, out=part)
        np.subtract(sums, part, out=part)
        np.subtract(values, added, out=added)
        lost += part
        lost += added
        sums, new = new, sums
    return sums, lost
