"""Slow tier: what databases and tables take. Ten thousand tables must not hurt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from checks.model import SampleBuilder, Table
from checks.probe import Metric
from checks.probes.mysql.asking import Asker, Record
from checks.probes.mysql.sql import statement_for
from checks.wording import size

__all__ = ["SIZE_METRICS", "Sizes", "read_sizes"]

EACH: Final = 400
"""Tables up to which each is opened to be measured."""
SCHEMAS: Final = 100
"""Databases that have figures of their own."""
_COLUMNS: Final = ("table", "size", "data", "indexes", "free", "rows, about", "engine")
_COMPONENTS: Final = ("data_length", "index_length", "data_free")


@dataclass(frozen=True, slots=True)
class _OneTable:
    schema: str
    name: str
    engine: str = ""
    rows: float | None = None
    parts: tuple[float, float, float] | None = None
    bytes: float = 0.0

    @property
    def size(self) -> float:
        """Bytes of data and indexes, of the file where these are not known."""
        return self.parts[0] + self.parts[1] if self.parts else self.bytes


@dataclass(frozen=True, slots=True)
class Sizes:
    """What was seen last. ``schemas`` is database, bytes and tables, the largest first."""

    tables: tuple[_OneTable, ...] = ()
    schemas: tuple[tuple[str, float, int], ...] = ()
    note: str = field(default="")

    def samples(self, out: SampleBuilder) -> None:
        for schema, held, count in self.schemas:
            out.add("mysql_info_schema_schema_size_bytes", held, {"schema": schema})
            out.add("mysql_schema_tables", count, {"schema": schema})
        for table in self.tables:
            labels = {"schema": table.schema, "table": table.name}
            out.add("mysql_info_schema_table_rows", table.rows, labels)
            for component, held in zip(_COMPONENTS, table.parts or (), strict=False):
                out.add("mysql_info_schema_table_size", held, {**labels, "component": component})

    def shown(self) -> tuple[Table, ...]:
        """As tables for the screens."""
        made = []
        if self.schemas:
            columns = ("database", "size", "tables")
            rows = ((name, size(held), f"{count:,}") for name, held, count in self.schemas)
            made.append(Table("Databases", columns, tuple(rows), frozenset({"size", "tables"})))
        if self.tables:
            shown = tuple(map(_shown, self.tables))
            made.append(Table("Tables", _COLUMNS, shown, frozenset(_COLUMNS[1:6])))
        return tuple(made)


def _shown(table: _OneTable) -> tuple[str, ...]:
    parts: list[str] = [size(part) for part in table.parts] if table.parts else ["", "", ""]
    rows = "" if table.rows is None else f"{table.rows:,.0f}"
    return (f"{table.schema}.{table.name}", size(table.size), *parts, rows, table.engine)


async def read_sizes(ask: Asker, most: int) -> Sizes | None:
    """Sizes of databases and of the ``most`` largest tables; None where they cannot be read."""
    counted = await ask("table_count")
    if not counted:
        return None
    if int(counted[0]["tables"]) <= EACH:
        rows = await ask("tables")
        return None if rows is None else _of_all(rows, most)
    return await _of_the_largest(ask, most)


def _of_all(rows: Sequence[Record], most: int) -> Sizes:
    tables = sorted(map(_table, rows), key=lambda one: -one.size)
    schemas: dict[str, tuple[float, int]] = {}
    for one in tables:
        held, count = schemas.get(one.schema, (0.0, 0))
        schemas[one.schema] = (held + one.size, count + 1)
    ordered = sorted(schemas.items(), key=lambda item: -item[1][0])
    return Sizes(tuple(tables[:most]), tuple((name, *rest) for name, rest in ordered[:SCHEMAS]))


async def _of_the_largest(ask: Asker, most: int) -> Sizes | None:
    """By the files of InnoDB; of the largest alone more is asked, together in one statement."""
    files = await ask("schema_files")
    if files is None:
        return None
    schemas = sorted(
        (
            (_decoded(row["table_schema"]), float(row["bytes"] or 0), int(row["tables"]))
            for row in files
        ),
        key=lambda one: -one[1],
    )
    shown = tuple(one for one in schemas if one[0] not in ("mysql", "sys"))[:SCHEMAS]
    note = f"sizes of tables: of more than {EACH} only InnoDB's files are looked at"
    largest = [_file(row) for row in await ask("largest_files", most + 20) or ()]
    largest = [one for one in largest if one.schema not in ("mysql", "sys")][:most]
    if not largest:
        return Sizes((), shown, note)
    one = statement_for("table", ask.server.flavours)
    pairs = [text for table in largest for text in (table.schema, table.name)]
    rows = await ask.run("table", "\nUNION ALL\n".join([one] * len(largest)), pairs)
    known = {(table.schema, table.name): table for table in map(_table, rows or ())}
    found = tuple(known.get((table.schema, table.name), table) for table in largest)
    return Sizes(found, shown, note)


def _table(row: Record) -> _OneTable:
    parts = tuple(float(row[name] or 0) for name in _COMPONENTS)
    return _OneTable(
        schema=str(row["table_schema"]),
        name=str(row["table_name"]),
        engine=str(row["engine"] or ""),
        rows=None if row["table_rows"] is None else float(row["table_rows"]),
        parts=(parts[0], parts[1], parts[2]),
    )


def _file(row: Record) -> _OneTable:
    schema, _, name = str(row["name"]).partition("/")
    # A partition's file is called table#P#part (MariaDB) or table#p#part (MySQL).
    name = name.partition("#P#")[0].partition("#p#")[0]
    return _OneTable(_decoded(schema), _decoded(name), bytes=float(row["bytes"] or 0))


def _decoded(name: object) -> str:
    """A name as it is in SQL, from how it is in files (``a@002db``)."""
    first, *rest = str(name).split("@")
    out = first
    for piece in rest:
        code = piece[:4]
        try:
            out += chr(int(code, 16)) + piece[4:]
        except ValueError:
            out += "@" + piece
    return out


SIZE_METRICS: Final = (
    Metric(
        "mysql_info_schema_schema_size_bytes", "gauge", "size of the database", "bytes", ("schema",)
    ),
    Metric("mysql_schema_tables", "gauge", "tables of the database", "", ("schema",)),
    Metric(
        "mysql_info_schema_table_size",
        *("gauge", "size of one of the largest tables", "bytes"),
        ("schema", "table", "component"),
    ),
    Metric(
        "mysql_info_schema_table_rows",
        *("gauge", "its rows, by the engine's estimate", ""),
        ("schema", "table"),
    ),
)
