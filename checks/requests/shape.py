"""What a database's catalogue says of a request log's table, and what follows for reading it.

Databases differ in their types and in how they write names; here the types are a few kinds
and the names those that the table really has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from zoneinfo import ZoneInfo

from checks.errors import TargetError
from checks.requests.columns import configured, require_columns
from checks.requests.config import RequestLog

__all__ = ["ColumnKind", "TableColumn", "TableShape", "known_zone", "understood"]

ColumnKind = Literal[
    "any", "integer", "decimal", "float", "boolean", "text", "bytes", "datetime", "instant", "span"
]
"""``any`` is a column without a type of its own (SQLite's), ``datetime`` has no zone,
``instant`` has one or is kept in UTC, ``span`` is a length of time."""

_NUMBERS: Final = ("integer", "decimal", "float")
_UNINDEXED: Final = 100_000
"""Rows that may be read through for want of an index."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column: its kind, its type in the database's own words, and whether it may be read."""

    kind: ColumnKind
    type: str
    readable: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class TableShape:
    """A table or view as the catalogue describes it.

    Attributes:
        name: its name's parts as they really are, the schema first where one was given.
        columns: by name.
        partial: whether there are columns beside these, which we may not see.
        leading: the columns that an index begins with; None where that cannot be told (a view).
        rows: how many it has, as the database estimates it.
        zone: name of the zone that dates without one are in on this server, as
            :class:`zoneinfo.ZoneInfo` knows it; empty where it knows none.
        grant: the statement that would let us read what we may not.
        encoding: that of its texts, in the server's words.
    """

    name: tuple[str, ...]
    columns: Mapping[str, TableColumn]
    partial: bool = False
    leading: frozenset[str] | None = None
    rows: float = 0.0
    zone: str = ""
    grant: str = ""
    encoding: str = ""
    kinds: Mapping[str, ColumnKind] = field(init=False)

    def __post_init__(self) -> None:
        kinds = {name: column.kind for name, column in self.columns.items()}
        object.__setattr__(self, "kinds", kinds)


def understood(log: RequestLog, shape: TableShape) -> RequestLog:
    """``log`` in the table's own names, with what its columns' types settle settled.

    Raises:
        TargetError: ``config`` where the table does not fit it, ``permission`` where it may
            not be read.
    """
    if shape.partial:
        _require_sight(log, shape)
    require_columns(log, shape.columns)
    actual = {name: _actual(name, shape.columns) for name in configured(log)}
    time, duration = log.time, log.duration
    found = log.model_copy(
        update={
            "table": ".".join(shape.name),
            "id": actual[log.id],
            "time": time.model_copy(update={"column": actual[time.column]}),
            "status": actual[log.status] if log.status else None,
            "duration": duration
            and duration.model_copy(update={"column": actual[duration.column]}),
            "labels": [actual[label] for label in log.labels],
            "error": actual[log.error] if log.error else None,
        }
    )
    _require_rights(found, shape)
    _require_key(found, shape)
    return _settled(found, shape)


def known_zone(name: str) -> str:
    """``name`` where it is that of a region's zone or of UTC, else nothing.

    Abbreviations such as CET or EST are left to the server: it may mean another zone by them.
    """
    if name.upper() in ("UTC", "ETC/UTC", "GMT", "ETC/GMT", "UCT", "ZULU", "+00:00"):
        return "utc"
    if "/" not in name:
        return ""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return ""
    return name


def _actual(name: str, columns: Mapping[str, TableColumn]) -> str:
    if name in columns:
        return name
    return next(known for known in columns if known.lower() == name.lower())


def _require_sight(log: RequestLog, shape: TableShape) -> None:
    """See that no column is missing that may be hidden from us."""
    known = {name.lower() for name in shape.columns}
    unseen = [name for name in configured(log) if name.lower() not in known]
    if unseen:
        raise TargetError(
            "permission", f"may not read {', '.join(unseen)} of table {log.table}: {shape.grant}"
        )


def _require_rights(log: RequestLog, shape: TableShape) -> None:
    hidden = [name for name in configured(log) if not shape.columns[name].readable]
    if hidden:
        some = any(column.readable for column in shape.columns.values())
        what = f"{', '.join(hidden)} of table" if some else "table"
        raise TargetError("permission", f"may not read {what} {log.table}: {shape.grant}")


def _require_key(log: RequestLog, shape: TableShape) -> None:
    """See that the id is an integer, and that looking one up does not read the table."""
    column = shape.columns[log.id]
    if column.kind not in ("any", "integer", "decimal"):
        raise TargetError(
            "config",
            f"column {log.id} of table {log.table} is no integer but {column.type};"
            " name an integer key that grows as `id`",
        )
    indexed = shape.leading is None or log.id in shape.leading
    if not indexed and shape.rows > _UNINDEXED:
        raise TargetError(
            "config",
            f"no index of table {log.table} begins with {log.id}, so every look at it would"
            f" read all of its {shape.rows:,.0f} rows; create one, or name an indexed key as `id`",
        )


def _settled(log: RequestLog, shape: TableShape) -> RequestLog:
    """What a column's type says needs no guess: an instant's zone, a span's unit."""
    time, duration = log.time, log.duration
    column = shape.columns[time.column]
    _require_time(log, column)
    if column.kind in ("instant", *_NUMBERS):
        time = time.model_copy(update={"zone": "utc"})
    elif time.zone == "server" and shape.zone:
        time = time.model_copy(update={"zone": shape.zone})
    if duration is not None and shape.columns[duration.column].kind == "span":
        duration = duration.model_copy(update={"unit": "s"})
    return log.model_copy(update={"time": time, "duration": duration})


def _require_time(log: RequestLog, column: TableColumn) -> None:
    dates = column.kind in ("datetime", "instant")
    if column.kind in ("boolean", "bytes", "span") or (
        dates and log.time.format not in ("auto", "datetime")
    ):
        wanted = f"`time.format` is {log.time.format}" if dates else "it tells no time"
        raise TargetError(
            "config", f"column {log.time.column} of table {log.table} is {column.type}; {wanted}"
        )
    if column.kind in _NUMBERS and log.time.format == "datetime":
        raise TargetError(
            "config",
            f"column {log.time.column} of table {log.table} is {column.type};"
            " `time.format` must be s, ms or us",
        )
