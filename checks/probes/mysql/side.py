"""What the second connection does: users' queries, the request log, the slow tier.

It works beside the runs, which do not wait for it longer than they like; what it found stands
until it looks again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from checks.databases.asked import Ledger
from checks.dial import Phases
from checks.errors import SecretError, TargetError
from checks.findings import Finding, trouble
from checks.model import SampleBuilder
from checks.probe import Target
from checks.probes.mysql.asking import Asker, Troubles
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.refusals import grant_for
from checks.probes.mysql.request_log import MysqlCatalogue
from checks.probes.mysql.server import Server
from checks.probes.mysql.session import Door, Session
from checks.probes.mysql.slow import SlowTier
from checks.queries import DueQueries, UserQuery, readings
from checks.requests.source import MOST_ROWS

if TYPE_CHECKING:
    from checks.probes.mysql.link import Link
    from checks.probes.mysql.wire import Rows
    from checks.requests.remote import RemoteRequestLog

__all__ = ["Side"]

GRACE: Final = 0.5
"""Seconds that the server is given to end a statement by itself, beyond its own limit."""
QUERY_SIZE: Final = 8_000_000
QUERY_CELL: Final = 1_000_000
_KILL_WITHIN: Final = 2.0


class Side:
    """Keeps the second connection and its work."""

    def __init__(self, config: MysqlConfig, target: Target, door: Door, ledger: Ledger) -> None:
        self._config = config
        self._ledger = ledger
        self._target = target
        self._door = door
        self._seconds = max(0.2, target.timeout * 0.8)
        self._session = Session(door, self._seconds, target.env)
        self._queries = DueQueries(config.queries)
        self._rows = max((query.max_rows for query in config.queries), default=0) + 1
        self._slow = SlowTier(config)
        self._troubles = Troubles()
        self._requests = self._request_log()
        self._findings: list[Finding] = []
        self._problem: TargetError | None = None
        self._work: asyncio.Task[None] | None = None
        self._thread = 0

    @property
    def thread(self) -> int:
        """The number of its session; 0 while there is none."""
        link = self._session.link
        return link.thread if link is not None else 0

    def begin(self, server: Server, variables: Mapping[str, str]) -> None:
        """Begin this run's work, unless the last one's is still under way."""
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._do(server, variables))

    async def wait(self, within: float) -> None:
        """Wait for it, ``within`` seconds at most; it goes on after that."""
        if self._work is not None and within > 0:
            await asyncio.wait((self._work,), timeout=within)
        if self._work is not None and self._work.done() and self._work.exception():
            raise self._work.exception() or AssertionError

    def samples(self, out: SampleBuilder) -> None:
        """Add what was found last."""
        self._queries.samples(out)
        self._slow.samples(out)
        self._troubles.samples(out)
        if self._requests is not None:
            self._requests.samples(out)

    def findings(self) -> list[Finding]:
        """What is in trouble, and the values of the queries."""
        found = list(self._findings)
        if self._problem is not None:
            found.append(trouble("queries", f"second connection: {self._problem}", self._problem))
        named = ((f"query {metric}", error) for metric, error in self._queries.problems())
        found += [trouble(name, self._told(error), error) for name, error in named]
        return found + self._queries.values()

    def _told(self, error: TargetError) -> str:
        """What is wrong with a query, and the GRANT that would allow it."""
        server = self._troubles.server
        if error.reason != "permission" or server is None:
            return str(error)
        said = str(error).partition(": ")[2]
        schema = self._config.parsed().database
        grant = grant_for(said, server.user, mariadb=server.mariadb, schema=schema)
        return f"{error}: {grant}"

    @property
    def slow(self) -> SlowTier:
        """The slow tier's tables, notes and facts."""
        return self._slow

    def notes(self) -> tuple[str, ...]:
        return (*self._slow.notes(), *self._troubles.notes())

    def requests(self) -> object | None:
        """The figures of the request log; None where it could not be read."""
        return self._requests.stats() if self._requests is not None else None

    def events(self) -> tuple[str, ...]:
        return self._requests.events() if self._requests is not None else ()

    async def close(self) -> None:
        work, self._work = self._work, None
        try:
            if work is not None:
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
            await self._session.close()
        finally:
            # Where nobody waits for it any more, it is not left open.
            self._session.drop()

    # The work

    def _request_log(self) -> RemoteRequestLog | None:
        if self._config.request_log is None:
            return None
        from checks.requests.remote import RemoteRequestLog  # noqa: PLC0415

        clock = self._target.env.clock
        return RemoteRequestLog(self._config.request_log, clock, MysqlCatalogue())

    def _anything_due(self, now: float) -> bool:
        due = self._queries.due(now) or self._slow.due(now)
        return bool(due) or self._requests is not None

    async def _do(self, server: Server, variables: Mapping[str, str]) -> None:
        now = self._target.env.clock.now()
        if not self._anything_due(now):
            return
        problem: TargetError | None = None
        self._troubles.server = server
        try:
            await self._connected(renew=self._slow.due(now) and self._denied())
            for number, query in self._queries.due(now):
                await self._ask(await self._connected(), number, query)
            if self._requests is not None:
                self._findings = await self._read_requests(self._requests)
            if self._slow.due(now):
                link = await self._connected()
                await link.limit_rows(None)
                ask = Asker(link, server, self._troubles, self._ledger)
                await self._within(self._slow.collect(ask, variables, now), 10.0)
        except (TargetError, SecretError) as error:
            reason = error.reason if isinstance(error, TargetError) else "config"
            problem = TargetError(reason, str(error))
            self._missed(now)
            self._session.drop()
        except TimeoutError:
            problem = TargetError("timeout", "the server did not answer it in time")
            self._missed(now)
            await self._end()
        # Until now the one before stood: a run does not wait for work that takes long.
        self._problem = problem

    def _missed(self, since: float) -> None:
        """What was due at ``since`` and was not asked would be taken for figures of now."""
        self._queries.missed(since)
        self._slow.missed(since)

    def _denied(self) -> bool:
        """Whether anything failed for want of a privilege."""
        errors = (error for _, error in self._queries.problems())
        reasons = {error.reason for error in errors} | {one.reason for one in self._findings}
        return self._troubles.denied or "permission" in reasons

    async def _connected(self, *, renew: bool = False) -> Link:
        """The connection; ``renew`` logs in anew, since what was granted counts from then on."""
        session = self._session
        async with asyncio.timeout(self._target.timeout):
            link = await (session.renew(Phases()) if renew else session.ensure(Phases()))
        if link.thread != self._thread:
            self._thread = link.thread
            self._troubles.clear()
        return link

    async def _ask(self, link: Link, number: int, query: UserQuery) -> None:
        """One query of a user's: what it does wrong costs its own samples."""
        now = self._target.env.clock.now()
        try:
            await link.limit_rows(self._rows)
            began = time.perf_counter()
            found = await self._within(
                link.ask(query.sql, rows=query.max_rows, size=QUERY_SIZE, cell=QUERY_CELL),
                self._seconds + GRACE,
            )
            took = time.perf_counter() - began
            self._ledger.query(query.metric, query.sql, took, len(found.rows), query.interval)
            values = readings(query, found.columns, found.rows)
        except TimeoutError:
            waited = f"it gave no answer within {self._seconds:g} s and was stopped"
            self._queries.failed(number, now, TargetError("timeout", waited))
            await self._end()
        except TargetError as error:
            self._queries.failed(number, now, error)
            if link.closed:
                self._session.drop()
        else:
            self._queries.succeeded(number, now, values, more=found.more)

    async def _read_requests(self, requests: RemoteRequestLog) -> list[Finding]:
        async def execute(sql: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
            link = await self._connected()
            await link.limit_rows(None)
            began = time.perf_counter()
            try:
                asked = link.ask(sql, parameters, rows=MOST_ROWS)
                answer: Rows = await self._within(asked, self._seconds + GRACE)
            except TimeoutError:
                await self._end()
                raise TargetError("timeout", "a statement was not answered in time") from None
            if answer.more:
                raise TargetError("limit", "the answer to a statement is too large")
            self._ledger.request_log(sql, time.perf_counter() - began, len(answer.rows))
            return answer.rows

        began = time.monotonic()
        try:
            async with asyncio.timeout(self._target.timeout * 2):
                return await requests.read(execute, self._target.timeout)
        except TimeoutError:
            took = time.monotonic() - began
            error = TargetError("timeout", f"request_log: not read within {took:.1f} s")
            return [trouble("request log", str(error), error)]

    @staticmethod
    async def _within(work: Any, seconds: float) -> Any:
        async with asyncio.timeout(seconds):
            return await work

    async def _end(self) -> None:
        """Give the connection up, and end on the server what still runs there."""
        link = self._session.link
        thread = link.thread if link is not None else self._thread
        self._session.drop()
        if not thread:
            return
        try:
            async with asyncio.timeout(_KILL_WITHIN):
                other = await self._door.open(_KILL_WITHIN, Phases())
                try:
                    await other.ask(f"KILL CONNECTION {thread}")
                finally:
                    await other.quit()
        except (TargetError, SecretError, TimeoutError):
            # Its own limit, or its own end, comes to it in time.
            return
