"""The second connection: a user's own queries and the request log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from checks.clock import Clock
from checks.databases.asked import Ledger
from checks.dial import Phases
from checks.errors import SecretError, TargetError
from checks.findings import Finding, trouble
from checks.model import SampleBuilder
from checks.probes.postgres.asking import grant_for, is_denied
from checks.probes.postgres.config import PostgresConfig
from checks.probes.postgres.request_log import PostgresCatalogue
from checks.probes.postgres.sentences import waited
from checks.probes.postgres.session import Session
from checks.queries import DueQueries, Reading, UserQuery, readings
from checks.requests.remote import RemoteRequestLog

if TYPE_CHECKING:
    from checks.probes.postgres.link import Link
    from checks.requests.stats import RequestStats

__all__ = ["SecondConnection", "bounded"]

LONGEST_CELL: Final = 500
"""Characters of a label that cross the network."""

_PLAIN: Final = {"int2", "int4", "int8", "float4", "float8", "oid"}
_SECONDS: Final = {"interval", "timestamp", "timestamptz", "date"}


def bounded(query: UserQuery, columns: Sequence[tuple[str, str]]) -> str:
    """``query`` such that the server itself leaves out what is too much: the columns that are
    not asked for, the ends of long cells, all rows but one past ``max_rows``.

    ``columns`` are the names and types that it yields.

    Raises:
        TargetError: a column is missing.
    """
    types = dict(reversed(columns))
    if not types:
        raise TargetError("config", "it yields no rows; it must be one SELECT statement")
    for name in (query.value, *query.labels):
        if name not in types:
            names = ", ".join(name for name, _ in columns)
            raise TargetError("config", f"it has no column {name!r}; it has {names[:200]}")
    cells = [_number(query.value, types[query.value]), *map(_text, query.labels)]
    sql = query.sql.rstrip().rstrip(";")
    return f"SELECT {', '.join(cells)}\nFROM (\n{sql}\n) AS q\nLIMIT {query.max_rows + 1}"


def _quoted(name: str) -> str:
    return 'q."' + name.replace('"', '""') + '"'


def _number(name: str, kind: str) -> str:
    column = _quoted(name)
    if kind in _PLAIN:
        return column
    if kind == "numeric":
        return f"{column}::float8"
    if kind == "bool":
        return f"{column}::int4"
    if kind in _SECONDS:
        return f"extract(epoch FROM {column})::float8"
    return _text(name)


def _text(name: str) -> str:
    # As bytes: a text of a database in SQL_ASCII may be none, and could not be sent as one.
    cut = f"left({_quoted(name)}::text, {LONGEST_CELL})"
    return rf"decode(replace({cut}, E'\\', E'\\\\'), 'escape')"


class SecondConnection:
    """What fails here costs its own figures only; the health of the server is another's."""

    def __init__(
        self, config: PostgresConfig, session: Session, clock: Clock, ledger: Ledger
    ) -> None:
        self._session = session
        self._clock = clock
        self._ledger = ledger
        self._queries = DueQueries(config.queries)
        self._statements: dict[int, str] = {}
        self._prepared_for: Link | None = None
        log = config.request_log
        self._log = RemoteRequestLog(log, clock, PostgresCatalogue()) if log is not None else None
        self._wanted = bool(config.queries or log is not None)
        self._findings: list[Finding] = []

    @property
    def pids(self) -> frozenset[int]:
        """The process that serves it, if any does."""
        link = self._session.link
        return frozenset() if link is None else frozenset({link.pid})

    async def read(self, spare: float) -> None:
        """Ask everything that is due, in ``spare`` seconds."""
        self._findings = []
        if not self._wanted:
            return
        end = time.perf_counter() + spare
        phases = Phases()
        try:
            async with asyncio.timeout(spare):
                link = await self._session.ensure(spare, phases)
        except TimeoutError:
            self._session.drop()
            self._unreachable(TargetError("timeout", waited("the server", phases, spare)))
            return
        except (TargetError, SecretError) as error:
            self._unreachable(error)
            return
        if self._log is not None:
            self._findings += await self._log.read(_Execute(link, end, self._ledger), spare)
        await self._ask(link, end)

    def _unreachable(self, error: TargetError | SecretError) -> None:
        self._queries.missed(self._clock.now())
        reason = error.reason if isinstance(error, TargetError) else "config"
        text = f"queries: there is no second connection for them: {error}"
        self._findings = [trouble("queries", text, TargetError(reason, text))]

    async def _ask(self, link: Link, end: float) -> None:
        if link is not self._prepared_for:
            self._statements.clear()
            self._prepared_for = link
        now = self._clock.now()
        for number, query in self._queries.due(now):
            spare = end - time.perf_counter()
            if link.closed or spare < 0.02:
                return
            try:
                found, more = await self._readings(link, number, query, spare / 2)
            except TargetError as error:
                self._queries.failed(number, now, error)
            else:
                self._queries.succeeded(number, now, found, more=more)

    async def _readings(
        self, link: Link, number: int, query: UserQuery, within: float
    ) -> tuple[tuple[Reading, ...], bool]:
        sql = self._statements.get(number)
        if sql is None:
            sql = bounded(query, await link.columns(query.sql, within))
            self._statements[number] = sql
        began = time.perf_counter()
        rows = await link.rows(sql, within=within)
        took = time.perf_counter() - began
        self._ledger.query(query.metric, query.sql, took, len(rows), query.interval)
        cells = [[_cell(link, value) for value in row] for row in rows]
        found = readings(query, (query.value, *query.labels), cells)
        return found, len(rows) > query.max_rows

    def findings(self, role: str) -> list[Finding]:
        """What went wrong in the last run, queries still in trouble, and their values; ``role`` is
        the one that is logged in."""
        return [
            *self._findings,
            *(
                trouble(f"query {metric}", _with_grant(error, role), error)
                for metric, error in self._queries.problems()
            ),
            *self._queries.values(),
        ]

    def add(self, to: SampleBuilder) -> None:
        """The samples of the queries and of the request log."""
        self._queries.samples(to)
        if self._log is not None:
            self._log.samples(to)

    def stats(self) -> RequestStats | None:
        """The request log's figures; None where there are none."""
        return self._log.stats() if self._log is not None else None

    def events(self) -> tuple[str, ...]:
        """What happened to the request log's table."""
        return self._log.events() if self._log is not None else ()


def _with_grant(error: TargetError, role: str) -> str:
    """The sentence of a query that failed, with what would allow it."""
    denied = error.reason == "permission" and is_denied(str(error))
    return f"{error}: {grant_for(str(error), role or 'this role')}" if denied else str(error)


class _Execute:
    """How the request log's reader asks: until ``end``, by ``time.perf_counter``."""

    def __init__(self, link: Link, end: float, ledger: Ledger) -> None:
        self._link = link
        self._end = end
        self._ledger = ledger

    async def __call__(self, sql: str, parameters: Sequence[object]) -> Sequence[tuple[Any, ...]]:
        began = time.perf_counter()
        within = max(0.02, self._end - began)
        rows = await self._link.rows(sql, *parameters, within=within)
        self._ledger.request_log(sql, time.perf_counter() - began, len(rows))
        return [tuple(row) for row in rows]


def _cell(link: Link, value: Any) -> Any:
    return link.text(value) if isinstance(value, bytes) else value
