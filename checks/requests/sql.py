"""The statements that read a request log from an SQL database; all of them are made here, so
that it is read alike wherever it is."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Final, Literal

from checks.clock import Clock
from checks.errors import TargetError
from checks.requests.cells import Columns, each, grouped
from checks.requests.config import RequestLog, TimeFormat
from checks.requests.shape import ColumnKind
from checks.requests.source import MOST_ROWS, Cell, Dialect, Execute, Row, TableState

__all__ = ["SqlSource"]

_TEXT_LIMIT: Final = 120
_ERROR_LIMIT: Final = 400
"""Characters of the error's text of a single request, which can be looked at whole."""
_NO_ERROR: Final = "'', '0', 'f', 'false'"
_AKIN: Final = 20
_SLOW_ANSWER: Final = 1.0
"""Seconds; an answer that takes longer says little about the server's clock."""

Tables = Callable[[], Awaitable[Sequence[str]]]

_NUMBER = re.compile(r"\s*-?\d{9,}(\.\d*)?\s*")
_OFFSET = re.compile(r"\d\d:?\d\d(:?\d\d([.,]\d+)?)?\s*(Z|[+-]\d\d(:?\d\d)?)\s*$", re.IGNORECASE)


class SqlSource:
    """A :class:`checks.requests.source.RequestSource` over a table.

    ``kinds`` are those of the columns that ``log`` names, where the database has types;
    ``tables`` gives the names of the tables there are.
    """

    def __init__(
        self,
        log: RequestLog,
        dialect: Dialect,
        execute: Execute,
        clock: Clock,
        *,
        kinds: Mapping[str, ColumnKind] | None = None,
        tables: Tables | None = None,
    ) -> None:
        self._execute = execute
        self._clock = clock
        self._tables = tables
        self._ahead = 0.0
        self._given: tuple[RequestLog, dict[str, ColumnKind]] | None = None
        self.adapt(log, dialect, kinds or {})

    def adapt(self, log: RequestLog, dialect: Dialect, kinds: Mapping[str, ColumnKind]) -> None:
        """Read the table like this from now on: it may be another than it was."""
        given = (log, dict(kinds))
        if given == self._given:
            return
        self._given = given
        self._dialect = dialect
        self._kinds = kinds
        self.log = log
        self.turn_to(log.table)
        self._form: TimeFormat = log.time.format
        self._prepared = self._form in ("s", "ms", "us")
        if self._prepared:
            self._needs_no_zone()
        if self._kind(log.time.column) in ("datetime", "instant"):
            self._form, self._prepared = "datetime", True

    def turn_to(self, table: str) -> None:
        """Read ``table``, which is like the one read so far."""
        self.log = self.log.model_copy(update={"table": table})
        self._table = ".".join(self._dialect.quote(part) for part in table.split("."))
        self._id = self._column(self.log.id)

    def _needs_no_zone(self) -> None:
        time = self.log.time.model_copy(update={"zone": "utc"})
        self.log = self.log.model_copy(update={"time": time})

    async def _prepare(self) -> None:
        """Find out the time column's format; the newest row that has a time tells it."""
        column = self._column(self.log.time.column)
        rows = await self._execute(
            f"SELECT {column} FROM {self._table} WHERE {column} IS NOT NULL"  # noqa: S608
            f" ORDER BY {self._id} DESC LIMIT 1",
            (),
        )
        if rows:
            form, carries_zone = _format_of(rows[0][0])
            self._form = form if self._form == "auto" else self._form
            self._prepared = True
            if carries_zone:
                self._needs_no_zone()

    def ahead(self) -> float:
        return self._ahead

    async def state(self, anchor: int | None) -> TableState:
        clock = self._dialect.clock
        sql = (
            f"SELECT (SELECT MAX({self._id}) FROM {self._table})"  # noqa: S608
            f", {self._of_row(self._id, 1)}, {self._of_row(self._time, 2)}"
            f"{', ' if clock else ''}{clock}"
        )
        key = -1 if anchor is None else anchor
        began = self._clock.now()
        last, found, time, *told = (await self._execute(sql, (key, key)))[0]
        self._compare_clocks(began, *told)
        kept = anchor is not None and found is not None
        return TableState(_whole(last), (time,) if kept else None)

    def _compare_clocks(self, began: float, told: float | None = None) -> None:
        now = self._clock.now()
        if told is None:
            self._ahead = self._clock.wall() - now
        elif now - began < _SLOW_ANSWER:
            self._ahead = told - (began + now) / 2

    async def first(self) -> int | None:
        rows = await self._execute(f"SELECT MIN({self._id}) FROM {self._table}", ())  # noqa: S608
        first: int | None = _whole(rows[0][0])
        return first

    async def after(self, key: int, limit: int) -> Sequence[Row]:
        where = f"{self._id} > {self._key(1)}"
        return await self._fetch(lambda: self._rows(where, "ASC", limit), key)

    async def newest(self, limit: int) -> tuple[Sequence[Row], int | None]:
        low = await self._nth_newest(limit)
        if low is None:
            return await self._fetch(lambda: self._rows("1 = 1", "ASC", limit)), None
        where = f"{self._id} >= {self._key(1)}"
        rows = (await self._fetch(lambda: self._rows(where, "DESC", limit), low))[::-1]
        # Of rows that came meanwhile there may be more than asked for.
        return rows, int(rows[0][0]) if len(rows) == limit else low

    async def _nth_newest(self, number: int) -> int | None:
        """The id of the row ``number`` from the top, None where there are no more rows."""
        rows = await self._execute(
            f"SELECT {self._id} FROM {self._table} ORDER BY {self._id} DESC"  # noqa: S608
            f" LIMIT 2 OFFSET {number - 1:d}",
            (),
        )
        return int(rows[0][0]) if len(rows) > 1 else None

    async def within(self, ranges: Sequence[tuple[int, int]], limit: int) -> Sequence[Row]:
        if self._dialect.ranges:
            lows, highs = ([bounds[end] for bounds in ranges] for end in (0, 1))
            return await self._fetch(lambda: self._lateral(limit), lows, highs)
        spans = (
            f"{self._id} BETWEEN {self._key(2 * i + 1)} AND {self._key(2 * i + 2)}"
            for i in range(len(ranges))
        )
        where = f"({' OR '.join(spans)})"
        return await self._fetch(
            lambda: self._rows(where, "ASC", limit), *chain.from_iterable(ranges)
        )

    def _lateral(self, limit: int) -> str:
        rows = self._rows(f"{self._id} BETWEEN hole.low AND hole.high", "ASC", limit)
        return self._dialect.ranges.format(rows=rows, limit=limit)

    async def fingerprint(self, low: int, high: int) -> tuple[int, int]:
        sql = (
            f"SELECT COUNT(*), SUM({self._id} - {self._key(1)}) FROM {self._table}"  # noqa: S608
            f" WHERE {self._id} BETWEEN {self._key(2)} AND {self._key(3)}{self._filter}"
        )
        count, total = (await self._execute(sql, (low, low, high)))[0]
        return int(count), int(total or 0)

    async def time_at(self, key: int) -> tuple[int, float] | None:
        column = self._column(self.log.time.column)
        sql = (
            f"SELECT {self._id}, {self._time} FROM {self._table}"  # noqa: S608
            f" WHERE {self._id} >= {self._key(1)} AND {column} IS NOT NULL"
            f" ORDER BY {self._id} LIMIT 1"
        )
        rows = await self._execute(sql, (key,))
        return (int(rows[0][0]), rows[0][1]) if rows and rows[0][1] is not None else None

    async def elsewhere(self, key: int, time: float | None) -> SqlSource | None:
        names = await self._tables() if self._tables is not None else ()
        for name in _akin(self.log.table, names):
            other = copy(self)
            other.turn_to(name)
            try:
                state = await other.state(key)
            except TargetError as error:
                if error.reason not in ("config", "permission"):
                    raise
                continue
            if state.anchor == (time,):
                return other
        return None

    async def cells(self, low: int, high: int, since: float, step: float) -> Sequence[Cell]:
        span = (low, high, since)
        if not self._dialect.aggregates:
            return await self._bounded(self._each(""), span)
        if self.log.error is None:
            return await self._bounded(self._grouped(step, ""), span)
        # Long texts make a costly key to group by, and rows with an error are few.
        error = self._as_text(self.log.error, 8)
        sound = f"COALESCE({error}, '') IN ({_NO_ERROR})"
        rows = await self._bounded(self._grouped(step, f" AND {sound}"), span)
        return [*rows, *await self._bounded(self._each(f" AND NOT ({sound})"), span)]

    async def _bounded(self, sql: str, span: Sequence[object]) -> Sequence[Cell]:
        rows = await self._execute(f"{sql} LIMIT {MOST_ROWS:d}", span)
        if len(rows) == MOST_ROWS:
            raise TargetError("limit", f"it has {MOST_ROWS:,} rows or more")
        return rows

    def _grouped(self, step: float, where: str) -> str:
        return grouped(
            self._columns(),
            self._of_span(where),
            step,
            since=self._dialect.parameter(3, "time"),
            hint=self._dialect.grouping,
            fence=self._dialect.fence,
        )

    def _each(self, where: str) -> str:
        since = self._dialect.parameter(3, "time")
        return each(self._columns(), self._of_span(f" AND {self._time} > {since}{where}"))

    def _columns(self) -> Columns:
        duration = self.log.duration
        error, *labels = self._texts(_TEXT_LIMIT)
        return Columns(
            self._time,
            self._status,
            self._duration,
            unit=duration.seconds if duration is not None else 1.0,
            error=error,
            labels=labels,
        )

    def _of_span(self, where: str) -> str:
        keys = f"{self._id} BETWEEN {self._key(1)} AND {self._key(2)}"
        return f" FROM {self._table} WHERE {keys}{where}{self._filter}"

    async def _fetch(self, statement: Callable[[], str], *parameters: object) -> Sequence[Row]:
        """Rows of ``statement``, which depends on the time column's format."""
        if not self._prepared:
            await self._prepare()
        rows = await self._execute(statement(), parameters)
        if rows and not self._prepared:
            # None of them has a time, unless the first that has one came just now.
            await self._prepare()
            if self._prepared:
                rows = await self._execute(statement(), parameters)
        if rows and isinstance(rows[0][0], Decimal):
            return [(_whole(key), *rest) for key, *rest in rows]
        return rows

    def _rows(self, where: str, order: Literal["ASC", "DESC"], limit: int) -> str:
        texts = self._texts(_ERROR_LIMIT)
        columns = (self._id, self._time, self._status, self._duration or "NULL", *texts)
        return (
            f"SELECT {', '.join(columns)} FROM {self._table}"  # noqa: S608
            f" WHERE {where}{self._filter} ORDER BY {self._id} {order} LIMIT {limit:d}"
        )

    def _of_row(self, column: str, position: int) -> str:
        where = f"{self._id} = {self._key(position)}"
        return f"(SELECT {column} FROM {self._table} WHERE {where})"  # noqa: S608

    def _column(self, name: str) -> str:
        """``name`` with its table: SQLite takes an unknown name for a text without it."""
        return f"{self._table}.{self._dialect.quote(name)}"

    def _kind(self, name: str) -> ColumnKind:
        return self._kinds.get(name, "any")

    def _key(self, position: int) -> str:
        return self._dialect.parameter(position, "key")

    @property
    def _time(self) -> str:
        if not self._prepared:
            return "NULL"
        name, zone = self.log.time.column, self.log.time.zone
        return self._dialect.epoch(self._column(name), self._kind(name), self._form, zone)

    @property
    def _status(self) -> str:
        name = self.log.status
        return self._dialect.integer(self._column(name), self._kind(name)) if name else "NULL"

    @property
    def _duration(self) -> str:
        if self.log.duration is None:
            return ""
        name = self.log.duration.column
        return self._dialect.real(self._column(name), self._kind(name))

    def _as_text(self, name: str, limit: int) -> str:
        return self._dialect.text(self._column(name), self._kind(name), limit)

    @property
    def _labels(self) -> tuple[str, ...]:
        return tuple(self._as_text(name, _TEXT_LIMIT) for name in self.log.labels)

    def _texts(self, error: int) -> tuple[str, ...]:
        """The error, ``error`` characters of it at most, and the labels."""
        name = self.log.error
        return (self._as_text(name, error) if name else "NULL", *self._labels)

    @property
    def _filter(self) -> str:
        where = self.log.where
        return f" AND ({self._dialect.condition(where)})" if where else ""


def _akin(table: str, names: Sequence[str]) -> list[str]:
    """Those of ``names`` that ``table`` may have been given when it was rotated away, the
    likeliest first: of numbered or dated ones the last."""
    whole = table.lower()
    akin = [name for name in names if whole in name.lower() and name.lower() != whole]
    return sorted(akin, key=lambda name: (len(name), name), reverse=True)[:_AKIN]


def _whole(value: Any) -> Any:
    """An id, or None; a decimal one as the integer that it is."""
    return int(value) if isinstance(value, Decimal) and value == int(value) else value


def _format_of(value: object) -> tuple[TimeFormat, bool]:
    """The format that ``value`` of a time column is written in, and whether it needs no zone.

    Numbers are told apart by size: seconds stay below 1e11 until the year 5138.
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return "datetime", _OFFSET.search(value) is not None
    if isinstance(value, date):
        return "datetime", isinstance(value, datetime) and value.tzinfo is not None
    number = abs(float(value))  # type: ignore[arg-type]
    if number < 1e11:
        return "s", True
    return ("ms" if number < 1e14 else "us"), True
