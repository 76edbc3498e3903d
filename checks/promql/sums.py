"""Sums by group that lose no small values beside large ones, as Prometheus' do not."""

from __future__ import annotations

from typing import Final

import numpy as np

from checks.promql.functions.compensated import add, exact
from checks.promql.values import Floats, Times

__all__ = ["grouped_sums"]

RANKED: Final = 24
"""Up to which size groups are small: their members are added one after the other, in all groups
and at all steps together."""
_RANK, _CELL, _SUM, _VALUE = 12, 0.005, 0.7, 0.04
"""Microseconds, measured: of adding one member, and for each cell of that; of an exact sum, and for
each value of that."""


def grouped_sums(values: Floats, starts: Times, sizes: Times) -> Floats:
    """The sums (G, T) of ``values`` (N, T), which stand group by group.

    Absent ones are to be zeros. Few large groups are summed exactly, one by one; many small ones
    by Neumaier's compensated summation, all at once. Both agree to the last bit or so.
    """
    steps = values.shape[1]
    small = sizes <= _ranks(sizes, steps)
    out = np.empty((len(sizes), steps))
    if small.any():
        out[small] = _ranked(values, starts[small], sizes[small])
    for group in np.flatnonzero(~small).tolist():
        low = int(starts[group])
        rows = values[low : low + int(sizes[group])]
        for step in range(steps):
            out[group, step] = exact(rows[:, step])
    return out


def _ranks(sizes: Times, steps: int) -> int:
    """Up to which size groups are summed together rather than each for itself."""
    largest = int(sizes.max(initial=0))
    rank = _RANK + _CELL * len(sizes) * steps
    if _alone(sizes, steps) < rank * (min(largest, RANKED) - 1):
        return 0
    # Else the large ones alone, if that is less than the ranks that they alone have.
    few = _alone(sizes[sizes > RANKED], steps) < rank * (largest - RANKED)
    return RANKED if few else largest


def _alone(sizes: Times, steps: int) -> float:
    return (_SUM * len(sizes) + _VALUE * int(sizes.sum())) * steps


def _ranked(values: Floats, starts: Times, sizes: Times) -> Floats:
    sums = values[starts]
    lost = np.zeros(sums.shape)
    for rank in range(1, int(sizes.max(initial=0))):
        longer = sizes > rank
        if longer.all():
            sums, lost = add(values[starts + rank], sums, lost)
        else:
            more = add(values[starts[longer] + rank], sums[longer], lost[longer])
            sums[longer], lost[longer] = more
    return sums + lost
