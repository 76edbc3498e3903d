"""Functions of whole vectors: order, absence, and from scalars to vectors and back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final, cast

import numpy as np

from checks.promql.ast import Node, Range, Selector, unwrapped
from checks.promql.functions.batches import batches
from checks.promql.functions.contract import Context, Function, Kind
from checks.promql.labels import label_set
from checks.promql.values import (
    NAME,
    Bools,
    Floats,
    Labels,
    LabelSet,
    Matrix,
    Scalar,
    Value,
    Vector,
)

__all__ = ["FUNCTIONS", "NO_LABELS"]

NO_LABELS: Final[Labels] = ((),)
"""One series without labels."""


def _absent(context: Context, args: tuple[Value, ...]) -> Vector:
    """1 at the steps where nothing is present."""
    some: Bools = np.logical_or.reduce(cast("Vector", args[0]).present, axis=0)
    return _absence(context, some)


def _absent_over_time(context: Context, args: tuple[Value, ...]) -> Vector:
    """1 at the steps whose windows have no sample of any series."""
    some = np.zeros(context.grid.steps, bool)
    for windows in cast("Matrix", args[0]):
        for batch in batches(windows):
            some[batch.steps] |= batch.present.any(axis=(0, 2))
    return _absence(context, some)


def _absence(context: Context, some: Bools) -> Vector:
    labels = _demanded(unwrapped(context.call.args[0]))
    return Vector.of((labels,), np.ones((1, len(some))), ~some[None])


def _demanded(node: Node) -> LabelSet:
    """The labels that a selector demands: those with one ``=`` matcher.

    As Prometheus has it (createLabelsForAbsentFunction): any further matcher of a label takes
    it away again.
    """
    selector = node.selector if isinstance(node, Range) else node
    demanded: dict[str, str] = {}
    seen: set[str] = set()
    for matcher in selector.matchers if isinstance(selector, Selector) else ():
        if matcher.label == NAME:
            continue
        if matcher.op == "=" and matcher.label not in seen:
            demanded[matcher.label] = matcher.value
            seen.add(matcher.label)
        else:
            demanded.pop(matcher.label, None)
    return label_set(demanded)


def _sorted(context: Context, args: tuple[Value, ...], *, descending: bool) -> Vector:
    """By value; NaN comes last either way. Over several steps there is no order to give."""
    vector = cast("Vector", args[0])
    if context.grid.steps > 1:
        context.annotate.warn(
            "sort is ineffective for range queries since results are always ordered by labels",
            context.call.span,
        )
        return vector
    keys = np.where(vector.present[:, 0], vector.values[:, 0], np.nan)
    order = np.argsort(-keys if descending else keys, kind="stable")
    return Vector(
        tuple(vector.labels[row] for row in order.tolist()),
        vector.values[order],
        vector.present[order],
        vector.drop_name[order],
    )


def _scalar(context: Context, args: tuple[Value, ...]) -> Scalar:
    """The only sample at each step; NaN where there is none or more than one."""
    vector = cast("Vector", args[0])
    only = vector.present.sum(axis=0) == 1
    sums: Floats = np.where(vector.present, vector.values, 0.0).sum(axis=0)
    return np.where(only, sums, np.nan)


def _vector(context: Context, args: tuple[Value, ...]) -> Vector:
    return Vector.of(NO_LABELS, cast("Scalar", args[0])[None])


def _time(context: Context, args: tuple[Value, ...]) -> Scalar:
    return context.grid.times() / 1000.0


def _pi(context: Context, args: tuple[Value, ...]) -> Scalar:
    return np.full(context.grid.steps, np.pi)


def _timestamp(context: Context, args: tuple[Value, ...]) -> Vector:
    """The moment of the step, for what was computed. A selector's samples have moments of their
    own, which the evaluator reads instead."""
    vector = cast("Vector", args[0])
    moments = np.broadcast_to(context.grid.times() / 1000.0, vector.values.shape)
    return replace(vector, values=moments)


_VECTOR: Final = (Kind.VECTOR,)

FUNCTIONS: Final = (
    Function("absent", _VECTOR, Kind.VECTOR, _absent),
    Function("absent_over_time", (Kind.MATRIX,), Kind.VECTOR, _absent_over_time),
    Function("pi", (), Kind.SCALAR, _pi),
    Function("scalar", _VECTOR, Kind.SCALAR, _scalar),
    Function("sort", _VECTOR, Kind.VECTOR, partial(_sorted, descending=False), keeps_name=True),
    Function("sort_desc", _VECTOR, Kind.VECTOR, partial(_sorted, descending=True), keeps_name=True),
    Function("time", (), Kind.SCALAR, _time),
    Function("timestamp", _VECTOR, Kind.VECTOR, _timestamp),
    Function("vector", (Kind.SCALAR,), Kind.VECTOR, _vector),
)
