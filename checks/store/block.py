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
from itertools import repeat
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from checks.model import Samples, Series

__all__ = ["STALE", "Block", "Floats", "Times", "is_stale"]

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Spans = npt.NDArray[np.int16]
"""Shape (2, columns): the first row in which a column is not stale, and the one behind its last."""

Columns = npt.NDArray[np.signedinteger]

CHUNK_ROWS: Final = 120

STALE_BITS: Final = 0x7FF0000000000002
"""Prometheus' stale marker (model/value/value.go): a NaN no target sends."""
STALE: Final = float(np.array([STALE_BITS], dtype=np.int64).view(np.float64)[0])


def is_stale(values: Floats) -> npt.NDArray[np.bool_]:
    """Where ``values`` (C-contiguous or not) hold the stale marker rather than a number."""
    if values.ndim == 0 or values.strides[-1] != values.itemsize:
        values = np.ascontiguousarray(values)
    return np.equal(values.view(np.int64), STALE_BITS)


class _Asked(NamedTuple):
    """Which columns some series are; holds on to the tuple, so that its identity is its own."""

    series: Sequence[Series]
    columns: Columns
    adjacent: bool
    missing: bool


class _Chunk:
    """Up to :data:`CHUNK_ROWS` rows over one set of columns."""

    __slots__ = (
        "_asked",
        "_asked_size",
        "_changed",
        "_constant",
        "_matrix",
        "_spans",
        "column",
        "rows",
        "series",
        "times",
    )

    def __init__(self, series: Sequence[Series]) -> None:
        self.series = list(series)
        self.column = {one: at for at, one in enumerate(self.series)}
        self.rows = 0
        self.times: Times = np.empty(CHUNK_ROWS, dtype=np.int64)
        self._matrix: Floats = np.empty((CHUNK_ROWS, len(self.series)))
        self._constant: Floats | None = None
        self._spans: Spans | None = None
        self._changed: Columns = np.empty(0, dtype=np.int32)
        self._asked: dict[int, _Asked] = {}
        self._asked_size = 0

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
        return self.times.nbytes + self._matrix.nbytes + self._changed.nbytes + constant + spans

    def widen(self, new: Iterable[Series]) -> None:
        """Make columns for ``new``, stale up to now."""
        self._forget()
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
        self._changed = changed.astype(np.int32)
        self._matrix = np.ascontiguousarray(used[:, changed])
        self.times = self.times[: self.rows].copy()

    def gather(self, series: Sequence[Series], low: int, high: int) -> Floats:
        """Rows ``low`` to ``high`` of ``series``; what has no column here is stale.

        Not to be written to: it may be a view of the chunk.
        """
        if not self.series:
            # A rule that returned nothing, or a gap, began it.
            return np.full((high - low, len(series)), STALE)
        asked = self._columns(series)
        columns = asked.columns
        if self._constant is not None:
            out = self._sealed(columns, self._constant, low, high)
        elif asked.adjacent:
            return _view(self._matrix[low:high], columns)
        else:
            out = self._matrix[low:high].take(columns, axis=1)
        if asked.missing:
            out[:, columns < 0] = STALE
        return out

    def _sealed(self, columns: Columns, constant: Floats, low: int, high: int) -> Floats:
        rows = self._matrix[low:high]
        places = np.searchsorted(self._changed, columns)
        held = np.append(self._changed, -2).take(places)
        varying = np.flatnonzero(held == columns)
        if len(varying) == len(columns):
            return _side_by_side(rows, places)
        out = np.empty((high - low, len(columns)))
        out[:] = constant[columns]
        if self._spans is not None:
            first, behind = self._spans[:, columns]
            at = np.arange(low, high)[:, None]
            out[(at < first) | (at >= behind)] = STALE
        out[:, varying] = rows.take(places[varying], axis=1)
        return out

    def _columns(self, series: Sequence[Series]) -> _Asked:
        """The column of each of ``series``; -1 where it has none.

        Remembered by the identity of a tuple, since the evaluator asks for the same ones again
        and again.
        """
        found = self._asked.get(id(series))
        if found is not None:
            return found
        found_at = map(self.column.get, series, repeat(-1))
        columns = np.fromiter(found_at, dtype=np.intp, count=len(series))
        missing = bool((columns < 0).any())
        asked = _Asked(series, columns, not missing and _adjacent(columns), missing)
        if isinstance(series, tuple):
            if self._asked_size > 8 * len(self.series) + 4096:
                self._forget()
            self._asked[id(series)] = asked
            self._asked_size += len(series)
        return asked

    def _forget(self) -> None:
        self._asked.clear()
        self._asked_size = 0


def _side_by_side(rows: Floats, places: Columns) -> Floats:
    """The columns ``places`` of ``rows``; where they are adjacent it is a view of them."""
    return _view(rows, places) if _adjacent(places) else rows.take(places, axis=1)


def _view(rows: Floats, columns: Columns) -> Floats:
    """Adjacent columns of ``rows``, not to be written to."""
    view = rows[:, columns[0] : columns[-1] + 1]
    view.flags.writeable = False
    return view


def _adjacent(columns: Columns) -> bool:
    """Whether they are some first column and those that follow it."""
    if not len(columns) or columns[-1] - columns[0] != len(columns) - 1:
        return False
    return bool((np.diff(columns) == 1).all())


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

    def row(self, series: Sequence[Series], start: int, end: int) -> tuple[int, Floats] | None:
        """The newest row with ``start < time <= end`` (milliseconds): its time and values.

        None where there is none.
        """
        for chunk in reversed(self._chunks):
            if chunk.rows == 0 or chunk.times[0] > end:
                continue
            at = chunk.rows - 1
            if chunk.times[at] > end:
                at = int(np.searchsorted(chunk.times[: chunk.rows], end, side="right")) - 1
            time = int(chunk.times[at])
            return (time, chunk.gather(series, at, at + 1)[0]) if time > start else None
        return None

    def newest(self) -> int | None:
        """Milliseconds of the newest row; None while empty."""
        return self._chunks[-1].last if self._chunks and self._chunks[-1].rows else None

    def oldest(self) -> int | None:
        """Milliseconds of the oldest row; None while empty."""
        return self._chunks[0].first if self._chunks and self._chunks[0].rows else None
