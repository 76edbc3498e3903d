"""The request log in an SQLite file: its columns are looked at before they are read."""

from __future__ import annotations

import time
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from checks.clock import Clock
from checks.errors import TargetError
from checks.findings import Finding
from checks.probes.sqlite.dialect import SqliteDialect
from checks.probes.sqlite.file import Session
from checks.requests.columns import configured, missing_table, require_columns
from checks.requests.config import RequestLog
from checks.requests.table import RequestTable

if TYPE_CHECKING:
    from checks.requests.source import Row
    from checks.requests.sql import SqlSource

__all__ = ["RequestLogTable", "complete"]

_ROWID: Final = ("rowid", "oid", "_rowid_")

T = TypeVar("T")


def complete(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never has to wait, run where it is called."""
    try:
        work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    work.close()
    raise RuntimeError("a coroutine that was to run in a lane had to wait")


class RequestLogTable(RequestTable):
    """Reads one table in the lane that has the file open."""

    def __init__(self, log: RequestLog, clock: Clock) -> None:
        super().__init__(log, clock)
        self._session: Session | None = None

    @property
    def asked(self) -> str:
        """What it asks, for people: the table's columns, and the rows that are new."""
        table = SqliteDialect().quote(self._log.table)
        return f"PRAGMA table_info({table}); SELECT … FROM {table} WHERE id > …"  # noqa: S608 - for people

    def read(self, session: Session) -> list[Finding]:
        """Read what is new, in half a second or half of what the session has left."""
        self._session = session
        end = time.monotonic() + self._share(session.spare)
        return complete(self._attempt(self._poll(session, end)))

    async def _poll(self, session: Session, end: float) -> None:
        check_columns(session, self._log)
        watch = self._watching(self._source)
        await watch.poll(self._clock.now(), lambda: end - time.monotonic())

    def _source(self) -> SqlSource:
        # numpy comes with it: only checks that have a request log pay for it.
        from checks.requests.sql import SqlSource  # noqa: PLC0415

        return SqlSource(
            self._log, SqliteDialect(), self._execute, self._clock, tables=self._tables
        )

    async def _tables(self) -> Sequence[str]:
        assert self._session is not None  # noqa: S101 - set by the run that polls
        return _tables(self._session)

    async def _execute(self, sql: str, parameters: Sequence[object]) -> Sequence[Row]:
        assert self._session is not None  # noqa: S101 - set by the run that polls
        return self._session.rows(sql, parameters)


def check_columns(session: Session, log: RequestLog) -> None:
    """See that the table or view has every column that ``log`` names.

    Raises:
        TargetError: ``config`` where it has not.
    """
    *schema, table = log.table.split(".")
    rows = session.rows(
        "SELECT name FROM pragma_table_xinfo(?1, ?2)", (table, schema[0] if schema else None)
    )
    columns = [str(row[0]) for row in rows]
    if not columns:
        raise missing_table(log.table, _tables(session))
    asks_rowid = any(name.lower() in _ROWID for name in configured(log))
    hidden = _ROWID if asks_rowid and _has_rowid(session, log.table) else ()
    require_columns(log, columns, hidden)


def _tables(session: Session) -> list[str]:
    rows = session.rows("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
    return [str(row[0]) for row in rows]


def _has_rowid(session: Session, table: str) -> bool:
    """Whether rows have a number of their own. That of a view's rows is always NULL."""
    views = session.rows(
        "SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = ?1 COLLATE NOCASE",
        (table.rpartition(".")[2],),
    )
    quoted = ".".join(SqliteDialect().quote(part) for part in table.split("."))
    try:
        session.rows(f"SELECT {quoted}.rowid FROM {quoted} LIMIT 0")  # noqa: S608
    except TargetError as error:
        if error.reason != "config":
            raise
        return False
    return not views
