"""Asking by a statement's name: what may not be read is noted, and the rest goes on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from checks.errors import TargetError
from checks.model import SampleBuilder
from checks.probes.mysql.refusals import grant_for
from checks.probes.mysql.server import Server
from checks.probes.mysql.sql import head_of, statement_for

if TYPE_CHECKING:
    from checks.databases.asked import Ledger
    from checks.probes.mysql.link import Link

__all__ = ["Asker", "Record", "Troubles"]

Record = dict[str, Any]
"""A row by its columns' names."""

TITLES: Final = {
    "boot": "the start of the server",
    "status": "status",
    "variables": "variables",
    "innodb_metrics": "InnoDB's metrics",
    "sessions_by_state": "sessions by state",
    "processlist": "sessions",
    "session": "longest statements",
    "busy": "longest statements",
    "sessions": "list of sessions",
    "transactions": "transactions and sessions of others",
    "lock_waits": "who waits for whom",
    "locks": "what is waited for",
    "metadata_locks": "who holds the metadata locks",
    "applications": "programs of the sessions",
    "last_statements": "last statements of idle transactions",
    "replication": "replication",
    "table_count": "tables",
    "tables": "tables",
    "table": "the largest tables",
    "largest_files": "the largest tables",
    "schema_files": "sizes of the databases",
    "digests": "statements",
    "binary_logs": "binary logs",
    "slow_log_size": "slow log",
    "slow_log": "slow log",
}
"""What each statement is about, for people."""
_IMPORTANT: Final = (
    *("transactions", "processlist", "sessions_by_state", "sessions", "session", "busy"),
    *("status", "variables", "innodb_metrics", "lock_waits", "locks", "replication"),
    *("metadata_locks", "last_statements", "digests", "tables", "schema_files"),
)
"""What is missed most, first: without PROCESS nobody else's session is seen at all."""
_RANKS: Final = {name: rank for rank, name in enumerate(_IMPORTANT)}
_COLLECTORS: Final = {
    "status": "global_status",
    "variables": "global_variables",
    "innodb_metrics": "info_schema.innodb_metrics",
    "processlist": "info_schema.processlist",
    "sessions_by_state": "info_schema.processlist",
    "transactions": "info_schema.innodb_trx",
    "replication": "slave_status",
    "tables": "info_schema.tables",
    "schema_files": "info_schema.innodb_tablespaces",
    "digests": "perf_schema.eventsstatements",
    "binary_logs": "binlog_size",
}
"""What mysqld_exporter calls the collector that asks the like."""


class Troubles:
    """What could not be read, and why, until it could be again."""

    def __init__(self) -> None:
        self._found: dict[str, TargetError] = {}
        self._seconds: dict[str, float] = {}
        self.server: Server | None = None

    def failed(self, name: str, error: TargetError) -> None:
        """The statement ``name`` failed."""
        self._found[name] = error

    def succeeded(self, name: str) -> None:
        """The statement ``name`` did not fail."""
        self._found.pop(name, None)

    def took(self, name: str, seconds: float) -> None:
        """The statement ``name`` took so long."""
        self._seconds[name] = seconds

    def of(self, name: str) -> TargetError | None:
        """Why ``name`` could not be read; None where it could."""
        return self._found.get(name)

    @property
    def denied(self) -> bool:
        """Whether anything failed for want of a privilege."""
        return any(error.reason == "permission" for error in self._found.values())

    def notes(self) -> tuple[str, ...]:
        """A sentence each, with what would allow it; what matters most comes first."""
        names = sorted(self._found, key=lambda name: (_RANKS.get(name, len(_RANKS)), name))
        notes = (self._note(name, self._found[name]) for name in names)
        return tuple(dict.fromkeys(notes))

    def _note(self, name: str, error: TargetError) -> str:
        title = TITLES.get(name, name)
        if error.reason != "permission" or self.server is None:
            return f"{title}: {error}"
        grant = grant_for(str(error), self.server.user, mariadb=self.server.mariadb)
        return f"{title} may not be seen: {grant}"

    def clear(self) -> None:
        """Forget it all: another connection may have other rights."""
        self._found.clear()

    def samples(self, out: SampleBuilder) -> None:
        """How each statement fared, as mysqld_exporter tells it of its collectors."""
        for name, collector in _COLLECTORS.items():
            if name in self._seconds or name in self._found:
                label = {"collector": f"collect.{collector}"}
                out.add("mysql_exporter_collector_success", name not in self._found, label)
                seconds = self._seconds.get(name)
                out.add("mysql_exporter_collector_duration_seconds", seconds, label)


class Asker:
    """Asks one connection in one run, and notes in ``ledger`` what that took."""

    def __init__(
        self, link: Link, server: Server, troubles: Troubles, ledger: Ledger | None = None
    ) -> None:
        self.link = link
        self._ledger = ledger
        self.server = server
        self._troubles = troubles

    def denied(self, name: str) -> bool:
        """Whether the statement ``name`` failed for want of a privilege."""
        error = self._troubles.of(name)
        return error is not None and error.reason == "permission"

    async def __call__(self, name: str, *parameters: object, **names: str) -> list[Record] | None:
        """The rows of the statement ``name``; None, and a note, where it fails. ``names`` fill
        in what stands in braces.

        Raises:
            TargetError: the connection was lost.
        """
        sql = statement_for(name, self.server.flavours)
        return await self.run(name, sql.format(**names) if names else sql, parameters)

    async def run(self, name: str, sql: str, parameters: Sequence[object]) -> list[Record] | None:
        """As a call, with the statement's text given."""
        began = time.perf_counter()
        try:
            found = await self.link.ask(sql, parameters)
        except TargetError as error:
            self._troubles.failed(name, error)
            if self.link.closed:
                raise
            self._note(name, sql, time.perf_counter() - began, None)
            return None
        took = time.perf_counter() - began
        self._troubles.succeeded(name)
        self._troubles.took(name, took)
        self._note(name, sql, took, len(found.rows))
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows]

    def _note(self, name: str, sql: str, seconds: float, rows: int | None) -> None:
        if self._ledger is not None:
            head = head_of(name, self.server.flavours)
            self._ledger.note(name, sql, seconds, rows, cost=head)

    async def pairs(self, name: str, **names: str) -> dict[str, str] | None:
        """As a call, for statements that yield names and values."""
        rows = await self(name, **names)
        if rows is None:
            return None
        return {str(row["Variable_name"]): str(row["Value"]) for row in rows}
