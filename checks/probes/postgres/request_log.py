"""What PostgreSQL's catalogue says of a request log's table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from checks.probes.postgres.dialect import PostgresDialect
from checks.requests.shape import ColumnKind, TableColumn, TableShape, known_zone

if TYPE_CHECKING:
    from checks.requests.source import Execute

__all__ = ["PostgresCatalogue"]

_KINDS: Final[dict[str, ColumnKind]] = {
    "int2": "integer",
    "int4": "integer",
    "int8": "integer",
    "numeric": "decimal",
    "float4": "float",
    "float8": "float",
    "bool": "boolean",
    "bytea": "bytes",
    "timestamptz": "instant",
    "timestamp": "datetime",
    "date": "datetime",
    "interval": "span",
    "time": "span",
}
"""By the type's name, or that of a domain's type; whatever else has a text to be read."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


class PostgresCatalogue:
    """A :class:`checks.requests.remote.Catalogue`."""

    async def shape(self, execute: Execute, table: str) -> TableShape | None:
        schema, name = _split(table)
        rows = await execute(_sql("request_log"), (name, schema))
        return _shape(rows, with_schema=bool(schema)) if rows else None

    async def tables(self, execute: Execute, table: str) -> Sequence[str]:
        schema, _ = _split(table)
        rows = await execute(_sql("request_log_tables"), (schema,))
        return [f"{schema}.{name}" if schema else str(name) for (name,) in rows]

    def dialect(self, shape: TableShape) -> PostgresDialect:
        return PostgresDialect(bytes_as_text=shape.encoding == "SQL_ASCII")


def _shape(rows: Sequence[Sequence[Any]], *, with_schema: bool) -> TableShape:
    schema, relation, relkind, estimate, *_ = rows[0]
    usage, zone, user, encoding = rows[0][8], rows[0][11], rows[0][12], rows[0][13]
    columns = {}
    leading = set()
    for row in rows:
        name, type_name, described, readable, indexed = row[4], row[5], row[7], row[9], row[10]
        kind = _KINDS.get(type_name, "text")
        columns[name] = TableColumn(kind, described, readable and usage)
        if indexed:
            leading.add(name)
    grants = [f"GRANT SELECT ON {_shown(schema)}.{_shown(relation)} TO {_shown(user)}"]
    if not usage:
        grants.insert(0, f"GRANT USAGE ON SCHEMA {_shown(schema)} TO {_shown(user)}")
    return TableShape(
        name=(schema, relation) if with_schema else (relation,),
        columns=columns,
        # What indexes a view or a foreign table has underneath cannot be seen.
        leading=frozenset(leading) if relkind in ("r", "p", "m") else None,
        rows=max(estimate, 0.0),
        zone=known_zone(zone),
        grant="; ".join(grants),
        encoding=encoding,
    )


def _shown(name: str) -> str:
    """An identifier in a statement for people, quoted where it has to be."""
    return name if _PLAIN.fullmatch(name) else PostgresDialect().quote(name)


def _split(table: str) -> tuple[str, str]:
    """Schema, or nothing, and name."""
    schema, _, name = table.rpartition(".")
    return schema, name


@cache
def _sql(name: str) -> str:
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text()
