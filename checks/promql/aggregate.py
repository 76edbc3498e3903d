"""Aggregations that make one series of each group; the others are in :mod:`ranking`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from checks.promql.ast import Aggregation
from checks.promql.grouping import Grouping, group_drops, grouping
from checks.promql.sums import grouped_sums
from checks.promql.values import Bools, Floats, Vector

__all__ = ["aggregate"]

Summary = Callable[[Floats, Bools, Grouping], Floats]


def aggregate(node: Aggregation, vector: Vector) -> Vector:
    """``sum``, ``avg``, ``min``, ``max``, ``count``, ``group``, ``stddev`` or ``stdvar``."""
    groups = grouping(vector.labels, node.labels, without=node.without)
    steps = vector.values.shape[1]
    if not groups.labels:
        return Vector.empty(steps)
    values, present = vector.values, vector.present
    if groups.order is not None:
        values, present = values[groups.order], present[groups.order]
    with np.errstate(all="ignore"):
        result = _SUMMARIES[node.operator](values, present, groups)
    held = np.logical_or.reduceat(present, groups.starts, axis=0)
    drop_name = group_drops(groups, vector.present, vector.drop_name)
    return Vector(groups.labels, result, held, drop_name)


def _counts(present: Bools, groups: Grouping) -> Floats:
    return np.add.reduceat(present, groups.starts, axis=0, dtype=np.float64)


def _sum(values: Floats, present: Bools, groups: Grouping) -> Floats:
    return grouped_sums(np.where(present, values, 0.0), groups.starts, groups.sizes)


def _avg(values: Floats, present: Bools, groups: Grouping) -> Floats:
    counts = _counts(present, groups)
    held = np.where(present, values, 0.0)
    sums = grouped_sums(held, groups.starts, groups.sizes)
    means = sums / counts
    # A sum that overflows although its mean would not: the mean of what each one contributes.
    if not np.isfinite(sums).all():
        shares = held / np.repeat(counts, groups.sizes, axis=0)
        careful = grouped_sums(shares, groups.starts, groups.sizes)
        means = np.where(np.isinf(sums), careful, means)
    return means


def _min(values: Floats, present: Bools, groups: Grouping) -> Floats:
    # NaN only where there is nothing else.
    return np.fmin.reduceat(np.where(present, values, np.nan), groups.starts, axis=0)


def _max(values: Floats, present: Bools, groups: Grouping) -> Floats:
    return np.fmax.reduceat(np.where(present, values, np.nan), groups.starts, axis=0)


def _count(_: Floats, present: Bools, groups: Grouping) -> Floats:
    return _counts(present, groups)


def _group(_: Floats, present: Bools, groups: Grouping) -> Floats:
    return np.ones((len(groups.labels), present.shape[1]))


def _variance(values: Floats, present: Bools, groups: Grouping) -> Floats:
    counts = _counts(present, groups)
    # Seen from one of the values, so that equal ones have no variance at all.
    origin = np.fmin.reduceat(np.where(present, values, np.nan), groups.starts, axis=0)
    shifted = np.where(present, values - np.repeat(origin, groups.sizes, axis=0), 0.0)
    means = np.add.reduceat(shifted, groups.starts, axis=0) / counts
    apart = np.where(present, shifted - np.repeat(means, groups.sizes, axis=0), 0.0)
    return np.add.reduceat(apart * apart, groups.starts, axis=0) / counts


def _deviation(values: Floats, present: Bools, groups: Grouping) -> Floats:
    return np.sqrt(_variance(values, present, groups))


_SUMMARIES: Final[Mapping[str, Summary]] = {
    "sum": _sum,
    "avg": _avg,
    "min": _min,
    "max": _max,
    "count": _count,
    "group": _group,
    "stdvar": _variance,
    "stddev": _deviation,
}
