"""The macros of Grafana's SQL data sources, written out for each kind of database.

https://grafana.com/docs/grafana/latest/datasources/mysql/#macros and its like for PostgreSQL.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from checks.settings import parse_duration

__all__ = ["MacroError", "written_out"]

_CALL: Final = re.compile(r"\$__(\w+)\(")
_ALIASED: Final = "Alias"


class MacroError(ValueError):
    """A macro that cannot be written out; ``str()`` is a sentence."""


def written_out(sql: str, kind: str, start: float, end: float) -> str:
    """``sql`` for a database of ``kind`` (mysql, postgres, sqlite) without macros.

    ``start`` and ``end`` are the time that the dashboard is about, in seconds since 1970.

    Raises:
        MacroError: one is not known, or has other arguments than it takes.
    """
    pieces, at = [], 0
    while (found := _CALL.search(sql, at)) is not None:
        arguments, after = _arguments(sql, found.end())
        pieces += [sql[at : found.start()], _macro(found[1], arguments, kind, start, end)]
        at = after
    return "".join([*pieces, sql[at:]])


def _arguments(sql: str, at: int) -> tuple[list[str], int]:
    """What stands between the parentheses opened before ``at``; the place after them."""
    depth, begin, found = 1, at, []
    for place in range(at, len(sql)):
        sign = sql[place]
        depth += (sign == "(") - (sign == ")")
        if (sign == "," and depth == 1) or depth == 0:
            found.append(sql[begin:place].strip())
            begin = place + 1
        if depth == 0:
            return [one for one in found if one], place + 1
    raise MacroError("a parenthesis of a macro is not closed")


def _macro(name: str, given: list[str], kind: str, start: float, end: float) -> str:
    bare = name.removesuffix(_ALIASED)
    alias = _alias(kind) if bare != name else ""
    match bare:
        case "timeFrom" | "timeTo":
            return _moment(start if bare == "timeFrom" else end, kind)
        case "unixEpochFrom" | "unixEpochTo":
            return str(int(start if bare == "unixEpochFrom" else end))
        case "timeFilter":
            column = _column(name, given)
            return f"{column} BETWEEN {_moment(start, kind)} AND {_moment(end, kind)}"
        case "unixEpochFilter":
            column = _column(name, given)
            return f"{column} >= {int(start)} AND {column} <= {int(end)}"
        case "time" | "timeEpoch":
            return _epoch(_column(name, given), kind) + _alias(kind)
        case "timeGroup" | "unixEpochGroup":
            column = _column(name, given)
            of = column if bare == "unixEpochGroup" else _epoch(column, kind)
            return _grouped(of, _seconds(name, given), kind) + alias
        case _:
            raise MacroError(f"there is no macro $__{name} here")


def _alias(kind: str) -> str:
    return " AS `time`" if kind == "mysql" else ' AS "time"'


def _column(name: str, given: list[str]) -> str:
    if not given:
        raise MacroError(f"$__{name} wants a column: $__{name}(created_at)")
    return given[0]


def _seconds(name: str, given: list[str]) -> int:
    text = given[1].strip("'\"") if len(given) > 1 else ""
    try:
        return max(1, round(parse_duration(text)))
    except ValueError:
        raise MacroError(f"$__{name} wants an interval: $__{name}(created_at, '5m')") from None


def _moment(at: float, kind: str) -> str:
    match kind:
        case "mysql":
            return f"FROM_UNIXTIME({int(at)})"
        case "postgres":
            return f"'{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}'"
        case _:
            return f"datetime({int(at)}, 'unixepoch')"


def _epoch(column: str, kind: str) -> str:
    match kind:
        case "mysql":
            return f"UNIX_TIMESTAMP({column})"
        case "postgres":
            return f"extract(epoch from {column})"
        case _:
            return f"CAST(strftime('%s', {column}) AS INTEGER)"


def _grouped(of: str, seconds: int, kind: str) -> str:
    match kind:
        case "mysql":
            return f"{of} DIV {seconds} * {seconds}"
        case "postgres":
            return f"floor({of}/{seconds})*{seconds}"
        case _:
            return f"({of}) / {seconds} * {seconds}"
