"""Blocks side by side: what a metric of many checks comes to, found once for all who ask.

Such a metric lies in as many blocks as there are checks. Rules that are evaluated as of one moment
read the same rows of these, each another column; which rows that are, and when they were, is
remembered while no block gets another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.model import Series
from checks.store.block import STALE, Block, Floats, Times, is_stale
from checks.store.chunk import Chunk

__all__ = ["Abreast", "Columns", "Newest", "Rows"]

Bools = npt.NDArray[np.bool_]
Piece = tuple[Chunk, int, int]

WIDEST: Final = 1 << 15
"""Series of all blocks together beyond which their newest rows are not put side by side."""
CELLS: Final = 1 << 19
"""Values that are put side by side at most: 4 MB."""
_WINDOWS: Final = 8
"""Windows whose rows are remembered."""
_GAP: Final = np.array([STALE])


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Which columns each block has, and where they begin and the last ones end, side by side."""

    columns: tuple[Mapping[Series, int], ...]
    bounds: tuple[int, ...]

    def same(self, columns: Sequence[Mapping[Series, int]], bounds: Sequence[int]) -> bool:
        return tuple(bounds) == self.bounds and all(map(is_, columns, self.columns))


@dataclass(frozen=True, slots=True, eq=False)
class Newest:
    """The newest row of each block, side by side: (W,), of which the last one is no series' and
    stale.
    """

    values: Floats
    present: Bools
    layout: _Layout


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of N series, each with times of its own.

    Attributes:
        times: (R, N) milliseconds; what stands below a series' last row means nothing, here as in
            ``values``.
        values: (R, N); cells may be stale.
        filled: (R, N) where a row is.
        lengths: (N,) how many rows each series has, which are its first ones.
    """

    times: Times
    values: Floats
    filled: Bools
    lengths: Times


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """The times of :class:`Rows`, which all have that are of series of the same blocks."""

    times: Times
    filled: Bools
    lengths: Times


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """Which rows of each block are in a window; ``frames`` by how many series are of each block."""

    pieces: tuple[tuple[Piece, ...], ...]
    heights: tuple[int, ...]
    frames: dict[tuple[int, ...], _Frame] = field(default_factory=dict)


class Abreast:
    """``blocks`` side by side."""

    def __init__(self, blocks: tuple[Block, ...]) -> None:
        self._blocks = blocks
        self._latest = -1
        self._changes: list[int] = []
        self._layout = _Layout((), ())
        self._newest: tuple[int, int | None, Newest | None] | None = None
        self._windows: dict[tuple[int, int], _Window] = {}

    def newest(self, moment: int, lookback: int | None) -> Newest | None:
        """The rows at ``moment``, at most ``lookback`` old, or as the blocks say (milliseconds).

        None where they are too many, or where it is so long ago that they are kept otherwise.
        """
        self._keep_up()
        known = self._newest
        if known is None or known[:2] != (moment, lookback):
            known = self._newest = moment, lookback, self._put(moment, lookback)
        return known[2]

    def _keep_up(self) -> None:
        if self._latest == Block.latest:
            return
        self._latest = Block.latest
        changes = [block.changes for block in self._blocks]
        if changes != self._changes:
            self._changes = changes
            self._newest = None
            self._windows.clear()

    def _put(self, moment: int, lookback: int | None) -> Newest | None:
        rows, columns, bounds = [], [], [0]
        for block in self._blocks:
            back = block.lookback if lookback is None else lookback
            found = block.whole_row(moment - back, moment)
            if found is None:
                return None
            row, column = found
            rows.append(row)
            columns.append(column)
            bounds.append(bounds[-1] + len(row))
        if bounds[-1] > WIDEST:
            return None
        if not self._layout.same(columns, bounds):
            self._layout = _Layout(tuple(columns), tuple(bounds))
        values = np.concatenate((*rows, _GAP))
        return Newest(values, ~is_stale(values), self._layout)

    def rows(self, series: Sequence[tuple[Series, ...]], start: int, end: int) -> Rows | None:
        """The rows with ``start < time <= end`` (milliseconds) of ``series``, block by block.

        None where that is too much to stand side by side.
        """
        self._keep_up()
        window = self._windows.get((start, end))
        if window is None:
            window = self._window(start, end)
        widths = tuple(map(len, series))
        if max(window.heights) * sum(widths) > CELLS:
            return None
        frame = window.frames.get(widths)
        if frame is None:
            frame = window.frames[widths] = self._frame(window, widths)
        values = np.zeros(frame.times.shape)
        first = 0
        for each, pieces in zip(series, window.pieces, strict=True):
            behind, at = first + len(each), 0
            for chunk, low, high in pieces:
                values[at : at + high - low, first:behind] = chunk.gather(each, low, high)
                at += high - low
            first = behind
        return Rows(frame.times, values, frame.filled, frame.lengths)

    def _window(self, start: int, end: int) -> _Window:
        if len(self._windows) >= _WINDOWS:
            self._windows.clear()
        pieces = tuple(tuple(block.pieces(start, end)) for block in self._blocks)
        heights = tuple(sum(high - low for _, low, high in each) for each in pieces)
        window = self._windows[start, end] = _Window(pieces, heights)
        return window

    @staticmethod
    def _frame(window: _Window, widths: tuple[int, ...]) -> _Frame:
        lengths = np.repeat(window.heights, widths)
        filled = np.arange(max(window.heights))[:, None] < lengths
        times = np.zeros(filled.shape, np.int64)
        first = 0
        for width, pieces in zip(widths, window.pieces, strict=True):
            moments = [chunk.times[low:high] for chunk, low, high in pieces]
            own = np.concatenate(moments) if moments else np.empty(0, np.int64)
            times[: len(own), first : first + width] = own[:, None]
            first += width
        return _Frame(times, filled, lengths)


class Columns:
    """Some series of blocks that are ``abreast``: ``series`` block by block."""

    def __init__(self, abreast: Abreast, series: tuple[tuple[Series, ...], ...]) -> None:
        self._abreast = abreast
        self._series = series
        self._layout: _Layout | None = None
        self._places: npt.NDArray[np.intp] = np.empty(0, np.intp)

    def row(self, moment: int, lookback: int | None) -> tuple[Floats, Bools] | None:
        """The newest value of each series and where there is one, (N,) each, as
        :meth:`Abreast.newest` has them."""
        newest = self._abreast.newest(moment, lookback)
        if newest is None:
            return None
        if newest.layout is not self._layout:
            self._layout, self._places = newest.layout, self._placed(newest.layout)
        return newest.values.take(self._places), newest.present.take(self._places)

    def _placed(self, layout: _Layout) -> npt.NDArray[np.intp]:
        """Where each series stands; -1, the cell that is stale, for one that is there no more."""
        places = (
            at + begin if (at := column.get(one)) is not None else -1
            for each, column, begin in zip(
                self._series, layout.columns, layout.bounds[:-1], strict=True
            )
            for one in each
        )
        return np.fromiter(places, dtype=np.intp)

    def rows(self, start: int, end: int) -> Rows | None:
        """As :meth:`Abreast.rows`."""
        return self._abreast.rows(self._series, start, end)
