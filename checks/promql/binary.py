"""Binary operators: arithmetic, comparisons, sets.

The semantics and the errors' texts are those of Prometheus' ``promql/engine.go`` (VectorBinop,
VectorAnd, VectorOr, VectorUnless), at all steps at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, cast

import numpy as np

from checks.promql.ast import Binary, Matching
from checks.promql.check import COMPARISONS, SETS
from checks.promql.errors import EvaluationError
from checks.promql.literals import quote
from checks.promql.matching import Sides, paired, sides, signature
from checks.promql.options import Options
from checks.promql.values import Bools, Floats, LabelSet, Scalar, Times, Vector
from checks.promql.vectors import count_by, merged, together, unnamed

__all__ = ["operate"]

Operator = Callable[[Floats, Floats], Floats]

_LONG: Final = 2000
"""Characters of a label set in an error."""
_ARITHMETIC: Final[Mapping[str, Operator]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
_COMPARED: Final[Mapping[str, Callable[[Floats, Floats], Bools]]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def operate(
    node: Binary, left: Vector | Scalar, right: Vector | Scalar, options: Options
) -> Vector | Scalar:
    """``left operator right``.

    Raises:
        EvaluationError: series that match more than once, or more pairs than there may be.
    """
    if isinstance(left, Vector) and isinstance(right, Vector):
        if node.operator in SETS:
            return _set(node, left, right)
        return _vectors(node, left, right, options)
    if isinstance(left, Vector):
        return _with_scalar(node, left, cast("Scalar", right), options, swapped=False)
    if isinstance(right, Vector):
        return _with_scalar(node, right, left, options, swapped=True)
    return _computed(node.operator, left, right)


def _computed(operator: str, left: Floats, right: Floats) -> Floats:
    if operator in COMPARISONS:
        return _COMPARED[operator](left, right).astype(np.float64)
    with np.errstate(all="ignore"):
        return _ARITHMETIC[operator](left, right)


def _with_scalar(
    node: Binary, vector: Vector, scalar: Scalar, options: Options, *, swapped: bool
) -> Vector:
    sides = (scalar[None, :], vector.values) if swapped else (vector.values, scalar[None, :])
    if node.operator in COMPARISONS and not node.bool_modifier:
        keep = _COMPARED[node.operator](*sides)
        return Vector(vector.labels, vector.values, vector.present & keep, vector.drop_name)
    return merged(unnamed(replace(vector, values=_computed(node.operator, *sides)), options))


def _vectors(node: Binary, left: Vector, right: Vector, options: Options) -> Vector:
    matching = node.matching
    # The "one" side of the match is on the right here, wherever it is written.
    swapped = matching.group == "right"
    many, one = (right, left) if swapped else (left, right)
    found = sides(many.labels, one.labels, matching)
    _check_one_side(matching, found, many, one)
    if found.pairs * many.values.shape[1] > options.max_cells:
        raise EvaluationError(
            f"the operator {quote(node.operator)} matches {found.pairs} pairs of series, more than"
            " there may be; match by more labels"
        )
    schema = node.operator in _ARITHMETIC or (
        node.bool_modifier and not options.delayed_name_removal
    )
    pairs = paired(many.labels, one.labels, matching, schema=schema)
    present = many.present[pairs.many] & one.present[pairs.one]
    _check_many_side(matching, pairs.alike, present)
    values = many.values[pairs.many], one.values[pairs.one]
    result = values[::-1] if swapped else values
    drop_name = many.drop_name[pairs.many] | node.bool_modifier
    if node.operator in COMPARISONS and not node.bool_modifier:
        # The value is the left operand's as written.
        present &= _COMPARED[node.operator](*result)
        return merged(Vector(pairs.labels, result[0], present, drop_name))
    computed = _computed(node.operator, *result)
    return merged(Vector(pairs.labels, computed, present, drop_name))


def _check_one_side(matching: Matching, found: Sides, many: Vector, one: Vector) -> None:
    if not found.repeats[1]:
        return
    counts = count_by(one.present, found.one, found.count)
    # Where the other side is empty there is nothing to match.
    twice = (counts > 1) & many.present.any(axis=0)
    if not twice.any():
        return
    number, step = (int(at[0]) for at in np.nonzero(twice))
    first, second = np.flatnonzero((found.one == number) & one.present[:, step])[:2].tolist()
    group = signature(one.labels[first], matching)
    side = "left" if matching.group == "right" else "right"
    raise EvaluationError(
        f"found duplicate series for the match group {shown(group)} on the {side} hand-side of"
        f" the operation: [{shown(one.labels[second])}, {shown(one.labels[first])}];many-to-many"
        " matching not allowed: matching labels must be unique on one side"
    )


def _check_many_side(matching: Matching, alike: Times | None, present: Bools) -> None:
    if alike is None or not (count_by(present, alike, int(alike.max()) + 1) > 1).any():
        return
    if matching.group:
        raise EvaluationError(
            "multiple matches for labels: grouping labels must ensure unique matches"
        )
    raise EvaluationError(
        "multiple matches for labels: many-to-one matching must be explicit"
        " (group_left/group_right)"
    )


def shown(labels: LabelSet) -> str:
    """``labels`` as Prometheus prints them: ``{a="b", c="d"}``, the name among them."""
    text = "{" + ", ".join(f"{name}={quote(value)}" for name, value in labels) + "}"
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def _set(node: Binary, left: Vector, right: Vector) -> Vector:
    found = sides(left.labels, right.labels, node.matching)
    if node.operator == "or":
        taken = _any_by(left.present, found.many, found.count)[found.one]
        rest = replace(right, present=right.present & ~taken)
        return merged(together((left, rest), left.values.shape[1]))
    there = _any_by(right.present, found.one, found.count)[found.many]
    if node.operator == "unless":
        there = ~there
    return Vector(left.labels, left.values, left.present & there, left.drop_name)


def _any_by(present: Bools, row: Times, rows: int) -> Bools:
    """Whether any series of each row is present, at each step: (rows, T)."""
    held = np.zeros((rows, present.shape[1]), bool)
    series, steps = np.nonzero(present)
    held[row[series], steps] = True
    return held
