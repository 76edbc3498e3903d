"""What the reader asks of a database, and how that is said in SQL.

A kind of database brings a :class:`Dialect` and a way to execute a statement; all
statements are made here, so that a request log is read alike wherever it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Final, Protocol

from checks.requests.config import RequestLog, TimeFormat
from checks.requests.sketch import LOG_GAMMA, LOWEST

__all__ = ["Cell", "Dialect", "Execute", "RequestSource", "Row", "SqlSource", "TableState"]

Row = tuple[Any, ...]
"""``id, time, status, duration, error, *labels`` of one request.

``time`` is seconds since 1970 (as if in UTC where the column's zone is a named one),
``duration`` in the column's unit, ``error`` bounded text; each None where it is NULL.
"""

Cell = tuple[Any, ...]
"""``time, status, log index, error, *labels, n, sum, min, max`` of ``n`` requests.

``time`` is theirs, or the middle of their time step where several are one: those of a minute's
very beginning have a cell of their own, so no cell lies in two minutes. ``log index`` is of the
duration in seconds (see :mod:`checks.requests.sketch`); ``sum``, ``min``, ``max`` are in the
column's unit.
"""

Execute = Callable[[str, Sequence[object]], Awaitable[Sequence[Row]]]

RANGES_A_QUERY: Final = 50
_TEXT_LIMIT: Final = 120
_ERROR_LIMIT: Final = 400
"""Characters of the error's text of a single request, which can be looked at whole."""


@dataclass(frozen=True, slots=True)
class TableState:
    """``last`` is the largest id (None of an empty table); ``anchor`` the time of the row
    asked for as a tuple of one, None where that row is gone."""

    last: int | None
    anchor: tuple[float | None] | None


class Dialect(Protocol):
    """Where databases differ. Every method returns SQL text."""

    aggregates: bool
    """Whether aggregates come cheaper than their rows: true where rows cross a network."""

    def quote(self, name: str) -> str:
        """``name`` as one quoted identifier."""

    def parameter(self, position: int) -> str:
        """Placeholder of the parameter at ``position``, counted from 1."""

    def epoch(self, column: str, form: TimeFormat, zone: str) -> str:
        """Seconds since 1970 of a quoted column as a float; NULL where it is unreadable.

        For ``datetime`` in a named zone the date is taken as if it were in UTC; for
        ``server`` in the server's zone.
        """

    def integer(self, column: str) -> str:
        """A quoted column as an integer: NULL where it is NULL, of a text the digits it
        begins with, 0 or NULL where it begins with none."""

    def real(self, column: str) -> str:
        """A quoted column as a float, NULL where it is NULL or no number."""

    def text(self, column: str, limit: int) -> str:
        """A quoted column as text of at most ``limit`` characters."""


class RequestSource(Protocol):
    """A request log that can be read by key; times and units as in :data:`Row`."""

    async def prepare(self) -> None:
        """Find out the time column's format; call it while the table holds a row."""

    async def now(self) -> float:
        """The server's clock: seconds since 1970 in UTC."""

    async def state(self, anchor: int | None) -> TableState:
        """The largest id, and whether the row ``anchor`` is still there."""

    async def first(self) -> int | None:
        """The smallest id; None of an empty table."""

    async def after(self, key: int, limit: int) -> Sequence[Row]:
        """Rows with ids above ``key``, ascending."""

    async def newest(self, limit: int) -> Sequence[Row]:
        """The rows with the largest ids, ascending."""

    async def within(self, ranges: Sequence[tuple[int, int]], limit: int) -> Sequence[Row]:
        """Rows with ids in any of the ranges (both ends included), ascending."""

    async def fingerprint(self, low: int, high: int) -> tuple[int, int]:
        """Count of the ids from ``low`` to ``high``, and the sum of ``id - low``."""

    async def time_at(self, key: int) -> tuple[int, float] | None:
        """Id and time of the first row from ``key`` on that has a time."""

    async def cells(self, low: int, high: int, since: float, step: float) -> Sequence[Cell]:
        """Rows with ids from ``low`` to ``high`` and times after ``since``, aggregated
        as far as that is cheaper than not."""


class SqlSource:
    """A :class:`RequestSource` over a table of an SQL database."""

    def __init__(
        self, log: RequestLog, dialect: Dialect, execute: Execute, clock: Callable[[], float]
    ) -> None:
        self._log = log
        self._dialect = dialect
        self._execute = execute
        self._clock = clock
        self._table = ".".join(dialect.quote(part) for part in log.table.split("."))
        self._id = self._column(log.id)
        self._form: TimeFormat = log.time.format
        self._prepared = self._form != "auto"

    async def prepare(self) -> None:
        if self._prepared:
            return
        column = self._column(self._log.time.column)
        rows = await self._execute(
            f"SELECT {column} FROM {self._table} WHERE {column} IS NOT NULL"  # noqa: S608
            f" ORDER BY {self._id} DESC LIMIT 1",
            (),
        )
        if rows:
            self._form = _format_of(rows[0][0])
            self._prepared = True

    async def now(self) -> float:
        return self._clock()

    async def state(self, anchor: int | None) -> TableState:
        sql = (
            f"SELECT (SELECT MAX({self._id}) FROM {self._table})"  # noqa: S608
            f", {self._of_row(self._id, 1)}, {self._of_row(self._time, 2)}"
        )
        key = -1 if anchor is None else anchor
        last, found, time = (await self._execute(sql, (key, key)))[0]
        kept = anchor is not None and found is not None
        return TableState(last, (time,) if kept else None)

    async def first(self) -> int | None:
        rows = await self._execute(f"SELECT MIN({self._id}) FROM {self._table}", ())  # noqa: S608
        first: int | None = rows[0][0]
        return first

    async def after(self, key: int, limit: int) -> Sequence[Row]:
        where = f"{self._id} > {self._p(1)}"
        return await self._execute(self._rows(where, "ASC", limit), (key,))

    async def newest(self, limit: int) -> Sequence[Row]:
        rows = await self._execute(self._rows("1 = 1", "DESC", limit), ())
        return rows[::-1]

    async def within(self, ranges: Sequence[tuple[int, int]], limit: int) -> Sequence[Row]:
        spans = (
            f"{self._id} BETWEEN {self._p(2 * i + 1)} AND {self._p(2 * i + 2)}"
            for i in range(len(ranges))
        )
        where = f"({' OR '.join(spans)})"
        return await self._execute(
            self._rows(where, "ASC", limit), tuple(chain.from_iterable(ranges))
        )

    async def fingerprint(self, low: int, high: int) -> tuple[int, int]:
        sql = (
            f"SELECT COUNT(*), SUM({self._id} - {self._p(1)}) FROM {self._table}"  # noqa: S608
            f" WHERE {self._id} BETWEEN {self._p(2)} AND {self._p(3)}{self._filter}"
        )
        count, total = (await self._execute(sql, (low, low, high)))[0]
        return int(count), int(total or 0)

    async def time_at(self, key: int) -> tuple[int, float] | None:
        column = self._column(self._log.time.column)
        sql = (
            f"SELECT {self._id}, {self._time} FROM {self._table}"  # noqa: S608
            f" WHERE {self._id} >= {self._p(1)} AND {column} IS NOT NULL"
            f" ORDER BY {self._id} LIMIT 1"
        )
        rows = await self._execute(sql, (key,))
        return (int(rows[0][0]), rows[0][1]) if rows and rows[0][1] is not None else None

    async def cells(self, low: int, high: int, since: float, step: float) -> Sequence[Cell]:
        time = self._time if not self._dialect.aggregates else self._middle(step)
        groups = (time, self._status, self._log_index, *self._texts(_TEXT_LIMIT))
        sums = self._sums if self._dialect.aggregates else ("1", *[self._positive] * 3)
        sql = (
            f"SELECT {', '.join((*groups, *sums))} FROM {self._table}"  # noqa: S608
            f" WHERE {self._id} BETWEEN {self._p(1)} AND {self._p(2)}"
            f" AND {self._time} > {self._p(3)}{self._filter}"
        )
        if self._dialect.aggregates:
            sql += f" GROUP BY {', '.join(str(i + 1) for i in range(len(groups)))}"
        return await self._execute(sql, (low, high, since))

    def _middle(self, step: float) -> str:
        """The middle of a row's time step; a minute's beginning stays what it is."""
        time = self._time
        apart = f"(CEIL({time} / 60.0) - FLOOR({time} / 60.0))"
        return f"CEIL({time} / {step!r}) * {step!r} - {step / 2!r} * {apart}"

    @property
    def _positive(self) -> str:
        return f"CASE WHEN {self._duration} >= 0 THEN {self._duration} END"

    @property
    def _sums(self) -> tuple[str, str, str, str]:
        value = self._positive
        return ("COUNT(*)", f"SUM({value})", f"MIN({value})", f"MAX({value})")

    @property
    def _log_index(self) -> str:
        if self._log.duration is None:
            return "NULL"
        duration, unit = self._duration, self._log.duration.seconds
        return (
            f"CASE WHEN {duration} * {unit!r} > {LOWEST!r}"
            f" THEN CEIL(LN({duration} * {unit!r}) / {LOG_GAMMA!r})"
            f" WHEN {duration} >= 0 THEN -10000 END"
        )

    def _rows(self, where: str, order: str, limit: int) -> str:
        texts = self._texts(_ERROR_LIMIT)
        columns = (self._id, self._time, self._status, self._duration, *texts)
        return (
            f"SELECT {', '.join(columns)} FROM {self._table}"  # noqa: S608
            f" WHERE {where}{self._filter} ORDER BY {self._id} {order} LIMIT {limit:d}"
        )

    def _of_row(self, column: str, position: int) -> str:
        where = f"{self._id} = {self._p(position)}"
        return f"(SELECT {column} FROM {self._table} WHERE {where})"  # noqa: S608

    def _column(self, name: str) -> str:
        """``name`` with its table: SQLite takes an unknown name for a text without it."""
        return f"{self._table}.{self._dialect.quote(name)}"

    def _p(self, position: int) -> str:
        return self._dialect.parameter(position)

    @property
    def _time(self) -> str:
        column = self._column(self._log.time.column)
        form = "datetime" if self._form == "auto" else self._form
        return self._dialect.epoch(column, form, self._log.time.zone)

    @property
    def _status(self) -> str:
        name = self._log.status
        return self._dialect.integer(self._column(name)) if name else "NULL"

    @property
    def _duration(self) -> str:
        duration = self._log.duration
        return self._dialect.real(self._column(duration.column)) if duration else "NULL"

    def _texts(self, error: int) -> tuple[str, ...]:
        """The error, ``error`` characters of it at most, and the labels."""
        names = ((self._log.error, error), *((label, _TEXT_LIMIT) for label in self._log.labels))
        return tuple(
            self._dialect.text(self._column(name), limit) if name else "NULL"
            for name, limit in names
        )

    @property
    def _filter(self) -> str:
        return f" AND ({self._log.where})" if self._log.where else ""


def _format_of(value: object) -> TimeFormat:
    """The format that ``value`` of a time column is written in.

    Numbers are told apart by size: seconds stay below 1e11 until the year 5138.
    """
    if isinstance(value, str | bytes | date):
        return "datetime"
    number = abs(float(value))  # type: ignore[arg-type]
    if number < 1e11:
        return "s"
    return "ms" if number < 1e14 else "us"
