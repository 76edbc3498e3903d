"""A check's samples: columns that share their timestamps.

All samples of one run belong to one moment, so a run is a row and a series a column;
``rate()`` over thousands of series is then one pass over a matrix. Rows are kept in
chunks; a full chunk is sealed, which stores each column that never changed, while it was
there, as a single value. A series that a run did not return holds the stale marker in that row.

Times are integer milliseconds since 1970, as Prometheus keeps them.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.model import Samples, Series

__all__ = ["STALE", "Block", "Floats", "Times", "is_stale"]

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Spans = npt.NDArray[np.int16]
"""Shape (2, columns): the first row in which a column is not stale, and the one behind its last."""

CHUNK_ROWS: Final = 120

STALE_BITS: Final = 0x7FF0000000000002
"""Prometheus' stale marker (model/value/value.go): a NaN no target sends."""
STALE: Final = float(np.array([STALE_BITS], dtype=np.int64).view(np.float64)[0])


def is_stale(values: Floats) -> npt.NDArray[np.bool_]:
    """Where ``values`` (C-contiguous or not) hold the stale marker rather than a number."""
    bits: npt.NDArray[np.int64] = np.ascontiguousarray(values).view(np.int64)
    return np.equal(bits, STALE_BITS)


class _Chunk:
    """Up to :data:`CHUNK_ROWS` rows over one set of columns."""

    __slots__ = ("_constant", "_matrix", "_spans", "_varying", "column", "rows", "series", "times")

    def __init__(self, series: Sequence[Series]) -> None:
        self.series = list(series)
        self.column = {one: at for at, one in enumerate(self.series)}
        self.rows = 0
        self.times: Times = np.empty(CHUNK_ROWS, dtype=np.int64)
        self._matrix: Floats = np.empty((CHUNK_ROWS, len(self.series)))
        self._constant: Floats | None = None
        self._spans: Spans | None = None
        self._varying: dict[int, int] = {}

    @property
    def full(self) -> bool:
        return self.rows == CHUNK_ROWS

    @property
    def first(self) -> int:
        return int(self.times[0])

    @property
    def last(self) -> int:
        return int(self.times[self.rows - 1])

    @property
    def nbytes(self) -> int:
        constant = self._constant.nbytes if self._constant is not None else 0
        spans = self._spans.nbytes if self._spans is not None else 0
        return self.times.nbytes + self._matrix.nbytes + constant + spans

    def widen(self, new: Iterable[Series]) -> None:
        """Make columns for ``new``, stale up to now."""
        for one in new:
            self.column[one] = len(self.series)
            self.series.append(one)
        wanted = len(self.series)
        if wanted > self._matrix.shape[1]:
            grown = np.empty((CHUNK_ROWS, wanted + wanted // 4))
            grown[: self.rows, : self._matrix.shape[1]] = self._matrix[: self.rows]
            grown[: self.rows, self._matrix.shape[1] :] = STALE
            self._matrix = grown

    def write(self, time: int, columns: npt.NDArray[np.intp] | None, values: Floats) -> None:
        """Append a row; ``columns`` None means that ``values`` fill the columns in order."""
        row = self._matrix[self.rows]
        if columns is None:
            row[: len(values)] = values
            row[len(values) :] = STALE
        else:
            row[:] = STALE
            row[columns] = values
        self.times[self.rows] = time
        self.rows += 1

    def seal(self) -> None:
        """Store columns that never changed while they were there as one value each.

        So a series that was there for a single run, as of labels that change with every scrape,
        costs a value here and not one for each row.
        """
        used = self._matrix[: self.rows, : len(self.series)]
        bits = np.ascontiguousarray(used).view(np.int64)
        there = bits != STALE_BITS
        first = there.argmax(axis=0)
        behind = self.rows - there[::-1].argmax(axis=0)
        begins = bits[first, np.arange(len(self.series))]
        # Outside its span a column is stale, which its first value is not.
        changed = np.flatnonzero((bits == begins).sum(axis=0) != behind - first)
        self._constant = begins.view(np.float64)
        if first.any() or (behind < self.rows).any():
            self._spans = np.stack((first, behind)).astype(np.int16)
        self._varying = {int(column): at for at, column in enumerate(changed)}
        self._matrix = np.ascontiguousarray(used[:, changed])
        self.times = self.times[: self.rows].copy()

    def gather(self, series: Sequence[Series], low: int, high: int) -> Floats:
        """Rows ``low`` to ``high`` of ``series``; what has no column here is stale."""
        out = np.full((high - low, len(series)), STALE)
        for at, one in enumerate(series):
            column = self.column.get(one)
            if column is None:
                continue
            if self._constant is None:
                out[:, at] = self._matrix[low:high, column]
            elif (varying := self._varying.get(column)) is not None:
                out[:, at] = self._matrix[low:high, varying]
            elif self._spans is None:
                out[:, at] = self._constant[column]
            else:
                first, behind = (max(0, int(row) - low) for row in self._spans[:, column])
                out[first:behind, at] = self._constant[column]
        return out


class Block:
    """The samples of one check.

    ``interval`` is its scrape interval in seconds; the lookback of an instant is
    ``max(5 min, 2.5 intervals)``.
    """

    def __init__(self, name: str, interval: float) -> None:
        self.name = name
        self.interval = interval
        self._chunks: deque[_Chunk] = deque()
        self._last: tuple[Series, ...] = ()
        self._columns: npt.NDArray[np.intp] | None = None
        self._mapped: _Chunk | None = None
        self._references: dict[Series, int] = {}

    @property
    def lookback(self) -> int:
        """Milliseconds."""
        return int(max(300.0, 2.5 * self.interval) * 1000)

    @property
    def samples(self) -> int:
        """Cells held, stale ones included."""
        return sum(chunk.rows * len(chunk.series) for chunk in self._chunks)

    @property
    def nbytes(self) -> int:
        return sum(chunk.nbytes for chunk in self._chunks)

    @property
    def series(self) -> Iterable[Series]:
        """Every series with a row still held."""
        return self._references.keys()

    def append(self, time: float, samples: Samples) -> list[Series]:
        """Add one run at ``time`` (seconds). Returns the series not held before.

        A time that is not later than the row before is moved one millisecond past it.
        """
        moment = round(time * 1000)
        chunk = self._chunks[-1] if self._chunks else None
        if chunk is not None and moment <= chunk.last:
            moment = chunk.last + 1
        fresh: list[Series] = []
        if chunk is None or chunk.full:
            if chunk is not None:
                chunk.seal()
            chunk = _Chunk(samples.series)
            self._chunks.append(chunk)
            fresh = self._hold(chunk.series)
        if chunk is not self._mapped or samples.series != self._last:
            missing = [one for one in samples.series if one not in chunk.column]
            if missing:
                chunk.widen(missing)
                fresh += self._hold(missing)
            self._remap(chunk, samples.series)
        # struct packs a tuple five times as fast as numpy converts one.
        packed = struct.pack(f"={len(samples.values)}d", *samples.values)
        chunk.write(moment, self._columns, np.frombuffer(packed))
        return fresh

    def _hold(self, series: Iterable[Series]) -> list[Series]:
        fresh = []
        for one in series:
            held = self._references.get(one, 0)
            if not held:
                fresh.append(one)
            self._references[one] = held + 1
        return fresh

    def _remap(self, chunk: _Chunk, series: tuple[Series, ...]) -> None:
        self._mapped, self._last = chunk, series
        columns = np.fromiter((chunk.column[one] for one in series), dtype=np.intp)
        in_order = len(columns) == 0 or bool((columns == np.arange(len(columns))).all())
        self._columns = None if in_order else columns

    def expire(self, before: float) -> list[Series]:
        """Drop chunks wholly older than ``before`` (seconds). Returns the series now gone."""
        gone: list[Series] = []
        limit = round(before * 1000)
        while len(self._chunks) > 1 and self._chunks[0].last < limit:
            for one in self._chunks.popleft().series:
                self._references[one] -= 1
                if not self._references[one]:
                    del self._references[one]
                    gone.append(one)
        return gone

    def read(self, series: Sequence[Series], start: int, end: int) -> tuple[Times, Floats]:
        """Rows with ``start < time <= end`` (milliseconds).

        Returns times of shape (rows,) and values of shape (rows, len(series)); cells
        hold :data:`STALE` where a run did not return the series.
        """
        times: list[Times] = []
        values: list[Floats] = []
        for chunk in self._chunks:
            if chunk.rows == 0 or chunk.last <= start or chunk.first > end:
                continue
            held = chunk.times[: chunk.rows]
            low = int(np.searchsorted(held, start, side="right"))
            high = int(np.searchsorted(held, end, side="right"))
            if high > low:
                times.append(held[low:high])
                values.append(chunk.gather(series, low, high))
        if not times:
            return np.empty(0, dtype=np.int64), np.empty((0, len(series)))
        if len(times) == 1:
            return times[0], values[0]
        return np.concatenate(times), np.concatenate(values)

    def newest(self) -> int | None:
        """Milliseconds of the newest row; None while empty."""
        return self._chunks[-1].last if self._chunks and self._chunks[-1].rows else None

    def oldest(self) -> int | None:
        """Milliseconds of the oldest row; None while empty."""
        return self._chunks[0].first if self._chunks and self._chunks[0].rows else None
