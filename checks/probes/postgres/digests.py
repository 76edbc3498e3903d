"""A slow piece: the statements that took the most time, from pg_stat_statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from checks.databases.statements import statement
from checks.expectations import seconds
from checks.findings import Finding
from checks.model import SampleBuilder, Table
from checks.probes.postgres.asking import Asker
from checks.probes.postgres.pulse import Pulse
from checks.probes.postgres.rights import Rights
from checks.probes.postgres.sql import statement_for

__all__ = ["Digests"]

REMEMBERED: Final = 2_000
"""Texts of statements that are kept, so that the server reads its file of them seldom."""


class Digests:
    """The costliest statements since the statistics were last reset."""

    name = "statements"

    def __init__(self, most: int, rights: Rights) -> None:
        self._most = most
        self._rights = rights
        self._rows: list[dict[str, Any]] = []
        self._texts: dict[int, str] = {}

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        schema, version = self._rights.statements_schema, self._rights.statements_version
        if not schema:
            self._rows = []
            return True
        sql = statement_for(self.name, version).replace("{schema}", schema)
        rows = await ask.run(self.name, sql, self._most, within=within)
        self._rows = [
            {
                **row,
                "usename": ask.text(row["usename"]),
                "datname": pulse.names.get(row["datid"], ""),
            }
            for row in map(dict, rows or ())
        ]
        if rows is not None:
            await self._read_texts(ask, schema, within)
        return rows is not None

    async def _read_texts(self, ask: Asker, schema: str, within: float) -> None:
        unknown = [row["queryid"] for row in self._rows if row["queryid"] not in self._texts]
        if not unknown:
            return
        if len(self._texts) > REMEMBERED:
            self._texts.clear()
            unknown = [row["queryid"] for row in self._rows]
        sql = statement_for("statement_texts", ()).replace("{schema}", schema)
        for row in await ask.run("statement_texts", sql, unknown, within=within) or ():
            self._texts[row["queryid"]] = statement(ask.text(row["query"]))

    def add(self, to: SampleBuilder) -> None:
        for row in self._rows:
            labels = {
                "user": row["usename"],
                "datname": row["datname"],
                "queryid": str(row["queryid"]),
            }
            to.add("pg_stat_statements_calls_total", row["calls"], labels)
            to.add("pg_stat_statements_rows_total", row["rows"], labels)
            for metric, column in (
                ("pg_stat_statements_seconds_total", "milliseconds"),
                ("pg_stat_statements_block_read_seconds_total", "read_milliseconds"),
                ("pg_stat_statements_block_write_seconds_total", "write_milliseconds"),
            ):
                to.add(metric, row[column] / 1000, labels)

    def tables(self) -> Iterator[Table]:
        if self._rows:
            columns = ("statement", "calls", "total", "mean", "rows", "user", "database")
            rows = tuple(map(self._cells, self._rows))
            numeric = frozenset({"calls", "total", "mean", "rows"})
            yield Table("Statements by total time", columns, rows, numeric)

    def _cells(self, row: dict[str, Any]) -> tuple[str, ...]:
        calls = row["calls"] or 1
        return (
            self._texts.get(row["queryid"], f"query {row['queryid']}"),
            f"{row['calls']:,.0f}",
            seconds(row["milliseconds"] / 1000),
            seconds(row["milliseconds"] / 1000 / calls),
            f"{row['rows']:,.0f}",
            row["usename"],
            row["datname"],
        )

    def findings(self) -> Iterable[Finding]:
        return ()
