"""Windows, histories, counters: what panes and rules get from a request log."""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from checks.requests.batch import error_class
from checks.requests.counters import BOUNDS, label_name
from checks.requests.groups import VALUES_A_LABEL
from checks.requests.window import STEP
from tests.checks.request_logs import NOW, LogBench, log_config
from tests.servers.sqlite import SqliteDatabase, iso


@pytest.fixture
def bench(sqlite_database: SqliteDatabase) -> LogBench:
    made = LogBench(sqlite_database.connection, log_config())
    made.poll()
    return made


def test_a_window_forgets_what_has_left_it(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    sqlite_database.insert([(NOW + 1, "a", 200, 10.0, None), (NOW + 2, "b", 500, 90.0, None)])
    counts = [[w.count for w in bench.poll(seconds).windows] for seconds in (5, 54, 60, 300, 3300)]
    assert counts == [[2] * 4, [2] * 4, [0, 2, 2, 2], [0, 0, 2, 2], [0] * 4]
    last = bench.poll().windows[-1]
    assert (last.error_ratio, last.minimum, last.p95, last.by_class) == (None, None, None, ())


def test_a_pause_of_a_day_empties_all(bench: LogBench, sqlite_database: SqliteDatabase) -> None:
    sqlite_database.insert([(NOW + 1, "a", 200, 10.0, None)])
    bench.poll(5)
    assert [w.count for w in bench.poll(86_400).windows] == [0] * 4
    sqlite_database.insert([(bench.now + 1, "a", 200, 10.0, None)])
    assert [w.count for w in bench.poll(2).windows] == [1] * 4


def test_history_has_24_points_a_minute(bench: LogBench, sqlite_database: SqliteDatabase) -> None:
    sqlite_database.insert((NOW + i * 0.1 + 0.05, "a", 200, 20.0, None) for i in range(100))
    sqlite_database.insert((NOW + 10 + i * 0.1 + 0.05, "a", 500, 80.0, None) for i in range(200))
    stats = bench.poll(30)
    assert stats.step == STEP == 2.5
    assert stats.rates[-11:] == (10.0,) * 11
    assert stats.error_ratios[-11:] == (0.0,) * 4 + (1.0,) * 7
    assert stats.p95s[-1] == pytest.approx(0.08, rel=0.01)
    assert stats.p95s[-11] == pytest.approx(0.02, rel=0.01)


def test_history_is_unknown_before_the_source_was_read(sqlite_database: SqliteDatabase) -> None:
    sqlite_database.insert((NOW - 3000 + i * 0.5, "a", 200, 20.0, None) for i in range(6000))
    bench = LogBench(sqlite_database.connection, log_config(backfill=False))
    stats = bench.poll()
    assert stats.windows[-1].covered == pytest.approx(2500, abs=1)
    assert math.isnan(stats.rates[0])
    assert stats.rates[-1] == 2.0


def test_a_log_older_than_a_window_covers_it_at_every_moment(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    """Also while the present time step has only begun."""
    sqlite_database.insert((NOW + i * 0.1 + 0.05, "a", 200, 20.0, None) for i in range(600))
    bench.poll(60)
    for _ in range(20):
        times = [bench.now + i * 0.1 + 0.05 for i in range(7)]
        sqlite_database.insert((when, "a", 200, 20.0, None) for when in times)
        minute = bench.poll(0.7).windows[0]
        assert minute.covered == 60.0
        assert minute.rate == pytest.approx(10.0, rel=0.02)


def test_values_past_the_cap_become_other(bench: LogBench, sqlite_database: SqliteDatabase) -> None:
    sqlite_database.insert((NOW + 1, f"p{i:03}", 200, 10.0, None) for i in range(100))
    rows = dict(bench.poll(5).windows[0].breakdown)["provider_id"]
    assert len(rows) == VALUES_A_LABEL + 1
    assert (rows[0].value, rows[0].count, rows[0].share) == ("other", 80, 0.8)
    assert len({s.label("provider_id") for s in bench.samples().series}) <= VALUES_A_LABEL + 2


def test_a_value_that_has_gone_makes_room(bench: LogBench, sqlite_database: SqliteDatabase) -> None:
    sqlite_database.insert((NOW + 1, f"old{i}", 200, 10.0, None) for i in range(20))
    bench.poll(5)
    bench.poll(4000)
    sqlite_database.insert([(bench.now + 1, "new", 200, 10.0, None)])
    rows = dict(bench.poll(5).windows[0].breakdown)["provider_id"]
    assert [row.value for row in rows] == ["new"]


def test_breakdown_has_each_values_own_errors_and_durations(
    bench: LogBench, sqlite_database: SqliteDatabase
) -> None:
    sqlite_database.insert((NOW + 1, "fast", 200, 10.0, None) for _ in range(75))
    sqlite_database.insert((NOW + 1, "slow", 503 if i < 5 else 200, 900.0, None) for i in range(25))
    fast, slow = dict(bench.poll(5).windows[0].breakdown)["provider_id"]
    assert (fast.value, fast.count, fast.share, fast.error_ratio) == ("fast", 75, 0.75, 0.0)
    assert (slow.value, slow.error_ratio) == ("slow", 0.2)
    assert fast.p95 == pytest.approx(0.01, rel=0.01)
    assert slow.p95 == pytest.approx(0.9, rel=0.01)


def test_counters_and_histogram(bench: LogBench, sqlite_database: SqliteDatabase) -> None:
    sqlite_database.insert(
        [
            (NOW + 1, "a", 200, 100.0, None),
            (NOW + 1, "a", 200, 101.0, ""),
            (NOW + 1, "b", 500, 4000.0, "refresh failed: token 17 expired"),
            (NOW + 1, "b", 200, None, "refresh failed: token 18 expired"),
            (NOW + 1, None, None, 1e9, None),
        ]
    )
    bench.poll(5)
    got = bench.samples()
    assert got.get("http_requests_total", status="200", provider_id="a") == 2
    assert got.get("http_requests_total", status="500", provider_id="b") == 1
    assert got.get("http_requests_total", status="none", provider_id="none") == 1
    assert got.get("http_requests_failed_total") == 2
    assert got.get("http_request_errors_total", error="refresh failed") == 2
    assert got.get("http_request_duration_seconds_bucket", le="0.1") == 1
    assert got.get("http_request_duration_seconds_bucket", le="0.15") == 2
    assert got.get("http_request_duration_seconds_bucket", le="5") == 3
    assert got.get("http_request_duration_seconds_bucket", le="+Inf") == 4
    assert got.get("http_request_duration_seconds_count") == 4
    assert got.get("http_request_duration_seconds_sum") == pytest.approx(1_000_004.201)
    les = [s for s in got.series if s.name.endswith("_bucket")]
    assert len(les) == len(BOUNDS) + 1 <= 40


def test_counters_start_at_zero_for_what_was_there_before(sqlite_database: SqliteDatabase) -> None:
    """So that the first request after the start is an increase, and a restart is none."""
    sqlite_database.insert((NOW - i, "a", 200, 10.0, None) for i in range(50))
    bench = LogBench(sqlite_database.connection, log_config())
    assert bench.poll().windows[0].count == 50
    assert bench.samples().get("http_requests_total", status="200", provider_id="a") == 0


@pytest.mark.parametrize(("errors_from", "errors"), [(400, 3), (500, 2)])
def test_which_status_is_an_error(
    sqlite_database: SqliteDatabase, errors_from: int, errors: int
) -> None:
    bench = LogBench(sqlite_database.connection, log_config(errors_from=errors_from))
    sqlite_database.insert(
        (NOW, "a", status, 1.0, text)
        for status, text in [(200, None), (404, None), (502, None), (200, "boom"), (399, "0")]
    )
    assert bench.poll(1).windows[0].errors == errors


def test_hostile_values_are_neutralised(bench: LogBench, sqlite_database: SqliteDatabase) -> None:
    sqlite_database.insert(
        [(NOW + 1, "\x1b]0;owned\x07[red]x[/]\u202e", 200, 1.0, "\x1b[2Jboom\n: 1")]
    )
    rows = dict(bench.poll(5).windows[0].breakdown)["provider_id"]
    assert rows[0].value == "[red]x[/]"
    assert bench.samples().get("http_request_errors_total", error="boom") == 1


def test_labels_that_are_numbers(sqlite_database: SqliteDatabase) -> None:
    bench = LogBench(sqlite_database.connection, log_config(labels=["status_code"]))
    sqlite_database.insert((NOW, "a", status, 1.0, None) for status in (0, 0, 200, None))
    rows = dict(bench.poll(1).windows[0].breakdown)["status_code"]
    assert [(row.value, row.count) for row in rows] == [("0", 2), ("200", 1), ("none", 1)]


def test_negative_and_infinite_durations_are_none(sqlite_database: SqliteDatabase) -> None:
    bench = LogBench(sqlite_database.connection, log_config())
    bench.poll()
    sqlite_database.insert((NOW + 1, "a", 200, ms, None) for ms in (-5.0, math.inf, 0.0, 7.0))
    window = bench.poll(5).windows[0]
    assert (window.count, window.minimum, window.maximum) == (4, 0.0, 0.007)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("refresh failed: token 8123 expired", "refresh failed"),
        ("Timeout after 30 s", "Timeout after N s"),
        (": odd", ": odd"),
        ("x" * 200, "x" * 59 + "…"),
    ],
)
def test_error_classes(text: str, expected: str) -> None:
    assert error_class(text) == expected


@pytest.mark.parametrize(
    ("column", "label"), [("provider-id", "provider_id"), ("2nd", "_2nd"), ("status", "status_")]
)
def test_label_names(column: str, label: str) -> None:
    assert label_name(column) == label
    assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", label_name(column))


TIMES: dict[str, tuple[Callable[[float], object], dict[str, str]]] = {
    "TEXT iso": (iso, {}),
    "TEXT T and Z": (lambda when: iso(when).replace(" ", "T") + "Z", {}),
    "TEXT offset": (lambda when: iso(when + 7200) + "+02:00", {}),
    "TEXT Berlin": (lambda when: iso(when + 3600), {"zone": "Europe/Berlin"}),
    "INTEGER s": (int, {}),
    "REAL s": (lambda when: when, {}),
    "INTEGER ms": (lambda when: int(when * 1000), {}),
    "INTEGER us": (lambda when: int(when * 1e6), {}),
}


@pytest.mark.parametrize("style", TIMES)
def test_time_columns(style: str) -> None:
    write, column = TIMES[style]
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(
            f"CREATE TABLE log(id INTEGER PRIMARY KEY, at {style.split(maxsplit=1)[0]})"
        )
        bench = LogBench(
            connection,
            log_config(
                table="log",
                time={"column": "at", **column},
                status=None,
                duration=None,
                labels=[],
                error=None,
            ),
        )
        sql = "INSERT INTO log(at) VALUES (?)"
        connection.executemany(sql, [(write(NOW - 100),), (write(NOW - 30),)])
        assert [w.count for w in bench.poll().windows] == [1, 2, 2, 2]
        connection.executemany(sql, [(write(NOW + 4),), (None,)])
        stats = bench.poll(5)
    assert [w.count for w in stats.windows] == [3, 4, 4, 4]
    assert stats.note == ""


def test_a_server_whose_clock_differs_is_corrected_and_said(
    sqlite_database: SqliteDatabase,
) -> None:
    bench = LogBench(sqlite_database.connection, log_config())
    bench.server_ahead = 5400.0
    sqlite_database.insert([(NOW + 5400 - 30, "a", 200, 1.0, None)])
    assert bench.poll().windows[0].count == 1
    sqlite_database.insert([(NOW + 5400 + 4, "a", 200, 1.0, None)])
    stats = bench.poll(5)
    assert stats.windows[0].count == 2
    assert stats.note == "the server's clock is 1.5 h ahead; times are corrected"


def test_a_wrong_zone_is_pointed_out(bench: LogBench, sqlite_database: SqliteDatabase) -> None:
    sqlite_database.insert([(NOW + 7200, "a", 200, 1.0, None)])
    stats = bench.poll(5)
    assert stats.windows[0].count == 1
    assert stats.note == "new rows lie 2 h ahead; is `time.zone` right?"


@pytest.fixture
def berlin_night() -> Iterator[tuple[sqlite3.Connection, float]]:
    """A log in local time around the end of summer time; 01:00 UTC on 2023-10-29."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE log(id INTEGER PRIMARY KEY, at TEXT)")
        yield connection, 1_698_541_200.0


def test_the_hour_that_comes_twice(berlin_night: tuple[sqlite3.Connection, float]) -> None:
    connection, change = berlin_night
    bench = LogBench(
        connection,
        log_config(
            table="log",
            time={"column": "at", "zone": "Europe/Berlin"},
            status=None,
            duration=None,
            labels=[],
            error=None,
        ),
        now=change - 600,
    )
    bench.poll()
    for minute in range(20):
        when = change - 600 + 60 * minute + 30
        summer = when < change
        local = iso(when + (7200 if summer else 3600))
        connection.execute("INSERT INTO log(at) VALUES (?)", (local,))
        assert bench.poll(60).windows[0].count == 1
    assert bench.watch.stats().windows[-1].count == 20
