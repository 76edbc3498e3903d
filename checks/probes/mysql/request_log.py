"""What MySQL and MariaDB say of a request log's table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from checks.errors import TargetError
from checks.probes.mysql.dialect import MysqlDialect
from checks.requests.shape import ColumnKind, TableColumn, TableShape, known_zone

if TYPE_CHECKING:
    from checks.requests.source import Execute

__all__ = ["MysqlCatalogue"]

_KINDS: Final[dict[str, ColumnKind]] = {
    "tinyint": "integer",
    "smallint": "integer",
    "mediumint": "integer",
    "int": "integer",
    "bigint": "integer",
    "year": "integer",
    "decimal": "decimal",
    "float": "float",
    "double": "float",
    "bit": "boolean",
    "binary": "bytes",
    "timestamp": "instant",
    "datetime": "datetime",
    "date": "datetime",
    "time": "span",
}
"""By the type's name; whatever else has a text to be read."""


class MysqlCatalogue:
    """A :class:`checks.requests.remote.Catalogue`."""

    async def shape(self, execute: Execute, table: str) -> TableShape | None:
        schema, zone, system_zone, user = (await execute(_SESSION, ()))[0]
        given, _, name = table.rpartition(".")
        schema = given or _text(schema)
        if not schema:
            raise TargetError(
                "config", f"no database is selected: write {table} with its own, `app.{table}`"
            )
        grant = f"GRANT SELECT ON {_shown(schema)}.{_shown(name)} TO {_account(_text(user))}"
        columns = await execute(_sql("request_log"), (schema, name))
        readable = await _may_read(execute, (schema, name))
        if not columns:
            if readable:
                return None
            raise TargetError("permission", f"may not read table {table}: {grant}")
        leading = await execute(_sql("request_log_indexes"), (schema, name))
        kind, rows = (await execute(_sql("request_log_size"), (schema, name)))[0]
        return TableShape(
            name=(given, name) if given else (name,),
            columns={_text(row[0]): _column(row) for row in columns},
            partial=not readable,
            leading=frozenset(_text(row[0]) for row in leading) if _text(kind) != "VIEW" else None,
            rows=float(rows or 0),
            zone=_zone(_text(zone), _text(system_zone)),
            grant=grant,
        )

    async def tables(self, execute: Execute, table: str) -> Sequence[str]:
        given = table.rpartition(".")[0]
        schema = given or _text((await execute(_SESSION, ()))[0][0])
        rows = await execute(_sql("request_log_tables"), (schema,))
        return [f"{given}.{_text(name)}" if given else _text(name) for (name,) in rows]

    def dialect(self, shape: TableShape) -> MysqlDialect:
        del shape
        return MysqlDialect()


_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SESSION: Final = (
    "SELECT DATABASE(), @@SESSION.time_zone, @@GLOBAL.system_time_zone, CURRENT_USER()"
)


def _zone(session: str, system: str) -> str:
    """The name of the session's zone; of the system's an abbreviation is all there is."""
    if session == "SYSTEM":
        return "utc" if system == "UTC" else ""
    return known_zone(session)


async def _may_read(execute: Execute, table: Sequence[str]) -> bool:
    """Whether all of a table may be read, or it is not there; only what may be is described."""
    quoted = ".".join(map(MysqlDialect().quote, table))
    try:
        await execute(f"SELECT * FROM {quoted} LIMIT 0", ())  # noqa: S608
    except TargetError as error:
        if error.reason not in ("config", "permission"):
            raise
        return error.reason == "config"
    return True


def _column(row: Sequence[Any]) -> TableColumn:
    _, data_type, described, privileges = (_text(value) for value in row)
    return TableColumn(
        _KINDS.get(data_type.lower(), "text"), described, "select" in privileges.lower().split(",")
    )


def _shown(name: str) -> str:
    """An identifier in a statement for people, quoted where it has to be."""
    return name if _PLAIN.fullmatch(name) else "`" + name.replace("`", "``") + "`"


def _account(user: str) -> str:
    """``name@host`` as a statement takes it."""
    name, _, host = user.rpartition("@")
    return "@".join("'" + part.replace("'", "''") + "'" for part in (name, host))


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


@cache
def _sql(name: str) -> str:
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text()
