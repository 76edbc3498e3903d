"""How SQLite says what the request log's reader asks for."""

from __future__ import annotations

from typing import Final, Literal

from checks.requests.config import TimeFormat
from checks.requests.shape import ColumnKind

__all__ = ["SqliteDialect"]

_UNIT: Final = {"s": "1.0", "ms": "1e3", "us": "1e6"}


class SqliteDialect:
    """Dates are read by SQLite's own functions, to the millisecond; without a zone they
    are UTC, which is what ``CURRENT_TIMESTAMP`` writes."""

    # Within one process reading a row takes 2 µs, grouping it 4 µs.
    aggregates = False
    grouping = ""
    fence = "LIMIT -1"
    ranges = ""
    clock = ""

    def quote(self, name: str) -> str:
        # U+0000 would end the statement early; no identifier holds it.
        return '"' + name.replace("\0", "").replace('"', '""') + '"'

    def parameter(self, position: int, what: Literal["key", "time"]) -> str:
        del what
        return f"?{position}"

    def condition(self, sql: str) -> str:
        return sql

    def epoch(self, column: str, kind: ColumnKind, form: TimeFormat, zone: str) -> str:
        del zone
        if form == "datetime":
            return f"ROUND((julianday({column}) - 2440587.5) * 86400.0, 3)"
        return f"({self.real(column, kind)} / {_UNIT[form]})"

    def integer(self, column: str, kind: ColumnKind) -> str:
        del kind
        # 404 of "404 Not Found"; 0 of other texts, which is no status.
        return f"CAST({column} AS INTEGER)"

    def real(self, column: str, kind: ColumnKind) -> str:
        del kind
        # A cast makes 0 of "n/a"; compared with it, a text that is no number stays a text.
        return f"CASE WHEN CAST({column} AS REAL) = {column} THEN CAST({column} AS REAL) END"

    def text(self, column: str, kind: ColumnKind, limit: int) -> str:
        del kind
        return f"substr({column}, 1, {limit})"
