"""``histogram_quantile`` and ``histogram_fraction``, on classic histograms.

As Prometheus 3 does it (promql/quantile.go: BucketQuantile, BucketFraction).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, cast

import numpy as np

from checks.distinct import distinct
from checks.promql.ast import Span, unwrapped
from checks.promql.functions.buckets import BOUND, Columns, Layout, columns, layout
from checks.promql.functions.contract import Context, Function, Kind
from checks.promql.functions.quantiles import format_g, warn_of_quantiles
from checks.promql.labels import label, remembered
from checks.promql.literals import quote
from checks.promql.values import NAME, Bools, Floats, Labels, Scalar, Times, Value, Vector

__all__ = ["FUNCTIONS"]

_TOLERANCE: Final = 1e-12
"""Counts that differ by less, relative to their sum, are taken for the same."""
_SMALLEST: Final = 2.0**-1022
_GREATEST: Final = float(np.finfo(np.float64).max)


class _Mended(NamedTuple):
    """Counts that never fall, and what had to be raised for that, by column.

    ``lowest`` and ``highest`` are the bounds between which buckets were raised,
    ``difference`` is by how much at most; they mean something where ``raised``.
    """

    counts: Floats
    raised: Bools
    lowest: Floats
    highest: Floats
    difference: Floats


def _mended(found: Columns) -> _Mended:
    """The counts of ``found`` with falls and negligible differences removed."""
    counts, columns_ = found.counts.copy(), found.counts.shape[1]
    raised, difference = np.zeros(columns_, bool), np.zeros(columns_)
    lowest, highest = np.full(columns_, np.inf), np.full(columns_, -np.inf)
    before = counts[0]
    for bound, count in zip(found.bounds[1:], counts[1:], strict=True):
        alike = _alike(before, count)
        fell = ~alike & (count < before)
        raised |= fell
        lowest = np.where(fell, np.minimum(lowest, bound), lowest)
        highest = np.where(fell, np.maximum(highest, bound), highest)
        difference = np.where(fell, np.maximum(difference, before - count), difference)
        np.copyto(count, before, where=alike | fell)
        before = count
    return _Mended(counts, raised, lowest, highest, difference)


def _alike(one: Floats, other: Floats) -> Bools:
    """Whether counts are equal but for rounding (util/almost: Equal)."""
    size, difference = np.abs(one) + np.abs(other), np.abs(one - other)
    tiny = (one == 0) | (other == 0) | (size < _SMALLEST)
    near: Bools = np.where(
        tiny,
        difference < _TOLERANCE * _SMALLEST,
        difference / np.minimum(size, _GREATEST) < _TOLERANCE,
    )
    alike: Bools = near | (one == other) | (np.isnan(one) & np.isnan(other))
    return alike


def _quantiles(found: Columns, wanted: Floats) -> tuple[Floats, _Mended]:
    """The quantile ``wanted`` (K,) of each column, and how its counts were mended.

    Within a bucket observations are taken to be spread evenly; below the first bound they
    begin at 0, unless that is not positive; above the last one nothing is known, and the last
    but one bound is what is left to say.
    """
    size = len(found.counts)
    mended = _mended(found)
    top = mended.counts[-1]
    known = (found.bounds[-1] == np.inf) & (size >= 2) & (top != 0)
    rank = wanted * top
    at = _first_reaching(mended.counts[:-1], rank)
    bounds, counts = (_with_base(one) for one in (found.bounds, mended.counts))
    low, high = _picked(bounds, at), _picked(bounds, at + 1)
    below, within = _picked(counts, at), _picked(counts, at + 1)
    value = low + (high - low) * ((rank - below) / (within - below))
    value = np.where((at == 0) & (found.bounds[0] <= 0), found.bounds[0], value)
    value = np.where(at == size - 1, found.bounds[max(size - 2, 0)], value)
    value = np.where(known, value, np.nan)
    value = np.where(wanted < 0, -np.inf, np.where(wanted > 1, np.inf, value))
    value = np.where(np.isnan(wanted), np.nan, value)
    return value, mended._replace(raised=mended.raised & known & (wanted >= 0) & (wanted <= 1))


def _with_base(rows: Floats) -> Floats:
    """``rows`` above a row of zeros."""
    return np.concatenate([np.zeros((1, rows.shape[1])), rows])


def _picked(rows: Floats, at: Times) -> Floats:
    picked: Floats = np.take_along_axis(rows, at[None], axis=0)[0]
    return picked


def _first_reaching(counts: Floats, rank: Floats) -> Times:
    """The first bucket whose count reaches ``rank``, by halving as Go's sort.Search does: what
    NaN among the counts leads to is then the same."""
    low = np.zeros(len(rank), np.int64)
    high = np.full(len(rank), len(counts))
    while (open_ := low < high).any():
        middle = (low + high) // 2
        reached = _picked(counts, np.minimum(middle, len(counts) - 1)) >= rank
        high = np.where(open_ & reached, middle, high)
        low = np.where(open_ & ~reached, middle + 1, low)
    return low


def _fractions(found: Columns, lower: Floats, upper: Floats) -> Floats:
    """Which part of each column's observations lies between ``lower`` and ``upper`` (K,)."""
    top = found.counts[-1]
    between = _rank(found, upper) - _rank(found, lower)
    value = np.where(lower >= upper, 0.0, between / top)
    known = (found.bounds[-1] == np.inf) & (top != 0) & ~np.isnan(lower) & ~np.isnan(upper)
    return np.where(known, value, np.nan)


def _rank(found: Columns, value: Floats) -> Floats:
    """How many observations are below ``value``, interpolated within its bucket."""
    top = found.counts[-1]
    rank, settled = top.copy(), np.zeros(len(value), bool)
    low = np.where(found.bounds[0] <= 0, -np.inf, 0.0)
    below = np.zeros(len(value))
    for high, count in zip(found.bounds, found.counts, strict=True):
        at_bound = ~settled & (low >= value)
        inside = ~settled & (low < value) & (high > value)
        part = below + (count - below) * (value - low) / (high - low)
        # Nothing is known of where in an infinitely wide bucket they are.
        part = np.where(np.isneginf(low), count, part)
        rank = np.where(at_bound, below, np.where(inside, part, rank))
        settled |= at_bound | inside
        low, below = high, count
    capped: Floats = np.where(rank > top, top, rank)
    return capped


@dataclass(slots=True)
class _Raised:
    """What the info about counts that fall says of one metric; moments in milliseconds."""

    lowest: float = math.inf
    highest: float = -math.inf
    difference: float = 0.0
    first: int = sys.maxsize
    last: int = -sys.maxsize
    samples: int = 0

    def add(self, how: _Mended, moments: Times, chosen: Times) -> None:
        """Count in what was done to the ``chosen`` columns."""
        self.lowest = min(self.lowest, float(how.lowest[chosen].min()))
        self.highest = max(self.highest, float(how.highest[chosen].max()))
        self.difference = max(self.difference, float(how.difference[chosen].max()))
        self.first = min(self.first, int(moments[chosen].min()))
        self.last = max(self.last, int(moments[chosen].max()))
        self.samples += len(chosen)

    def text(self) -> str:
        return (
            f", from buckets {format_g(self.lowest)} to {format_g(self.highest)}, with a max diff "
            f"of {self.difference:.2g}, over {self.samples} samples from {_utc(self.first)} to "
            f"{_utc(self.last)}"
        )


def _utc(moment: int) -> str:
    # A query may ask for moments that Python's calendar does not have.
    return f"{np.datetime64(int(moment / 1000), 's')}Z"


_MONOTONICITY: Final = (
    "input to histogram_quantile needed to be fixed for monotonicity (see "
    "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
)


def _tell(context: Context, at: Span, raised: dict[str, _Raised]) -> None:
    for name, one in sorted(raised.items()):
        metric = f" for metric name {quote(name)}" if name else ""
        context.annotate.info(_MONOTONICITY + metric + one.text(), at)


def _names(labels: Labels) -> tuple[tuple[str, ...], Times]:
    """The names among ``labels``, and which of them each has."""
    names: dict[str, int] = {}
    ids = [names.setdefault(label(one, NAME), len(names)) for one in labels]
    return tuple(names), np.array(ids, np.int64)


def _note(
    raised: dict[str, _Raised], plan: Layout, found: Columns, how: _Mended, context: Context
) -> None:
    """Add what was raised in ``found`` to ``raised``, which is by metric name."""
    chosen = np.flatnonzero(how.raised)
    if not len(chosen):
        return
    moments = context.grid.times()[found.steps]
    # Where names are removed at once, Prometheus has none to tell by then.
    if not context.options.delayed_name_removal:
        raised.setdefault("", _Raised()).add(how, moments, chosen)
        return
    names, ids = remembered(plan.labels, "names", _names)
    owners = ids[found.histograms[chosen]]
    for one in distinct(owners).tolist():
        raised.setdefault(names[one], _Raised()).add(how, moments, chosen[owners == one])


def _gathered(
    context: Context, vector: Vector, at: Span, compute: Callable[[Layout, Columns], Floats]
) -> Vector:
    """One value a histogram and step, as ``compute`` has it; warns of malformed bounds."""
    plan = layout(vector.labels)
    for row in plan.malformed:
        if vector.present[row].any():
            _warn_of_bound(
                context, at, label(vector.labels[row], NAME), label(vector.labels[row], BOUND)
            )
    shape = (len(plan.labels), context.grid.steps)
    values, present = np.zeros(shape), np.zeros(shape, bool)
    for found in columns(vector, plan):
        values[found.histograms, found.steps] = compute(plan, found)
        present[found.histograms, found.steps] = True
    return Vector.of(plan.labels, values, present)


def _warn_of_bound(context: Context, at: Span, name: str, bound: str) -> None:
    metric = f" for metric name {quote(name)}" if name else ""
    context.annotate.warn(
        f'bucket label "{BOUND}" is missing or has a malformed value of {quote(bound)}{metric}', at
    )


def _histogram_quantile(context: Context, args: tuple[Value, ...]) -> Vector:
    wanted, vector = cast("tuple[Scalar, Vector]", args)
    at_quantile, at_vector = (unwrapped(one).span for one in context.call.args)
    warn_of_quantiles(wanted, context.annotate, at_quantile)
    raised: dict[str, _Raised] = {}

    def compute(plan: Layout, found: Columns) -> Floats:
        values, how = _quantiles(found, wanted[found.steps])
        _note(raised, plan, found, how, context)
        return values

    result = _gathered(context, vector, at_vector, compute)
    _tell(context, at_vector, raised)
    return result


def _histogram_fraction(context: Context, args: tuple[Value, ...]) -> Vector:
    lower, upper, vector = cast("tuple[Scalar, Scalar, Vector]", args)

    def compute(plan: Layout, found: Columns) -> Floats:
        return _fractions(found, lower[found.steps], upper[found.steps])

    return _gathered(context, vector, unwrapped(context.call.args[2]).span, compute)


FUNCTIONS: Final = (
    Function(
        "histogram_fraction",
        (Kind.SCALAR, Kind.SCALAR, Kind.VECTOR),
        Kind.VECTOR,
        _histogram_fraction,
    ),
    Function("histogram_quantile", (Kind.SCALAR, Kind.VECTOR), Kind.VECTOR, _histogram_quantile),
)
