"""Steps in SQL against real servers: what is bound stays a value, what reads cannot write."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from checks.runbooks.model import Language, Marking
from checks.runbooks.running.sql import ROWS, refusal_of
from checks.runbooks.running.sqlite import open_sqlite
from checks.runbooks.views import RunState
from checks.secrets import MASK
from tests.checks.runbooks.running_kit import Place, Ran, target_of
from tests.checks.test_sqlite_faults import opened
from tests.patience import PATIENCE
from tests.servers.mariadb import OWNER, PASSWORD, MariadbDatabase
from tests.servers.postgres import PostgresDatabase, until

DROP = "'; DROP TABLE jobs; --"


class Database:
    """A server with a table of jobs, whichever it is."""

    def __init__(self, place: Place, kind: str, config: dict[str, Any], plain: Any) -> None:
        self.kind = kind
        self._place = place
        self._target = target_of(kind, config)
        self.plain = plain
        """Runs statements beside, or gives the rows of one."""

    async def run(self, text: str, variables: dict[str, str] | None = None, **more: Any) -> Ran:
        return await self._place.run(
            text, variables, language=Language.SQL, target=self._target, **more
        )


TABLE = (
    "CREATE TABLE jobs (id INT PRIMARY KEY, queue VARCHAR(80), tries INT)",
    "INSERT INTO jobs VALUES (1, 'default', 1), (2, '0', 2), (3, 'emails', NULL)",
)


@pytest.fixture
async def on_postgres(place: Place, postgres_server: PostgresDatabase) -> Database:
    for statement in TABLE:
        await postgres_server.execute(statement)
    config = {"url": postgres_server.url}
    return Database(place, "postgres", config, postgres_server.fetch)


@pytest.fixture
async def on_mariadb(place: Place, mariadb_server: MariadbDatabase) -> Database:
    mariadb_server.execute(*TABLE)
    config = {"url": mariadb_server.url_of(OWNER), "password": PASSWORD, "option_files": False}

    async def fetch(sql: str) -> Any:
        return mariadb_server.fetch(sql)

    return Database(place, "mysql", config, fetch)


@pytest.fixture
async def on_sqlite(place: Place, tmp_path: Path) -> Database:
    path = tmp_path / "jobs.db"

    def run(sql: str) -> list[Any]:
        link = sqlite3.connect(path)
        try:
            with link:
                return link.execute(sql).fetchall()
        finally:
            link.close()

    for statement in TABLE:
        run(statement)

    async def fetch(sql: str) -> Any:
        return run(sql)

    return Database(place, "sqlite", {"path": str(path)}, fetch)


@pytest.fixture(params=["postgres", "mariadb", "sqlite"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"on_{request.param}")
    return found


async def test_a_value_is_bound_and_the_answer_is_a_table(database: Database) -> None:
    ran = await database.run(
        "-- which jobs\nSELECT id, queue, tries FROM jobs WHERE queue <> :queue ORDER BY id;",
        {"QUEUE": "default"},
        marking=Marking.SAFE,
        capture="ID",
    )
    assert ran.output.lines == (
        "id | queue  | tries",
        "---+--------+------",
        " 2 | 0      |     2",
        " 3 | emails |  NULL",
        "(2 rows)",
    )
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.DONE, 0)
    assert ran.ended.captured == ("ID", "2")
    assert "2 rows" in ran.ended.said


@pytest.mark.parametrize(
    "value", [DROP, "\\'; DROP TABLE jobs; #", "0", "a\nb", "$(touch x)", "ü€"]
)
async def test_a_value_stays_a_value(database: Database, value: str) -> None:
    ran = await database.run("DELETE FROM jobs WHERE queue = :queue", {"QUEUE": value})
    assert ran.ended.exit_code == 0, ran.ended.said
    rows = await database.plain("SELECT id FROM jobs ORDER BY id")
    # "0" is the second job's queue; as a number it would be equal to every text in MySQL.
    assert [row[0] for row in rows] == ([1, 3] if value == "0" else [1, 2, 3])
    assert ran.output.last_line.strip("()").endswith("affected") or "DELETE" in ran.text


async def test_a_value_is_what_its_column_is(database: Database) -> None:
    """Numbers need no cast."""
    sql = "UPDATE jobs SET tries = :tries WHERE id = :id"
    ran = await database.run(sql, {"TRIES": "7", "ID": "3"})
    assert ran.ended.exit_code == 0, ran.ended.said
    assert await database.plain("SELECT tries FROM jobs WHERE id = 3") == [(7,)]
    assert ran.output.last_line in ("(UPDATE 1)", "(1 row affected)")


async def test_a_safe_step_only_reads(database: Database) -> None:
    ran = await database.run("DELETE FROM jobs", marking=Marking.SAFE)
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.DONE, 1)
    assert "marked safe" in ran.ended.said
    assert len(await database.plain("SELECT id FROM jobs")) == 3


@pytest.mark.parametrize(
    "sql",
    [
        "SET default_transaction_read_only = off; DELETE FROM jobs",
        "SELECT set_config('default_transaction_read_only', 'off', false); DELETE FROM jobs",
        "DO $$ BEGIN SET LOCAL transaction_read_only = off; DELETE FROM jobs; END $$",
        "WITH gone AS (DELETE FROM jobs RETURNING id) SELECT * FROM gone",
    ],
)
async def test_a_safe_step_does_not_become_another(on_postgres: Database, sql: str) -> None:
    await on_postgres.run(sql, marking=Marking.SAFE)
    assert len(await on_postgres.plain("SELECT id FROM jobs")) == 3


@pytest.mark.parametrize(
    "sql",
    [
        "SET SESSION TRANSACTION READ WRITE; DELETE FROM jobs",
        "SET @@session.tx_read_only = 0; DELETE FROM jobs",
        "SET transaction_read_only = OFF; DELETE FROM jobs",
    ],
)
async def test_nor_on_mariadb(on_mariadb: Database, sql: str) -> None:
    ran = await on_mariadb.run(sql, marking=Marking.SAFE)
    assert ran.ended.state is RunState.FAILED
    assert len(await on_mariadb.plain("SELECT id FROM jobs")) == 3


async def test_a_secret_in_what_a_server_says(on_postgres: Database, place: Place) -> None:
    place.env.masker.learn("hunter2hunter2")
    ran = await on_postgres.run("SELECT hunter2hunter2 FROM jobs")
    assert "hunter2" not in ran.ended.said + ran.text
    ran = await on_postgres.run("SELECT 'hunter2hunter2' AS word", capture="WORD")
    assert ran.ended.captured == ("WORD", MASK)


async def test_several_statements_go_one_by_one_until_one_fails(database: Database) -> None:
    ran = await database.run(
        "SELECT 1 AS one; SELECT nothing FROM jobs; DELETE FROM jobs WHERE id = 1;"
    )
    assert ran.ended.exit_code == 1
    assert "statement 2 of 3" in ran.ended.said
    assert "SQLSTATE 42" in ran.ended.said or "SQLITE_ERROR" in ran.ended.said
    assert "one" in ran.text
    assert len(await database.plain("SELECT id FROM jobs")) == 3


@pytest.mark.parametrize(
    "sql",
    ["BEGIN", "/* a */ commit", "-- x\nROLLBACK", "START TRANSACTION", "\\dt", "set autocommit=0"],
)
async def test_no_statement_controls_a_transaction(database: Database, sql: str) -> None:
    ran = await database.run(f"DELETE FROM jobs; {sql}")  # noqa: S608 - the attack
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.FAILED, None)
    assert len(await database.plain("SELECT id FROM jobs")) == 3


async def test_an_answer_has_its_bounds(database: Database) -> None:
    many = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) "
        "SELECT i, 'x' AS x FROM n"
    )
    ran = await database.run(many, marking=Marking.SAFE)
    assert ran.output.last_line == f"(the first {ROWS} rows; there are more)"
    assert len(ran.output.lines) == ROWS + 3


@pytest.mark.parametrize("ending", ["cancelled", "timed out"])
async def test_what_takes_long_is_ended_on_the_server(database: Database, ending: str) -> None:
    sleeping = {
        "postgres": "SELECT pg_sleep(30)",
        "mysql": "SELECT SLEEP(30)",
        "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT count(*) FROM n",
    }[database.kind]
    began = time.monotonic()
    if ending == "cancelled":
        waited = asyncio.create_task(asyncio.sleep(1.5))
        ran = await database.run(sleeping, cancel_once=waited.done)
    else:
        ran = await database.run(sleeping, timeout=1.5)
    assert time.monotonic() - began < 20
    assert ran.ended.state.value == ending
    sqlite = database.kind == "sqlite"
    assert ("it was stopped" if sqlite else "the server was told to stop it") in ran.ended.said
    left = {
        "postgres": "SELECT count(*) FROM pg_stat_activity "
        "WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'",
        "mysql": "SELECT count(*) FROM information_schema.PROCESSLIST "
        "WHERE INFO LIKE 'SELECT SLEEP%'",
        "sqlite": "SELECT 0",
    }[database.kind]
    for _ in range(round(PATIENCE / 0.02)):
        if (await database.plain(left))[0][0] == 0:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it still runs there")


async def test_functions_are_called_for_rows_that_are_not_shown(on_postgres: Database) -> None:
    """What a step does to 600 sessions it must not do to the 500 that are shown."""
    await on_postgres.plain("CREATE SEQUENCE calls")
    await on_postgres.run("SELECT nextval('calls') FROM generate_series(1, 700)")
    assert await on_postgres.plain("SELECT last_value FROM calls") == [(700,)]


async def test_notices_and_odd_types_of_postgres(on_postgres: Database) -> None:
    ran = await on_postgres.run(
        "DO $$ BEGIN RAISE NOTICE 'two; one'; END $$;"
        "SELECT :at::inet AS at, now() - now() AS none, ARRAY[1,2] AS list, NULL AS no,"
        " true AS yes, '\\x00ff'::bytea AS raw, E'a\\nb' AS lines",
        {"AT": "10.0.0.1"},
    )
    assert ran.ended.exit_code == 0, ran.ended.said
    assert ran.output.lines[0] == "NOTICE: two; one"
    cells = [cell.strip() for cell in ran.output.lines[-2].split("|")]
    assert cells == ["10.0.0.1", "0:00:00", "{1,2}", "NULL", "t", "\\x00ff", "a↵b"]


async def test_values_meet_columns_of_another_collation(on_mariadb: Database) -> None:
    ran = await on_mariadb.run(
        "CREATE TABLE names (name VARCHAR(20) COLLATE utf8mb4_unicode_ci);"
        "INSERT INTO names VALUES (:name);"
        "SELECT count(*) AS found FROM names WHERE name = :name",
        {"NAME": "Änne"},
    )
    assert ran.ended.exit_code == 0, ran.ended.said
    assert ran.output.lines[-2:] == ("    1", "(1 row)")


async def test_a_session_is_ended_by_its_number(
    on_mariadb: Database, mariadb_server: MariadbDatabase
) -> None:
    link = mariadb_server.connect()
    thread = str(link.thread_id())
    ran = await on_mariadb.run("KILL :id", {"ID": thread}, marking=Marking.DANGER)
    assert ran.ended.exit_code == 0, ran.ended.said
    processes = "SELECT ID FROM information_schema.PROCESSLIST"
    until(lambda: (int(thread),) not in mariadb_server.fetch(processes))


async def test_a_database_that_is_not_there(place: Place, unused_tcp_port: int) -> None:
    url = f"postgresql://x@127.0.0.1:{unused_tcp_port}/x"
    target = target_of("postgres", {"url": url})
    ran = await place.run("SELECT 1", language=Language.SQL, target=target)
    assert (ran.ended.state, ran.ended.exit_code) == (RunState.FAILED, None)
    assert "refused: is the server running?" in ran.ended.said


async def test_a_file_that_cannot_be_opened_leaves_no_thread(place: Place, tmp_path: Path) -> None:
    target = target_of("sqlite", {"path": str(tmp_path / "gone.db")})
    ran = await place.run("SELECT 1", language=Language.SQL, target=target)
    assert ran.ended.state is RunState.FAILED
    left = [each for each in threading.enumerate() if each.name.startswith("lane runbook")]
    for each in left:
        each.join(PATIENCE)
        assert not each.is_alive()


async def test_a_step_without_a_database(place: Place) -> None:
    ran = await place.run("SELECT 1", language=Language.SQL)
    assert "name a check with target=NAME" in ran.ended.said
    web = target_of("http", {"url": "http://127.0.0.1:1"}, "web")
    ran = await place.run("SELECT 1", language=Language.SQL, target=web)
    assert ran.ended.said == (
        "not run: web is a http check; SQL goes to one of mysql, postgres, sqlite"
    )


def test_what_is_within_a_text_controls_nothing() -> None:
    assert not refusal_of("SELECT 'BEGIN' AS \"commit\" -- rollback", "postgres")
    assert not refusal_of("UPDATE endings SET beginning = 1", "mysql")
    assert refusal_of("COPY jobs FROM STDIN", "postgres")


async def test_a_file_that_is_still_read_when_its_step_ends_is_closed_after_that(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checks.runbooks.running.sqlite._LOOKS", 1)
    path, env, goes_on = tmp_path / "read.db", place.env, threading.Event()
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE jobs (id INT)")
    target = target_of("sqlite", {"path": str(path)})
    conversation = await open_sqlite(target, env, 5.0, "step", reads=True)
    await conversation.ask("SELECT count(*) FROM jobs", {})
    reading = asyncio.create_task(conversation.aside(lambda: goes_on.wait(PATIENCE)))
    try:
        await asyncio.sleep(0)
        await conversation.close()
        assert opened(str(path)), "what is read is not closed under it"
    finally:
        goes_on.set()
    await reading
    async with asyncio.timeout(PATIENCE):
        while opened(str(path)):
            await asyncio.sleep(0.01)
