"""How MySQL and MariaDB say what the request log's reader asks for."""

from __future__ import annotations

from typing import Final, Literal

from checks.requests.config import TimeFormat
from checks.requests.patterns import DIGITS, NAIVE_TIME, NUMBER, OFFSET, ZONED_TIME
from checks.requests.shape import ColumnKind

__all__ = ["MysqlDialect"]

_UNIT: Final = {"s": "1e0", "ms": "1e3", "us": "1e6"}
_START: Final = "TIMESTAMP'1970-01-01 00:00:00'"


class MysqlDialect:
    """What cannot be converted becomes NULL or 0 by itself, but with a warning for each row
    that the driver then asks for: so texts are looked at before they are converted.

    Statements go through the driver's ``%`` formatting, so a percent sign is written twice.
    """

    aggregates = True
    # A key of several texts does not fit a temporary table in memory; to sort the rows costs
    # half of what the table on disk does.
    grouping = "SQL_BIG_RESULT"
    fence = "LIMIT 18446744073709551615"
    ranges = ""
    # NOW() would come in the session's zone, which has an hour twice a year.
    clock = f"TIMESTAMPDIFF(MICROSECOND, {_START}, UTC_TIMESTAMP(6)) / 1e6"

    def quote(self, name: str) -> str:
        return "`" + _doubled(name.replace("\0", "").replace("`", "``")) + "`"

    def parameter(self, position: int, what: Literal["key", "time"]) -> str:
        del position, what
        return "%s"

    def condition(self, sql: str) -> str:
        return _doubled(sql)

    def epoch(self, column: str, kind: ColumnKind, form: TimeFormat, zone: str) -> str:
        if form in _UNIT:
            return f"({self.real(column, kind)} / {_UNIT[form]})"
        if kind == "instant":
            return _stamp(column)
        if kind == "datetime":
            return _stamp(column) if zone == "server" else _seconds(column)
        return self._parsed(column, zone)

    def integer(self, column: str, kind: ColumnKind) -> str:
        if kind == "integer":
            return column
        if kind in ("decimal", "float", "boolean"):
            return f"CAST({column} + 0 AS SIGNED)"
        digits = f"REGEXP_SUBSTR({self._utf8(column)}, '{DIGITS}')"
        return f"CAST(NULLIF({digits}, '') AS SIGNED)"

    def real(self, column: str, kind: ColumnKind) -> str:
        if kind in ("integer", "decimal", "float", "boolean"):
            return f"({column} + 0e0)"
        if kind == "span":
            # TIME_TO_SEC() has microseconds on MariaDB, and none on MySQL.
            whole = f"HOUR({column}) * 3600 + MINUTE({column}) * 60 + SECOND({column})"
            return f"({whole} + MICROSECOND({column}) / 1e6)"
        text = self._utf8(column)
        return f"CASE WHEN {text} REGEXP '{NUMBER}' THEN TRIM({text}) + 0e0 END"

    def text(self, column: str, kind: ColumnKind, limit: int) -> str:
        if kind == "boolean":
            return f"CONCAT({column} + 0)"
        if kind == "bytes":
            return f"LEFT(HEX(LEFT({column}, {limit})), {limit})"
        # Of two texts that differ in case alone every other collation makes one.
        return f"LEFT({self._utf8(column)}, {limit}) COLLATE utf8mb4_bin"

    def _utf8(self, column: str) -> str:
        return f"CONVERT({column} USING utf8mb4)"

    def _parsed(self, column: str, zone: str) -> str:
        """ISO 8601 as text. A date and time take 19 characters, then come a fraction and an
        offset, each if there."""
        text = f"TRIM({self._utf8(column)})"
        rest = f"SUBSTR({text}, 20)"
        moment = f"CAST(LEFT({text}, 19) AS DATETIME)"
        fraction = f"(CONCAT('0', REGEXP_SUBSTR(REPLACE({rest}, ',', '.'), '^[.][0-9]+')) + 0e0)"
        fraction = f"COALESCE({fraction}, 0e0)"
        naive = _stamp(moment) if zone == "server" else _seconds(moment)
        return (
            f"CASE WHEN {text} REGEXP '{NAIVE_TIME}' THEN {naive} + {fraction}"
            f" WHEN {text} REGEXP '{ZONED_TIME}'"
            f" THEN {_seconds(moment)} + {fraction} - {_ahead(rest)} END"
        )


def _doubled(sql: str) -> str:
    return sql.replace("%", "%%")


def _seconds(moment: str) -> str:
    """Seconds since 1970 of a date and time as if it were in UTC."""
    return f"TIMESTAMPDIFF(MICROSECOND, {_START}, {moment}) / 1e6"


def _stamp(moment: str) -> str:
    """Seconds since 1970 of a date and time in the session's zone; 0 is what is none."""
    return f"NULLIF(UNIX_TIMESTAMP({moment}) + 0e0, 0)"


def _ahead(text: str) -> str:
    """Seconds of ``+02:00``, ``+0200`` or ``+02`` at the end of a text, 0 of ``Z``."""
    digits = f"REPLACE(REGEXP_SUBSTR({text}, '{OFFSET}$'), ':', '')"
    sign = f"CASE LEFT({digits}, 1) WHEN '-' THEN -1 ELSE 1 END"
    hours, minutes = (f"CONCAT('0', SUBSTR({digits}, {at}, 2))" for at in (2, 4))
    return f"COALESCE({sign} * ({hours} * 3600 + {minutes} * 60), 0)"
