"""The groups of an aggregation: which series belong to which, and the groups' labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checks.promql.labels import remembered
from checks.promql.values import NAME, Bools, Labels, LabelSet, Times

__all__ = ["Grouping", "group_drops", "grouping"]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """N series in G groups, which are in the order of their first series.

    Attributes:
        ids: (N,) the group of each series.
        order: (N,) the series, group by group; None where they are so already.
        starts: (G,) where each group begins in that order.
        sizes: (G,)
        labels: G
    """

    ids: Times
    order: Times | None
    starts: Times
    sizes: Times
    labels: Labels


def grouping(labels: Labels, names: tuple[str, ...], *, without: bool) -> Grouping:
    """The groups of ``by (names)`` or ``without (names)``; made once for the same series."""
    key = ("grouping", without, names)
    return remembered(labels, key, lambda given: _grouping(given, names, without))


def group_drops(groups: Grouping, present: Bools, drop_name: Bools) -> Bools:
    """Which groups' names are to go: where one of its series has such a name.

    As in Prometheus it is the last step with a value that counts. ``present`` (N, T).
    """
    drop = np.zeros(len(groups.labels), bool)
    if not drop_name.any():
        return drop
    series, steps = np.nonzero(present)
    last = np.full(len(drop), -1)
    np.maximum.at(last, groups.ids[series], steps)
    newest = series[steps == last[groups.ids[series]]]
    np.logical_or.at(drop, groups.ids[newest], drop_name[newest])
    return drop


def _grouping(labels: Labels, names: tuple[str, ...], without: bool) -> Grouping:
    listed = frozenset(names)
    numbers: dict[LabelSet, int] = {}
    if without:
        listed |= {NAME}
        keys = (tuple(pair for pair in one if pair[0] not in listed) for one in labels)
    else:
        keys = (tuple(pair for pair in one if pair[0] in listed) for one in labels)
    ids = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
    sizes = np.bincount(ids, minlength=len(numbers))
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1])) if numbers else sizes
    order = np.argsort(ids, kind="stable")
    ordered = bool((order == np.arange(len(ids))).all())
    return Grouping(ids, None if ordered else order, starts, sizes, tuple(numbers))
