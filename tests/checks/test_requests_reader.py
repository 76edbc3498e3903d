"""No request is lost and none counted twice, whatever the table and its writers do."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from checks.errors import TargetError
from checks.model import Sampler
from checks.probes.sqlite.file import DatabaseFile
from checks.probes.sqlite.request_log import RequestLogTable
from checks.requests import reader
from tests.checks.request_logs import NOW, LogBench, log_config
from tests.servers.sqlite import SCHEMA, SqliteDatabase, SqliteWatch, iso


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        made.executescript(SCHEMA)
        yield made


def insert(connection: sqlite3.Connection, key: int, when: float, status: int = 200) -> None:
    connection.execute(
        "INSERT INTO request_logs(id, created_at, status_code, latency_ms) VALUES (?, ?, ?, 10)",
        (key, iso(when), status),
    )


def key_sequence(style: str, dice: random.Random) -> Iterator[int]:
    key = 1
    while True:
        key += {"dense": 1, "stride": 3, "sparse": dice.randint(1, 2**22)}[style]
        yield key


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("style", ["dense", "stride", "sparse"])
def test_rows_committed_late_and_out_of_order_are_counted_once(
    connection: sqlite3.Connection, style: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sessions take ids in order and commit up to ``late`` later, or never; now and then
    a run is cut short by its time or by a statement that fails."""
    monkeypatch.setattr(reader, "BATCH", 40)
    dice = random.Random(seed)
    bench = LogBench(connection, log_config(late="60s"))
    keys = key_sequence(style, dice)
    pending: list[tuple[float, int, float]] = []
    for key, _ in zip(keys, range(30), strict=False):
        insert(connection, key, NOW - 1)
    bench.poll()
    bench.fails = lambda: dice.random() < 0.05
    committed = 0
    for _ in range(40):
        bench.now += dice.uniform(0.5, 6)
        for key, _ in zip(keys, range(dice.randint(0, 150)), strict=False):
            delay = dice.choice([0, 0, 0, dice.uniform(0, 5), dice.uniform(0, 50), 1e9])
            pending.append((bench.now + delay, key, bench.now))
        for entry in [entry for entry in pending if entry[0] <= bench.now]:
            pending.remove(entry)
            insert(connection, entry[1], entry[2])
            committed += 1
        bench.try_to_poll(spare=dice.choice([60.0, 60.0, -1.0]))
    for commit, key, when in sorted(pending):
        if commit < 1e8 + NOW:
            bench.now = max(bench.now, commit)
            insert(connection, key, when)
            committed += 1
            if dice.random() < 0.2:
                bench.try_to_poll()
    bench.fails = lambda: False
    for _ in range(40):
        bench.poll(5)
    assert bench.counted() == committed


def test_a_row_committed_after_its_neighbours_shows_at_the_next_poll(
    sqlite_database: SqliteDatabase,
) -> None:
    bench = LogBench(sqlite_database.connection, log_config())
    sqlite_database.insert_with_id(1, NOW)
    bench.poll()
    sqlite_database.insert_with_id(2, NOW + 1)
    sqlite_database.insert_with_id(4, NOW + 3)
    assert bench.poll(5).windows[0].count == 3
    sqlite_database.insert_with_id(3, NOW + 2)
    assert bench.poll(5).windows[0].count == 4
    assert bench.counted() == 3


def test_an_idle_log_costs_one_look_at_the_newest_row(sqlite_database: SqliteDatabase) -> None:
    bench = LogBench(sqlite_database.connection, log_config())
    sqlite_database.insert((NOW - i, "a", 200, 5.0, None) for i in range(100))
    bench.poll()
    bench.poll(5)
    bench.statements.clear()
    bench.poll(5)
    assert len(bench.statements) == 2
    for sql in bench.statements:
        plan = sqlite_database.execute(f"EXPLAIN QUERY PLAN {sql}", *([0] * sql.count("?")))
        assert not any("SCAN request_logs" in str(row) and "MAX" not in sql for row in plan), plan


def test_what_does_not_fit_into_one_run_is_read_in_the_next(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BATCH", 10)
    bench = LogBench(connection, log_config())
    bench.poll()
    for key in range(1, 36):
        insert(connection, key, NOW)
    seen = []
    for _ in range(5):
        stats = bench.poll(1, spare=0.0)
        seen.append((stats.windows[0].count, stats.note))
    assert [count for count, _ in seen] == [10, 20, 30, 35, 35]
    assert seen[0][1] == "25 rows behind"
    assert seen[-1][1] == ""


def test_a_truncated_table_begins_again(connection: sqlite3.Connection) -> None:
    bench = LogBench(connection, log_config())
    for key in range(1, 51):
        insert(connection, key, NOW - 60 + key)
    bench.poll()
    connection.execute("DELETE FROM request_logs")
    bench.poll(5)
    for key in range(1, 11):
        insert(connection, key, NOW + 6)
    bench.poll(5)
    assert bench.counted() == 10
    assert bench.watch.events() == ("the request log request_logs was emptied or made anew",)


def test_a_table_truncated_and_refilled_past_the_old_ids_between_two_polls(
    connection: sqlite3.Connection,
) -> None:
    bench = LogBench(connection, log_config())
    for key in range(1, 51):
        insert(connection, key, NOW - 60 + key)
    bench.poll()
    connection.execute("DELETE FROM request_logs")
    for key in range(1, 81):
        insert(connection, key, NOW + key / 100)
    bench.poll(5)
    assert bench.counted() == 80


def test_a_table_that_was_rotated_away_and_made_anew(connection: sqlite3.Connection) -> None:
    bench = LogBench(connection, log_config())
    for key in range(1, 51):
        insert(connection, key, NOW - 60 + key)
    bench.poll()
    connection.execute("ALTER TABLE request_logs RENAME TO request_logs_1")
    with pytest.raises(sqlite3.OperationalError):
        bench.poll(5)
    connection.executescript(SCHEMA)
    insert(connection, 1, NOW + 6)
    bench.poll(5)
    assert bench.counted() == 1


@pytest.mark.parametrize("age", ["-2 hours", "-6 minutes"])
def test_a_restored_backup_is_not_counted_again(connection: sqlite3.Connection, age: str) -> None:
    bench = LogBench(connection, log_config())
    for key in range(1, 51):
        insert(connection, key, NOW - 1000 + key)
    bench.poll()
    connection.execute("UPDATE request_logs SET created_at = datetime(created_at, ?)", (age,))
    bench.poll(5)
    insert(connection, 51, NOW + 6)
    bench.poll(5)
    assert bench.counted() == 1


def test_old_rows_that_are_purged_change_nothing(connection: sqlite3.Connection) -> None:
    bench = LogBench(connection, log_config())
    for key in range(1, 101):
        insert(connection, key, NOW - 100 + key)
    bench.poll()
    for number in range(10):
        connection.execute("DELETE FROM request_logs WHERE id <= ?", (10 * number + 10,))
        insert(connection, 101 + number, bench.now)
        bench.poll(5)
    assert bench.counted() == 10


def test_the_newest_rows_deleted_are_no_new_table(connection: sqlite3.Connection) -> None:
    bench = LogBench(connection, log_config())
    for key in range(1, 101):
        insert(connection, key, NOW - 100 + key)
    bench.poll()
    connection.execute("DELETE FROM request_logs WHERE id > 90")
    bench.poll(5)
    for key in range(91, 96):
        insert(connection, key, NOW + 7)
    bench.poll(5)
    assert bench.counted() == 5
    assert bench.watch.events() == ()


def test_ids_of_deleted_rows_that_are_used_again(connection: sqlite3.Connection) -> None:
    bench = LogBench(connection, log_config())
    for key in range(1, 101):
        insert(connection, key, NOW - 100 + key)
    bench.poll()
    connection.execute("DELETE FROM request_logs WHERE id > 90")
    for key in range(91, 96):
        insert(connection, key, NOW + 2)
    bench.poll(5)
    assert bench.counted() == 5
    assert bench.watch.events() == ()


def test_a_table_that_was_empty_at_the_start(connection: sqlite3.Connection) -> None:
    bench = LogBench(connection, log_config())
    assert bench.poll().windows[-1].covered == 3600.0
    insert(connection, 7, NOW)
    insert(connection, 9, NOW)
    bench.poll(5)
    insert(connection, 5, NOW)
    insert(connection, 8, NOW)
    bench.poll(5)
    assert bench.counted() == 4


def test_a_key_that_is_no_integer_is_said(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE other(id TEXT PRIMARY KEY, created_at TEXT)")
    connection.execute("INSERT INTO other VALUES ('7f3a', '2023-11-14 22:13:20')")
    bench = LogBench(
        connection,
        log_config(table="other", status=None, duration=None, labels=[], error=None),
    )
    with pytest.raises(TargetError, match="'7f3a' is no integer"):
        bench.poll()


@pytest.mark.parametrize("name", ['a"b', "weird name", "select", "x; DROP TABLE request_logs"])
def test_names_are_quoted(connection: sqlite3.Connection, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    connection.execute(f"CREATE TABLE {quoted}(id INTEGER PRIMARY KEY, {quoted} REAL)")
    bench = LogBench(
        connection,
        log_config(table=name, time=name, status=None, duration=None, labels=[], error=None),
    )
    bench.poll()
    connection.execute(f"INSERT INTO {quoted} VALUES (1, ?)", (NOW,))  # noqa: S608
    assert bench.poll(1).windows[0].count == 1
    connection.execute("SELECT * FROM request_logs")


def test_a_condition_leaves_rows_out(connection: sqlite3.Connection) -> None:
    bench = LogBench(connection, log_config(where="status_code <> 204 OR 1 = 0"))
    bench.poll()
    for key in range(1, 201):
        insert(connection, key, NOW, 204 if key % 2 else 200)
    bench.poll(5)
    insert(connection, 201, NOW, 204)
    bench.poll(5)
    insert(connection, 202, NOW, 200)
    bench.poll(5)
    assert bench.counted() == 101


def test_a_truncated_table_of_which_no_row_met_the_condition(
    connection: sqlite3.Connection,
) -> None:
    bench = LogBench(connection, log_config(where="status_code = 500"))
    bench.poll()
    for key in range(1, 51):
        insert(connection, key, NOW)
    bench.poll(5)
    assert bench.counted() == 0
    connection.execute("DELETE FROM request_logs")
    insert(connection, 1, NOW + 6, 500)
    bench.poll(5)
    assert bench.counted() == 1


def test_a_late_row_is_not_counted_again_when_the_newest_row_is_deleted(
    connection: sqlite3.Connection,
) -> None:
    bench = LogBench(connection, log_config())
    for key in (1, 2, 3, 5, 6):
        insert(connection, key, NOW)
    bench.poll()
    insert(connection, 4, NOW)
    bench.poll(5)
    connection.execute("DELETE FROM request_logs WHERE id = 6")
    bench.poll(5)
    assert bench.counted() == 1


def test_a_row_below_the_first_that_was_committed_late(connection: sqlite3.Connection) -> None:
    """It was under way when the log was first looked at, with few rows in it yet."""
    bench = LogBench(connection, log_config())
    insert(connection, 2, NOW)
    bench.poll()
    insert(connection, 1, NOW)
    bench.poll(5)
    assert bench.counted() == 1


@pytest.mark.parametrize("zone", ["server", "Europe/Berlin"])
@pytest.mark.parametrize(
    "value", [1_700_000_000, "1700000000.5", "2023-11-14T22:13:20Z", "2023-11-15T03:43:20+05:30"]
)
def test_a_zone_is_for_dates_that_have_none(
    connection: sqlite3.Connection, zone: str, value: object
) -> None:
    log = log_config(time={"column": "created_at", "zone": zone})
    bench = LogBench(connection, log)
    bench.poll()
    connection.execute("INSERT INTO request_logs(created_at) VALUES (?)", (value,))
    bench.poll(61)
    assert [window.count for window in bench.watch.stats().windows] == [0, 1, 1, 1]


def test_the_first_row_that_has_a_time_tells_how_times_are_written(
    connection: sqlite3.Connection,
) -> None:
    """Until then there is nothing to tell it by; rows read before stay what they were."""
    bench = LogBench(connection, log_config())
    connection.execute("INSERT INTO request_logs(created_at) VALUES (NULL)")
    bench.poll()
    connection.execute("INSERT INTO request_logs(created_at) VALUES (NULL), (?)", (NOW,))
    assert bench.poll(90).windows[0].count == 1
    assert bench.poll(5).windows[1].count == 3
    assert bench.counted() == 2


def test_a_table_that_was_rotated_is_read_where_it_went(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    """The check itself knows which tables there are."""
    log = RequestLogTable(log_config(), sqlite_watch.clock)

    def read() -> None:
        file = DatabaseFile(sqlite_database.path)
        with file.session(time.monotonic() + 3, lambda: False) as session:
            assert log.read(session) == []
        file.close()

    now = sqlite_watch.clock.now()
    sqlite_database.insert((now, "a", 200, 5.0, None) for _ in range(5))
    read()
    sqlite_database.insert((now, "a", 200, 5.0, None) for _ in range(7))
    sqlite_database.execute("ALTER TABLE request_logs RENAME TO request_logs_1")
    sqlite_database.connection.executescript(SCHEMA)
    sqlite_database.insert((now + 0.5, "a", 200, 5.0, None) for _ in range(2))
    read()
    to = Sampler({}).builder()
    log.samples(to)
    samples = to.build()
    pairs = zip(samples.series, samples.values, strict=True)
    assert sum(value for s, value in pairs if s.name == "http_requests_total") == 9
