"""Request logs on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from checks.model import Result
from checks.probes.postgres.probe import PostgresProbe
from tests.checks.remote_logs import PostgresLog, RemoteBench, ShiftedClock, TimeStyle, insertion
from tests.checks.request_log_cases import BARE, INSTANT, RequestLogCases
from tests.checks.request_log_checks import RequestLogChecks
from tests.checks.request_log_oracle import RequestLogOracle
from tests.checks.request_log_races import RequestLogRaces, insert
from tests.checks.request_log_scenes import a_replica_lags, a_server_restarts
from tests.checks.request_logs import NOW, log_config
from tests.servers.postgres import PostgresDatabase, PostgresServers, PostgresWatch

DATETIME = TimeStyle("datetime", "timestamp", "")


@pytest_asyncio.fixture
async def log_database(postgres_server: PostgresDatabase) -> AsyncIterator[PostgresLog]:
    database = PostgresLog(postgres_server)
    yield database
    await database.close()


class PostgresLogCheck:
    """A :class:`tests.checks.request_log_checks.LogCheck`."""

    def __init__(self, watch: PostgresWatch) -> None:
        self._watch = watch
        self._probe: PostgresProbe | None = None

    @property
    def now(self) -> float:
        return self._watch.clock.now()

    def configure(self, database: PostgresLog, request_log: dict[str, Any]) -> None:
        url = database.database.url_of(database.user)
        self._probe = self._watch.probe(url, request_log=request_log)

    async def run(self, seconds: float = 5.0) -> Result:
        assert self._probe is not None
        await self._watch.clock.advance(seconds)
        return await self._probe.run()


@pytest.fixture
def log_check(postgres_watch: PostgresWatch) -> PostgresLogCheck:
    return PostgresLogCheck(postgres_watch)


class TestPostgres(RequestLogCases, RequestLogRaces, RequestLogOracle, RequestLogChecks):
    """What is asked of every kind of server."""


TYPES = (
    ("interval", "interval '1.5 s'", 1.5),
    ("time", "time '00:00:01.5'", 1.5),
    ("numeric(8,2)", "1500.25", 1.50025),
    ("numeric", "'NaN'", None),
    ("numeric", "1e300", None),
    ("real", "1500", 1.5),
    ("double precision", "'Infinity'", None),
    ("double precision", "'-Infinity'", None),
    ("double precision", "'NaN'", None),
    ("smallint", "1500", 1.5),
    ("money", "1500", None),
    ("jsonb", "'1500'", 1.5),
    ("milliseconds", "1500", 1.5),
    ("boolean", "true", None),
)


async def test_durations_of_every_type(log_database: PostgresLog) -> None:
    """Read as single requests and as sums alike."""
    await log_database.run("CREATE DOMAIN milliseconds AS integer")
    for kind, value, seconds in TYPES:
        await log_database.run(
            "DROP TABLE IF EXISTS request_logs",
            f"CREATE TABLE request_logs (id integer PRIMARY KEY, at bigint, took {kind})",
            f"INSERT INTO request_logs SELECT n, {NOW - 30:.0f}, {value}"  # noqa: S608
            " FROM generate_series(1, 5010) n",
        )
        log = log_config(**{**BARE, "time": "at", "duration": "took"})
        minute = (await RemoteBench(log_database, log, now=NOW).complete()).windows[0]
        assert (kind, minute.count) == (kind, 5010)
        for figure, error in ((minute.mean, 1e-6), (minute.p50, 0.01)):
            expected = None if seconds is None else pytest.approx(seconds, rel=error)
            assert (kind, value, figure) == (kind, value, expected)


STATUSES = (
    ("smallint", "404", "4xx"),
    ("text", "'404 Not Found'", "4xx"),
    ("numeric", "404.0", "4xx"),
    ("numeric", "'NaN'", "none"),
    ("double precision", "1e30", "none"),
    ("code", "'404'", "4xx"),
    ("char(20)", "'404'", "4xx"),
    ("boolean", "true", "none"),
)


async def test_statuses_of_every_type(log_database: PostgresLog) -> None:
    await log_database.run("CREATE TYPE code AS ENUM ('200', '404')")
    for kind, value, status in STATUSES:
        await log_database.run(
            "DROP TABLE IF EXISTS request_logs",
            f"CREATE TABLE request_logs (id smallint PRIMARY KEY, at timestamptz, status {kind})",
        )
        log = log_config(**{**BARE, "time": "at", "status": "status"})
        bench = RemoteBench(log_database, log, now=NOW)
        await bench.poll()
        row = f"1, to_timestamp({NOW}), {value}"
        await log_database.run(f"INSERT INTO request_logs VALUES ({row})")  # noqa: S608
        assert (kind, (await bench.poll()).windows[0].by_class) == (kind, ((status, 1),))


async def test_times_that_are_infinite_count_as_now(log_database: PostgresLog) -> None:
    await log_database.run(log_database.schema(INSTANT))
    bench = RemoteBench(log_database, log_config(), now=NOW)
    await bench.poll()
    await log_database.run(
        "INSERT INTO request_logs(created_at) VALUES ('infinity'), ('-infinity'), (NULL)"
    )
    assert (await bench.poll(5)).windows[0].count == 3


@pytest.mark.parametrize("table_name", ["app.request_logs", "App.Request_Logs", "request_logs"])
async def test_a_table_in_a_schema(log_database: PostgresLog, table_name: str) -> None:
    await log_database.run(
        "CREATE SCHEMA app",
        log_database.schema(INSTANT, "app.request_logs"),
        f"ALTER DATABASE {log_database.database.name} SET search_path = other, app",
    )
    bench = RemoteBench(log_database, log_config(table=table_name), now=NOW)
    await bench.poll()
    await insert(log_database, 3, NOW, "app.request_logs")
    await bench.poll(1)
    assert bench.counted() == 3


async def test_a_schema_that_may_not_be_used(log_database: PostgresLog) -> None:
    await log_database.run("CREATE SCHEMA app", log_database.schema(INSTANT, "app.request_logs"))
    stranger = await log_database.stranger()
    bench = RemoteBench(stranger, log_config(table="app.request_logs"), now=NOW)
    reason, sentence = await bench.trouble()
    user = stranger.user
    assert (reason, sentence) == (
        "permission",
        f"may not read table app.request_logs: GRANT USAGE ON SCHEMA app TO {user};"
        f" GRANT SELECT ON app.request_logs TO {user}",
    )
    await log_database.run(*sentence.partition(": ")[2].split("; "))
    await bench.poll()
    await log_database.run(
        f"REVOKE ALL ON app.request_logs FROM {user}", f"REVOKE ALL ON SCHEMA app FROM {user}"
    )
    await stranger.close()


async def test_a_name_with_capitals_that_was_quoted(log_database: PostgresLog) -> None:
    await log_database.run(
        'CREATE TABLE "RequestLogs" ("Id" serial PRIMARY KEY, "createdAt" timestamptz)'
    )
    log = log_config(**{**BARE, "table": "requestlogs", "id": "id", "time": "createdat"})
    bench = RemoteBench(log_database, log, now=NOW)
    assert await bench.trouble() == (
        "config",
        'no such table: requestlogs; did you mean "RequestLogs"?',
    )
    log = log_config(**{**BARE, "table": "RequestLogs", "id": "id", "time": "createdat"})
    bench = RemoteBench(log_database, log, now=NOW)
    await bench.poll()
    await log_database.run(f'INSERT INTO "RequestLogs"("createdAt") VALUES (to_timestamp({NOW}))')  # noqa: S608
    await bench.poll(1)
    assert bench.counted() == 1


async def test_dates_in_the_zone_of_the_server(log_database: PostgresLog) -> None:
    for zone in ("Asia/Kolkata", "America/New_York", "<+0330>-3:30", "-02"):
        await log_database.run(
            f"ALTER DATABASE {log_database.database.name} SET timezone = '{zone}'"
        )
        await log_database.close()
        written = f"to_timestamp({NOW - 90})"
        for style, value in (
            (DATETIME, f"{written}::timestamp"),
            (TimeStyle("text", "text", ""), f"to_char({written}, 'YYYY-MM-DD HH24:MI:SS.US')"),
        ):
            await log_database.run("DROP TABLE IF EXISTS request_logs", log_database.schema(style))
            bench = RemoteBench(log_database, log_config(), now=NOW)
            await bench.poll()
            await log_database.run(f"INSERT INTO request_logs(created_at) VALUES ({value})")  # noqa: S608
            past = RemoteBench(log_database, log_config(), now=NOW)
            for stats in (await bench.poll(), await past.poll()):
                counts = [window.count for window in stats.windows]
                assert (zone, style.name, counts) == (zone, style.name, [0, 1, 1, 1])


async def test_the_hour_that_comes_twice(log_database: PostgresLog) -> None:
    """Of both readings of 02:30 in Berlin the one that is nearest to now is meant."""
    await log_database.run(
        log_database.schema(DATETIME),
        f"ALTER DATABASE {log_database.database.name} SET timezone = 'Europe/Berlin'",
    )
    first = datetime(2023, 10, 29, 0, 30, tzinfo=UTC).timestamp()
    for now in (first, first + 3600):
        bench = RemoteBench(log_database, log_config(), now=now)
        await bench.poll()
        await log_database.run(
            "INSERT INTO request_logs(created_at) VALUES ('2023-10-29 02:29:50')"
        )
        assert (await bench.poll(10)).windows[0].count == 1
        assert (await bench.poll(60)).windows[0].count == 0
        past = RemoteBench(log_database, log_config(), now=now)
        assert (await past.poll()).windows[0].count == 1
        await log_database.run("TRUNCATE request_logs")


async def test_a_server_whose_zone_is_changed_while_we_look(log_database: PostgresLog) -> None:
    """All times move by hours; they are the same requests still."""
    name = log_database.database.name
    await log_database.run(
        log_database.schema(DATETIME), f"ALTER DATABASE {name} SET timezone = '-01'"
    )
    await log_database.run(insertion([(NOW + i, "a", 200, 5, None) for i in range(9)], DATETIME))
    bench = RemoteBench(log_database, log_config(), now=NOW + 3600)
    await bench.poll()
    await log_database.run(f"ALTER DATABASE {name} SET timezone = '-03'")
    await log_database.close()
    await log_database.run(insertion([(NOW, "a", 200, 5, None)] * 2, DATETIME))
    await bench.poll(90)
    assert bench.counted() == 2
    assert bench.log.events() == ()


@pytest.mark.parametrize("ahead", [-5400.0, 20.0, 86400.0])
async def test_a_server_whose_clock_differs(log_database: PostgresLog, ahead: float) -> None:
    await log_database.run(log_database.schema(INSTANT))
    bench = RemoteBench(log_database, log_config(), clock=ShiftedClock(-ahead))
    await bench.poll()
    await log_database.run(
        "INSERT INTO request_logs(created_at) SELECT now() - n * interval '50 s'"
        " FROM generate_series(0, 8) n"
    )
    stats = await bench.poll()
    assert [window.count for window in stats.windows] == [2, 6, 9, 9]
    assert "the server's clock is " in stats.note
    assert stats.note.endswith(f"{'ahead' if ahead > 0 else 'behind'}; times are corrected")


async def test_texts_that_are_no_text(log_database: PostgresLog) -> None:
    """A database in the encoding SQL_ASCII takes any bytes."""
    name = f"{log_database.database.name}_bytes"
    await log_database.run(
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
    )
    database = PostgresLog(PostgresDatabase(log_database.database.server, name))
    await database.run(database.schema(INSTANT))
    bench = RemoteBench(database, log_config(), now=NOW)
    await bench.poll()
    await database.run(
        "INSERT INTO request_logs(created_at, provider_id, error) VALUES"  # noqa: S608
        f" (to_timestamp({NOW}), E'caf\\351', E'\\377\\376 failed')"
    )
    minute = (await bench.poll()).windows[0]
    assert [row.value for row in dict(minute.breakdown)["provider_id"]] == ["caf?"]
    assert [kind.text for kind in minute.kinds] == ["?? failed"]
    await database.close()
    await log_database.run(f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_server_that_restarts(
    postgres_server: PostgresDatabase, postgres_servers: PostgresServers
) -> None:
    server = postgres_servers.start(synchronous_commit="on")
    await a_server_restarts(PostgresLog(PostgresDatabase(server)), server)


async def test_a_replica_that_lags(
    postgres_server: PostgresDatabase, postgres_servers: PostgresServers
) -> None:
    primary = PostgresLog(PostgresDatabase(postgres_servers.start(wal_level="replica")))
    copy = postgres_servers.replica(primary.database.server)
    copy.start()
    replica = PostgresLog(PostgresDatabase(copy))
    await a_replica_lags(
        primary,
        replica,
        hold=lambda: replica.fetch("SELECT pg_wal_replay_pause()"),
        go_on=lambda: replica.fetch("SELECT pg_wal_replay_resume()"),
        caught_up=lambda: caught_up(primary, replica),
    )


async def caught_up(primary: PostgresLog, replica: PostgresLog) -> None:
    ((position,),) = await primary.fetch("SELECT pg_current_wal_lsn()::text")
    done = f"SELECT pg_last_wal_replay_lsn() >= '{position}'"
    while await replica.fetch(done) != [(True,)]:
        pass
