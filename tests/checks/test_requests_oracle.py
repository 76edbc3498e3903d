"""The figures against the SQL that operators run by hand, on the same table."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from checks.probes.sqlite.dialect import SqliteDialect
from checks.probes.sqlite.request_log import complete
from checks.requests.stats import WINDOWS, RequestStats
from tests.checks.request_logs import NOW, LogBench, log_config
from tests.servers.sqlite import SCHEMA, SqliteDatabase, iso

PERCENTILE = """
SELECT latency_ms FROM request_logs WHERE created_at > :since AND latency_ms IS NOT NULL
ORDER BY latency_ms LIMIT 1 OFFSET (
    SELECT CAST(COUNT(*) * :q AS INTEGER) FROM request_logs
    WHERE created_at > :since AND latency_ms IS NOT NULL)
"""
TOTALS = """
SELECT COUNT(*),
    SUM(CASE WHEN status_code >= 400 OR error <> '' THEN 1 ELSE 0 END),
    MIN(latency_ms), AVG(latency_ms), MAX(latency_ms)
FROM request_logs WHERE created_at > :since
"""
BREAKDOWN = """
SELECT COALESCE(provider_id, 'none'), COUNT(*) FROM request_logs
WHERE created_at > :since GROUP BY provider_id ORDER BY 2 DESC, 1
"""


def request(
    dice: random.Random, when: float
) -> tuple[float, str | None, int | None, float | None, str | None]:
    status = dice.choices([200, 201, 302, 404, 429, 500, 503, None], [80, 4, 3, 4, 2, 3, 2, 2])[0]
    error = "refresh failed: token 12" if status == 500 else None
    latency = None if dice.random() < 0.01 else dice.lognormvariate(4, 1.2)
    return (when, dice.choice(["openai", "anthropic", "local", None]), status, latency, error)


def compare(connection: sqlite3.Connection, stats: RequestStats) -> None:
    """Every window of ``stats`` against the table itself."""
    for window in stats.windows:
        given = {"since": iso(stats.at - window.seconds)}
        count, errors, low, mean, high = connection.execute(TOTALS, given).fetchone()
        assert (window.count, window.errors) == (count, errors)
        assert window.minimum == pytest.approx(low / 1000, rel=1e-9)
        assert window.mean == pytest.approx(mean / 1000, rel=1e-9)
        assert window.maximum == pytest.approx(high / 1000, rel=1e-9)
        for q, figure in ((0.5, window.p50), (0.95, window.p95), (0.99, window.p99)):
            exact = connection.execute(PERCENTILE, {**given, "q": q}).fetchone()[0] / 1000
            assert figure == pytest.approx(exact, rel=0.01), (window.seconds, q)
        rows = [(row.value, row.count) for row in dict(window.breakdown)["provider_id"]]
        assert rows == connection.execute(BREAKDOWN, given).fetchall()
        assert sum(n for _, n in window.by_class) == count


FILL = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 399999)
INSERT INTO request_logs(created_at, provider_id, status_code, latency_ms, error)
SELECT strftime('%Y-%m-%d %H:%M:%f', 1699985600 + i * 0.036, 'unixepoch'),
    substr('openai   anthropiclocal', 1 + 9 * (abs(random()) % 3), 9),
    CASE abs(random()) % 40 WHEN 0 THEN 500 WHEN 1 THEN 404 WHEN 2 THEN NULL ELSE 200 END,
    exp(9.0 * abs(random()) / 9223372036854775807 + abs(random()) % 100 * 0.01),
    CASE abs(random()) % 300 WHEN 0 THEN 'refresh failed: token 12' END
FROM n
"""
"""400,000 requests over the four hours before NOW."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """400,000 requests over four hours; the last hour holds 100,000, far more than a batch."""
    path = tmp_path_factory.mktemp("large") / "large.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {SCHEMA}")
        connection.execute(FILL)
        # For the oracle alone: the reader must do without.
        connection.execute("CREATE INDEX by_time ON request_logs(created_at, latency_ms)")
        yield connection


@pytest.mark.parametrize("aggregates", [False, True])
def test_the_last_hour_of_a_large_table(large: sqlite3.Connection, aggregates: bool) -> None:
    dialect = SqliteDialect()
    dialect.aggregates = aggregates
    bench = LogBench(large, log_config(), dialect=dialect)
    stats = bench.poll()
    assert [window.covered for window in stats.windows] == list(WINDOWS)
    assert stats.windows[-1].count > 99_000
    compare(large, stats)
    assert bench.counted() == 0


@pytest.mark.parametrize(
    ("zone", "server_ahead", "behind"),
    [("Europe/Berlin", 0.0, 3600.0), ("server", 5400.0, 5400.0), ("Asia/Kolkata", -60.0, 19740.0)],
)
def test_the_last_hour_of_a_server_with_another_clock_or_zone(
    large: sqlite3.Connection, zone: str, server_ahead: float, behind: float
) -> None:
    """The table's own time is NOW while ours is ``behind`` seconds less."""
    log = log_config(time={"column": "created_at", "zone": zone})
    bench = LogBench(large, log, now=NOW - behind)
    bench.server_ahead = server_ahead
    stats = bench.poll()
    for window in stats.windows:
        given = {"since": iso(NOW - window.seconds)}
        assert window.count == large.execute(TOTALS, given).fetchone()[0]
        assert window.covered == window.seconds


def test_backfill_takes_its_share_of_time_and_no_more(large: sqlite3.Connection) -> None:
    """Newest first: short windows are right at once, the hour follows run by run."""
    bench = LogBench(large, log_config())
    end = time.monotonic() + 0.1
    began = time.thread_time()
    complete(bench.watch.poll(bench.now, lambda: end - time.monotonic()))
    assert time.thread_time() - began < 1.5
    first = bench.watch.stats()
    assert first.note.startswith("reading the last hour: ")
    assert 0 < first.windows[-1].covered < 3600
    covered = first.windows[-1].covered
    seen = large.execute(
        "SELECT COUNT(*) FROM request_logs WHERE created_at > ?", (iso(NOW - covered),)
    ).fetchone()[0]
    assert first.windows[-1].count == pytest.approx(seen, rel=0.001)
    stats = bench.poll()
    assert stats.note == ""
    compare(large, stats)


def test_backfill_survives_statements_that_fail(large: sqlite3.Connection) -> None:
    dice = random.Random(5)
    bench = LogBench(large, log_config())
    bench.fails = lambda: dice.random() < 0.1
    for _ in range(20):
        bench.try_to_poll()
    bench.fails = lambda: False
    compare(large, bench.poll())


def test_what_is_read_live_agrees_with_the_table(sqlite_database: SqliteDatabase) -> None:
    dice = random.Random(8)
    bench = LogBench(sqlite_database.connection, log_config())
    bench.poll()
    for _ in range(60):
        whens = sorted(bench.now + dice.uniform(0.001, 30) for _ in range(dice.randint(1, 600)))
        sqlite_database.insert(request(dice, round(when, 3)) for when in whens)
        stats = bench.poll(30)
    compare(sqlite_database.connection, stats)


def test_reading_two_thousand_rows_a_second_is_cheap(sqlite_database: SqliteDatabase) -> None:
    """10,000 rows every five seconds: 40 ms here, a twentieth of a core on any machine."""
    dice = random.Random(8)
    bench = LogBench(sqlite_database.connection, log_config())
    bench.poll()
    costs = []
    for _ in range(5):
        sqlite_database.insert(request(dice, bench.now + i * 0.0005) for i in range(10_000))
        began = time.process_time()
        bench.poll(5)
        costs.append(time.process_time() - began)
    assert min(costs) < 0.25
