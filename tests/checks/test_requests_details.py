"""The course, the distribution, the kinds of errors and single requests, against plain Python."""

from __future__ import annotations

import math
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import pytest

from checks.model import Result, Status
from checks.probes.sqlite.dialect import SqliteDialect
from checks.requests.batch import error_class
from checks.requests.groups import CLASSES
from checks.requests.kinds import MOST_KINDS
from checks.requests.notable import NEWEST, SLOWEST, NotableRows
from checks.requests.stats import RequestRow, RequestStats, WindowStats
from checks.requests.steps import STEP
from checks.secrets import MASK, Masker
from tests.checks.request_logs import NOW, LogBench, log_config
from tests.servers.sqlite import SCHEMA, SqliteDatabase, iso

MINUTES = """
SELECT strftime('%Y-%m-%d %H:%M:00', created_at) AS minute, COUNT(*) AS requests
FROM request_logs WHERE created_at >= :since AND created_at < :until
GROUP BY minute ORDER BY minute DESC LIMIT 10
"""
"""The seed's "requests per minute", of full minutes alone."""


@dataclass(frozen=True, slots=True)
class Request:
    """A row as it is written; ``when`` in whole milliseconds."""

    when: float
    provider: str | None
    status: int | None
    ms: float | None
    error: str | None

    @property
    def failed(self) -> bool:
        return (self.status or 0) >= 400 or bool(self.error)

    @property
    def kind(self) -> str:
        return error_class(self.error) if self.error else f"HTTP {self.status}"


ERRORS = ("refresh failed: token 12", "timeout after 30 s", "no such model", "upstream: reset")


def a_request(dice: random.Random, when: float) -> Request:
    status = dice.choices([200, 201, 302, 404, 429, 500, 503, None], [80, 4, 3, 4, 2, 3, 2, 2])[0]
    error = dice.choice(ERRORS) if status == 500 or dice.random() < 0.01 else None
    ms = None if dice.random() < 0.02 else round(dice.lognormvariate(4, 1.2), 3)
    provider = dice.choice(["openai", "anthropic", "local", None])
    return Request(round(when, 3), provider, status, ms, error)


def write(database: SqliteDatabase, requests: Sequence[Request]) -> None:
    database.insert((r.when, r.provider, r.status, r.ms, r.error) for r in requests)


def percentile(values: Sequence[float], q: float) -> float:
    """The value of rank ``floor(n * q)``, in seconds."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * q), len(ordered) - 1)] / 1000


def in_window(requests: Sequence[Request], at: float, seconds: float) -> list[Request]:
    """Those of the window's steps, which are ``seconds`` up to the end of the present one."""
    end = math.ceil(at / STEP) * STEP
    return [r for r in requests if end - seconds < r.when <= at]


def compare_window(window: WindowStats, at: float, requests: Sequence[Request]) -> None:
    known = in_window(requests, at, window.seconds)
    assert window.count == len(known)
    failed = [r for r in known if r.failed]
    compare_kinds(window, failed)
    compare_rows(window, known, failed)
    compare_buckets(window, known)
    for value, figures in ((row.value, row) for row in dict(window.breakdown)["provider_id"]):
        own = [r.ms for r in known if (r.provider or "none") == value and r.ms is not None]
        for q, figure in ((0.5, figures.p50), (0.95, figures.p95), (0.99, figures.p99)):
            expected = pytest.approx(percentile(own, q), rel=0.0101) if own else None
            assert figure == expected


def compare_kinds(window: WindowStats, failed: Sequence[Request]) -> None:
    kinds = Counter(r.kind for r in failed)
    assert {kind.text: kind.count for kind in window.kinds} == kinds
    for kind in window.kinds:
        assert kind.last == max(r.when for r in failed if r.kind == kind.text)
        assert kind.share == kind.count / len(failed)
    counts = [kind.count for kind in window.kinds]
    assert counts == sorted(counts, reverse=True)


def told(row: RequestRow) -> tuple[object, ...]:
    ms = None if row.duration is None else round(row.duration * 1000, 6)
    return (row.time, row.labels[0], row.status, ms, row.error, row.failed)


def as_told(r: Request) -> tuple[object, ...]:
    return (r.when, r.provider or "none", r.status, r.ms, r.error or "", r.failed)


def compare_rows(window: WindowStats, known: Sequence[Request], failed: Sequence[Request]) -> None:
    newest = sorted((r.when for r in failed), reverse=True)[:NEWEST]
    assert [row.time for row in window.newest_errors] == newest
    written = Counter(map(as_told, failed))
    assert Counter(map(told, window.newest_errors)) <= written
    timed = [r for r in known if r.ms is not None]
    slowest = sorted((r.ms for r in timed if r.ms is not None), reverse=True)[:SLOWEST]
    assert [row.duration for row in window.slowest] == pytest.approx([ms / 1000 for ms in slowest])
    assert Counter(map(told, window.slowest)) <= Counter(map(as_told, timed))


def compare_buckets(window: WindowStats, known: Sequence[Request]) -> None:
    timed = [(r.ms / 1000, r.failed) for r in known if r.ms is not None]
    assert sum(bucket.count for bucket in window.buckets) == len(timed)
    assert sum(bucket.errors for bucket in window.buckets) == sum(bad for _, bad in timed)
    below = 0
    for bucket in window.buckets:
        below += bucket.count
        least = sum(seconds <= bucket.high / 1.0101 for seconds, _ in timed)
        assert least <= below <= sum(seconds <= bucket.high * 1.0101 for seconds, _ in timed)
    pairs = zip(window.buckets, window.buckets[1:], strict=False)
    assert all(one.high == other.low for one, other in pairs)


def compare_minutes(connection: sqlite3.Connection, stats: RequestStats) -> None:
    """The ten newest full minutes; a minute without requests is one for us."""
    until = math.floor(stats.at / 60) * 60.0
    assert [minute.start for minute in stats.minutes] == [until - 60 * n for n in range(1, 11)]
    given = {"since": iso(until - 600)[:19], "until": iso(until)[:19]}
    rows = connection.execute(MINUTES, given).fetchall()
    assert [(iso(m.start)[:19], m.count) for m in stats.minutes if m.count] == rows


def compare_points(stats: RequestStats, requests: Sequence[Request], covered: float) -> None:
    """Every point of every course; the present one counts what there was of it."""
    for window in stats.windows:
        curves = window.curves
        assert curves is not None
        assert curves.begin + 60 * curves.seconds > stats.at
        for place, rate in enumerate(curves.rates):
            start = curves.begin + place * curves.seconds
            end = min(start + curves.seconds, stats.at)
            span = end - max(start, covered)
            if span < curves.seconds / 2:
                assert math.isnan(rate)
                continue
            own = [r for r in requests if start <= r.when < start + curves.seconds]
            assert rate * span == pytest.approx(len(own))
            ratio = curves.error_ratios[place]
            assert ratio == sum(r.failed for r in own) / len(own) if own else math.isnan(ratio)
            for name, rates in curves.classes:
                mine = sum(CLASSES[min((r.status or 0) // 100, 6)] == name for r in own)
                assert rates[place] * span == pytest.approx(mine)
            durations = [r.ms for r in own if r.ms is not None]
            courses = ((0.5, 2, curves.p50s), (0.95, 20, curves.p95s), (0.99, 100, curves.p99s))
            for q, least, points in courses:
                if len(durations) < least:
                    assert math.isnan(points[place])
                else:
                    assert points[place] == pytest.approx(percentile(durations, q), rel=0.0101)


@pytest.fixture
def bench(sqlite_database: SqliteDatabase) -> LogBench:
    made = LogBench(sqlite_database.connection, log_config())
    made.poll()
    return made


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_agrees_with_the_rows(
    bench: LogBench, sqlite_database: SqliteDatabase, seed: int
) -> None:
    """Rows come late and out of order; the hour that was empty before is known to be so."""
    dice = random.Random(seed)
    written: list[Request] = []
    while bench.now < NOW + 3700:
        pause = dice.choice([3.0, 17.0, 61.0, 118.0])
        fresh = [
            a_request(dice, bench.now + pause * dice.random() - (200 if dice.random() < 0.1 else 0))
            for _ in range(dice.choice([0, 3, 60, 400]))
        ]
        write(sqlite_database, fresh)
        written += fresh
        stats = bench.poll(pause)
        if dice.random() < 0.15:
            for window in stats.windows:
                compare_window(window, stats.at, written)
            compare_points(stats, written, NOW - 3600)
            compare_minutes(sqlite_database.connection, stats)


def test_minutes_without_requests_are_told_as_such(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    write(sqlite_database, [Request(NOW + 90, "a", 200, 5.0, None)])
    counts = [minute.count for minute in bench.poll(300).minutes]
    assert sum(counts) == 1
    assert len(counts) == 10
    assert all(minute.start % 60 == 0 for minute in bench.watch.stats().minutes)
    empty = next(minute for minute in bench.watch.stats().minutes if not minute.count)
    assert (empty.errors, empty.p50, empty.p95) == (0, None, None)


def test_a_minute_begins_with_its_first_instant_and_ends_before_the_next(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    minute = math.ceil(NOW / 60) * 60.0
    whens = (minute - 0.001, minute, minute + 0.001, minute + 59.999, minute + 60.0)
    write(sqlite_database, [Request(when, "a", 200, 5.0, None) for when in whens])
    bench.poll(minute + 60.0 - NOW)
    assert [m.count for m in bench.watch.stats().minutes if m.start >= minute - 60] == [3, 1]
    bench.poll(59.9)
    assert bench.watch.stats().minutes[0].start == minute
    bench.poll(0.1)
    assert [m.count for m in bench.watch.stats().minutes][:3] == [1, 3, 1]


def test_only_minutes_that_are_covered_from_their_start_are_told(
    sqlite_database: SqliteDatabase,
) -> None:
    """The newest 5,000 rows reach back into the middle of a minute."""
    rows = [Request(NOW - 200 + i * 0.02, "a", 200, 5.0, None) for i in range(10_000)]
    write(sqlite_database, rows)
    bench = LogBench(sqlite_database.connection, log_config(backfill=False))
    stats = bench.poll()
    since = NOW - 100
    full = [m for m in (math.floor(NOW / 60) * 60.0 - 60 * n for n in range(1, 11)) if m >= since]
    assert [minute.start for minute in stats.minutes] == full
    assert [minute.count for minute in stats.minutes] == [3000] * len(full)
    curves = stats.windows[0].curves
    assert curves is not None
    known = [rate for rate in curves.rates if not math.isnan(rate)]
    assert known == pytest.approx([50.0] * 20, rel=0.03)


FILL = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39999)
INSERT INTO request_logs(created_at, provider_id, status_code, latency_ms, error)
SELECT strftime('%Y-%m-%d %H:%M:%S', 1699996000 + i / 10, 'unixepoch'),
    substr('openai   anthropiclocal', 1 + 9 * (abs(random()) % 3), 9),
    CASE abs(random()) % 40 WHEN 0 THEN 500 WHEN 1 THEN 404 WHEN 2 THEN NULL ELSE 200 END,
    exp(9.0 * abs(random()) / 9223372036854775807 + abs(random()) % 100 * 0.01),
    CASE abs(random()) % 300 WHEN 0 THEN 'refresh failed: token 12' END
FROM n
"""
"""Ten requests at each whole second of the 4,000 before NOW, as DATETIME has them."""


@pytest.fixture
def by_the_second() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(SCHEMA)
        connection.execute(FILL)
        yield connection


@pytest.mark.parametrize("aggregates", [False, True])
@pytest.mark.parametrize("now", [NOW, NOW + 9.3, math.floor(NOW / 60) * 60.0])
def test_minutes_of_the_past_are_exact(
    by_the_second: sqlite3.Connection, aggregates: bool, now: float
) -> None:
    """Also of rows that were aggregated, and lie on the very second between two minutes."""
    by_the_second.execute("DELETE FROM request_logs WHERE created_at > ?", (iso(now)[:19],))
    dialect = SqliteDialect()
    dialect.aggregates = aggregates
    bench = LogBench(by_the_second, log_config(), now=now, dialect=dialect)
    stats = bench.poll()
    assert len(stats.minutes) == 10
    compare_minutes(by_the_second, stats)
    assert stats.windows[-1].curves is not None
    rates = stats.windows[-1].curves.rates
    assert rates[1:-1] == pytest.approx([10.0] * 58)
    failed = by_the_second.execute(
        "SELECT COUNT(*) FROM request_logs WHERE created_at > ? AND created_at <= ?"
        " AND (status_code >= 400 OR error <> '')",
        (iso(math.ceil(now / STEP) * STEP - 3600)[:19], iso(now)[:19]),
    ).fetchone()[0]
    assert sum(kind.count for kind in stats.windows[-1].kinds) == failed


def test_what_was_read_as_sums_has_no_single_rows_and_says_so(
    by_the_second: sqlite3.Connection,
) -> None:
    dialect = SqliteDialect()
    dialect.aggregates = True
    bench = LogBench(by_the_second, log_config(), dialect=dialect)
    stats = bench.poll()
    assert stats.windows[-1].covered == 3600.0
    assert stats.rows_since == NOW - 500
    slow = by_the_second.execute(
        "SELECT latency_ms FROM request_logs WHERE id > 35000 ORDER BY 1 DESC LIMIT 20"
    ).fetchall()
    hour = [round((row.duration or 0) * 1000, 6) for row in stats.windows[-1].slowest]
    assert hour == [round(ms, 6) for (ms,) in slow]


def test_single_rows_reach_as_far_as_the_log_is_read_row_by_row(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    assert bench.watch.stats().rows_since == NOW - 3600
    write(sqlite_database, [Request(NOW + 1, "a", 500, 7.0, None)])
    assert bench.poll(5).rows_since == NOW - 3600


def test_a_row_that_is_committed_late_takes_its_place_once(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    def insert(key: int, when: float, ms: float) -> None:
        sqlite_database.connection.execute(
            "INSERT INTO request_logs(id, created_at, provider_id, status_code, latency_ms)"
            " VALUES (?, ?, 'a', 503, ?)",
            (key, iso(when), ms),
        )

    for key in (1, 2, 5):
        insert(key, NOW + key, 10.0 * key)
    bench.poll(10)
    insert(4, NOW + 4, 4000.0)
    for _ in range(4):
        stats = bench.poll(10)
    hour = stats.windows[-1]
    assert [row.time - NOW for row in hour.newest_errors] == [5, 4, 2, 1]
    assert [row.duration for row in hour.slowest] == [4.0, 0.05, 0.02, 0.01]
    assert [(kind.text, kind.count, kind.last - NOW) for kind in hour.kinds] == [("HTTP 503", 4, 5)]
    assert len({row.key for row in hour.newest_errors}) == 4


def test_a_table_that_is_made_anew_doubles_no_row(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    rows = [Request(NOW + i, "a", 500, 1.0 + i, None) for i in range(1, 6)]
    write(sqlite_database, rows)
    bench.poll(400)
    sqlite_database.connection.execute("DELETE FROM request_logs")
    sqlite_database.connection.execute("DELETE FROM sqlite_sequence")
    write(sqlite_database, [*rows, Request(NOW + 403, "a", 500, 9.0, None)])
    hour = bench.poll(5).windows[-1]
    assert [row.time - NOW for row in hour.newest_errors] == [403, 5, 4, 3, 2, 1]
    assert len(hour.slowest) == 6
    assert hour.kinds[0].count == 6


def test_single_rows_leave_with_their_window(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    write(sqlite_database, [Request(NOW + 1, "a", 500, 70.0, "boom: 1")])

    def sizes(seconds: float) -> list[tuple[int, int, int]]:
        stats = bench.poll(seconds)
        return [(len(w.newest_errors), len(w.slowest), len(w.kinds)) for w in stats.windows]

    one, none = (1, 1, 1), (0, 0, 0)
    assert sizes(5) == [one] * 4
    assert sizes(60) == [none, one, one, one]
    assert sizes(900) == [none, none, none, one]
    assert sizes(3600) == [none] * 4


def test_slowest_requests_while_durations_only_fall(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    """Nothing can be forgotten then but what is past twenty a step."""
    written: list[Request] = []
    for number in range(150):
        fresh = [
            Request(bench.now + 0.01 * (i + 1), "a", 200, 90_000 - 30 * number - i * 0.1, None)
            for i in range(40)
        ]
        write(sqlite_database, fresh)
        written += fresh
        bench.poll(2.5)
    held = bench.watch._window._rows
    assert isinstance(held, NotableRows)
    assert held._held <= 20 * 151
    stats = bench.watch.stats()
    for window in stats.windows:
        compare_rows(window, in_window(written, stats.at, window.seconds), [])


def test_few_rows_are_remembered_of_many(bench: LogBench, sqlite_database: SqliteDatabase) -> None:
    dice = random.Random(4)
    for _ in range(100):
        fresh = [a_request(dice, bench.now + 5 * dice.random()) for _ in range(200)]
        write(sqlite_database, fresh)
        bench.poll(5)
    assert bench.watch._window._rows._held <= 1200


def test_kinds_past_the_cap_become_other_and_one_that_has_gone_makes_room(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    names = [f"{chr(97 + i // 26)}{chr(97 + i % 26)} failed" for i in range(30)]
    write(
        sqlite_database, [Request(NOW + 1 + i / 100, "a", 200, 1.0, n) for i, n in enumerate(names)]
    )
    kinds = bench.poll(5).windows[0].kinds
    assert len(kinds) == MOST_KINDS + 1
    assert (kinds[-1].text, kinds[-1].count) == ("other", 10)
    bench.poll(4000)
    write(sqlite_database, [Request(bench.now + 1, "a", 200, 1.0, "fresh trouble")])
    assert [kind.text for kind in bench.poll(5).windows[0].kinds] == ["fresh trouble"]


@pytest.mark.parametrize(
    ("status", "error", "kind", "text"),
    [
        (503, None, "HTTP 503", ""),
        (503, "", "HTTP 503", ""),
        (503, "1", "HTTP 503", ""),
        (200, "true", "error", ""),
        (None, "1", "error", ""),
        (503, "refresh failed: token 12", "refresh failed", "refresh failed: token 12"),
        (500, "\x1b[2Jboom\n at line 7", "boom", "boom  at line 7"),
    ],
)
def test_what_an_error_is_called(
    sqlite_database: SqliteDatabase, status: int | None, error: str | None, kind: str, text: str
) -> None:
    bench = LogBench(sqlite_database.connection, log_config())
    bench.poll()
    write(sqlite_database, [Request(NOW + 1, "a", status, 1.0, error)])
    minute = bench.poll(5).windows[0]
    assert [found.text for found in minute.kinds] == [kind]
    row = minute.newest_errors[0]
    assert (row.kind, row.error, row.status) == (kind, text, status)


def test_long_texts_are_cut_and_rows_without_figures_kept(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    write(sqlite_database, [Request(NOW + 1, None, None, None, "x" * 9000)])
    minute = bench.poll(5).windows[0]
    row = minute.newest_errors[0]
    assert len(row.error) == 400
    assert (row.duration, row.status, row.labels) == (None, None, ("none",))
    assert minute.slowest == ()
    assert minute.buckets == ()


def test_what_is_configured_is_told(sqlite_database: SqliteDatabase) -> None:
    log = log_config(status=None, duration=None, labels=[], error=None)
    assert LogBench(sqlite_database.connection, log).poll().columns == frozenset()
    whole = LogBench(sqlite_database.connection, log_config()).poll()
    assert whole.columns == {"status", "duration", "error", "labels"}


def test_secrets_in_errors_and_labels_are_masked(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    url = "connecting to postgres://app:hunter22@db/x failed"
    write(sqlite_database, [Request(NOW + 1, "key s3cret-value", 500, 5.0, url)])
    masked = Masker(["s3cret-value"]).result(Result(Status.OK, "", requests=bench.poll(5)))
    assert isinstance(masked.requests, RequestStats)
    shown = " ".join(masked.requests.texts())
    assert "hunter22" not in repr(masked)
    assert "s3cret" not in repr(masked)
    assert f"postgres://app:{MASK}@db/x failed" in shown
    rows = masked.requests.windows[0]
    assert rows.newest_errors[0] == rows.slowest[0]


def test_reading_the_details_is_cheap(bench: LogBench, sqlite_database: SqliteDatabase) -> None:
    """A millisecond each run here, a hundredth of a core on any machine."""
    dice = random.Random(8)
    for _ in range(10):
        write(sqlite_database, [a_request(dice, bench.now + i * 0.002) for i in range(2000)])
        bench.poll(5)
    costs = []
    for _ in range(10):
        began = time.process_time()
        bench.watch.stats()
        costs.append(time.process_time() - began)
    assert min(costs) < 0.05
