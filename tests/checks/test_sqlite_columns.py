"""A request log whose configuration does not fit its table, or whose table does not hold
what it should: nothing is invented."""

from __future__ import annotations

from typing import Any

import pytest

from checks.model import Result, Status
from checks.requests.stats import RequestStats, WindowStats
from tests.checks.request_logs import LOG
from tests.servers.sqlite import SqliteDatabase, SqliteWatch


def minute(result: Result) -> WindowStats:
    assert isinstance(result.requests, RequestStats)
    return result.requests.windows[0]


def nothing_invented(result: Result) -> bool:
    """No figure of any request, in the pane or as a sample."""
    named = [s.name for s in result.samples.series if s.name.startswith("http_request")]
    return result.requests is None and not named


@pytest.fixture
def requests_now(sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch) -> SqliteDatabase:
    """The application's database with ten requests of the last seconds."""
    now = sqlite_watch.clock.now()
    sqlite_database.insert((now - i, "a", 200, 20.0, None) for i in range(10))
    return sqlite_database


@pytest.mark.parametrize(
    ("setting", "near"),
    [
        ({"status": "statuscode"}, 'no column "statuscode"; did you mean "status_code"?'),
        ({"duration": "latency"}, 'no column "latency"; did you mean "latency_ms"?'),
        ({"time": "createdat"}, 'no column "createdat"; did you mean "created_at"?'),
        ({"id": "ident"}, 'no column "ident"; it has id, created_at, provider_id, '),
        ({"labels": ["providerid"]}, 'no column "providerid"; did you mean "provider_id"?'),
        ({"error": "errors"}, 'no column "errors"; did you mean "error"?'),
        ({"status": "rowid_"}, 'no column "rowid_"; it has '),
        (
            {"status": "statuscode", "error": "zzz"},
            'no columns "statuscode" (did you mean "status_code"?), "zzz"',
        ),
    ],
)
async def test_a_misspelt_column_is_named_and_nothing_is_invented(
    requests_now: SqliteDatabase, sqlite_watch: SqliteWatch, setting: dict[str, Any], near: str
) -> None:
    probe = sqlite_watch.probe(request_log={**LOG, **setting})
    for _ in range(2):
        result = await probe.run()
        assert (result.status, result.reason, result.up) == (Status.UNKNOWN, "config", True)
        assert result.message.startswith(f"request_log: table request_logs has {near}")
        assert nothing_invented(result)
        assert result.samples.get("sqlite_up") == 1
        await sqlite_watch.clock.advance(5)


async def test_a_misspelt_table_is_named_with_its_nearest(
    requests_now: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    result = await sqlite_watch.probe(request_log={**LOG, "table": "request_log"}).run()
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert result.message == (
        'request_log: no such table: request_log; did you mean "request_logs"?'
    )
    assert nothing_invented(result)


async def test_a_column_that_is_renamed_ends_the_figures_until_it_is_back(
    requests_now: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    probe = sqlite_watch.probe(request_log=LOG)
    assert minute(await probe.run()).count == 10
    requests_now.execute("ALTER TABLE request_logs RENAME COLUMN status_code TO status")
    await sqlite_watch.clock.advance(5)
    result = await probe.run()
    assert result.status is Status.UNKNOWN
    assert result.message.endswith('no column "status_code"; did you mean "status"?')
    assert nothing_invented(result)
    requests_now.execute("ALTER TABLE request_logs RENAME COLUMN status TO status_code")
    requests_now.insert((sqlite_watch.clock.now(), "a", 503, 20.0, None) for _ in range(3))
    await sqlite_watch.clock.advance(5)
    result = await probe.run()
    assert result.status is Status.OK
    assert (minute(result).count, minute(result).errors) == (13, 3)
    assert result.samples.get("http_requests_total", status="503") == 3


async def test_names_that_sqlite_knows_are_accepted(
    requests_now: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    """Other case, the schema's name, a view, a generated column, the row's own number."""
    requests_now.execute(
        "ALTER TABLE request_logs ADD COLUMN kind TEXT AS (provider_id || '!') VIRTUAL"
    )
    requests_now.execute(
        "CREATE VIEW recent AS SELECT id, created_at, status_code AS s FROM request_logs"
    )
    for log in (
        {**LOG, "status": "STATUS_Code", "labels": ["kind"]},
        {**LOG, "table": "main.request_logs", "id": "rowid"},
        {**LOG, "id": "_ROWID_", "where": "provider_id = 'a'"},
        {"table": "recent", "time": "created_at", "status": "s"},
    ):
        result = await sqlite_watch.probe(request_log=log).run()
        assert result.status is Status.OK, result.message
        assert minute(result).by_class == (("2xx", 10),)


@pytest.mark.parametrize(
    "table",
    [
        "CREATE TABLE odd(created_at TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE VIEW odd AS SELECT created_at FROM request_logs",
    ],
)
async def test_a_row_number_is_refused_where_rows_have_none(
    requests_now: SqliteDatabase, sqlite_watch: SqliteWatch, table: str
) -> None:
    requests_now.execute(table)
    log = {"table": "odd", "time": "created_at", "id": "rowid"}
    result = await sqlite_watch.probe(request_log=log).run()
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert result.message.endswith('table odd has no column "rowid"; it has created_at')
    assert nothing_invented(result)


async def test_what_is_no_number_counts_as_unknown(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    sqlite_database.execute(
        "CREATE TABLE texts(id INTEGER PRIMARY KEY, at REAL, status TEXT, took TEXT)"
    )
    now = sqlite_watch.clock.now()
    log = {"table": "texts", "time": "at", "status": "status", "duration": "took"}
    rows = [
        (now, "200", "40"),
        (now, "404 Not Found", "4e1"),
        (now, "n/a", "n/a"),
        (now, "", ""),
        (now, "ok", "40 ms"),
    ]
    probe = sqlite_watch.probe(request_log=log)
    await probe.run()
    sqlite_database.connection.executemany(
        "INSERT INTO texts(at, status, took) VALUES (?, ?, ?)", rows
    )
    result = await probe.run()
    window = minute(result)
    assert (window.count, window.errors) == (5, 1)
    assert (window.minimum, window.maximum) == (0.04, 0.04)
    assert window.p50 == pytest.approx(0.04, rel=0.01)
    assert result.samples.get("http_request_duration_seconds_count") == 2
    assert result.samples.get("http_requests_total", status="none") == 3
    later = await sqlite_watch.probe(request_log=log).run()
    assert minute(later).p50 == pytest.approx(0.04, rel=0.01)


async def test_the_size_is_what_readers_see_and_says_where_it_lies(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    sqlite_database.insert((1.7e9, "a", 200, 1.0, "x" * 100) for _ in range(500))
    result = await sqlite_watch.probe(size={"warning": "1GB"}).run()
    pages = result.samples.get("sqlite_page_count")
    assert pages is not None
    shown = f"{pages * 4096 / 1000:.3g} kB"
    facts = dict(result.facts)
    assert pages > 10
    assert result.value == shown
    assert result.message.startswith(f"{shown} (4.1 kB in the file, ")
    assert " of write-ahead log), read in " in result.message
    assert facts["size"].startswith(f"{shown} in {pages:.0f} pages of 4,096 B")
    assert facts["file"] == "4.1 kB"
    over = await sqlite_watch.probe(size={"warning": "20kB"}).run()
    assert over.message == f"the database holds {shown}"
    sqlite_database.rest()
    rested = await sqlite_watch.probe().run()
    assert rested.message.startswith(f"{shown}, read in ")
