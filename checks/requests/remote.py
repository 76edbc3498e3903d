"""A request log in the table of a server that is asked over a connection.

A kind of database brings a :class:`Catalogue`: what its system tables say of the table, and
which dialect reads it. The rest is the same for all.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from checks.clock import Clock
from checks.errors import TargetError
from checks.findings import Finding
from checks.requests.columns import missing_table
from checks.requests.config import RequestLog
from checks.requests.shape import TableShape, understood
from checks.requests.table import RequestTable

if TYPE_CHECKING:
    from checks.requests.source import Dialect, Execute, Row
    from checks.requests.sql import SqlSource

__all__ = ["Catalogue", "RemoteRequestLog"]

_LOOK_AGAIN: Final = 60.0
"""Seconds after which the table's columns are looked at anew, though all goes well."""
_OF_THE_TABLE: Final = ("config", "permission", "missing")
"""Reasons of failures that the table's columns may explain better."""


class Catalogue(Protocol):
    """What one kind of server tells of its tables. Raises TargetError as ``execute`` does."""

    async def shape(self, execute: Execute, table: str) -> TableShape | None:
        """The table or view of that name; None where there is none to be seen."""

    async def tables(self, execute: Execute, table: str) -> Sequence[str]:
        """Names of those that there are where ``table`` should be, a bounded number."""

    def dialect(self, shape: TableShape) -> Dialect:
        """How the table is read."""


class RemoteRequestLog(RequestTable):
    """Reads one table over whatever connection each run has.

    A run may be cut short anywhere, and its connection may be lost: the next run goes on
    where it was.
    """

    def __init__(self, log: RequestLog, clock: Clock, catalogue: Catalogue) -> None:
        super().__init__(log, clock)
        self._catalogue = catalogue
        self._source: SqlSource | None = None
        self._run: Execute | None = None
        self._shape: TableShape | None = None
        self._looked = 0.0

    async def read(self, execute: Execute, spare: float) -> list[Finding]:
        """Read what is new, in half a second or half of the ``spare`` seconds.

        ``execute`` is this run's way to ask the server, as
        :data:`checks.requests.source.Execute` says. Its session commits by itself after each
        statement, and keeps the time zone that the server gives it.
        """
        self._run = execute
        end = time.monotonic() + self._share(spare)
        return await self._attempt(self._poll(end))

    async def _poll(self, end: float) -> None:
        if self._shape is None or self._clock.now() >= self._looked + _LOOK_AGAIN:
            await self._look()
        watch = self._watching(self._current)
        try:
            await watch.poll(self._clock.now(), lambda: end - time.monotonic())
        except TargetError as error:
            if error.reason in _OF_THE_TABLE:
                await self._look()
            raise

    async def _look(self) -> None:
        """Learn what the table is now.

        Raises:
            TargetError: it is not there, may not be read or does not fit the configuration.
        """
        from checks.requests.sql import SqlSource  # noqa: PLC0415 - numpy comes with it

        self._shape = None
        shape = await self._catalogue.shape(self._execute, self._log.table)
        if shape is None:
            raise missing_table(self._log.table, await self._tables())
        log, dialect = understood(self._log, shape), self._catalogue.dialect(shape)
        if self._source is None:
            self._source = SqlSource(
                log,
                dialect,
                self._execute,
                self._clock,
                kinds=shape.kinds,
                tables=self._tables,
            )
        else:
            self._source.adapt(log, dialect, shape.kinds)
        self._shape, self._looked = shape, self._clock.now()

    async def _tables(self) -> Sequence[str]:
        return await self._catalogue.tables(self._execute, self._log.table)

    def _current(self) -> SqlSource:
        assert self._source is not None  # noqa: S101 - made by the look that comes first
        return self._source

    async def _execute(self, sql: str, parameters: Sequence[object]) -> Sequence[Row]:
        assert self._run is not None  # noqa: S101 - set by the run that polls
        return await self._run(sql, parameters)
