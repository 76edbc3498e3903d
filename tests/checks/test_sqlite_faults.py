"""SQLite files that cannot be read, that lie, and queries that misbehave."""

from __future__ import annotations

import asyncio
import math
import os
import random
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from checks.errors import TargetError
from checks.model import Result, Status
from checks.probes.sqlite.file import DatabaseFile, add_math
from checks.probes.sqlite.survey import Survey
from tests.patience import tried_again
from tests.servers.sqlite import SqliteDatabase, SqliteWatch, exclusive_lock

NOBODY = 65534

ENDLESS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS value FROM n
"""
MILLION = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
SELECT i AS value, i AS number FROM n LIMIT 1000000
"""


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may read everything; be somebody else meanwhile."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody may look into."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


def failure(result: Result) -> tuple[Status, str, bool]:
    return result.status, result.reason, result.up


async def test_a_missing_file_is_critical_and_stays_missing(
    sqlite_watch: SqliteWatch, tmp_path: Path
) -> None:
    result = await sqlite_watch.probe(path="none/app.db").run()
    assert failure(result) == (Status.CRITICAL, "missing", False)
    path = tmp_path / "none" / "app.db"
    assert result.message == f"{path} does not exist: was it moved or deleted?"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"\x89PNG\r\n\x1a\n" * 100, b"x", random.Random(1).randbytes(5000)],
    ids=["picture", "a byte", "noise"],
)
async def test_a_file_that_is_no_database(
    sqlite_watch: SqliteWatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "app.db").write_bytes(content)
    result = await sqlite_watch.probe().run()
    assert failure(result) == (Status.CRITICAL, "protocol", False)
    assert result.message.endswith("app.db is not an SQLite database, or it is encrypted")


async def test_a_directory_and_a_pipe_are_no_files(
    sqlite_watch: SqliteWatch, tmp_path: Path
) -> None:
    (tmp_path / "app.db").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for path in ("app.db", "pipe"):
        result = await sqlite_watch.probe(path=path).run()
        assert failure(result) == (Status.UNKNOWN, "config", False)


async def test_a_damaged_file(sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch) -> None:
    sqlite_database.rest()
    with sqlite_database.path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3996)
    result = await sqlite_watch.probe().run()
    assert failure(result) == (Status.CRITICAL, "protocol", False)
    assert "is damaged (" in result.message


async def test_permission_denied_names_the_file_and_its_mode(
    sqlite_watch: SqliteWatch, open_directory: Path
) -> None:
    path = open_directory / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t(x)")
    path.chmod(0)
    with unprivileged():
        result = await sqlite_watch.probe(path=str(path)).run()
    assert failure(result) == (Status.UNKNOWN, "permission", False)
    assert f"cannot read {path}: permission denied (mode 0000, owner " in result.message


async def test_permission_denied_names_the_directory_in_the_way(
    sqlite_watch: SqliteWatch, open_directory: Path
) -> None:
    inner = open_directory / "data"
    inner.mkdir(mode=0)
    with unprivileged():
        result = await sqlite_watch.probe(path=str(inner / "app.db")).run()
    inner.chmod(0o700)
    assert failure(result) == (Status.UNKNOWN, "permission", False)
    assert f"may not look into {inner} (mode 0000, owner " in result.message


async def test_a_write_ahead_log_in_a_directory_we_may_not_write_to(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, open_directory: Path
) -> None:
    sqlite_database.insert([(1.7e9, "a", 200, 1.0, None)])
    for suffix in ("", "-wal"):
        copy = open_directory / f"app.db{suffix}"
        shutil.copy(f"{sqlite_database.path}{suffix}", copy)
        copy.chmod(0o644)
    open_directory.chmod(0o555)
    with unprivileged():
        result = await sqlite_watch.probe(path=str(open_directory / "app.db")).run()
    assert failure(result) == (Status.UNKNOWN, "permission", False)
    assert f"wants write access to {open_directory} (mode 0555, owner " in result.message


async def test_a_lock_names_who_holds_it(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    sqlite_database.rest()
    probe = sqlite_watch.probe(timeout=0.6)
    with exclusive_lock(sqlite_database.path) as pid:
        result = await probe.run()
    assert failure(result) == (Status.CRITICAL, "timeout", False)
    assert "app.db is locked by python" in result.message
    assert f"(pid {pid}); waited 0." in result.message
    assert (await probe.run()).status is Status.OK


async def test_a_journal_that_only_a_writer_can_roll_back(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, tmp_path: Path
) -> None:
    sqlite_database.insert((1.7e9, "a", 200, 1.0, "x" * 400) for _ in range(500))
    sqlite_database.execute("PRAGMA journal_mode = DELETE")
    sqlite_database.execute("PRAGMA cache_size = 1")
    sqlite_database.execute("BEGIN")
    sqlite_database.execute("UPDATE request_logs SET error = ''")
    crashed = tmp_path / "crashed.db"
    shutil.copy(sqlite_database.path, crashed)
    shutil.copy(f"{sqlite_database.path}-journal", f"{crashed}-journal")
    result = await sqlite_watch.probe(path="crashed.db").run()
    assert failure(result) == (Status.UNKNOWN, "permission", False)
    assert "was left amid a transaction; only a writer can roll it back" in result.message


@tried_again
async def test_a_query_that_never_ends_costs_only_itself(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    probe = sqlite_watch.probe(
        timeout=1.0,
        queries=[
            {"metric": "endless", "sql": ENDLESS},
            {"metric": "fine", "sql": "SELECT 4 AS value"},
        ],
    )
    began = time.monotonic()
    result = await probe.run()
    assert time.monotonic() - began < 1.0
    assert result.samples.get("fine") == 4
    assert result.samples.get("endless") is None
    assert failure(result) == (Status.WARNING, "timeout", True)
    assert result.message.startswith("query endless: stopped after 0.")


async def test_a_million_rows_are_cut_at_the_bound(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    query = {"metric": "many", "sql": MILLION, "labels": ["number"], "max_rows": 50}
    result = await sqlite_watch.probe(queries=[query]).run()
    assert sum(s.name == "many" for s in result.samples.series) == 50
    assert failure(result) == (Status.WARNING, "limit", True)
    assert result.message == "query many yields too many rows; those past 50 are left out"


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELECT 'abc' AS value", "its column 'value' holds 'abc', which is no number"),
        ("SELECT 1 AS other", "it has no column 'value'; it has other"),
        ("SELECT 1 AS value UNION ALL SELECT 2", "two rows have the same labels (no labels)"),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELECT 1; SELECT 2", "You can only execute one statement at a time."),
    ],
)
async def test_queries_that_cannot_be_used(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, sql: str, sentence: str
) -> None:
    result = await sqlite_watch.probe(queries=[{"metric": "bad", "sql": sql}]).run()
    assert result.status is Status.UNKNOWN
    assert result.up
    assert sentence in result.message


async def test_a_cell_of_a_hundred_megabytes_is_refused(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    query = {"metric": "big", "sql": "SELECT zeroblob(100000000) AS value"}
    result = await sqlite_watch.probe(queries=[query]).run()
    assert failure(result) == (Status.WARNING, "limit", True)
    assert result.message == "query big: a value is longer than 1 MB; select a part of it"


async def test_hostile_cells_become_plain_labels(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    sql = (
        "SELECT 1 AS value, char(27) || '[31m[b]x' || char(10) || CAST(x'ff41' AS TEXT) AS job_name"
    )
    query = {"metric": "odd", "sql": sql, "labels": ["job_name"]}
    result = await sqlite_watch.probe(queries=[query]).run()
    assert result.samples.get("odd", job_name="[b]x \ufffdA") == 1


async def test_a_query_has_an_interval_of_its_own(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    query = {"metric": "n", "interval": "30s", "sql": "SELECT count(*) AS value FROM failed_jobs"}
    probe = sqlite_watch.probe(queries=[query])
    seen = []
    for _ in range(8):
        seen.append((await probe.run()).samples.get("n"))
        sqlite_database.execute("INSERT INTO failed_jobs(queue) VALUES ('a')")
        await sqlite_watch.clock.advance(5)
    assert seen == [0, 0, 0, 0, 0, 0, 6, 6]


async def test_a_hung_file_system_holds_up_its_own_check_alone(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung, released = sqlite_watch.probe(timeout=0.2), threading.Event()
    inspect = DatabaseFile._inspect

    def hang(file: DatabaseFile) -> bool:
        if file is hung._file:
            released.wait()
        return inspect(file)

    monkeypatch.setattr(DatabaseFile, "_inspect", hang)
    try:
        for _ in range(2):
            result = await hung.run()
            assert failure(result) == (Status.CRITICAL, "timeout", False)
            assert result.message.endswith("does its file system hang?")
            assert (await sqlite_watch.probe().run()).status is Status.OK
    finally:
        released.set()


async def test_taken_away_amid_a_run_a_check_leaves_nothing_open(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    """As reloads in a hurry do, at every moment of a run: before the file is opened and after."""
    sqlite_database.rest()
    path = str(sqlite_database.path)
    for step in range(60):
        probe = sqlite_watch.probe(integrity_check="1h")
        running = asyncio.create_task(probe.run())
        await asyncio.sleep(step % 30 * 0.0002)
        running.cancel()
        await asyncio.wait({running})
        await probe.close()
    async with asyncio.timeout(5):
        while opened(path):
            await asyncio.sleep(0.01)


async def test_closed_twice_amid_a_run_the_file_stays_open_until_the_run_ends(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is closed twice may be another's by then."""
    sqlite_database.rest()
    path = str(sqlite_database.path)
    reads, goes_on = threading.Event(), threading.Event()

    def slow(*_: object) -> Survey:
        reads.set()
        goes_on.wait(10)
        raise TargetError("protocol", "read at last")

    monkeypatch.setattr("checks.probes.sqlite.probe.survey", slow)
    probe = sqlite_watch.probe(integrity_check="1h")
    running = asyncio.create_task(probe.run())
    try:
        await asyncio.to_thread(reads.wait, 10)
        held = opened(path)
        await probe.close()
        await probe.close()
        assert opened(path) == held > 0
    finally:
        goes_on.set()
    assert (await running).message == "read at last"
    async with asyncio.timeout(5):
        while opened(path):
            await asyncio.sleep(0.01)


def opened(path: str) -> int:
    """How many of this process's descriptors are of the file, or of what lies beside it."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += str(each.readlink()).startswith(path)
    return found


async def test_a_file_that_changes_while_it_is_read_is_read_again(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch, tmp_path: Path
) -> None:
    """A writer that comes while the file is open as unchanging is noticed."""
    sqlite_database.close()
    file = DatabaseFile(tmp_path / "app.db")
    with closing(file), file.session(time.monotonic() + 5) as session:
        assert session.value("SELECT count(*) FROM failed_jobs") == 0
        with closing(SqliteDatabase(tmp_path / "app.db")) as writer:
            writer.execute("INSERT INTO failed_jobs(queue) VALUES ('late')")
            assert session.value("SELECT count(*) FROM failed_jobs") == 1


def test_an_sqlite_without_mathematics_is_given_some() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        add_math(connection)
        row = connection.execute("SELECT ln(2.5), ceil(1.2), ceil(-1.5), ln(NULL)").fetchone()
    assert row == (pytest.approx(math.log(2.5)), 2.0, -1.0, None)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"table": "t"}, "Field required"),
        ({"table": "t", "time": {"column": "c", "zone": "Mars/Olympus"}}, "no time zone"),
        ({"table": "t", "time": "c", "labels": ["a", "a"]}, "listed twice"),
        ({"table": "t", "time": "c", "duration": {"column": "d", "unit": "h"}}, "Input should be"),
        ({"table": "t", "time": "c", "tabel": "u"}, "Extra inputs are not permitted"),
    ],
)
def test_bad_request_log_configurations(
    sqlite_watch: SqliteWatch, config: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        sqlite_watch.probe(request_log=config)
