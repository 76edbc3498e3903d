"""Aggregations over the time of a window: ``sum_over_time`` and its like.

As Prometheus 3 does it (promql/functions.go), down to which sums are compensated.
"""

from __future__ import annotations

from functools import partial
from typing import Final, cast

import numpy as np

from checks.promql.ast import unwrapped
from checks.promql.functions.batches import Batch, over, ranged
from checks.promql.functions.compensated import add, running, total
from checks.promql.functions.contract import Context, Evaluate, Function, Kind
from checks.promql.functions.quantiles import warn_of_quantiles
from checks.promql.values import Bools, Floats, Matrix, Scalar, Times, Value, Vector

__all__ = ["FUNCTIONS"]


def _some(batch: Batch) -> Bools:
    some: Bools = batch.counts >= 1
    return some


def _count(batch: Batch) -> tuple[Floats, Bools]:
    return batch.counts, _some(batch)


def _present(batch: Batch) -> tuple[Floats, Bools]:
    return np.ones((1, 1)), _some(batch)


def _last(batch: Batch) -> tuple[Floats, Bools]:
    return batch.at(batch.last()), _some(batch)


def _min(batch: Batch) -> tuple[Floats, Bools]:
    """The least number; NaN only where there is nothing else."""
    return np.fmin.reduce(batch.filled(np.nan), axis=0), _some(batch)


def _max(batch: Batch) -> tuple[Floats, Bools]:
    """The greatest number; NaN only where there is nothing else."""
    return np.fmax.reduce(batch.filled(np.nan), axis=0), _some(batch)


def _sum(batch: Batch) -> tuple[Floats, Bools]:
    sums, lost = total(batch.filled(0.0))
    return np.where(np.isfinite(sums), sums + lost, sums), _some(batch)


def _avg(batch: Batch) -> tuple[Floats, Bools]:
    """The sum by the count, unless the sum overflows."""
    sums, lost = running(batch.filled(0.0))
    means = sums / batch.counts + lost / batch.counts
    overflowed = ~np.isfinite(sums)
    if overflowed.any():
        means[overflowed] = _incremental_mean(
            batch.values[:, overflowed], batch.present[:, overflowed]
        )
    return means, _some(batch)


def _incremental_mean(values: Floats, present: Bools) -> Floats:
    """The means of columns, (R, K) to (K,): by the sum as long as that is finite, from then on
    by correcting the mean with each value."""
    sums, lost, count, mean = (np.zeros(values.shape[1]) for _ in range(4))
    correcting = np.zeros(values.shape[1], bool)
    for value, here in zip(values, present, strict=True):
        count = count + here
        summed, summed_lost = add(value, sums, lost)
        begins = here & ~correcting & np.isinf(summed) & (count > 1)
        earlier = np.where(begins, count - 1, 1.0)
        mean, lost = np.where(begins, sums / earlier, mean), lost / earlier
        correcting |= begins
        weight = (count - 1) / count
        corrected, corrected_lost = add(value / count, weight * mean, weight * lost)
        plain = here & ~correcting
        sums = np.where(plain, summed, sums)
        mean = np.where(here & correcting, corrected, mean)
        lost = np.where(plain, summed_lost, np.where(here, corrected_lost, lost))
    return np.where(correcting, mean + lost, sums / count + lost / count)


def _variance(batch: Batch) -> tuple[Floats, Bools]:
    """Welford's variance of a population, its two sums compensated."""
    shape = batch.values.shape[1:]
    count, mean, mean_lost, squares, squares_lost = (np.zeros(shape) for _ in range(5))
    for value, here in zip(batch.values, batch.present, strict=True):
        after = count + here
        delta = value - (mean + mean_lost)
        new_mean = add(delta / after, mean, mean_lost)
        new_squares = add(delta * (value - (new_mean[0] + new_mean[1])), squares, squares_lost)
        if batch.full:
            (mean, mean_lost), (squares, squares_lost) = new_mean, new_squares
        else:
            mean, mean_lost = _chosen(here, new_mean, (mean, mean_lost))
            squares, squares_lost = _chosen(here, new_squares, (squares, squares_lost))
        count = after
    return (squares + squares_lost) / count, _some(batch)


def _chosen(
    where: Bools, yes: tuple[Floats, Floats], no: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    return np.where(where, yes[0], no[0]), np.where(where, yes[1], no[1])


def _deviation(batch: Batch) -> tuple[Floats, Bools]:
    variance, some = _variance(batch)
    return np.sqrt(variance), some


def _quantile_over_time(context: Context, args: tuple[Value, ...]) -> Vector:
    quantiles = cast("Scalar", args[0])
    result = over(cast("Matrix", args[1]), context, partial(_quantile, quantiles=quantiles))
    asked = quantiles[result.present.any(axis=0)]
    warn_of_quantiles(asked, context.annotate, unwrapped(context.call.args[0]).span)
    return result


def _quantile(batch: Batch, *, quantiles: Scalar) -> tuple[Floats, Bools]:
    """The values at the quantile's rank, in between by weight; NaN ranks below all numbers."""
    wanted = quantiles[batch.steps, None]
    ordered = np.sort(batch.filled(np.nan), axis=0)
    numbers = batch.rows - np.isnan(ordered).sum(axis=0)
    nans = (batch.counts - numbers).astype(np.int64)
    rank = np.where((wanted >= 0) & (wanted <= 1), wanted, 0.0) * (batch.counts - 1)
    lower = np.floor(rank)
    weight = rank - lower
    low = _ranked(ordered, lower.astype(np.int64) - nans)
    high = _ranked(ordered, np.minimum(batch.counts - 1, lower + 1).astype(np.int64) - nans)
    value = low * (1 - weight) + high * weight
    value = np.where(wanted < 0, -np.inf, np.where(wanted > 1, np.inf, value))
    return np.where(np.isnan(wanted), np.nan, value), _some(batch)


def _ranked(ordered: Floats, ranks: Times) -> Floats:
    """The values of ``ranks``, (S, N), among ``ordered`` numbers; NaN below the least one."""
    within = np.clip(ranks, 0, len(ordered) - 1)
    found = np.take_along_axis(ordered, np.broadcast_to(within, ordered.shape[1:])[None], axis=0)
    return np.where(ranks < 0, np.nan, found[0])


def _function(name: str, call: Evaluate, *, keeps_name: bool = False) -> Function:
    return Function(name, (Kind.MATRIX,), Kind.VECTOR, call, keeps_name=keeps_name)


FUNCTIONS: Final = (
    _function("avg_over_time", ranged(_avg)),
    _function("count_over_time", ranged(_count)),
    _function("last_over_time", ranged(_last), keeps_name=True),
    _function("max_over_time", ranged(_max)),
    _function("min_over_time", ranged(_min)),
    _function("present_over_time", ranged(_present)),
    _function("stddev_over_time", ranged(_deviation)),
    _function("stdvar_over_time", ranged(_variance)),
    _function("sum_over_time", ranged(_sum)),
    Function("quantile_over_time", (Kind.SCALAR, Kind.MATRIX), Kind.VECTOR, _quantile_over_time),
)
