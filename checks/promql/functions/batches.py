"""Windows in batches: what a range function computes on, over steps and series at once.

Windows of the same height (number of rows) make up one array of shape (rows, steps, series), so
a function loops over the rows of a window at most, never over steps or series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

import numpy as np

from checks.distinct import distinct
from checks.promql.functions.contract import Context, Evaluate
from checks.promql.values import Bools, Floats, Matrix, Times, Value, Vector, Windows
from checks.promql.vectors import together

__all__ = ["Batch", "Kernel", "batches", "over", "ranged"]

CELLS: Final = 1 << 19
"""How many values a batch of several steps has at most: 4 MB."""
WIDE: Final = 1 << 21
"""How many values a batch of one step has at most: 16 MB. Less would mean more passes over rows."""

FEW: Final = 1 << 14
"""Values of which it pays to look up at once for each what was before it."""
_FIRST: Final = np.zeros(1, np.int64)
_NOUGHT: Final = np.zeros((1, 1), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Windows of N series of one group, all of R rows, at S steps; each at least 1.

    Attributes:
        times: (R, S, 1) milliseconds, ascending; (R, 1, N) where each series has times of its own.
        values: (R, S, N).
        present: (R, S, N).
        full: whether a sample is everywhere.
        counts: samples in each window: (S, N), or (1, 1) where ``full``.
        starts: (S, 1) the windows' left bounds, milliseconds.
        ends: (S, 1) their right bounds.
        steps: (S,) which steps of the grid these are.
        series: which series of the group.
        range_ms: ``ends - starts``.
        lengths: (1, N) of a single step: in how many rows each series is present, where these are
            its first ones; None where that is not known.
    """

    times: Times
    values: Floats
    present: Bools
    full: bool
    counts: Floats
    starts: Times
    ends: Times
    steps: Times
    series: slice
    range_ms: int
    lengths: Times | None = None

    @property
    def rows(self) -> int:
        return len(self.values)

    def filled(self, fill: float) -> Floats:
        """The values, ``fill`` where there is none."""
        return self.values if self.full else np.where(self.present, self.values, fill)

    def first(self) -> Times:
        """The row of each window's first sample, (S, N) or (1, 1); 0 where it has none."""
        if self.full or self.lengths is not None:
            return _NOUGHT
        rows: Times = self.present.argmax(axis=0)
        return rows

    def last(self) -> Times:
        """The row of each window's last sample, (S, N) or (1, 1); any where it has none."""
        if self.full:
            return np.array([[self.rows - 1]])
        if self.lengths is not None:
            return self.lengths - 1
        rows: Times = self.rows - 1 - self.present[::-1].argmax(axis=0)
        return rows

    def at(self, rows: Times) -> Floats:
        """The values in ``rows``, (S, N)."""
        if rows.shape != self.values.shape[1:]:
            alike: Floats = self.values[rows.item()]
            return alike
        steps, series = np.arange(len(rows))[:, None], np.arange(rows.shape[1])
        picked: Floats = self.values[rows, steps, series]
        return picked

    def when(self, rows: Times) -> Times:
        """The times of ``rows``, (S, N) or (S, 1)."""
        if rows.shape != self.values.shape[1:]:
            alike: Times = self.times[rows.item()]
            return alike
        if self.times.shape[2] > 1:
            own: Times = self.times[rows, 0, np.arange(rows.shape[1])]
            return own
        picked: Times = self.times[rows, np.arange(len(rows))[:, None], 0]
        return picked

    def pairs(self) -> tuple[Floats, Floats, Bools | None] | None:
        """As :meth:`neighbours`, of all rows at once, (R - 1, S, N) each; None where samples have
        to be looked for further up, of so many that it is done row by row."""
        if self.full:
            return self.values[:-1], self.values[1:], None
        both = self._unbroken()
        if both is not None:
            return self.values[:-1], self.values[1:], both
        if self.values.size > FEW:
            return None
        rows = np.where(self.present, np.arange(self.rows)[:, None, None], 0)
        last = np.maximum.accumulate(rows[:-1], axis=0)
        seen = np.logical_or.accumulate(self.present[:-1], axis=0)
        before = np.take_along_axis(self.values, last, axis=0)
        return before, self.values[1:], self.present[1:] & seen

    def _unbroken(self) -> Bools | None:
        """Where a sample and the row before have one, (R - 1, S, N); None where some series has
        its samples not all in a row: then the one before may be further up.

        Groups that stand side by side are a row apart at most, which leaves no holes.
        """
        if self.lengths is not None:
            return self.present[1:]
        both = self.present[1:] & self.present[:-1]
        begins = self.present[0] + (self.present[1:] & ~both).sum(axis=0)
        return both if (begins <= 1).all() else None

    def neighbours(self) -> Iterator[tuple[Floats, Floats, Bools | None]]:
        """For each row but the first: the samples before it, its own, and where both are.

        (S, N) each; None instead of the latter where it is everywhere.
        """
        if self.full:
            for before, value in zip(self.values[:-1], self.values[1:], strict=True):
                yield before, value, None
            return
        before, seen = self.values[0], self.present[0]
        for value, present in zip(self.values[1:], self.present[1:], strict=True):
            yield before, value, seen & present
            before, seen = np.where(present, value, before), seen | present


Kernel: TypeAlias = Callable[[Batch], tuple[Floats, Bools]]
"""Gives each window's result and where there is one; both broadcast to (S, N)."""


def over(matrix: Matrix, context: Context, kernel: Kernel) -> Vector:
    """The instant vector of what ``kernel`` makes of each window of ``matrix``."""
    steps = context.grid.steps
    return together([_applied(windows, steps, kernel) for windows in matrix], steps)


def ranged(kernel: Kernel) -> Evaluate:
    """The function of one range vector that ``kernel`` computes."""

    def call(context: Context, args: tuple[Value, ...]) -> Vector:
        return over(cast("Matrix", args[0]), context, kernel)

    return call


def _applied(windows: Windows, steps: int, kernel: Kernel) -> Vector:
    shape = (steps, len(windows.labels))
    values, present = np.zeros(shape), np.zeros(shape, bool)
    for batch in batches(windows):
        place = batch.steps, batch.series
        values[place], present[place] = kernel(batch)
    return Vector(windows.labels, values.T, present.T, windows.drop_name)


def batches(windows: Windows) -> Iterator[Batch]:
    """The windows that have rows, each in one batch."""
    count = len(windows.labels)
    if not count:
        return
    heights = windows.high - windows.low
    if len(heights) == 1 and heights[0] * count <= WIDE:
        if heights[0]:
            yield _batch(windows, _FIRST, int(heights[0]), slice(0, count))
        return
    for height in distinct(heights[heights > 0]).tolist():
        steps = np.flatnonzero(heights == height)
        most = max(1, CELLS // (height * count))
        width = max(1, WIDE // height)
        for at in range(0, len(steps), most):
            for first in range(0, count, width):
                series = slice(first, first + width)
                yield _batch(windows, steps[at : at + most], height, series)


def _batch(windows: Windows, steps: Times, height: int, series: slice) -> Batch:
    low = windows.low[steps]
    if len(steps) == 1:
        one = slice(int(low[0]), int(low[0]) + height)
        times, values = windows.times[one], windows.values[one, None, series]
        times = times[:, None, None] if times.ndim == 1 else times[:, None, series]
        present = windows.present[one, None, series]
    else:
        rows = low + np.arange(height)[:, None]
        times, values = windows.times[rows, None], windows.values[rows, series]
        present = windows.present[rows, series]
    lengths = windows.lengths[None, series] if windows.lengths is not None else None
    full = bool((present if lengths is None else lengths == height).all())
    if full:
        counts = np.array([[float(height)]])
    elif lengths is not None:
        counts = lengths.astype(np.float64)
    else:
        counts = present.sum(axis=0, dtype=np.float64)
    return Batch(
        times=times,
        values=values,
        present=present,
        full=full,
        counts=counts,
        starts=windows.starts[steps, None],
        ends=windows.ends[steps, None],
        steps=steps,
        series=series,
        range_ms=windows.range_ms,
        lengths=lengths,
    )
