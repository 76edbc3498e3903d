"""Functions that change labels: ``label_replace`` and ``label_join``.

They look at label sets only, so what they make of a vector's is remembered with it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias, cast

import numpy as np

from checks.promql.errors import EvaluationError
from checks.promql.functions.contract import Context, Function, Kind
from checks.promql.functions.expansion import expanded
from checks.promql.labels import label, label_set, remembered
from checks.promql.values import NAME, Bools, Labels, LabelSet, Value, Vector
from checks.store.matching import PatternError, compiled

__all__ = ["FUNCTIONS"]


Change: TypeAlias = Callable[[LabelSet], LabelSet | None]
"""What becomes of a label set; None where it stays."""


def _relabelled(vector: Vector, key: Hashable, target: str, change: Change) -> Vector:
    """``vector`` with labels as ``change`` makes them, which sets the label ``target``.

    Series that become the same are the evaluator's to merge, or to refuse where they meet.
    """
    labels, changed = remembered(vector.labels, key, partial(_changed, change=change))
    if target == NAME:
        return replace(vector, labels=labels, drop_name=vector.drop_name & ~changed)
    return replace(vector, labels=labels)


def _changed(labels: Labels, *, change: Change) -> tuple[Labels, Bools]:
    """``labels`` after ``change``, and which of them it did not leave alone."""
    new = [change(one) for one in labels]
    after = tuple(old if one is None else one for old, one in zip(labels, new, strict=True))
    return after, np.array([one is not None for one in new], bool)


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
    return _relabelled(vector, key, target, change)


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

    return _relabelled(vector, ("label_join", target, separator, *sources), target, change)


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
