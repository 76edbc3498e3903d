"""How PostgreSQL says what the request log's reader asks for."""

from __future__ import annotations

from typing import Final, Literal

from checks.requests.config import TimeFormat
from checks.requests.patterns import DIGITS, NAIVE_TIME, NUMBER, ZONED_TIME
from checks.requests.shape import ColumnKind

__all__ = ["PostgresDialect"]

_UNIT: Final = {"s": "1.0", "ms": "1e3", "us": "1e6"}
_LARGEST: Final = "1e100"
"""Larger numbers are no durations, and their sums could overflow."""


class PostgresDialect:
    """Types matter: a cast that fails would fail the statement, so every cast is guarded.

    ``bytes_as_text`` is for a database in the encoding SQL_ASCII, whose texts may be anything:
    of them only what is ASCII can be sent.
    """

    aggregates = True
    grouping = ""
    fence = "OFFSET 0"
    # Of ranges joined by OR a generic plan expects so many rows that it reads all of them.
    ranges = (
        "SELECT found.* FROM unnest($1::bigint[], $2::bigint[]) AS hole(low, high)"
        " CROSS JOIN LATERAL ({rows}) AS found ORDER BY 1 LIMIT {limit}"
    )
    clock = "date_part('epoch', clock_timestamp())"

    def __init__(self, *, bytes_as_text: bool = False) -> None:
        self._bytes_as_text = bytes_as_text

    def quote(self, name: str) -> str:
        # U+0000 cannot be sent; no identifier holds it.
        return '"' + name.replace("\0", "").replace('"', '""') + '"'

    def parameter(self, position: int, what: Literal["key", "time"]) -> str:
        # Whatever the column's own width: -2^63 is no integer, but smaller than any.
        return f"${position}::{'bigint' if what == 'key' else 'double precision'}"

    def condition(self, sql: str) -> str:
        return sql

    def epoch(self, column: str, kind: ColumnKind, form: TimeFormat, zone: str) -> str:
        if form in _UNIT:
            return f"({self.real(column, kind)} / {_UNIT[form]})"
        if kind == "instant":
            return self._seconds(column, column)
        if kind == "datetime":
            moment = f"{column}::timestamptz" if zone == "server" else column
            return self._seconds(column, moment)
        return self._parsed(column, zone)

    def integer(self, column: str, kind: ColumnKind) -> str:
        if kind == "integer":
            return column
        if kind in ("decimal", "float"):
            return f"CASE WHEN {column} BETWEEN 0 AND 999999 THEN trunc({column})::integer END"
        return f"substring({column}::text from '{DIGITS}')::integer"

    def real(self, column: str, kind: ColumnKind) -> str:
        if kind == "integer":
            return f"{column}::double precision"
        if kind in ("decimal", "float"):
            # NaN is larger than every number.
            bounds = f"-{_LARGEST} AND {_LARGEST}"
            return f"CASE WHEN {column} BETWEEN {bounds} THEN {column}::double precision END"
        if kind == "span":
            return f"NULLIF(date_part('epoch', {column}), 'Infinity')"
        text = f"{column}::text"
        return f"CASE WHEN {text} ~ '{NUMBER}' THEN {text}::double precision END"

    def text(self, column: str, kind: ColumnKind, limit: int) -> str:
        del kind
        text = f"left({column}::text, {limit})"
        return f"regexp_replace({text}, '[^ -~]', '?', 'g')" if self._bytes_as_text else text

    def _seconds(self, column: str, moment: str) -> str:
        return f"CASE WHEN isfinite({column}) THEN date_part('epoch', {moment}) END"

    def _parsed(self, column: str, zone: str) -> str:
        text, dotted = f"{column}::text", f"replace({column}::text, ',', '.')"
        naive = "timestamptz" if zone == "server" else "timestamp"
        return (
            f"CASE WHEN {text} ~ '{NAIVE_TIME}' THEN date_part('epoch', {dotted}::{naive})"
            f" WHEN {text} ~ '{ZONED_TIME}' THEN date_part('epoch', {dotted}::timestamptz) END"
        )
