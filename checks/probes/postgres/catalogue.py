"""Slow pieces: sizes of databases, tables and indexes, dead rows, the age of what is frozen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from checks.findings import Finding
from checks.model import Part, SampleBuilder, Status, Table
from checks.probes.postgres.asking import Asker
from checks.probes.postgres.config import PostgresConfig
from checks.probes.postgres.pulse import Pulse
from checks.wording import percent, size, span

__all__ = ["TABLE_COUNTERS", "TABLE_GAUGES", "DatabaseSizes", "Indexes", "Tables", "Wraparound"]

LAST_XID: Final = 2**31
"""Transaction numbers that there are between an unfrozen row and the one that writes stop at."""
SHOWN: Final = 100
"""Rows of a table that a screen gets."""

TABLE_COUNTERS: Final = (
    *("seq_scan", "seq_tup_read", "idx_scan", "idx_tup_fetch"),
    *("n_tup_ins", "n_tup_upd", "n_tup_del", "n_tup_hot_upd"),
    *("vacuum_count", "autovacuum_count", "analyze_count", "autoanalyze_count"),
)
TABLE_GAUGES: Final = (
    *("n_live_tup", "n_dead_tup", "n_mod_since_analyze"),
    *("last_vacuum", "last_autovacuum", "last_analyze", "last_autoanalyze"),
)


class Wraparound:
    """How far each database is from the end of its transaction numbers."""

    name = "wraparound"

    def __init__(self, config: PostgresConfig) -> None:
        self._config = config
        self._rows: list[tuple[str, int, int, int]] = []

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        del pulse
        rows = await ask(self.name, within=within)
        self._rows = [
            (ask.text(r["datname"]), r["xid_age"], r["mxid_age"], r["connection_limit"])
            for r in rows or ()
        ]
        return rows is not None

    def add(self, to: SampleBuilder) -> None:
        for name, xids, multixacts, limit in self._rows:
            labels = {"datname": name}
            to.add("pg_database_wraparound_age_datfrozenxid_seconds", xids, labels)
            to.add("pg_database_wraparound_age_datminmxid_seconds", multixacts, labels)
            to.add("pg_database_connection_limit", limit, labels)

    def tables(self) -> Iterable[Table]:
        return ()

    def findings(self) -> Iterator[Finding]:
        if not self._rows:
            return
        name, age = max(
            ((name, max(xids, multixacts)) for name, xids, multixacts, _ in self._rows),
            key=lambda row: row[1],
        )
        share = age / LAST_XID
        status = Status.OK
        if share >= self._config.wraparound_warning:
            status = Status.WARNING
        if share >= self._config.wraparound_critical:
            status = Status.CRITICAL
        if status is not Status.OK:
            text = (
                f"wraparound: database {name} has used {percent(share)} of its transaction numbers "
                "since its oldest row was frozen: VACUUM it before the server refuses writes; "
                "look for old transactions, slots and prepared transactions first"
            )
            yield Finding("limit", Part("wraparound", status, text, percent(share)))


class DatabaseSizes:
    """The size of each database that one may connect to."""

    name = "database_sizes"

    def __init__(self) -> None:
        self._sizes: list[tuple[str, int]] = []

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        del pulse
        rows = await ask(self.name, within=within)
        self._sizes = [(ask.text(row["datname"]), row["bytes"]) for row in rows or ()]
        return rows is not None

    def add(self, to: SampleBuilder) -> None:
        for name, count in self._sizes:
            to.add("pg_database_size_bytes", count, {"datname": name})

    def tables(self) -> Iterator[Table]:
        if self._sizes:
            largest = sorted(self._sizes, key=lambda row: -row[1])[:SHOWN]
            rows = tuple((name, size(count)) for name, count in largest)
            yield Table("Databases", ("database", "size"), rows, frozenset({"size"}))

    def findings(self) -> Iterable[Finding]:
        return ()


class Tables:
    """The largest tables of the database that we are connected to."""

    name = "tables"

    def __init__(self, most: int) -> None:
        self._most = most
        self._database = ""
        self._now = 0.0
        self._rows: list[dict[str, Any]] = []

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        rows = await ask(self.name, self._most, within=within)
        self._rows = [
            {**row, **{key: ask.text(row[key]) for key in ("schemaname", "relname")}}
            for row in map(dict, rows or ())
        ]
        self._database = ask.link.database
        self._now = pulse.server.now if pulse.server is not None else 0.0
        return rows is not None

    def add(self, to: SampleBuilder) -> None:
        for row in self._rows:
            labels = {
                "datname": self._database,
                "schemaname": row["schemaname"],
                "relname": row["relname"],
            }
            for column in (*TABLE_COUNTERS, *TABLE_GAUGES):
                to.add(f"pg_stat_user_tables_{column}", row[column], labels)
            to.add("pg_stat_user_tables_table_size_bytes", row["table_size"], labels)
            to.add("pg_stat_user_tables_index_size_bytes", row["indexes_size"], labels)

    def tables(self) -> Iterator[Table]:
        if not self._rows:
            return
        columns = ("table", "size", "indexes", "rows", "dead", "vacuumed", "analysed", "seq scans")
        largest = sorted(self._rows, key=lambda row: -(row["table_size"] or 0))[:SHOWN]
        rows = tuple(self._cells(row) for row in largest)
        title = f"Tables of {self._database}"
        yield Table(title, columns, rows, frozenset({*columns[1:]}))

    def _cells(self, row: dict[str, Any]) -> tuple[str, ...]:
        live, dead = row["n_live_tup"] or 0, row["n_dead_tup"] or 0
        share = f" ({percent(dead / (live + dead))})" if dead else ""
        return (
            _qualified(row["schemaname"], row["relname"]),
            "" if row["table_size"] is None else size(row["table_size"]),
            "" if row["indexes_size"] is None else size(row["indexes_size"]),
            f"≈ {live:,}",
            f"≈ {dead:,}{share}" if dead else "0",
            self._ago(max(row["last_vacuum"], row["last_autovacuum"])),
            self._ago(max(row["last_analyze"], row["last_autoanalyze"])),
            f"{row['seq_scan'] or 0:,}",
        )

    def _ago(self, when: float) -> str:
        return f"{span(self._now - when)} ago" if when else "never"

    def findings(self) -> Iterable[Finding]:
        return ()


class Indexes:
    """The largest indexes of that database, and those that are not valid."""

    name = "indexes"

    def __init__(self, most: int) -> None:
        self._most = most
        self._database = ""
        self._rows: list[dict[str, Any]] = []

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        del pulse
        rows = await ask(self.name, self._most, within=within)
        names = ("schemaname", "relname", "indexrelname")
        self._rows = [
            {**row, **{key: ask.text(row[key]) for key in names}} for row in map(dict, rows or ())
        ]
        self._database = ask.link.database
        return rows is not None

    def add(self, to: SampleBuilder) -> None:
        for row in self._rows:
            labels = {
                "datname": self._database,
                "schemaname": row["schemaname"],
                "relname": row["relname"],
                "indexrelname": row["indexrelname"],
            }
            to.add("pg_general_index_info_idx_scan", row["idx_scan"], labels)
            to.add("pg_general_index_info_pg_relation_size", row["bytes"], labels)

    def tables(self) -> Iterator[Table]:
        unused = [row for row in self._rows if not row["idx_scan"] and not row["constrains"]]
        if unused:
            columns = ("index", "of table", "size", "valid")
            rows = tuple(_index_cells(row) for row in unused[:SHOWN])
            yield Table("Indexes never used", columns, rows, frozenset({"size"}))

    def findings(self) -> Iterator[Finding]:
        broken = [row for row in self._rows if not row["valid"]]
        if broken:
            first = _qualified(broken[0]["schemaname"], broken[0]["indexrelname"])
            more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
            text = f"index {first}{more}: not valid, no query uses it: DROP INDEX, or REINDEX it"
            yield Finding("ok", Part("indexes", Status.OK, text, f"{len(broken)} invalid"))


def _index_cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        _qualified(row["schemaname"], row["indexrelname"]),
        row["relname"],
        size(row["bytes"]),
        "yes" if row["valid"] else "no",
    )


def _qualified(schema: str, name: str) -> str:
    return name if schema == "public" else f"{schema}.{name}"
