"""How fast series change: rates with extrapolation, and how often they change at all.

As Prometheus 3 does it (promql/functions.go: extrapolatedRate, instantValue).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, cast

import numpy as np

from checks.promql.ast import unwrapped
from checks.promql.functions.batches import Batch, over, ranged
from checks.promql.functions.contract import Context, Evaluate, Function, Kind
from checks.promql.labels import label, remembered
from checks.promql.literals import quote
from checks.promql.values import NAME, Bools, Floats, Labels, Matrix, Value, Vector

__all__ = ["FUNCTIONS"]

_COUNTER_ENDINGS: Final = ("_total", "_sum", "_count", "_bucket")
_COUNTER_TYPES: Final = ("counter", "histogram")

_NEAR: Final = 1.1
"""A window's bound is reached if it is less than this many average gaps away."""


def _extrapolated(batch: Batch, *, counter: bool, per_second: bool) -> tuple[Floats, Bools]:
    """The change over the window, carried on to its bounds where samples come close to them."""
    first, last = batch.first(), batch.last()
    first_value, first_time, last_time = batch.at(first), batch.when(first), batch.when(last)
    change = batch.at(last) - first_value
    if counter:
        change = change + _lost_by_resets(batch)
    sampled = (last_time - first_time) / 1000.0
    gap = sampled / (batch.counts - 1)
    to_start = _reach((first_time - batch.starts) / 1000.0, gap)
    to_end = _reach((batch.ends - last_time) / 1000.0, gap)
    if counter:
        # A counter does not begin below 0: at most back to where its line meets 0.
        to_zero = sampled * (first_value / change)
        cut = (change > 0) & (first_value >= 0) & (to_zero < to_start)
        to_start = np.where(cut, to_zero, to_start)
    factor = (sampled + to_start + to_end) / sampled
    if per_second:
        factor = factor / (batch.range_ms / 1000.0)
    return change * factor, batch.counts >= 2


def _reach(seconds: Floats, gap: Floats) -> Floats:
    """How far to extrapolate towards a bound that is ``seconds`` away."""
    reached: Floats = np.where(seconds >= gap * _NEAR, gap / 2, seconds)
    return reached


def _lost_by_resets(batch: Batch) -> Floats:
    """The sum of the values before each fall."""
    pairs = batch.pairs()
    if pairs is not None:
        before, value, both = pairs
        falls = value < before
        if both is not None:
            falls &= both
        none: Floats = np.zeros((1, 1))
        return before.sum(axis=0, where=falls) if falls.any() else none
    lost = np.zeros(batch.values.shape[1:])
    for before, value, both in batch.neighbours():
        fell = value < before
        if both is not None:
            fell &= both
        if fell.any():
            lost += np.where(fell, before, 0.0)
    return lost


def _instant(batch: Batch, *, counter: bool) -> tuple[Floats, Bools]:
    """From the last two samples: their difference, or the rate of a counter."""
    last = batch.last()
    if batch.full:
        previous = np.maximum(last - 1, 0)
    else:
        earlier = batch.present & (np.arange(batch.rows)[:, None, None] < last)
        previous = batch.rows - 1 - earlier[::-1].argmax(axis=0)
    value, before = batch.at(last), batch.at(previous)
    change = value - before
    if counter:
        change = np.where(value < before, value, change)
        change = change / ((batch.when(last) - batch.when(previous)) / 1000.0)
    return change, batch.counts >= 2


def _counted(batch: Batch, *, differs: Callable[[Floats, Floats], Bools]) -> tuple[Floats, Bools]:
    """How many samples differ from the one before."""
    pairs = batch.pairs()
    if pairs is not None:
        before, value, both = pairs
        found = differs(before, value)
        if both is not None:
            found &= both
        return found.sum(axis=0, dtype=np.float64), batch.counts >= 1
    count = np.zeros(batch.values.shape[1:])
    for before, value, both in batch.neighbours():
        found = differs(before, value)
        count += found if both is None else found & both
    return count, batch.counts >= 1


def _fell(before: Floats, value: Floats) -> Bools:
    fell: Bools = value < before
    return fell


def _changed(before: Floats, value: Floats) -> Bools:
    """NaN after NaN is no change."""
    changed: Bools = (value != before) & ~(np.isnan(value) & np.isnan(before))
    return changed


def _rate(context: Context, args: tuple[Value, ...], *, per_second: bool) -> Vector:
    kernel = partial(_extrapolated, counter=True, per_second=per_second)
    result = over(cast("Matrix", args[0]), context, kernel)
    typed = context.options.type_and_unit_labels
    doubts = remembered(result.labels, ("doubts", typed), partial(_doubts, typed=typed))
    for message, rows in doubts.items():
        if result.present[rows].any():
            context.annotate.info(message, unwrapped(context.call.args[0]).span)
    return result


def _doubts(labels: Labels, *, typed: bool) -> Mapping[str, list[int]]:
    """What speaks against series being counters, with the rows of those it is said of."""
    doubts: dict[str, list[int]] = {}
    for row, one in enumerate(labels):
        name = label(one, NAME)
        message = _doubt(name, label(one, "__type__") if typed else None) if name else ""
        if message:
            doubts.setdefault(message, []).append(row)
    return doubts


def _doubt(name: str, kind: str | None) -> str:
    """The info about a metric that may be no counter, or nothing; ``kind`` is its type label."""
    if kind is None:
        if name.endswith(_COUNTER_ENDINGS):
            return ""
        endings = "/".join(_COUNTER_ENDINGS)
        return f"metric might not be a counter, name does not end in {endings}: {quote(name)}"
    if kind in _COUNTER_TYPES:
        return ""
    return (
        'metric might not be a counter, __type__ label is not set to "counter" or "histogram", '
        f"got {quote(kind)}: {quote(name)}"
    )


def _function(name: str, call: Evaluate) -> Function:
    return Function(name, (Kind.MATRIX,), Kind.VECTOR, call)


FUNCTIONS: Final = (
    _function("rate", partial(_rate, per_second=True)),
    _function("increase", partial(_rate, per_second=False)),
    _function("delta", ranged(partial(_extrapolated, counter=False, per_second=False))),
    _function("irate", ranged(partial(_instant, counter=True))),
    _function("idelta", ranged(partial(_instant, counter=False))),
    _function("resets", ranged(partial(_counted, differs=_fell))),
    _function("changes", ranged(partial(_counted, differs=_changed))),
)
