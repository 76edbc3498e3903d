"""Straight lines through the samples of a window: ``deriv`` and ``predict_linear``.

Least squares, as Prometheus 3 has it (promql/functions.go: linearRegression). Where that
compensates the rounding of large sums, here there are none: times are taken from the middle of
the window and values from its first. That agrees to the last digits, and is two passes over a
matrix instead of a loop over its rows.
"""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple, cast

import numpy as np

from checks.promql.functions.batches import Batch, over, ranged
from checks.promql.functions.contract import Context, Function, Kind
from checks.promql.values import Bools, Floats, Matrix, Scalar, Times, Value, Vector

__all__ = ["FUNCTIONS"]


class _Line(NamedTuple):
    """A line of ``slope`` (a second) that is at ``level`` when ``after`` seconds have passed since
    ``origin`` (milliseconds)."""

    slope: Floats
    level: Floats
    origin: Times
    after: Floats


def _line(batch: Batch) -> _Line:
    """The line through each window; meaningless with fewer than two samples.

    It is NaN where a sample is NaN or infinite, and level where all are the same.
    """
    origin = batch.times[batch.rows // 2]
    base = batch.at(batch.first())
    seconds = (batch.times[:, :, 0] - origin[:, 0]) / 1000.0
    rise = batch.values - base
    if batch.full:
        sum_x, sum_xx = seconds.sum(axis=0)[:, None], (seconds * seconds).sum(axis=0)[:, None]
    else:
        rise[~batch.present] = 0.0
        here = batch.present.astype(np.float64)
        sum_x = np.einsum("rs,rsn->sn", seconds, here)
        sum_xx = np.einsum("rs,rsn->sn", seconds * seconds, here)
    count, sum_y = batch.counts, rise.sum(axis=0)
    covariance = np.einsum("rs,rsn->sn", seconds, rise) - sum_x * sum_y / count
    slope = covariance / (sum_xx - sum_x * sum_x / count)
    return _Line(
        np.where(np.isfinite(sum_y), slope, np.nan),
        base + sum_y / count,
        origin,
        sum_x / count,
    )


def _deriv(batch: Batch) -> tuple[Floats, Bools]:
    return _line(batch).slope, batch.counts >= 2


def _predicted(batch: Batch, *, now: Times, ahead: Scalar) -> tuple[Floats, Bools]:
    """Where the line is ``ahead`` seconds after each step's moment."""
    line = _line(batch)
    since = (now[batch.steps, None] - line.origin) / 1000.0 - line.after
    level_now = line.level + line.slope * since
    return line.slope * ahead[batch.steps, None] + level_now, batch.counts >= 2


def _predict_linear(context: Context, args: tuple[Value, ...]) -> Vector:
    ahead = cast("Scalar", args[1])
    kernel = partial(_predicted, now=context.grid.times(), ahead=ahead)
    return over(cast("Matrix", args[0]), context, kernel)


FUNCTIONS: Final = (
    Function("deriv", (Kind.MATRIX,), Kind.VECTOR, ranged(_deriv), one_clock=True),
    Function(
        "predict_linear",
        (Kind.MATRIX, Kind.SCALAR),
        Kind.VECTOR,
        _predict_linear,
        one_clock=True,
    ),
)
