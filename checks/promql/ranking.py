"""``quantile``, where a step is one sort over all groups, and ``count_values``."""

from __future__ import annotations

import math

import numpy as np

from checks.promql.annotations import Annotations
from checks.promql.ast import Aggregation, Span
from checks.promql.errors import EvaluationError
from checks.promql.functions.quantiles import format_g
from checks.promql.grouping import group_drops, grouping
from checks.promql.labels import label_set
from checks.promql.literals import format_float, quote
from checks.promql.values import Bools, Floats, LabelSet, Scalar, Times, Vector

__all__ = ["count_values", "quantile"]


def quantile(
    node: Aggregation, vector: Vector, qs: Scalar, annotate: Annotations, place: Span
) -> Vector:
    """The ``qs``-quantile of each group, interpolated; a warning where a q is outside 0 to 1."""
    bad = [math.nan] if np.isnan(qs).any() else []
    if len(known := qs[~np.isnan(qs)]):
        bad += [known.max()] * bool(known.max() > 1) + [known.min()] * bool(known.min() < 0)
    for q in bad:
        text = f"quantile value should be between 0 and 1, got {format_g(float(q))}"
        annotate.warn(text, place)
    groups = grouping(vector.labels, node.labels, without=node.without)
    shape = (len(groups.labels), len(qs))
    values, held = np.zeros(shape), np.zeros(shape, bool)
    for step, q in enumerate(qs.tolist()):
        rows = np.flatnonzero(vector.present[:, step])
        if len(rows):
            _quantiles(vector.values[rows, step], groups.ids[rows], q, step, (values, held))
    drop_name = group_drops(groups, vector.present, vector.drop_name)
    return Vector(groups.labels, values, held, drop_name)


def _quantiles(values: Floats, ids: Times, q: float, step: int, out: tuple[Floats, Bools]) -> None:
    order = np.lexsort((values, ~np.isnan(values), ids))
    values = values[order]
    found, starts, counts = np.unique(ids[order], return_index=True, return_counts=True)
    out[1][found, step] = True
    if not 0 <= q <= 1:
        out[0][found, step] = q if math.isnan(q) else math.copysign(math.inf, q)
        return
    rank = q * (counts - 1)
    low = np.floor(rank).astype(np.int64)
    high = np.minimum(low + 1, counts - 1)
    weight = rank - low
    with np.errstate(all="ignore"):
        below, above = values[starts + low], values[starts + high]
        out[0][found, step] = below * (1 - weight) + above * weight


def count_values(node: Aggregation, vector: Vector, name: str, most: int) -> Vector:
    """How often each value comes in each group; the value stands in the label ``name``.

    ``most`` is how many values the result may hold.

    Raises:
        EvaluationError: ``name`` is no name of a label, or there are too many values.
    """
    if not name or any(0xD800 <= ord(char) < 0xE000 for char in name):
        raise EvaluationError(f"invalid label name {quote(name)}")
    dropped = node.without and name in node.labels
    if node.without:
        names = (*node.labels, name)
    else:
        names = tuple(one for one in node.labels if one != name)
    groups = grouping(vector.labels, names, without=node.without)
    series, steps = np.nonzero(vector.present)
    values = vector.values[series, steps]
    # Bit by bit, since 0 and -0 are two values here, and all NaNs one.
    bits = np.where(np.isnan(values), np.nan, values).view(np.int64)
    distinct, place = np.unique(bits, return_inverse=True)
    texts = [format_float(value) for value in distinct.view(np.float64).tolist()]
    pairs, row = np.unique(groups.ids[series] * len(distinct) + place, return_inverse=True)
    if len(pairs) * vector.values.shape[1] > most:
        raise EvaluationError(
            f"count_values finds {len(pairs)} values, more than there may be at so many steps;"
            " round them or use a longer step"
        )
    rows: dict[LabelSet, int] = {}
    number = []
    for pair in pairs.tolist():
        group, value = divmod(pair, len(distinct))
        labels = groups.labels[group]
        own = labels if dropped else label_set([*labels, (name, texts[value])])
        number.append(rows.setdefault(own, len(rows)))
    counts = np.zeros((len(rows), vector.values.shape[1]))
    np.add.at(counts, (np.array(number, dtype=np.int64)[row], steps), 1.0)
    return Vector.of(tuple(rows), counts, counts > 0)
