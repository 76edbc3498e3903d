"""The SQLite check against real files, with a writer beside it."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checks.errors import TargetError
from checks.model import Result, Status
from checks.probes.sqlite.file import DatabaseFile, Session
from checks.probes.sqlite.integrity import Integrity
from checks.probes.sqlite.probe import KIND, SqliteConfig
from checks.probes.sqlite.survey import TableRows
from checks.requests.stats import RequestStats, WindowStats
from tests.servers.sqlite import SqliteDatabase, SqliteWatch, writer


def traces(directory: Path) -> dict[str, tuple[str, int]]:
    """Content and modification time of everything in ``directory``."""
    return {
        file.name: (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns)
        for file in sorted(directory.iterdir())
    }


def minute(result: Result) -> WindowStats:
    """What the request log said of the last minute."""
    assert isinstance(result.requests, RequestStats)
    return result.requests.windows[0]


def part(result: Result, name: str) -> tuple[Status, str]:
    found = next(p for p in result.parts if p.name == name)
    return found.status, found.message


async def test_a_healthy_database(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    sqlite_database.execute("PRAGMA user_version = 7")
    sqlite_database.insert((1.7e9, "a", 200, 1.0, None) for _ in range(500))
    result = await sqlite_watch.probe().run()
    assert (result.status, result.up, result.reason) == (Status.OK, True, "ok")
    assert "write-ahead log" in result.message
    file = sqlite_database.path.stat().st_size
    wal = sqlite_database.path.with_name("app.db-wal").stat().st_size
    samples = result.samples
    assert samples.get("sqlite_up", job="db0") == 1
    assert samples.get("sqlite_file_size_bytes") == file
    assert samples.get("sqlite_wal_size_bytes") == wal > 0
    assert samples.get("sqlite_user_version") == 7
    assert samples.get("sqlite_tables") == 3
    assert samples.get("sqlite_info", journal_mode="wal", encoding="UTF-8") == 1
    assert samples.get("sqlite_table_rows_estimate", table="request_logs") == 500
    pages = sqlite_database.execute("PRAGMA page_count")[0][0]
    assert samples.get("sqlite_page_count") == pages
    page_size = sqlite_database.execute("PRAGMA page_size")[0][0]
    assert isinstance(pages, int)
    assert isinstance(page_size, int)
    assert samples.get("sqlite_database_size_bytes") == pages * page_size != file
    assert ("request_logs", "≈ 500", "largest rowid") in result.tables[0].rows


async def test_every_metric_is_declared(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    log = {"table": "request_logs", "time": "created_at", "error": "error"}
    sqlite_database.insert([(1.7e9, "a", 200, 1.0, "boom")])
    probe = sqlite_watch.probe(request_log=log)
    await probe.check_integrity()
    declared = {metric.name for metric in KIND.metrics}
    for series in (await probe.run()).samples.series:
        assert (
            series.name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
            in declared
            or series.name in declared
        )


async def test_it_sees_what_a_writer_commits(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    probe = sqlite_watch.probe(
        queries=[
            {
                "metric": "failed_jobs",
                "value": "n",
                "labels": ["queue"],
                "sql": "SELECT queue, count(*) AS n FROM failed_jobs GROUP BY queue",
            }
        ]
    )
    assert (await probe.run()).samples.get("failed_jobs") is None
    sqlite_database.execute("INSERT INTO failed_jobs(queue) VALUES ('mail'), ('mail'), ('push')")
    samples = (await probe.run()).samples
    assert samples.get("failed_jobs", queue="mail") == 2
    assert samples.get("failed_jobs", queue="push") == 1


async def test_it_sees_what_a_writer_commits_through_a_link_too(
    tmp_path: Path, sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    """What was committed lies beside the file that the link leads to."""
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(sqlite_database.path)
    sqlite_database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sqlite_database.insert((1.7e9, "a", 200, 1.0, None) for _ in range(500))
    query = {"metric": "told", "value": "n", "sql": "SELECT count(*) AS n FROM request_logs"}
    result = await sqlite_watch.probe(path=str(link), queries=[query]).run()
    assert result.status is Status.OK, result.message
    assert result.samples.get("told") == 500
    assert (result.samples.get("sqlite_wal_size_bytes") or 0) > 0
    assert [each.name for each in link.parent.iterdir()] == ["link.db"]


async def test_request_log(sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch) -> None:
    probe = sqlite_watch.probe(
        request_log={
            "table": "request_logs",
            "time": {"column": "created_at", "zone": "server"},
            "status": "status_code",
            "duration": {"column": "latency_ms", "unit": "ms"},
            "labels": ["provider_id"],
            "error": "error",
        }
    )
    now = sqlite_watch.clock.now()
    sqlite_database.insert((now - i, "openai", 200, 40.0, None) for i in range(30))
    assert minute(await probe.run()).count == 30
    await sqlite_watch.clock.advance(5)
    sqlite_database.insert((now + 4, "openai", 500, 900.0, "boom") for _ in range(10))
    result = await probe.run()
    window = minute(result)
    assert (window.count, window.errors) == (40, 10)
    assert result.samples.get("http_requests_total", status="500", provider_id="openai") == 10


async def test_requests_of_two_writing_processes(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    log = {"table": "request_logs", "time": "created_at", "labels": ["provider_id"]}
    probe = sqlite_watch.probe(request_log=log)
    await probe.run()
    path = sqlite_database.path
    with writer(path, 200, "one") as one, writer(path, 200, "two") as two:
        results = []
        while one.poll() is None or two.poll() is None:
            results.append(await probe.run())
            await sqlite_watch.clock.advance(0.01)
    result = await probe.run()
    assert one.returncode == two.returncode == 0
    assert {seen.status for seen in results} == {Status.OK}
    for provider in ("one", "two"):
        assert result.samples.get("http_requests_total", provider_id=provider) == 1000


async def test_a_missing_request_log_leaves_the_rest(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    sqlite_database.execute("DROP TABLE request_logs")
    result = await sqlite_watch.probe(
        request_log={"table": "request_logs", "time": "created_at"}
    ).run()
    assert (result.status, result.up, result.reason) == (Status.UNKNOWN, True, "config")
    assert result.message == "request_log: no such table: request_logs"
    assert result.requests is None
    assert result.samples.get("sqlite_up") == 1


@pytest.mark.parametrize("mode", ["wal", "delete"])
async def test_a_file_nobody_has_open_is_left_without_a_trace(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, tmp_path: Path, mode: str
) -> None:
    sqlite_database.insert((1.7e9, "a", 200, 1.0, None) for _ in range(100))
    sqlite_database.execute(f"PRAGMA journal_mode = {mode}")
    sqlite_database.close()
    before = traces(tmp_path)
    assert list(before) == ["app.db"]
    log = {"table": "request_logs", "time": "created_at", "status": "status_code"}
    probe = sqlite_watch.probe(request_log=log, integrity_check="1h")
    for _ in range(3):
        result = await probe.run()
        assert result.status is Status.OK
        assert result.samples.get("sqlite_info", journal_mode=mode) == 1
        assert result.samples.get("sqlite_table_rows_estimate", table="request_logs") == 100
        await probe.check_integrity()
    assert traces(tmp_path) == before


async def test_the_writer_cleans_up_after_itself_as_if_nobody_watched(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, tmp_path: Path
) -> None:
    probe = sqlite_watch.probe()
    sqlite_database.insert([(1.7e9, "a", 200, 1.0, None)])
    await probe.run()
    sqlite_database.close()
    assert [file.name for file in tmp_path.iterdir()] == ["app.db"]
    assert (await probe.run()).status is Status.OK
    assert [file.name for file in tmp_path.iterdir()] == ["app.db"]


async def test_no_query_of_the_configuration_can_write(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, tmp_path: Path
) -> None:
    sqlite_database.rest()
    before = traces(tmp_path)
    for sql, why in (
        ("DELETE FROM failed_jobs", "tries to write"),
        ("INSERT INTO failed_jobs(queue) VALUES ('a') RETURNING id AS value", "tries to write"),
        ("CREATE TABLE x(y)", "tries to write"),
        ("CREATE TEMP TABLE x(y)", "tries to write"),
        ("PRAGMA user_version = 3", "tries to write"),
        (f"ATTACH '{tmp_path}/new.db' AS other", "attaches or copies a database"),
        (f"VACUUM INTO '{tmp_path}/copy.db'", "attaches or copies a database"),
    ):
        probe = sqlite_watch.probe(queries=[{"metric": "bad", "sql": sql}])
        result = await probe.run()
        assert (result.status, result.reason) == (Status.UNKNOWN, "config"), sql
        assert result.message.startswith(f"query bad: it {why}; queries must only read")
        assert result.up
    assert traces(tmp_path) == before


async def test_a_replaced_file_is_opened_anew(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, tmp_path: Path
) -> None:
    probe = sqlite_watch.probe(request_log={"table": "request_logs", "time": "created_at"})
    now = sqlite_watch.clock.now()
    sqlite_database.insert((now - 10 - i, "a", 200, 1.0, None) for i in range(20))
    await probe.run()
    sqlite_database.close()
    sqlite_database.path.unlink()
    gone = await probe.run()
    assert (gone.status, gone.reason, gone.up) == (Status.CRITICAL, "missing", False)
    assert gone.samples.get("sqlite_up") == 0
    await sqlite_watch.clock.advance(10)
    fresh = SqliteDatabase(tmp_path / "app.db")
    fresh.execute("PRAGMA user_version = 2")
    fresh.insert((now + 9, "b", 200, 1.0, None) for _ in range(5))
    result = await probe.run()
    fresh.close()
    assert result.status is Status.OK
    assert "the file was replaced by another" in result.events
    assert result.samples.get("http_requests_total") == 5
    assert result.samples.get("sqlite_user_version") == 2


async def test_a_changed_schema_is_an_event(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    probe = sqlite_watch.probe()
    assert (await probe.run()).events == ()
    sqlite_database.execute("ALTER TABLE failed_jobs ADD COLUMN reason TEXT")
    events = (await probe.run()).events
    assert len(events) == 1
    assert events[0].startswith("the schema changed: version ")


@pytest.mark.parametrize(
    ("bounds", "status"),
    [
        ({"size": {"warning": "1GB"}}, Status.OK),
        ({"size": {"warning": "1kB"}}, Status.WARNING),
        ({"size": {"warning": "1kB", "critical": "2kB"}}, Status.CRITICAL),
        ({"wal_size": {"warning": 1}}, Status.WARNING),
    ],
)
async def test_sizes_have_bounds(
    sqlite_database: SqliteDatabase,
    sqlite_watch: SqliteWatch,
    bounds: dict[str, Any],
    status: Status,
) -> None:
    sqlite_database.insert((1.7e9, "a", 200, 1.0, None) for _ in range(500))
    result = await sqlite_watch.probe(**bounds).run()
    assert result.status is status
    assert result.reason == ("ok" if status is Status.OK else "limit")
    assert (" holds " in result.message) == (status is not Status.OK)


async def test_estimates_use_analyze_and_leave_odd_tables_out(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    run = sqlite_database.execute
    run("CREATE TABLE keyed(a TEXT PRIMARY KEY) WITHOUT ROWID")
    run("CREATE TABLE named(rowid TEXT)")
    run("INSERT INTO named VALUES ('a'), ('b')")
    run("CREATE VIRTUAL TABLE words USING fts5(body)")
    run('CREATE TABLE "we""ird [red]" (x)')
    run('INSERT INTO "we""ird [red]" VALUES (1), (2)')
    run("INSERT INTO failed_jobs(id, queue) VALUES (1000, 'a'), (2000, 'a')")
    run("ANALYZE failed_jobs")
    rows = {row[0]: row[1:] for row in (await sqlite_watch.probe().run()).tables[0].rows}
    assert rows['we"ird [red]'] == ("≈ 2", "largest rowid")
    assert rows["failed_jobs"] == ("≈ 2", "ANALYZE")
    assert "keyed" not in rows
    assert "named" not in rows
    assert "words" not in rows


async def test_integrity(sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch) -> None:
    probe = sqlite_watch.probe(integrity_check="1h")
    sound = await probe.check_integrity()
    assert sound.sound is True
    result = await probe.run()
    assert part(result, "integrity")[0] is Status.OK
    assert result.samples.get("sqlite_integrity_ok") == 1


async def test_an_integrity_check_asked_for_amid_another_takes_nothing_from_what_is_known(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = sqlite_watch.probe()
    assert (await probe.check_integrity()).sound is True
    reads, goes_on = threading.Event(), threading.Event()
    read = probe._integrity._read

    def slow() -> Integrity:
        reads.set()
        goes_on.wait(10)
        return read()

    monkeypatch.setattr(probe._integrity, "_read", slow)
    checking = asyncio.create_task(probe.check_integrity())
    await asyncio.to_thread(reads.wait, 10)
    assert await probe.ask("integrity") == "integrity: the previous check has not ended yet"
    assert part(await probe.run(), "integrity")[0] is Status.OK
    goes_on.set()
    assert (await checking).sound is True


async def test_an_integrity_check_that_failed_inside_keeps_nobody_from_closing(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Integrity:
        raise RuntimeError("broken")

    probe = sqlite_watch.probe(integrity_check="1h")
    monkeypatch.setattr(probe._integrity, "_read", broken)
    assert (await probe.run()).status is Status.OK
    assert probe._integrity.task is not None
    await asyncio.wait({probe._integrity.task})
    await probe.close()
    assert not any("integrity" in name for name in sqlite_watch.lanes._lanes)
    assert isinstance(probe._integrity.task.exception(), RuntimeError)


def test_a_file_that_goes_while_it_is_read_is_measured_all_the_same(
    sqlite_database: SqliteDatabase,
) -> None:
    sqlite_database.rest()
    file, size = DatabaseFile(sqlite_database.path), sqlite_database.path.stat().st_size
    with file.session(time.monotonic() + 5) as session:
        session.value("SELECT 1")
        sqlite_database.path.rename(sqlite_database.path.with_name("away"))
        assert file.size == size
    file.close()


async def test_integrity_is_checked_at_its_interval(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    probe = sqlite_watch.probe(integrity_check="1h")
    start = sqlite_watch.clock.now()
    checked = []
    for seconds in (0, 1900, 1900, 10):
        await sqlite_watch.clock.advance(seconds)
        await probe.run()
        assert probe._integrity.task is not None
        await probe._integrity.task
        samples = (await probe.run()).samples
        checked.append(samples.get("sqlite_integrity_check_timestamp_seconds"))
    assert checked == [start, start, start + 3800, start + 3800]


async def test_damage_is_found_by_the_integrity_check(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    sqlite_database.insert((1.7e9, "a", 200, 1.0, "x" * 500) for _ in range(500))
    sqlite_database.rest()
    with sqlite_database.path.open("r+b") as file:
        file.seek(4096 * 20)
        file.write(b"\xa5" * 4096 * 5)
    probe = sqlite_watch.probe()
    assert (await probe.check_integrity()).sound is False
    result = await probe.run()
    assert result.status is Status.CRITICAL
    assert "damaged" in result.message
    assert result.samples.get("sqlite_integrity_ok") == 0


async def test_rows_that_cannot_be_estimated_again_are_shown_no_more(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_database.insert([(1.7e9, "a", 200, 1.0, None)])
    probe = sqlite_watch.probe()
    first = await probe.run()
    assert first.samples.get("sqlite_table_rows_estimate", table="request_logs") == 1

    def slow(session: Session) -> TableRows:
        raise TargetError("timeout", "stopped after 1.0 s without an answer")

    monkeypatch.setattr("checks.probes.sqlite.probe.table_rows", slow)
    await sqlite_watch.clock.advance(61)
    later = await probe.run()
    assert part(later, "tables")[1] == "tables: stopped after 1.0 s without an answer"
    assert later.samples.get("sqlite_table_rows_estimate", table="request_logs") is None
    assert not later.tables


@pytest.mark.parametrize("metric", [metric.name for metric in KIND.metrics])
def test_every_metric_is_in_the_documentation(metric: str) -> None:
    docs = Path(__file__).parents[2] / "docs"
    pages = ((docs / name).read_text() for name in ("checks/sqlite.md", "request-logs.md"))
    assert metric in "".join(pages)


async def test_shorthand_and_instance(tmp_path: Path) -> None:
    config = SqliteConfig.model_validate("data/app.db")
    assert (config.path, config.instance()) == ("data/app.db", "data/app.db")


async def test_an_empty_file_is_told_since_sqlite_takes_it_for_a_database(
    tmp_path: Path, sqlite_watch: SqliteWatch
) -> None:
    (tmp_path / "app.db").touch()
    probe = sqlite_watch.probe()
    result = await probe.run()
    assert (result.status, result.reason, result.up) == (Status.WARNING, "missing", True)
    assert result.message.startswith("the file is empty: it was truncated, or nothing was ever")
    assert "restore a backup" in result.message
    assert result.samples.get("sqlite_tables") == 0
    assert (tmp_path / "app.db").stat().st_size == 0


async def test_a_database_without_tables_is_not_empty_once_it_was_written_to(
    tmp_path: Path, sqlite_watch: SqliteWatch
) -> None:
    """In its write-ahead log alone, too."""
    probe = sqlite_watch.probe()
    with closing(sqlite3.connect(tmp_path / "app.db", isolation_level=None)) as application:
        assert (await probe.run()).status is Status.WARNING
        application.execute("PRAGMA journal_mode = wal")
        application.execute("CREATE TABLE t (id)")
        assert (await probe.run()).status is Status.OK
        application.execute("DROP TABLE t")
        assert (await probe.run()).status is Status.OK


async def test_that_a_file_was_emptied_is_said_before_what_its_queries_miss(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    query = {"metric": "jobs", "value": "n", "sql": "SELECT count(*) AS n FROM failed_jobs"}
    probe = sqlite_watch.probe(queries=[query])
    assert (await probe.run()).status is Status.OK
    sqlite_database.execute("PRAGMA journal_mode = DELETE")
    with sqlite_database.path.open("wb"):
        pass
    result = await probe.run()
    assert result.status is Status.UNKNOWN
    assert result.message.startswith("the file is empty")
    assert part(result, "query jobs")[0] is Status.UNKNOWN


async def test_a_rollback_journal_database_with_a_reader_beside_us(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    """Closing our own descriptors must not drop another connection's locks."""
    sqlite_database.execute("PRAGMA journal_mode = DELETE")
    sqlite_database.execute("BEGIN IMMEDIATE")
    sqlite_database.execute("INSERT INTO failed_jobs(queue) VALUES ('held')")
    probe = sqlite_watch.probe()
    assert (await probe.run()).status is Status.OK
    other = sqlite3.connect(sqlite_database.path, isolation_level=None, timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()
    sqlite_database.execute("ROLLBACK")
