"""``topk`` and ``bottomk``: a step is one sort over all groups.

Of equal values, of which not all can stay, those stay that Prometheus keeps: they are what is
left in a heap that the series went through in the order of their labels.
"""

from __future__ import annotations

import math

import numpy as np

from checks.promql.ast import Aggregation
from checks.promql.errors import EvaluationError
from checks.promql.functions.quantiles import format_g
from checks.promql.grouping import grouping
from checks.promql.labels import remembered
from checks.promql.values import Floats, Labels, Scalar, Times, Vector

__all__ = ["top"]

_LARGEST = 2.0**63


def top(node: Aggregation, vector: Vector, ks: Scalar) -> Vector:
    """``topk`` and ``bottomk``: at one step the series in their order, at several in that of
    ``vector``.

    Raises:
        EvaluationError: a ``k`` that is no number of series.
    """
    _check(ks)
    if not vector.labels:
        return vector
    groups = grouping(vector.labels, node.labels, without=node.without)
    ranks = remembered(vector.labels, "ranks", _ranks)
    chosen = np.zeros(vector.present.shape, bool)
    rows = np.empty(0, dtype=np.int64)
    for step, k in enumerate(ks.tolist()):
        rows = rows[:0]
        if k >= 1:
            held = np.flatnonzero(vector.present[:, step])
            values = vector.values[held, step]
            if node.operator == "topk":
                values = -values
            rows = held[_smallest(values, int(k), groups.ids[held], ranks[held])]
        chosen[rows, step] = True
    if len(ks) == 1:
        return _taken(vector, rows)
    return Vector(vector.labels, vector.values, chosen, vector.drop_name)


def _check(ks: Scalar) -> None:
    if np.isnan(ks).any():
        raise EvaluationError("Parameter value is NaN")
    if ks.max() < 1:
        return
    if ks.min() <= -_LARGEST:
        raise EvaluationError(f"Scalar value {format_g(float(ks.min()))} underflows int64")
    if ks.max() >= _LARGEST:
        raise EvaluationError(f"Scalar value {format_g(float(ks.max()))} overflows int64")


def _ranks(labels: Labels) -> Times:
    """The place of each series in the order of labels."""
    ranks = np.empty(len(labels), dtype=np.int64)
    ranks[sorted(range(len(labels)), key=labels.__getitem__)] = np.arange(len(labels))
    return ranks


def _taken(vector: Vector, rows: Times) -> Vector:
    return Vector(
        tuple(vector.labels[row] for row in rows.tolist()),
        vector.values[rows],
        vector.present[rows],
        vector.drop_name[rows],
    )


def _smallest(values: Floats, k: int, ids: Times, ranks: Times) -> Times:
    """Where the ``k`` smallest values of each group are: group by group, NaNs last."""
    order = np.lexsort((ranks, values, np.isnan(values), ids))
    places = _places(ids[order])
    chosen = order[places < k]
    # Where the first one that is left out equals the last one that is in, it is Prometheus' choice.
    out = np.flatnonzero(places == k)
    before, after = values[order[out - 1]], values[order[out]]
    tied = ids[order[out[(before == after) | (np.isnan(before) & np.isnan(after))]]]
    for group in tied.tolist():
        members = np.flatnonzero(ids == group)
        members = members[np.argsort(ranks[members])]
        kept = members[_heaped(values[members].tolist(), k)]
        chosen[ids[chosen] == group] = kept
    return chosen


def _places(ids: Times) -> Times:
    """For ascending ``ids``: which one of its own each is, from 0."""
    at = np.arange(len(ids))
    first = np.ones(len(ids), bool)
    first[1:] = ids[1:] != ids[:-1]
    places: Times = at - np.maximum.accumulate(np.where(first, at, 0))
    return places


def _heaped(values: list[float], k: int) -> list[int]:
    """Which ``k`` of ``values`` Prometheus keeps as the smallest ones (aggregationK), in order."""
    heap: list[tuple[float, int]] = []
    for at, value in enumerate(values):
        if len(heap) < k:
            heap.append((value, at))
            _rise(heap)
        elif value < heap[0][0] or (math.isnan(heap[0][0]) and not math.isnan(value)):
            heap[0] = (value, at)
            _sink(heap)
    return [at for _, at in sorted(heap, key=lambda one: (math.isnan(one[0]), one[0]))]


def _above(one: tuple[float, int], other: tuple[float, int]) -> bool:
    """Whether ``one`` has to leave the heap before ``other``."""
    return math.isnan(one[0]) or one[0] > other[0]


def _rise(heap: list[tuple[float, int]]) -> None:
    """Bring the last element to its place, as ``container/heap`` of Go does."""
    at = len(heap) - 1
    while at > 0:
        parent = (at - 1) // 2
        if not _above(heap[at], heap[parent]):
            return
        heap[at], heap[parent] = heap[parent], heap[at]
        at = parent


def _sink(heap: list[tuple[float, int]]) -> None:
    """Bring the first element to its place."""
    at = 0
    while (child := 2 * at + 1) < len(heap):
        if child + 1 < len(heap) and _above(heap[child + 1], heap[child]):
            child += 1
        if not _above(heap[child], heap[at]):
            return
        heap[at], heap[child] = heap[child], heap[at]
        at = child
