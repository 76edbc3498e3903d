"""Some rows of a block, over one set of columns.

A full chunk is sealed, which stores each column that never changed, while it was there, as a single
value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import is_
from typing import Final

import numpy as np
import numpy.typing as npt

from checks.model import Series

__all__ = ["CHUNK_ROWS", "STALE", "Chunk", "Floats", "Times", "is_stale"]

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
    bits: npt.NDArray[np.int64] = values.view(np.int64)
    return np.equal(bits, STALE_BITS)


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Where some of N series stand, of which V have a column in the matrix.

    Attributes:
        columns: (V,) those columns; of adjacent ones the first and the last alone.
        adjacent: whether these are some first column and those that follow it.
        out: (V,) which of the N series they are; None where V is N.
        fixed: (N,) the values of the others: of a column that never changed, or stale.
        spans: (2, N) the rows in which these are there; None where it is all.
    """

    columns: Columns
    adjacent: bool
    out: Columns | None = None
    fixed: Floats | None = None
    spans: Spans | None = None


class Chunk:
    """Up to :data:`CHUNK_ROWS` rows; ``first`` and ``last`` are their times in milliseconds."""

    __slots__ = (
        "_asked",
        "_asked_size",
        "_changed",
        "_constant",
        "_matrix",
        "_shares",
        "_spans",
        "column",
        "first",
        "last",
        "rows",
        "series",
        "times",
    )

    def __init__(self, series: Sequence[Series], before: Chunk | None = None) -> None:
        """``before`` is the full chunk that comes before: where it has the very same columns, both
        have one index of them, which weighs as much as a dozen rows.
        """
        self.series: list[Series]
        self.column: dict[Series, int]
        self._shares = before is not None and _alike(before.series, series)
        if before is not None and self._shares:
            self.series, self.column = before.series, before.column
        else:
            self.series = list(series)
            self.column = {one: at for at, one in enumerate(self.series)}
        self.rows = 0
        self.first = self.last = 0
        self.times: Times = np.empty(CHUNK_ROWS, dtype=np.int64)
        self._matrix: Floats = np.empty((CHUNK_ROWS, len(self.series)))
        self._constant: Floats | None = None
        self._spans: Spans | None = None
        self._changed: Columns = np.empty(0, dtype=np.int32)
        self._asked: dict[int, tuple[Sequence[Series], _Places]] = {}
        self._asked_size = 0

    @property
    def full(self) -> bool:
        return self.rows == CHUNK_ROWS

    @property
    def nbytes(self) -> int:
        constant = self._constant.nbytes if self._constant is not None else 0
        spans = self._spans.nbytes if self._spans is not None else 0
        return self.times.nbytes + self._matrix.nbytes + self._changed.nbytes + constant + spans

    def widen(self, new: Iterable[Series]) -> None:
        """Make columns for ``new``, stale up to now."""
        self._forget()
        if self._shares:
            self.series, self.column = self.series.copy(), self.column.copy()
            self._shares = False
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
        self.first = self.first if self.rows else time
        self.last = time
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
        self._forget()

    def between(self, start: int, end: int) -> tuple[int, int]:
        """The first row later than ``start`` and the one behind the last not later than ``end``
        (milliseconds)."""
        held = self.times[: self.rows]
        low = 0 if self.first > start else int(held.searchsorted(start, "right"))
        high = self.rows if self.last <= end else int(held.searchsorted(end, "right"))
        return low, high

    def whole(self, row: int) -> tuple[Floats, Mapping[Series, int]]:
        """All columns of ``row``, and which is whose; of a chunk that is not sealed."""
        return self._matrix[row, : len(self.series)], self.column

    def gather(self, series: Sequence[Series], low: int, high: int) -> Floats:
        """Rows ``low`` to ``high`` of ``series``; what has no column here is stale.

        Not to be written to: it may be a view of the chunk.
        """
        places = self._places(series)
        rows = self._matrix[low:high]
        if places.fixed is None:
            return _taken(rows, places)
        if places.out is None or (not len(places.out) and places.spans is None):
            return np.broadcast_to(places.fixed, (high - low, len(places.fixed)))
        out = np.empty((high - low, len(places.fixed)))
        out[:] = places.fixed
        if places.spans is not None:
            at = np.arange(low, high)[:, None]
            out[(at < places.spans[0]) | (at >= places.spans[1])] = STALE
        if len(places.out):
            out[:, places.out] = _taken(rows, places)
        return out

    def _places(self, series: Sequence[Series]) -> _Places:
        """Where ``series`` stand.

        Remembered by the identity of a tuple, since the evaluator asks for the same ones again
        and again.
        """
        found = self._asked.get(id(series))
        if found is not None:
            return found[1]
        places = self._found(series)
        if isinstance(series, tuple):
            if self._asked_size > 8 * len(self.series) + 4096:
                self._forget()
            self._asked[id(series)] = (series, places)
            self._asked_size += len(series)
        return places

    def _found(self, series: Sequence[Series]) -> _Places:
        known = map(self.column.get, series, repeat(-1))
        columns = np.fromiter(known, dtype=np.intp, count=len(series))
        if self._constant is None:
            there = columns >= 0
            if there.all():
                return _placed(columns)
            out = np.flatnonzero(there)
            return _placed(columns[out], out, np.full(len(columns), STALE))
        return self._found_sealed(columns, self._constant)

    def _found_sealed(self, columns: Columns, constant: Floats) -> _Places:
        places = np.searchsorted(self._changed, columns)
        held = np.append(self._changed, -2).take(places)
        out = np.flatnonzero(held == columns)
        places = places[out]
        if len(out) == len(columns):
            return _placed(places)
        there = columns >= 0
        fixed = np.full(len(columns), STALE)
        fixed[there] = constant[columns[there]]
        spans = self._spans[:, columns] if self._spans is not None else None
        return _placed(places, out, fixed, spans)

    def _forget(self) -> None:
        self._asked.clear()
        self._asked_size = 0


def _alike(some: Sequence[Series], others: Sequence[Series]) -> bool:
    """Whether both are the same series in the same order."""
    return len(some) == len(others) and all(map(is_, some, others))


def _taken(rows: Floats, places: _Places) -> Floats:
    """The columns at ``places`` of ``rows``; a view, not to be written to, where it can be one."""
    columns = places.columns
    if not places.adjacent:
        return rows.take(columns, axis=1)
    view = rows[:, columns[0] : columns[-1] + 1]
    view.flags.writeable = False
    return view


def _placed(
    columns: Columns,
    out: Columns | None = None,
    fixed: Floats | None = None,
    spans: Spans | None = None,
) -> _Places:
    """The places of series that have ``columns``, as :class:`_Places` says."""
    adjacent = _adjacent(columns)
    return _Places(columns[[0, -1]] if adjacent else columns, adjacent, out, fixed, spans)


def _adjacent(columns: Columns) -> bool:
    """Whether they are some first column and those that follow it."""
    if not len(columns) or columns[-1] - columns[0] != len(columns) - 1:
        return False
    return bool((np.diff(columns) == 1).all())
