"""Reading the store: instants with their lookback, and windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from checks.promql.ast import At, Range, Selector
from checks.promql.errors import EvaluationError
from checks.promql.options import Options
from checks.promql.storage import Group, Storage
from checks.promql.values import Bools, Floats, Grid, Labels, Matrix, Times, Vector, Windows
from checks.promql.vectors import together
from checks.store.block import is_stale

__all__ = ["Reader"]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads ``store`` for one query, which runs from ``start`` to ``end`` (milliseconds)."""

    store: Storage
    options: Options
    start: int
    end: int

    def moments(self, grid: Grid, at: At, offset: int) -> Times:
        """The times that a selector looks at from each step of ``grid``: (T,)."""
        if at is None:
            return grid.times() - offset
        fixed = {"start": self.start, "end": self.end}.get(str(at), at)
        return np.full(grid.steps, int(fixed) - offset, dtype=np.int64)

    def instants(self, node: Selector, grid: Grid, *, stamps: bool = False) -> Vector:
        """The newest sample of each series within its lookback at every step.

        ``stamps``: their times (seconds) instead of their values.
        """
        moments = self.moments(grid, node.at, node.offset)
        parts = []
        for group in self.store.groups(node.name, node.matchers):
            part = self._instants(group, moments, stamps)
            if part is not None:
                parts.append(part)
        return together(parts, grid.steps)

    def _instants(self, group: Group, moments: Times, stamps: bool) -> Vector | None:
        lookback = self.options.lookback
        if lookback is None:
            lookback = group.lookback
        self.bound(len(group.labels), len(moments))
        if len(moments) == 1 or moments[0] == moments[-1]:
            return _fixed(group, int(moments[0]), lookback, len(moments), stamps)
        times, values = group.rows(int(moments[0]) - lookback, int(moments[-1]))
        if not len(times):
            return None
        rows = np.searchsorted(times, moments, side="right") - 1
        near = (rows >= 0) & (times[rows] > moments - lookback)
        present = ~is_stale(values)[rows] & near[:, None]
        found = (
            np.broadcast_to(times[rows, None] / 1000.0, present.shape) if stamps else values[rows]
        )
        return Vector.of(group.labels, found.T, present.T)

    def windows(self, node: Range, grid: Grid, check: Callable[[], None]) -> Matrix:
        """The samples of each series in the window that ends at every step.

        Read when they are gone through; ``check`` is called before each group.
        """
        ends = self.moments(grid, node.selector.at, node.selector.offset)
        groups = self.store.groups(node.selector.name, node.selector.matchers)
        return Matrix(_Unread(self, groups, (ends - node.range, ends), check))

    def bound(self, series: int, rows: int) -> None:
        """Refuse to hold more than the options allow."""
        if series * rows > self.options.max_cells:
            raise EvaluationError(
                f"the query would hold {series} series of {rows} values at once, more than"
                f" {self.options.max_cells} in all; select fewer series or a shorter range"
            )


@dataclass(frozen=True, slots=True)
class _Unread:
    """Windows that are read group by group. ``bounds`` are starts and ends, (T,) each."""

    reader: Reader
    groups: Sequence[Group]
    bounds: tuple[Times, Times]
    check: Callable[[], None]

    def __iter__(self) -> Iterator[Windows]:
        starts, ends = self.bounds
        for group in self.groups:
            self.check()
            times, values = group.rows(int(starts[0]), int(ends[-1]))
            if not len(times):
                continue
            self.reader.bound(len(group.labels), max(len(times), len(ends)))
            drop_name = np.zeros(len(group.labels), bool)
            samples = values, ~is_stale(values)
            yield windowed(group.labels, times, samples, self.bounds, drop_name)


def windowed(
    labels: Labels,
    times: Times,
    samples: tuple[Floats, Bools],
    bounds: tuple[Times, Times],
    drop_name: Bools,
) -> Windows:
    """Rows (their values, and where these are present) as windows with the left-open ``bounds``
    (starts, ends)."""
    starts, ends = bounds
    return Windows(
        labels,
        times,
        *samples,
        np.searchsorted(times, starts, side="right"),
        np.searchsorted(times, ends, side="right"),
        starts,
        ends,
        int(ends[0] - starts[0]),
        drop_name,
    )


def _fixed(group: Group, moment: int, lookback: int, steps: int, stamps: bool) -> Vector | None:
    """The same moment at all steps."""
    found = group.row(moment - lookback, moment)
    if found is None:
        return None
    time, row = found
    present = ~is_stale(row)[:, None]
    values = np.full(present.shape, time / 1000.0) if stamps else row[:, None]
    if steps > 1:
        values, present = values.repeat(steps, axis=1), present.repeat(steps, axis=1)
    return Vector.of(group.labels, values, present)
