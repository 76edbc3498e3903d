"""What is done to instant vectors as a whole: joined, stripped of names, freed of twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks.promql.errors import EvaluationError
from checks.promql.labels import joined, remembered, without
from checks.promql.options import METADATA_LABELS, Options
from checks.promql.values import NAME, Bools, Floats, Labels, LabelSet, Times, Vector

__all__ = ["DUPLICATES", "count_by", "merged", "nameless", "together", "unnamed"]

DUPLICATES = "vector cannot contain metrics with the same labelset"


def together(parts: Sequence[Vector], steps: int) -> Vector:
    """All series of ``parts``, in their order."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Vector.empty(steps)
    return Vector(
        joined(tuple(part.labels for part in parts)),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.present for part in parts]),
        np.concatenate([part.drop_name for part in parts]),
    )


def nameless(labels: Labels) -> Labels:
    """``labels`` without name, type and unit; made once."""
    return remembered(labels, "nameless", _nameless)


def _nameless(labels: Labels) -> Labels:
    return tuple(
        one[1:] if _begins_with_name(one) else without(one, METADATA_LABELS) for one in labels
    )


def _begins_with_name(labels: LabelSet) -> bool:
    """Whether the name is the first of ``labels`` and type and unit, which would follow, are not
    among them: so it is nearly always.
    """
    second = labels[1][0] if len(labels) > 1 else ""
    return bool(labels) and labels[0][0] == NAME and not second.startswith("__")


def unnamed(vector: Vector, options: Options) -> Vector:
    """``vector`` with its names removed, or marked for it where that is delayed."""
    if options.delayed_name_removal:
        return replace(vector, drop_name=np.ones(len(vector.labels), bool))
    return Vector(nameless(vector.labels), vector.values, vector.present, vector.drop_name)


@dataclass(frozen=True, slots=True)
class _Twins:
    """Where a vector has series of the same labels.

    ``row`` maps each series to its row among the distinct ones, whose ``labels`` these are.
    """

    row: Times
    labels: Labels


def _twins(labels: Labels) -> _Twins | None:
    rows: dict[object, int] = {}
    row = [rows.setdefault(one, len(rows)) for one in labels]
    if len(rows) == len(labels):
        return None
    first = np.unique(row, return_index=True)[1]
    return _Twins(np.array(row), tuple(labels[at] for at in first))


def merged(vector: Vector, *, strict: bool = False) -> Vector:
    """``vector`` with series of the same labels made one.

    ``strict``: there may be none that have a value, be it at different steps.

    Raises:
        EvaluationError: two of the same labels have a value at the same step.
    """
    twins = remembered(vector.labels, "twins", _twins)
    if twins is None:
        return vector
    present = np.atleast_2d(vector.present.any(axis=1)).T if strict else vector.present
    if (count_by(present, twins.row, len(twins.labels)) > 1).any():
        raise EvaluationError(DUPLICATES)
    values = np.zeros((len(twins.labels), vector.values.shape[1]))
    held = np.zeros(values.shape, bool)
    series, steps = np.nonzero(vector.present)
    values[twins.row[series], steps] = vector.values[series, steps]
    held[twins.row[series], steps] = True
    return Vector(twins.labels, values, held, _drops(vector, twins))


def _drops(vector: Vector, twins: _Twins) -> Bools:
    """Whose name is to go: as of the first one present, as in Prometheus."""
    order = np.argsort(_first_steps(vector.present), kind="stable")[::-1]
    drop = np.zeros(len(twins.labels), bool)
    drop[twins.row[order]] = vector.drop_name[order]
    return drop


def _first_steps(present: Bools) -> Times:
    steps: Times = np.where(present.any(axis=1), present.argmax(axis=1), present.shape[1])
    return steps


def count_by(present: Bools, row: Times, rows: int) -> Floats:
    """How many of the series of each row are present, at each step: (rows, T)."""
    counts = np.zeros((rows, present.shape[1]))
    np.add.at(counts, row, present)
    return counts
