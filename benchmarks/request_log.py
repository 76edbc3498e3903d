"""What reading a request log costs the server, beside the queries that operators run by hand.

A table of five million requests, of which 2,000 a second more arrive; every five seconds onwatch
reads what is new, and the queries of an operating manual (rate, error rate, percentiles,
breakdown) ask for the same figures. Both have a session of their own at the same time, whose CPU
the kernel tells: a process with PostgreSQL, a thread with MariaDB. All rows are in memory, and
the time column has an index, which the manual's queries alone have a use for.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiomysql
import asyncpg

from benchmarks.harness import free_port
from benchmarks.relay import Relay
from benchmarks.report import Budget, Section
from checks.clock import SystemClock
from checks.probes.mysql.request_log import MysqlCatalogue
from checks.probes.postgres.request_log import PostgresCatalogue
from checks.requests.config import RequestLog
from checks.requests.remote import Catalogue, RemoteRequestLog
from tui.demo import mariadb_server, postgres_server

ROWS, RATE = 5_000_000, 2_000
EVERY, POLLS = 5.0, 6
BUDGET = 200

LOG = RequestLog.model_validate(
    {
        "table": "request_logs",
        "time": "created_at",
        "status": "status_code",
        "duration": "latency_ms",
        "labels": ["provider_id"],
        "error": "error",
    }
)

Rows = Sequence[Sequence[Any]]


class Session(Protocol):
    """A connection to the server; ``task`` is the folder of its process or thread in /proc."""

    task: Path

    async def execute(self, sql: str, parameters: Sequence[object] | None) -> Rows:
        """Its rows; without parameters the text is taken as it is."""

    async def close(self) -> None: ...


class Side(Protocol):
    """A kind of server: how it is filled, written to and asked by hand."""

    product: str
    catalogue: Catalogue
    fill: tuple[str, ...]
    insert: str
    protocol: str
    port: int

    async def connect(self, port: int) -> Session: ...

    async def manual(self, by_hand: Meter) -> None:
        """Ask what the manual tells operators to ask, once."""


@dataclass(slots=True)
class Meter:
    """What one session cost so far: CPU seconds of the server, statements, rows, bytes."""

    session: Session
    relay: Relay
    statements: int = 0

    @property
    def cpu(self) -> float:
        return int((self.session.task / "schedstat").read_text().split()[0]) / 1e9

    async def execute(self, sql: str, parameters: Sequence[object] | None = None) -> Any:
        self.statements += 1
        return await self.session.execute(sql, parameters)

    def now(self) -> tuple[float, int, int, int]:
        return self.cpu, self.statements, self.relay.rows, self.relay.sent


@dataclass(frozen=True, slots=True)
class Cost:
    """Means of ``rounds``: CPU in milliseconds, statements, rows, bytes."""

    who: str
    rounds: int
    cpu: float
    statements: float
    rows: float
    sent: float

    @classmethod
    def of(cls, who: str, rounds: int, before: Sequence[float], after: Sequence[float]) -> Cost:
        cpu, *rest = ((b - a) / rounds for a, b in zip(before, after, strict=True))
        return cls(who, rounds, cpu * 1000, *rest)


# PostgreSQL


class PostgresSession:
    def __init__(self, link: asyncpg.Connection) -> None:
        self._link = link
        self.task = Path(f"/proc/{link.get_server_pid()}")

    async def execute(self, sql: str, parameters: Sequence[object] | None) -> Rows:
        rows: Rows = await self._link.fetch(sql, *(parameters or ()))
        return rows

    async def close(self) -> None:
        await self._link.close()


_VALUES = (
    "CASE WHEN b < 0.02 THEN 500 WHEN b < 0.04 THEN 404 ELSE 200 END, exp(8 * a + 3 * c),"
    " CASE WHEN b < 0.003 THEN 'refresh failed: token 12' END"
)


class Postgres:
    product, protocol = "PostgreSQL", "postgres"
    catalogue: Catalogue = PostgresCatalogue()
    _made = (
        "INSERT INTO request_logs(created_at, provider_id, status_code, latency_ms, error)"
        " SELECT clock_timestamp() - {ago},"
        " (ARRAY['openai', 'anthropic', 'local'])[1 + floor(a * 3)::int],"
        f" {_VALUES} FROM (SELECT n, random() AS a, random() AS b, random() AS c"
        " FROM generate_series(1, {rows}) n) AS made"
    )
    fill: tuple[str, ...] = (
        "CREATE TABLE request_logs (id bigserial PRIMARY KEY, created_at timestamptz NOT NULL,"
        " provider_id text, status_code integer, latency_ms double precision, error text)",
        _made.format(ago=f"interval '1 s' * (({ROWS} - n) / {RATE}.0)", rows=ROWS),
        "CREATE INDEX ON request_logs(created_at)",
        "VACUUM ANALYZE request_logs",
    )
    insert = _made.format(ago="interval '0'", rows=RATE // 10)

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        settings = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
        server = postgres_server.PostgresServer(folder, free_port(), settings=settings)
        server.create()
        server.start()
        stack.callback(server.kill)
        self.port = server.port

    async def connect(self, port: int) -> PostgresSession:
        return PostgresSession(
            await asyncpg.connect(
                host="127.0.0.1",
                port=port,
                user="postgres",
                database="postgres",
                # The relay reads along.
                ssl=False,
                server_settings={"jit": "off", "max_parallel_workers_per_gather": "0"},
            )
        )

    async def manual(self, by_hand: Meter) -> None:
        hour, minutes = (
            f"created_at >= NOW() - INTERVAL '{span}'" for span in ("1 hour", "5 minutes")
        )
        await by_hand.execute(
            "SELECT date_trunc('minute', created_at) AS minute, COUNT(*) AS requests"
            f" FROM request_logs WHERE {hour} GROUP BY minute ORDER BY minute DESC LIMIT 10"
        )
        await _shared(by_hand, hour, minutes)
        offset = "LIMIT 1 OFFSET (SELECT FLOOR(COUNT(*) * {q}) FROM request_logs WHERE {since})"
        for q, since in ((0.5, hour), (0.95, hour), (0.95, minutes)):
            await by_hand.execute(
                f"SELECT latency_ms FROM request_logs WHERE {since} ORDER BY latency_ms "
                + offset.format(q=q, since=since)
            )


# MariaDB


class MariadbSession:
    def __init__(self, link: aiomysql.Connection, task: Path) -> None:
        self._link = link
        self.task = task

    async def execute(self, sql: str, parameters: Sequence[object] | None) -> Rows:
        async with self._link.cursor() as cursor:
            await cursor.execute(sql, None if parameters is None else tuple(parameters))
            rows: Rows = await cursor.fetchall()
            return rows

    async def close(self) -> None:
        self._link.close()


class Mariadb:
    product, protocol = "MariaDB", "mysql"
    catalogue: Catalogue = MysqlCatalogue()
    _made = (
        "INSERT INTO request_logs(created_at, provider_id, status_code, latency_ms, error)"
        " SELECT NOW(3) - {ago}, ELT(1 + FLOOR(a * 3), 'openai', 'anthropic', 'local'),"
        f" {_VALUES} FROM (SELECT seq AS n, RAND() AS a, RAND() AS b, RAND() AS c"
        " FROM seq_1_to_{rows}) AS made"
    )
    fill: tuple[str, ...] = (
        "CREATE TABLE request_logs (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,"
        " created_at DATETIME(3) NOT NULL, provider_id VARCHAR(64), status_code INT,"
        " latency_ms DOUBLE, error TEXT) CHARACTER SET utf8mb4",
        _made.format(ago=f"INTERVAL ({ROWS} - n) * {1000000 // RATE} MICROSECOND", rows=ROWS),
        "CREATE INDEX by_time ON request_logs(created_at)",
        "ANALYZE TABLE request_logs",
    )
    insert = _made.format(ago="INTERVAL 0 SECOND", rows=RATE // 10)

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        options = ("--innodb-buffer-pool-size=2G", "--innodb-log-file-size=1G")
        server = mariadb_server.MariadbServer(folder, free_port(), *options)
        user = (
            "FLUSH PRIVILEGES",
            "CREATE USER watch@'%' IDENTIFIED BY 'watching'",
            "GRANT ALL ON *.* TO watch@'%'",
        )
        server.create(statements=(*user, "CREATE DATABASE shop"))
        server.start()
        stack.callback(server.kill)
        self.port, self._pid = server.port, server.pid

    async def connect(self, port: int) -> MariadbSession:
        link = await aiomysql.connect(
            host="127.0.0.1",
            port=port,
            user="watch",
            password="watching",
            db="shop",
            autocommit=True,
            charset="utf8mb4",
        )
        async with link.cursor() as cursor:
            await cursor.execute(
                "SELECT TID FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()"
            )
            ((thread,),) = await cursor.fetchall()
        return MariadbSession(link, Path(f"/proc/{self._pid}/task/{thread}"))

    async def manual(self, by_hand: Meter) -> None:
        hour, minutes = (
            f"created_at >= NOW() - INTERVAL {span}" for span in ("1 HOUR", "5 MINUTE")
        )
        await by_hand.execute(
            "SELECT FROM_UNIXTIME(UNIX_TIMESTAMP(created_at) DIV 60 * 60) AS minute,"
            f" COUNT(*) AS requests FROM request_logs WHERE {hour}"
            " GROUP BY minute ORDER BY minute DESC LIMIT 10"
        )
        await _shared(by_hand, hour, minutes)
        for q, since in ((0.5, hour), (0.95, hour), (0.95, minutes)):
            # A subquery of OFFSET, as the manual has it, is an error here.
            ((rank,),) = await by_hand.execute(
                f"SELECT FLOOR(COUNT(*) * {q}) FROM request_logs WHERE {since}"
            )
            await by_hand.execute(
                f"SELECT latency_ms FROM request_logs WHERE {since}"
                f" ORDER BY latency_ms LIMIT 1 OFFSET {int(rank)}"
            )


async def _shared(by_hand: Meter, hour: str, minutes: str) -> None:
    """What is written alike for both."""
    errors = "SUM(CASE WHEN status_code >= 400 THEN 1 ELSE 0 END)"
    for since in (hour, minutes):
        await by_hand.execute(
            f"SELECT COUNT(*), {errors}, ROUND({errors} * 100.0 / COUNT(*), 2)"
            f" FROM request_logs WHERE {since}"
        )
    await by_hand.execute(
        f"SELECT MIN(latency_ms), AVG(latency_ms), MAX(latency_ms) FROM request_logs WHERE {hour}"
    )
    await by_hand.execute(
        f"SELECT provider_id, COUNT(*) FROM request_logs WHERE {hour} GROUP BY provider_id"
    )
    await by_hand.execute(
        "SELECT COUNT(*) AS failures FROM request_logs"
        f" WHERE error LIKE '%refresh failed%' AND {minutes}"
    )


@contextlib.asynccontextmanager
async def metered(side: Side) -> AsyncIterator[Meter]:
    """A session of its own, through a relay that counts what comes back."""
    relay = Relay(side.protocol, side.port)
    await relay.open()
    session = await side.connect(relay.port)
    try:
        yield Meter(session, relay)
    finally:
        await session.close()
        await relay.close()
        # The relay sees both ends close.
        await asyncio.sleep(0.1)


async def arriving(side: Side) -> None:
    """A tenth of a second's requests ten times a second, in a session of their own."""
    session = await side.connect(side.port)
    due = time.monotonic()
    try:
        while True:
            await session.execute(side.insert, None)
            due += 0.1
            await asyncio.sleep(max(0.0, due - time.monotonic()))
    finally:
        await session.close()


async def by_hand(side: Side, meter: Meter) -> Cost:
    """The manual's queries every five seconds, or as often as they can."""
    began, rounds, before = time.monotonic(), 0, meter.now()
    while rounds < POLLS and time.monotonic() - began < EVERY * POLLS:
        await side.manual(meter)
        rounds += 1
        await asyncio.sleep(max(0.0, began + EVERY * rounds - time.monotonic()))
    return Cost.of("by hand, the manual's queries", rounds, before, meter.now())


async def incrementally(log: RemoteRequestLog, meter: Meter) -> Cost:
    before = meter.now()
    for _ in range(POLLS):
        await asyncio.sleep(EVERY)
        await poll(log, meter)
    return Cost.of("onwatch, reading what is new", POLLS, before, meter.now())


async def poll(log: RemoteRequestLog, meter: Meter) -> str:
    """Read; what limits the figures."""
    findings = await log.read(meter.execute, 3.0)
    stats = log.stats()
    if findings or stats is None:
        raise RuntimeError(findings[0].part.message)
    return stats.note


async def measure(side: Side) -> tuple[list[Cost], str]:
    writer = await side.connect(side.port)
    for statement in side.fill:
        await writer.execute(statement, None)
    await writer.close()
    async with metered(side) as ours, metered(side) as theirs:
        log = RemoteRequestLog(LOG, SystemClock(), side.catalogue)
        before, polls = ours.now(), 1
        while "last hour" in await poll(log, ours):
            polls += 1
        back_fill = Cost.of(f"onwatch, back-fill in {polls} polls", 1, before, ours.now())
        before = ours.now()
        for _ in range(100):
            await poll(log, ours)
        idle = Cost.of("onwatch, when nothing is new", 100, before, ours.now())
        writing = asyncio.create_task(arriving(side))
        try:
            costs = await asyncio.gather(incrementally(log, ours), by_hand(side, theirs))
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        while "behind" in await poll(log, ours):
            pass
        return [*costs, idle, back_fill], await agreement(log, theirs)


async def agreement(log: RemoteRequestLog, meter: Meter) -> str:
    """Our figures of the hour against the table's own, which is younger than that as a whole.

    Raises RuntimeError where they differ.
    """
    stats = log.stats()
    assert stats is not None
    hour = stats.window(3600)
    ((count, errors, mean),) = await meter.execute(
        "SELECT COUNT(*), SUM(CASE WHEN status_code >= 400 THEN 1 ELSE 0 END), AVG(latency_ms)"
        " FROM request_logs"
    )
    off = []
    for q, figure in ((0.5, hour.p50), (0.95, hour.p95), (0.99, hour.p99)):
        ((exact,),) = await meter.execute(
            f"SELECT latency_ms FROM request_logs ORDER BY latency_ms"
            f" LIMIT 1 OFFSET {int(count * q)}"
        )
        off.append(abs((figure or 0.0) * 1000 / exact - 1))
    if (hour.count, hour.errors) != (count, errors) or max(off) > 0.01:
        raise RuntimeError(f"{hour.count:,} of {count:,} requests, percentiles off by {off}")
    mean_off = abs((hour.mean or 0.0) * 1000 / mean - 1)
    return (
        f"all {count:,} requests counted, {errors:,} errors; the mean is off by {mean_off:.0e},"
        f" percentiles by {max(off):.1%} at most"
    )


def report(product: str, costs: Sequence[Cost], agreed: str) -> Section:
    ours, by_hand = costs[:2]
    rows = tuple(
        (
            cost.who,
            f"{cost.cpu:,.1f} ms",
            f"{cost.cpu / ours.cpu:,.0f}x" if cost is by_hand else "",
            f"{cost.statements:,.0f}",
            f"{cost.rows:,.0f}",
            f"{cost.sent:,.0f} B",
        )
        for cost in costs
    )
    title = (
        f"{product}: the server's CPU for one poll of {ROWS / 1e6:g} million requests,"
        f" {RATE:,} more a second, every {EVERY:g} s"
    )
    header = ("", "CPU", "ratio", "statements", "rows", "sent")
    rounds = f"by hand: {by_hand.rounds} rounds in the time of {ours.rounds}"
    ratio = by_hand.cpu / ours.cpu
    unit = "x cheaper than by hand"
    budget = Budget(f"request log in {product}", ratio, BUDGET, unit, least=True)
    return Section(title, header, rows, (agreed, rounds), (budget,))


def run() -> Iterator[Section]:
    yield _run(Postgres)
    if mariadb_server.find() is None:
        yield Section("MariaDB: request log", ("",), (), (mariadb_server.MISSING,))
    else:
        yield _run(Mariadb)


def _run(make: Callable[[Path, ExitStack], Side]) -> Section:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        folder.chmod(0o711)
        side = make(folder, stack)
        return report(side.product, *asyncio.run(measure(side)))
