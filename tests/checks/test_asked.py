"""What checks say of the statements they ask: on real servers, and the ledger by itself."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Sequence

import pytest

from checks.clock import FakeClock
from checks.databases.asked import MOST, RUNS, Ledger, cost_of, rhythm_of
from checks.databases.model import Asked
from checks.model import Result
from checks.probes.mysql.sql import head_of
from checks.probes.postgres.sql import statements
from tests.servers.mariadb import MariadbDatabase, MysqlWatch
from tests.servers.postgres import PostgresDatabase, PostgresWatch
from tests.servers.redis import RedisServer, RedisWatch
from tests.servers.sqlite import SqliteDatabase, SqliteWatch


def asked_of(result: Result) -> dict[str, Asked]:
    """What ``result`` says was asked, by name."""
    found = [each for each in result.asked if isinstance(each, Asked)]
    assert len(found) == len(result.asked)
    return {each.name: each for each in found}


def all_plausible(asked: Sequence[Asked]) -> bool:
    return all(0 < each.last <= each.worst < 5 and each.times >= 1 and each.text for each in asked)


async def test_postgres_names_its_statements_with_what_they_cost(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    query = {"metric": "answer", "sql": "SELECT 42 AS value, 'hunter2' AS password"}
    result = await postgres_watch.once(postgres_server, queries=[query])
    asked = asked_of(result)
    assert all_plausible(list(asked.values()))
    assert asked["databases"].rhythm == "every run"
    assert "0.09 ms of the server's CPU" in asked["databases"].cost
    assert asked["databases"].rows
    assert "--" not in asked["databases"].text
    assert asked["database_sizes"].rhythm == "each minute"
    assert asked["query answer"].rows == 1
    assert asked["query answer"].text.startswith("SELECT 42 AS value")


async def test_mariadb_names_its_statements_with_what_they_cost(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(mariadb_server)
    await probe.run()
    result = await mysql_watch.again(probe)
    asked = asked_of(result)
    assert all_plausible(list(asked.values()))
    assert asked["pulse"].rhythm == "every run"
    assert "0.03 ms of the server's" in asked["pulse"].cost
    assert asked["pulse"].times == 2
    assert len(asked["pulse"].seconds) == 2
    assert asked["variables"].rhythm == "each minute"


async def test_redis_names_its_rounds_and_no_password(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("CONFIG", "SET", "requirepass", "hunter2")
    try:
        result = await redis_watch.once(redis_server, password="hunter2")
    finally:
        redis_server.call("CONFIG", "SET", "requirepass", "")
    asked = asked_of(result)
    assert asked["figures"].text.startswith("PING; INFO ")
    assert asked["figures"].rhythm == "every run"
    assert "hunter2" not in repr(result.asked)


async def test_sqlite_names_what_it_asks_of_the_file(
    sqlite_database: SqliteDatabase, sqlite_watch: SqliteWatch
) -> None:
    query = {"metric": "answer", "sql": "SELECT 42 AS value", "interval": "60s"}
    asked = asked_of(await sqlite_watch.probe(queries=[query]).run())
    assert all_plausible(list(asked.values()))
    assert asked["survey"].rhythm == "every run"
    assert asked["query answer"].rhythm == "each 60 s"
    assert asked["rows of tables"].rows


def test_every_statement_of_postgres_says_when_it_is_asked() -> None:
    silent = {
        name
        for name, variants in statements().items()
        if not all(rhythm_of(cost_of(sql)) for sql in variants.values())
    }
    assert silent == {"cancel", "terminate", "session", "request_log", "request_log_tables"}


def test_the_head_of_a_statement_is_that_of_its_flavour() -> None:
    assert "MariaDB" in head_of("processlist", ("mariadb",))
    assert head_of("no such statement", ("mysql",)) == ""


def test_a_ledger_is_bounded_and_cheap() -> None:
    clock = FakeClock()
    ledger = Ledger(clock)
    tracemalloc.start()
    try:
        for run in range(200):
            for name in range(MOST + 20):
                ledger.note(f"statement {name}", "-- Slow tier. Cheap.\nSELECT 1", run / 1e3, 1)
            ledger.asked()
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size < 400_000
    asked = ledger.asked()
    assert len(asked) == MOST
    assert (asked[0].times, len(asked[0].seconds)) == (200, RUNS)
    assert (asked[0].last, asked[0].worst) == (0.199, 0.199)
    assert asked[0].mean == pytest.approx(sum(range(200 - RUNS, 200)) / RUNS / 1e3)
    began = time.process_time()
    for _ in range(1000):
        ledger.note("statement 1", "-- Slow tier. Cheap.\nSELECT 1", 0.1, 1)
        ledger.asked()
    # A run of a check notes a dozen: this is under a thousandth of a core at an interval of 1 s.
    assert (time.process_time() - began) / 1000 < 0.001


def test_what_did_not_change_is_the_same_object() -> None:
    ledger = Ledger(FakeClock())
    ledger.note("one", "SELECT 1", 0.1, 1)
    ledger.note("two", "SELECT 2", 0.1, 1)
    before = ledger.asked()
    ledger.note("two", "SELECT 2", 0.2, None)
    after = ledger.asked()
    assert after[0] is before[0]
    assert (after[1].last, after[1].rows, before[1].last) == (0.2, None, 0.1)


def test_credentials_in_a_statement_are_masked() -> None:
    ledger = Ledger(FakeClock())
    ledger.note("login", "ALTER USER a IDENTIFIED BY 'hunter2'", 0.1, 0)
    assert "hunter2" not in ledger.asked()[0].text
