"""What watching a database costs its server: each tier, beside exporters and asking by hand.

The figures are the server's own CPU, from the kernel, for one poll; what it uses when nobody
asks is subtracted. An exporter that is not to be had (tools/get-peers) is left out and said so.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import aiomysql
import asyncpg
import psutil

from benchmarks.harness import free_port, peer, process
from benchmarks.relay import Relay
from benchmarks.report import Budget, Section
from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.probe import CheckSpec
from checks.registry import kind
from checks.runner import Runner
from tui.demo import mariadb_server, postgres_server, redis_server

TABLES, SESSIONS, ROWS_A_TABLE = 200, 40, 200
FAST_RUNS, SLOW_RUNS, SCRAPES = 400, 20, 20

Once = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one poll: the server's CPU in milliseconds, what it sent in bytes and rows."""

    who: str
    cpu: float
    sent: float | None = None
    rows: float | None = None


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and its children, those that have ended included."""
    total = 0.0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        times = root.cpu_times()
        total += times.children_user + times.children_system
        for each in (root, *root.children(recursive=True)):
            total += _exact(each.pid)
    return total


def _exact(pid: int) -> float:
    """To the nanosecond, where ``cpu_times`` counts in hundredths of a second."""
    total = 0
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


async def cost(who: str, pid: int, once: Once, runs: int) -> Cost:
    """Milliseconds of the server's CPU for one ``once()``."""
    await once()
    idle, began = cpu_of(pid), time.perf_counter()
    await asyncio.sleep(1.0)
    idle_rate = (cpu_of(pid) - idle) / (time.perf_counter() - began)
    used, began = cpu_of(pid), time.perf_counter()
    for _ in range(runs):
        await once()
    took = time.perf_counter() - began
    used = max(0.0, cpu_of(pid) - used - idle_rate * took)
    return Cost(who, used / runs * 1000)


async def tiers(name: str, config: Mapping[str, object], pid: int, relay: Relay) -> list[Cost]:
    """Each tier of our check, through ``relay``."""
    own = kind(name)
    clock = FakeClock()
    spec = CheckSpec(name, name, own.config.model_validate(config))
    engine = Engine(EngineConfig((spec,), base_dir=Path.cwd()), clock)
    engine.prepare()
    runner = engine.runners[0]
    try:
        await _good(runner)
        fast = await _tier("onwatch, fast tier", runner, pid, relay, FAST_RUNS)

        async def a_minute_later() -> None:
            await clock.advance(61.0)
            await _good(runner)

        slow = await _tier("onwatch, fast and slow tier", a_minute_later, pid, relay, SLOW_RUNS)
        runner.attend(True)
        on_demand = await _tier(
            "onwatch, fast tier and sessions", runner, pid, relay, FAST_RUNS // 4
        )
    finally:
        await engine.close()
    # What a server pays for a poll every five seconds and the slow tier once a minute.
    mean = Cost("onwatch, mean of a poll every 5 s", fast.cpu + (slow.cpu - fast.cpu) / 12)
    return [fast, slow, on_demand, mean]


async def _tier(who: str, once: Runner | Once, pid: int, relay: Relay, runs: int) -> Cost:
    run: Once = (lambda: _good(once)) if isinstance(once, Runner) else once
    before = relay.sent, relay.rows
    await run()
    sent, rows = relay.sent - before[0], relay.rows - before[1]
    found = await cost(who, pid, run, runs)
    return Cost(who, found.cpu, sent, rows if relay.counts_rows else None)


async def _good(runner: Runner) -> None:
    """A run, which has to be one that saw the server."""
    _, result = await runner.run()
    if not result.up:
        raise RuntimeError(result.message)


async def exporter(
    name: str, arguments: Sequence[str], env: dict[str, str], pid: int, port: int
) -> Cost | None:
    """One scrape of Debian's exporter; None where it is not installed."""
    binary = peer(name)
    if binary is None:
        return None
    os.environ.update(env)
    url = f"http://127.0.0.1:{port}/metrics"
    with process(binary, *arguments):

        async def scrape() -> int:
            return await asyncio.to_thread(_fetch, url)

        for _ in range(100):
            with contextlib.suppress(OSError):
                await scrape()
                break
            await asyncio.sleep(0.05)
        return await cost(name.removeprefix("prometheus-"), pid, scrape, SCRAPES)


def _fetch(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return len(answer.read())


async def postgres(stack: ExitStack) -> list[Cost]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
    folder.chmod(0o711)
    server = postgres_server.PostgresServer(folder, free_port())
    server.create()
    server.start()
    stack.callback(server.kill)
    dsn = f"postgresql://postgres@127.0.0.1:{server.port}/postgres"

    async with contextlib.AsyncExitStack() as links:
        first = await asyncpg.connect(dsn)
        links.push_async_callback(first.close)
        for number in range(TABLES):
            await first.execute(
                f"CREATE TABLE t{number} (id serial PRIMARY KEY, v text);"
                f"INSERT INTO t{number} (v) SELECT 'x' FROM generate_series(1, {ROWS_A_TABLE})"
            )
        for _ in range(SESSIONS - 1):
            links.push_async_callback((await asyncpg.connect(dsn)).close)
        async with relayed("postgres", server.port) as relay:
            url = f"postgresql://postgres@127.0.0.1:{relay.port}/postgres"
            found = await tiers("postgres", {"url": url}, server.pid, relay)
        web = free_port()
        source = {"DATA_SOURCE_NAME": f"{dsn}?sslmode=disable"}
        listen = (f"--web.listen-address=127.0.0.1:{web}",)
        theirs = await exporter("prometheus-postgres-exporter", listen, source, server.pid, web)
    return [*found, *([theirs] if theirs else [])]


async def mariadb(stack: ExitStack) -> list[Cost]:
    if mariadb_server.find() is None:
        return []
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
    folder.chmod(0o711)
    server = mariadb_server.MariadbServer(folder, free_port())
    user = (
        "FLUSH PRIVILEGES",
        "CREATE USER watch@'%' IDENTIFIED BY 'watching'",
        "GRANT ALL ON *.* TO watch@'%'",
        "CREATE DATABASE shop",
    )
    server.create(statements=user)
    server.start()
    stack.callback(server.kill)

    def connect() -> Awaitable[aiomysql.Connection]:
        made: Awaitable[aiomysql.Connection] = aiomysql.connect(
            host="127.0.0.1", port=server.port, user="watch", password="watching", db="shop"
        )
        return made

    with ExitStack() as links:
        first = await connect()
        links.callback(first.close)
        async with first.cursor() as cursor:
            for number in range(TABLES):
                await cursor.execute(
                    f"CREATE TABLE t{number} (id int AUTO_INCREMENT PRIMARY KEY, v text)"
                )
                await cursor.execute(
                    f"INSERT INTO t{number} (v) SELECT 'x' FROM seq_1_to_{ROWS_A_TABLE}"
                )
            await cursor.execute("COMMIT")
        for _ in range(SESSIONS - 1):
            links.callback((await connect()).close)
        async with relayed("mysql", server.port) as relay:
            url = f"mysql://watch@127.0.0.1:{relay.port}/shop"
            config = {"url": url, "password": "watching"}
            found = await tiers("mysql", config, server.pid, relay)
        found.append(
            await cost("by hand, as a seed's guide does", server.pid, _by_hand(connect), 50)
        )
        web = free_port()
        source = {"DATA_SOURCE_NAME": f"watch:watching@(127.0.0.1:{server.port})/"}
        listen = (f"--web.listen-address=127.0.0.1:{web}",)
        theirs = await exporter("prometheus-mysqld-exporter", listen, source, server.pid, web)
    return [*found, *([theirs] if theirs else [])]


def _by_hand(connect: Callable[[], Awaitable[aiomysql.Connection]]) -> Once:
    """What `mysql -e` would be asked by somebody who follows a runbook: the same figures."""
    statements = (
        "SHOW GLOBAL STATUS",
        "SHOW GLOBAL VARIABLES",
        "SHOW FULL PROCESSLIST",
        "SELECT * FROM information_schema.INNODB_LOCK_WAITS",
    )

    async def once() -> None:
        link = await connect()
        async with link.cursor() as cursor:
            for statement in statements:
                await cursor.execute(statement)
                await cursor.fetchall()
        link.close()

    return once


async def redis(stack: ExitStack) -> list[Cost]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    port = free_port()
    running = stack.enter_context(process(*redis_server.command(redis_server.find(), port, folder)))
    while not redis_server.answers(port):
        await asyncio.sleep(0.02)
    async with relayed("redis", port) as relay:
        config: dict[str, object] = {
            "url": f"redis://127.0.0.1:{relay.port}/0",
            "queues": [{"laravel": ["default", "emails", "webhooks"]}],
        }
        found = await tiers("redis", config, running.pid, relay)
    web = free_port()
    arguments = (
        f"--redis.addr=redis://127.0.0.1:{port}",
        f"--web.listen-address=127.0.0.1:{web}",
    )
    theirs = await exporter("prometheus-redis-exporter", arguments, {}, running.pid, web)
    # Redis has one tier.
    return [found[0], *([theirs] if theirs else [])]


@contextlib.asynccontextmanager
async def relayed(protocol: str, port: int) -> AsyncIterator[Relay]:
    relay = Relay(protocol, port)
    await relay.open()
    try:
        yield relay
    finally:
        await relay.close()


def run() -> Iterator[Section]:
    budgets = {"PostgreSQL": 0.5, "MariaDB": 1.5, "Redis": 0.5}
    sides = {"PostgreSQL": postgres, "MariaDB": mariadb, "Redis": redis}
    for product, side in sides.items():
        with ExitStack() as stack:
            costs = asyncio.run(side(stack))
        title = f"{product}: the server's CPU for one poll"
        if product != "Redis":
            title += f" ({SESSIONS} idle sessions, {TABLES} tables)"
        header = ("", "CPU", "ratio", "sent", "rows")
        if not costs:
            yield Section(title, header, (), (mariadb_server.MISSING,))
            continue
        fast = costs[0].cpu
        rows = tuple(
            (
                each.who,
                f"{each.cpu:.3f} ms",
                f"{each.cpu / fast:.2f}x",
                "" if each.sent is None else f"{each.sent:,.0f} B",
                "" if each.rows is None else f"{each.rows:,.0f}",
            )
            for each in costs
        )
        theirs = next((each for each in costs if each.who.endswith("exporter")), None)
        beside = f"{fast / theirs.cpu:.2f}x {theirs.who}" if theirs else ""
        budget = Budget(f"fast poll of {product}", fast, budgets[product], "ms", beside)
        notes = () if theirs else (f"the exporter of {product} is not to be had: left out",)
        yield Section(title, header, rows, notes, (budget,))
