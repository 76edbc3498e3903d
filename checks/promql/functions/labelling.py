"""Functions that change labels: ``label_replace`` and ``label_join``.

They look at label sets only, so what they make of a vector's is remembered with it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

import numpy as np

from checks.promql.errors import EvaluationError
from checks.promql.functions.contract import Context, Function, Kind
from checks.promql.functions.expansion import expanded
from checks.promql.labels import label, label_set, remembered
from checks.promql.values import NAME, Labels, LabelSet, Value, Vector
from checks.store.matching import PatternError, compiled

__all__ = ["FUNCTIONS"]


@dataclass(frozen=True, slots=True, eq=False)
class _Relabelled:
    """What label sets have become.

    Attributes:
        labels: distinct ones.
        rows: which of ``labels`` each series has now.
        changed: which series were given a label.
    """

    labels: Labels
    rows: tuple[int, ...]
    changed: tuple[bool, ...]

    @classmethod
    def of(cls, labels: Labels, change: Callable[[LabelSet], LabelSet | None]) -> _Relabelled:
        """``labels`` after ``change``, which gives None where it leaves a set alone."""
        rows: dict[LabelSet, int] = {}
        new = [change(one) for one in labels]
        at = [
            rows.setdefault(old if one is None else one, len(rows))
            for old, one in zip(labels, new, strict=True)
        ]
        return cls(tuple(rows), tuple(at), tuple(one is not None for one in new))


def _applied(
    vector: Vector, key: Hashable, target: str, change: Callable[[LabelSet], LabelSet | None]
) -> Vector:
    """``vector`` with labels as ``change`` makes them; series that become the same are merged.

    Raises:
        EvaluationError: two of these have a value at the same step.
    """
    new = remembered(vector.labels, key, partial(_Relabelled.of, change=change))
    dropped = (
        vector.drop_name & ~np.array(new.changed, bool) if target == NAME else vector.drop_name
    )
    if len(new.labels) == len(vector.labels):
        return Vector(new.labels, vector.values, vector.present, dropped)
    return _merged(Vector(vector.labels, vector.values, vector.present, dropped), new)


def _merged(vector: Vector, new: _Relabelled) -> Vector:
    rows, steps = np.array(new.rows), vector.values.shape[1]
    held = np.zeros((len(new.labels), steps), np.int64)
    np.add.at(held, rows, vector.present)
    if (held > 1).any():
        raise EvaluationError("vector cannot contain metrics with the same labelset")
    values = np.zeros(held.shape)
    series, step = np.nonzero(vector.present)
    values[rows[series], step] = vector.values[series, step]
    dropped = np.zeros(len(new.labels), bool)
    dropped[rows] = vector.drop_name
    return Vector(new.labels, values, held > 0, dropped)


def _set(labels: LabelSet, name: str, value: str) -> LabelSet:
    return label_set({**dict(labels), name: value})


def _utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _valid(name: str) -> bool:
    """Whether a label may be called so: any text that is UTF-8."""
    return bool(name) and _utf8(name)


def _label_replace(context: Context, args: tuple[Value, ...]) -> Vector:
    vector, target, template, source, pattern = cast("tuple[Vector, str, str, str, str]", args)
    try:
        regex = compiled(pattern)
    except PatternError:
        message = f"invalid regular expression in label_replace(): {pattern}"
        raise EvaluationError(message) from None
    if not _valid(target):
        raise EvaluationError(f"invalid destination label name in label_replace(): {target!a}")

    def change(labels: LabelSet) -> LabelSet | None:
        value = label(labels, source)
        found = regex.fullmatch(value) if _utf8(value) else None
        return None if found is None else _set(labels, target, expanded(template, found))

    key = ("label_replace", target, template, source, pattern)
    return _applied(vector, key, target, change)


def _label_join(context: Context, args: tuple[Value, ...]) -> Vector:
    vector, target, separator, *sources = cast("tuple[Vector, str, str, str]", args)
    for source in sources:
        if not _valid(source):
            raise EvaluationError(f"invalid source label name in label_join(): {source!a}")
    if not _valid(target):
        raise EvaluationError(f"invalid destination label name in label_join(): {target!a}")

    def change(labels: LabelSet) -> LabelSet:
        joined = separator.join(label(labels, source) for source in sources)
        return _set(labels, target, joined)

    return _applied(vector, ("label_join", target, separator, *sources), target, change)


_TEXT: Final = Kind.STRING

FUNCTIONS: Final = (
    Function(
        "label_join",
        (Kind.VECTOR, _TEXT, _TEXT, _TEXT),
        Kind.VECTOR,
        _label_join,
        variadic=-1,
        keeps_name=True,
    ),
    Function(
        "label_replace",
        (Kind.VECTOR, _TEXT, _TEXT, _TEXT, _TEXT),
        Kind.VECTOR,
        _label_replace,
        keeps_name=True,
    ),
)
