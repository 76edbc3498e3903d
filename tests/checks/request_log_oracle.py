"""The figures against the SQL that operators run by hand, on a table of 300,000 rows.

It is what a gateway's operating manual tells them to run, in MySQL's words where they are the
same on both servers.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from checks.errors import TargetError
from checks.requests.stats import RequestStats, WindowStats
from tests.checks.remote_logs import LogDatabase, RemoteBench, ShiftedClock, TimeStyle
from tests.checks.request_logs import log_config

DATETIME = TimeStyle("datetime", "timestamp", "DATETIME(3)")
ROWS = 300_000
WITHIN = 40.0
"""Seconds that a test may take: no row leaves a window meanwhile."""

# Ages of the rows in seconds. None comes to lie on a window's edge while the test runs.
AGES = ((1.0, 15.0), (70.0, 255.0), (305.0, 855.0), (905.0, 3550.0), (3605.0, 7000.0))


def ages(position: str) -> str:
    """SQL of a row's age, for a position from 0 to 1 evenly over all of :data:`AGES`."""
    total = sum(high - low for low, high in AGES)
    cases, done = "", 0.0
    for low, high in AGES:
        share = (high - low) / total
        upto = done + share
        cases += f" WHEN {position} < {upto} THEN {low} + ({position} - {done}) * {total}"
        done = upto
    return f"CASE{cases} ELSE 7000.0 END"


class RequestLogOracle:
    """Counts equal, percentiles within 1 %."""

    @pytest_asyncio.fixture
    async def filled(self, log_database: LogDatabase) -> AsyncIterator[LogDatabase]:
        await log_database.run(log_database.schema(DATETIME), *log_database.history(ROWS, ages))
        yield log_database

    async def test_the_figures_are_those_of_the_manual(self, filled: LogDatabase) -> None:
        bench = RemoteBench(filled, log_config(), clock=ShiftedClock())
        began = time.monotonic()
        stats = await bench.complete()
        assert [w.covered for w in stats.windows] == [w.seconds for w in stats.windows]
        for window in stats.windows:
            await self.compare(filled, window)
        await self.compare_minutes(filled, stats)
        await self.compare_errors(filled, stats)
        assert bench.counted() == 0
        assert time.monotonic() - began < WITHIN, "too slow: rows left the windows meanwhile"

    async def compare(self, database: LogDatabase, window: WindowStats) -> None:
        since = f"created_at >= NOW() - INTERVAL {database.interval(window.seconds)}"
        ((count, errors, ratio, low, mean, high),) = await database.fetch(
            "SELECT COUNT(*) as total_requests,"  # noqa: S608
            " SUM(CASE WHEN status_code >= 400 THEN 1 ELSE 0 END) as errors,"
            " ROUND(SUM(CASE WHEN status_code >= 400 THEN 1 ELSE 0 END) * 100.0 / COUNT(*), 2)"
            " as error_rate_pct, MIN(latency_ms), AVG(latency_ms), MAX(latency_ms)"
            f" FROM request_logs WHERE {since}"
        )
        assert (window.count, window.errors) == (count, errors)
        assert window.error_ratio == pytest.approx(float(ratio) / 100, abs=5.1e-5)
        assert window.minimum == pytest.approx(low / 1000, rel=1e-9)
        assert window.mean == pytest.approx(mean / 1000, rel=1e-9)
        assert window.maximum == pytest.approx(high / 1000, rel=1e-9)
        assert sum(n for _, n in window.by_class) == count
        assert sum(bucket.count for bucket in window.buckets) == count
        for q, figure in ((0.5, window.p50), (0.95, window.p95), (0.99, window.p99)):
            # With the condition repeated in a subquery of OFFSET: see the test below.
            ((rank,),) = await database.fetch(
                f"SELECT FLOOR(COUNT(*) * {q}) FROM request_logs WHERE {since}"  # noqa: S608
            )
            ((exact,),) = await database.fetch(
                f"SELECT latency_ms FROM request_logs WHERE {since}"  # noqa: S608
                f" ORDER BY latency_ms LIMIT 1 OFFSET {rank:.0f}"
            )
            assert figure == pytest.approx(exact / 1000, rel=0.01), (window.seconds, q)
        providers = await database.fetch(
            "SELECT provider_id as metric, COUNT(*) as value FROM request_logs"  # noqa: S608
            f" WHERE {since} GROUP BY provider_id"
        )
        rows = {row.value: row.count for row in dict(window.breakdown)["provider_id"]}
        assert rows == {name or "none": n for name, n in providers}

    async def compare_minutes(self, database: LogDatabase, stats: RequestStats) -> None:
        rows = await database.fetch(database.minutes)
        by_minute = {int(start): n for start, n in rows}
        assert len(stats.minutes) == 10
        assert [m.count for m in stats.minutes] == [
            by_minute.get(int(m.start), 0) for m in stats.minutes
        ]

    async def compare_errors(self, database: LogDatabase, stats: RequestStats) -> None:
        window = stats.window(300)
        ((failures,),) = await database.fetch(
            "SELECT COUNT(*) as failures FROM request_logs"  # noqa: S608
            " WHERE error LIKE '%refresh failed%'"
            f" AND created_at >= NOW() - INTERVAL {database.interval(300)}"
        )
        kinds = {kind.text: kind.count for kind in window.kinds}
        assert kinds["refresh failed"] == failures > 0
        newest = await database.fetch(
            "SELECT id FROM request_logs WHERE status_code >= 400"
            " ORDER BY created_at DESC, id DESC LIMIT 10"
        )
        shown = [row.key.partition("@")[0] for row in stats.window(60).newest_errors]
        assert [str(key) for (key,) in newest[:5]] == shown[:5]

    async def test_the_offset_of_a_subquery(self, log_database: LogDatabase) -> None:
        """As the manual writes the percentiles: an error on MySQL and MariaDB."""
        await log_database.run(log_database.schema(DATETIME))
        manual = (
            "SELECT latency_ms FROM request_logs ORDER BY latency_ms"
            " LIMIT 1 OFFSET (SELECT FLOOR(COUNT(*) * 0.95) FROM request_logs)"
        )
        if log_database.kind == "postgres":
            assert await log_database.fetch(manual) == []
            return
        with pytest.raises(TargetError, match="syntax"):
            await log_database.execute(manual, ())
