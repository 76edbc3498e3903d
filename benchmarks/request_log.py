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

from benchmarks.relay import Relay
from benchmarks.report import Budget, Section
from benchmarks.request_tables import RATE, ROWS, Mariadb, Meter, Postgres, Side
from checks.clock import SystemClock
from checks.requests.config import RequestLog
from checks.requests.remote import RemoteRequestLog
from tui.demo import mariadb_server

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
