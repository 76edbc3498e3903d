"""Reading the store: instants with their lookback, and windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from checks.promql.ast import At, Range, Selector
from checks.promql.errors import EvaluationError
from checks.promql.labels import joined
from checks.promql.options import Options
from checks.promql.stacking import FEWEST, Stack
from checks.promql.storage import Group, Storage
from checks.promql.values import Bools, Floats, Grid, Labels, Matrix, Times, Vector, Windows
from checks.promql.vectors import together
from checks.store.abreast import Rows
from checks.store.block import is_stale
from checks.store.groups import Groups

__all__ = ["Reader"]

_NOUGHT: Final = np.zeros(1, np.int64)


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
        return np.full(grid.steps, self.moment(grid.start, at, offset), dtype=np.int64)

    def moment(self, time: int, at: At, offset: int) -> int:
        """The time that a selector looks at from ``time``."""
        if at is None:
            return time - offset
        return int({"start": self.start, "end": self.end}.get(str(at), at)) - offset

    def instants(self, node: Selector, grid: Grid, *, stamps: bool = False) -> Vector:
        """The newest sample of each series within its lookback at every step.

        ``stamps``: their times (seconds) instead of their values.
        """
        groups = self.store.groups(node.name, node.matchers)
        steps = grid.steps
        self.bound(_width(groups), steps)
        if steps == 1 or node.at is not None:
            moment = self.moment(grid.start, node.at, node.offset)
            side_by_side = None if stamps or steps > 1 else self._side_by_side(groups, moment)
            return side_by_side or self._fixed(groups, moment, steps, stamps)
        moments = self.moments(grid, node.at, node.offset)
        parts = [self._instants(group, moments, stamps) for group in groups]
        return together([part for part in parts if part is not None], grid.steps)

    def _instants(self, group: Group, moments: Times, stamps: bool) -> Vector | None:
        lookback = self._lookback(group)
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

    def _side_by_side(self, groups: Sequence[Group], moment: int) -> Vector | None:
        """The samples at ``moment``, where these groups are read together."""
        if not isinstance(groups, Groups) or groups.columns is None:
            return None
        found = groups.columns.row(moment, self.options.lookback)
        if found is None:
            return None
        values, present = found
        return Vector.of(groups.labels, values[:, None], present[:, None])

    def _lookback(self, group: Group) -> int:
        return group.lookback if self.options.lookback is None else self.options.lookback

    def _fixed(self, groups: Sequence[Group], moment: int, steps: int, stamps: bool) -> Vector:
        """The same moment at all steps; a thousand checks have a group each."""
        labels, rows = [], []
        for group in groups:
            found = group.row(moment - self._lookback(group), moment)
            if found is not None:
                time, row = found
                labels.append(group.labels)
                rows.append(np.where(is_stale(row), row, time / 1000.0) if stamps else row)
        if not rows:
            return Vector.empty(steps)
        values = np.concatenate(rows) if len(rows) > 1 else rows[0]
        present = ~is_stale(values)[:, None]
        values = values[:, None]
        if steps > 1:
            values, present = values.repeat(steps, axis=1), present.repeat(steps, axis=1)
        return Vector.of(joined(tuple(labels)), values, present)

    def windows(
        self, node: Range, grid: Grid, check: Callable[[], None], *, stacked: bool = False
    ) -> Matrix:
        """The samples of each series in the window that ends at every step.

        Read when they are gone through; ``check`` is called before each group. ``stacked``: small
        groups may stand side by side, with times for each series.
        """
        groups = self.store.groups(node.selector.name, node.selector.matchers)
        if stacked and grid.steps == 1 and isinstance(groups, Groups) and groups.columns:
            moment = self.moment(grid.start, node.selector.at, node.selector.offset)
            rows = groups.columns.rows(moment - node.range, moment)
            if rows is not None:
                return Matrix((_of_rows(groups.labels, rows, moment - node.range, moment),))
        ends = self.moments(grid, node.selector.at, node.selector.offset)
        unread = _Unread(self, groups, (ends - node.range, ends), check)
        if stacked and len(ends) == 1 and len(groups) >= FEWEST:
            return Matrix(_Stacked(unread))
        return Matrix(unread)

    def bound(self, series: int, rows: int) -> None:
        """Refuse to hold more than the options allow."""
        if series * rows > self.options.max_cells:
            raise EvaluationError(
                f"the query would hold {series} series of {rows} values at once, more than"
                f" {self.options.max_cells} in all; select fewer series or a shorter range"
            )


def _width(groups: Sequence[Group]) -> int:
    """How many series there are in ``groups``."""
    if isinstance(groups, Groups):
        return len(groups.labels)
    return sum(len(group.labels) for group in groups)


def _of_rows(labels: Labels, rows: Rows, start: int, end: int) -> Windows:
    """The window ``(start, end]`` (milliseconds) of ``rows`` that stand side by side."""
    stale = is_stale(rows.values)
    gaps = bool(stale.any())
    return Windows(
        labels,
        rows.times,
        rows.values,
        rows.filled & ~stale if gaps else rows.filled,
        low=_NOUGHT,
        high=np.array([len(rows.values)]),
        starts=np.array([start]),
        ends=np.array([end]),
        range_ms=end - start,
        drop_name=np.zeros(len(labels), bool),
        lengths=None if gaps else rows.lengths,
    )


@dataclass(frozen=True, slots=True)
class _Unread:
    """Windows that are read group by group. ``bounds`` are starts and ends, (T,) each."""

    reader: Reader
    groups: Sequence[Group]
    bounds: tuple[Times, Times]
    check: Callable[[], None]

    def __iter__(self) -> Iterator[Windows]:
        for labels, times, values in self.read():
            yield self.windowed(labels, times, values)

    def read(self) -> Iterator[tuple[Labels, Times, Floats]]:
        """The rows of each group that has some."""
        starts, ends = self.bounds
        for group in self.groups:
            self.check()
            times, values = group.rows(int(starts[0]), int(ends[-1]))
            if len(times):
                self.reader.bound(len(group.labels), max(len(times), len(ends)))
                yield group.labels, times, values

    def windowed(self, labels: Labels, times: Times, values: Floats) -> Windows:
        samples = values, ~is_stale(values)
        return windowed(labels, times, samples, self.bounds, np.zeros(len(labels), bool))


@dataclass(frozen=True, slots=True)
class _Stacked:
    """Windows of which small ones are put side by side."""

    unread: _Unread

    def __iter__(self) -> Iterator[Windows]:
        starts, ends = self.unread.bounds
        stack = Stack(int(starts[0]), int(ends[0]))
        for rows in self.unread.read():
            if not stack.add(*rows):
                yield self.unread.windowed(*rows)
            elif stack.full:
                yield from stack.take()
        yield from stack.take()


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
