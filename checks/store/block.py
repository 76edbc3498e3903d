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
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from checks.model import Samples, Series
from checks.store.chunk import STALE, Chunk, Floats, Times, is_stale

__all__ = ["STALE", "Block", "Floats", "Times", "is_stale"]

_NO_ROW: Final[tuple[Floats, Mapping[Series, int]]] = (np.empty(0), {})


class Block:
    """The samples of one check.

    ``interval`` is its scrape interval in seconds; the lookback of an instant is
    ``max(5 min, 2.5 intervals)``.
    """

    latest: ClassVar[int] = 0
    """The number of the last change of any block."""

    def __init__(self, name: str, interval: float) -> None:
        self.name = name
        self.set_interval(interval)
        self._chunks: deque[Chunk] = deque()
        self._last: tuple[Series, ...] = ()
        self._columns: npt.NDArray[np.intp] | None = None
        self._mapped: Chunk | None = None
        self._references: dict[Series, int] = {}
        self.changes = 0
        """Another number whenever rows have come or gone."""

    def set_interval(self, interval: float) -> None:
        """Have rows follow each other ``interval`` seconds apart from now on."""
        self.interval = interval
        self.lookback = int(max(300.0, 2.5 * interval) * 1000)
        """Milliseconds."""

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

        Raises:
            struct.error: ``samples`` has no number for each series; nothing is added.
        """
        # struct packs a tuple five times as fast as numpy converts one.
        packed = struct.pack(f"={len(samples.series)}d", *samples.values)
        moment = round(time * 1000)
        chunk = self._chunks[-1] if self._chunks else None
        if chunk is not None and moment <= chunk.last:
            moment = chunk.last + 1
        fresh: list[Series] = []
        if chunk is None or chunk.full:
            if chunk is not None:
                chunk.seal()
            chunk = Chunk(samples.series, chunk)
            self._chunks.append(chunk)
            fresh = self._hold(chunk.series)
        if chunk is not self._mapped or samples.series != self._last:
            missing = [one for one in samples.series if one not in chunk.column]
            if missing:
                chunk.widen(missing)
                fresh += self._hold(missing)
            self._remap(chunk, samples.series)
        chunk.write(moment, self._columns, np.frombuffer(packed))
        self._note()
        return fresh

    def _note(self) -> None:
        Block.latest += 1
        self.changes = Block.latest

    def _hold(self, series: Iterable[Series]) -> list[Series]:
        fresh = []
        for one in series:
            held = self._references.get(one, 0)
            if not held:
                fresh.append(one)
            self._references[one] = held + 1
        return fresh

    def _remap(self, chunk: Chunk, series: tuple[Series, ...]) -> None:
        self._mapped, self._last = chunk, series
        columns = np.fromiter((chunk.column[one] for one in series), dtype=np.intp)
        in_order = len(columns) == 0 or bool((columns == np.arange(len(columns))).all())
        self._columns = None if in_order else columns

    def expire(self, before: float) -> list[Series]:
        """Drop chunks wholly older than ``before`` (seconds). Returns the series now gone."""
        gone: list[Series] = []
        limit = round(before * 1000)
        while len(self._chunks) > 1 and self._chunks[0].last < limit:
            self._note()
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
        pieces = self.pieces(start, end)
        if not pieces:
            return np.empty(0, dtype=np.int64), np.empty((0, len(series)))
        times = [chunk.times[low:high] for chunk, low, high in pieces]
        values = [chunk.gather(series, low, high) for chunk, low, high in pieces]
        if len(times) == 1:
            return times[0], values[0]
        return np.concatenate(times), np.concatenate(values)

    def pieces(self, start: int, end: int) -> list[tuple[Chunk, int, int]]:
        """Where the rows with ``start < time <= end`` (milliseconds) are: chunks, each with the
        first one and the one behind the last.
        """
        found = []
        for chunk in reversed(self._chunks):
            if not chunk.rows or chunk.last <= start:
                break
            low, high = chunk.between(start, end)
            if high > low:
                found.append((chunk, low, high))
        found.reverse()
        return found

    def row(self, series: Sequence[Series], start: int, end: int) -> tuple[int, Floats] | None:
        """The newest row with ``start < time <= end`` (milliseconds): its time and values.

        None where there is none.
        """
        for chunk in reversed(self._chunks):
            if not chunk.rows or chunk.first > end:
                continue
            at, time = chunk.rows - 1, chunk.last
            if time > end:
                at = int(chunk.times[: chunk.rows].searchsorted(end, "right")) - 1
                time = int(chunk.times[at])
            return (time, chunk.gather(series, at, at + 1)[0]) if time > start else None
        return None

    def whole_row(self, start: int, end: int) -> tuple[Floats, Mapping[Series, int]] | None:
        """The newest row with ``start < time <= end`` (milliseconds), and the columns in it.

        One without columns where there is none; None where it is in a chunk that is sealed. Not to
        be written to.
        """
        chunk = self._chunks[-1] if self._chunks else None
        if chunk is None or not chunk.rows or chunk.last <= start:
            return _NO_ROW
        low, high = chunk.between(start, end)
        if high:
            return chunk.whole(high - 1) if high > low else _NO_ROW
        return None if len(self._chunks) > 1 else _NO_ROW

    def newest(self) -> int | None:
        """Milliseconds of the newest row; None while empty."""
        return self._chunks[-1].last if self._chunks and self._chunks[-1].rows else None

    def oldest(self) -> int | None:
        """Milliseconds of the oldest row; None while empty."""
        return self._chunks[0].first if self._chunks and self._chunks[0].rows else None
