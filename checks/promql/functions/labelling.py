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
from checks.promql.labels import USUAL, label, label_set, remembered, weight
from checks.promql.literals import quote
from checks.promql.values import NAME, Bools, Labels, LabelSet, Value, Vector
from checks.store.matching import PatternError, compiled
from checks.store.plain import is_sound

__all__ = ["FUNCTIONS"]


LONGEST: Final = 1 << 20
"""Characters that one call may put into labels, of all series together, where that is more than
:data:`checks.promql.labels.USUAL` ones for each: a million."""

NewValue: TypeAlias = Callable[[LabelSet], str | None]
"""The value that a label set is to get for the label; None where it stays as it is."""


def _relabelled(vector: Vector, key: Hashable, target: str, value: NewValue) -> Vector:
    """``vector`` with the label ``target`` as ``value`` has it.

    Series that become the same are the evaluator's to merge, or to refuse where they meet.

    Raises:
        EvaluationError: more than :data:`LONGEST` would be written.
    """
    make = partial(_written, target=target, value=value)
    labels, changed = remembered(vector.labels, key, make, lambda made: weight(made[0]))
    if target == NAME:
        return replace(vector, labels=labels, drop_name=vector.drop_name & ~changed)
    return replace(vector, labels=labels)


def _written(labels: Labels, *, target: str, value: NewValue) -> tuple[Labels, Bools]:
    """``labels`` with the new values, and which of them got one."""
    most = max(LONGEST, USUAL * len(labels))
    after, changed, left = [], [], most
    for one in labels:
        new = value(one)
        changed.append(new is not None)
        if new is None:
            after.append(one)
            continue
        left -= len(new)
        if left < 0:
            raise EvaluationError(
                f"the label {quote(target)} would get more than {most:,} characters in all;"
                " select fewer series or replace less"
            )
        after.append(label_set({**dict(one), target: new}))
    return tuple(after), np.array(changed, bool)


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
        # Where no label is there to be replaced, it is done without the library.
        if not is_sound(pattern):
            compiled(pattern)
    except PatternError:
        message = f"invalid regular expression in label_replace(): {pattern}"
        raise EvaluationError(message) from None
    if not _valid(target):
        raise EvaluationError(f"invalid destination label name in label_replace(): {target!a}")

    def value(labels: LabelSet) -> str | None:
        text = label(labels, source)
        found = compiled(pattern).fullmatch(text) if _utf8(text) else None
        return None if found is None else expanded(template, found)

    key = ("label_replace", target, template, source, pattern)
    return _relabelled(vector, key, target, value)


def _label_join(context: Context, args: tuple[Value, ...]) -> Vector:
    vector, target, separator, *sources = cast("tuple[Vector, str, str, str]", args)
    for source in sources:
        if not _valid(source):
            raise EvaluationError(f"invalid source label name in label_join(): {source!a}")
    if not _valid(target):
        raise EvaluationError(f"invalid destination label name in label_join(): {target!a}")

    def value(labels: LabelSet) -> str:
        return separator.join(label(labels, source) for source in sources)

    return _relabelled(vector, ("label_join", target, separator, *sources), target, value)


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
