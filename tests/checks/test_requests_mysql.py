"""Request logs on MySQL and MariaDB."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from checks.model import Result
from checks.probes.mysql.probe import MysqlProbe
from tests.checks.remote_logs import MariadbLog, RemoteBench, ShiftedClock, TimeStyle
from tests.checks.request_log_cases import BARE, INSTANT, RequestLogCases
from tests.checks.request_log_checks import RequestLogChecks
from tests.checks.request_log_oracle import RequestLogOracle
from tests.checks.request_log_races import RequestLogRaces, insert
from tests.checks.request_log_scenes import a_replica_lags, a_server_restarts
from tests.checks.request_logs import NOW, log_config
from tests.patience import PATIENCE
from tests.servers.mariadb import PASSWORD, MariadbDatabase, MariadbServers, MysqlWatch

DATETIME = TimeStyle("datetime", "", "DATETIME(3)")


@pytest_asyncio.fixture
async def log_database(mariadb_server: MariadbDatabase) -> AsyncIterator[MariadbLog]:
    database = MariadbLog(mariadb_server)
    yield database
    await database.close()


class MysqlLogCheck:
    """A :class:`tests.checks.request_log_checks.LogCheck`."""

    def __init__(self, watch: MysqlWatch) -> None:
        self._watch = watch
        self._probe: MysqlProbe | None = None

    @property
    def now(self) -> float:
        return self._watch.clock.now()

    def configure(self, database: MariadbLog, request_log: dict[str, Any]) -> None:
        url = database.database.url_of(database.user)
        self._probe = self._watch.probe(url, password=PASSWORD, request_log=request_log)

    async def run(self, seconds: float = 5.0) -> Result:
        assert self._probe is not None
        return await self._watch.again(self._probe, seconds)


@pytest.fixture
def log_check(mysql_watch: MysqlWatch) -> MysqlLogCheck:
    return MysqlLogCheck(mysql_watch)


class TestMariadb(RequestLogCases, RequestLogRaces, RequestLogOracle, RequestLogChecks):
    """What is asked of every kind of server."""


TYPES = (
    ("DECIMAL(30,6)", "1500.25", 1.50025),
    ("DECIMAL(65,0)", "REPEAT('9', 65)", 1e62),
    ("FLOAT", "1500", 1.5),
    ("INT UNSIGNED", "1500", 1.5),
    ("TIME(3)", "'00:00:01.5'", 1.5),
    ("VARCHAR(10)", "'1500 '", 1.5),
    ("VARBINARY(10)", "'1500'", 1.5),
    ("ENUM('slow', '1500')", "'1500'", 1.5),
    ("DATETIME", "NOW()", None),
    ("SMALLINT", "-5", None),
)


async def test_durations_of_every_type(log_database: MariadbLog) -> None:
    """Read as single requests and as sums alike; a sketch holds an hour at most."""
    for kind, value, seconds in TYPES:
        await log_database.run(
            "DROP TABLE IF EXISTS request_logs",
            f"CREATE TABLE request_logs (id INT PRIMARY KEY, at BIGINT, took {kind})",
            f"INSERT INTO request_logs SELECT seq, {NOW - 30:.0f}, {value}"  # noqa: S608
            " FROM seq_1_to_5010",
        )
        log = log_config(**{**BARE, "time": "at", "duration": "took"})
        minute = (await RemoteBench(log_database, log, now=NOW).complete()).windows[0]
        assert (kind, minute.count) == (kind, 5010)
        for figure, error in ((minute.mean, 1e-6), (minute.p50, 0.01)):
            expected = None if seconds is None else pytest.approx(seconds, rel=error)
            if figure is minute.mean or (seconds or 0) < 3600:
                assert (kind, figure) == (kind, expected)


STATUSES = (
    ("SMALLINT UNSIGNED", "404", "4xx"),
    ("VARCHAR(20)", "'404 Not Found'", "4xx"),
    ("VARCHAR(20)", "'OK'", "none"),
    ("ENUM('200', '404')", "'404'", "4xx"),
    ("DECIMAL(5,1)", "404.0", "4xx"),
    ("CHAR(3) CHARACTER SET utf16", "'404'", "4xx"),
)


async def test_statuses_of_every_type(log_database: MariadbLog) -> None:
    for kind, value, status in STATUSES:
        await log_database.run(
            "DROP TABLE IF EXISTS request_logs",
            f"CREATE TABLE request_logs (id MEDIUMINT PRIMARY KEY, at DATETIME, status {kind})",
        )
        log = log_config(**{**BARE, "time": "at", "status": "status"})
        bench = RemoteBench(log_database, log, now=NOW)
        await bench.poll()
        row = f"1, FROM_UNIXTIME({NOW}), {value}"
        await log_database.run(f"INSERT INTO request_logs VALUES ({row})")  # noqa: S608
        assert (kind, (await bench.poll()).windows[0].by_class) == (kind, ((status, 1),))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("BIT(1)", "b'0', b'1', NULL"),
        ("BOOLEAN", "FALSE, TRUE, NULL"),
        ("VARBINARY(40)", "'', 'broken', NULL"),
        ("BLOB", "'0', X'FFFE41', NULL"),
    ],
)
async def test_flags_and_bytes_as_errors(log_database: MariadbLog, kind: str, values: str) -> None:
    """One of three is an error, told row by row and in sums."""
    await log_database.run(
        f"CREATE TABLE request_logs (id SERIAL, at BIGINT, error {kind})",
        *(
            f"INSERT INTO request_logs(at, error) SELECT {NOW - 30:.0f}, {value}"  # noqa: S608
            " FROM seq_1_to_2000"
            for value in values.split(", ")
        ),
    )
    log_database.ignores_warnings = "FFFE" in values
    log = log_config(**{**BARE, "time": "at", "error": "error"})
    minute = (await RemoteBench(log_database, log, now=NOW).complete()).windows[0]
    assert (minute.count, minute.errors) == (6000, 2000)


async def test_labels_that_differ_in_case_or_are_bytes(log_database: MariadbLog) -> None:
    """The server's own collation would make one of them; sums keep them apart as rows do."""
    await log_database.run(
        "CREATE TABLE request_logs (id SERIAL, at BIGINT, name VARCHAR(20) CHARACTER SET latin1,"
        " user BINARY(4)) COLLATE latin1_general_ci",
        f"INSERT INTO request_logs(at, name, user) SELECT {NOW - 30:.0f},"  # noqa: S608
        " ELT(1 + seq % 4, 'openai', 'OpenAI', 'ÖPENAI', 'öpenai'), X'00FF1234'"
        " FROM seq_1_to_8000",
    )
    log = log_config(**{**BARE, "time": "at", "labels": ["name", "user"]})
    minute = (await RemoteBench(log_database, log, now=NOW).complete()).windows[0]
    names, users = ({row.value: row.count for row in rows} for _, rows in minute.breakdown)
    assert names == dict.fromkeys(("openai", "OpenAI", "ÖPENAI", "öpenai"), 2000)
    assert users == {"00FF1234": 8000}


@pytest.mark.parametrize(
    "mode",
    [
        "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE",
        "ONLY_FULL_GROUP_BY,TRADITIONAL",
        "ALLOW_INVALID_DATES,PAD_CHAR_TO_FULL_LENGTH",
        "",
    ],
)
async def test_every_mode_of_the_server(log_database: MariadbLog, mode: str) -> None:
    await log_database.run(
        "SET sql_mode = ''",
        log_database.schema(TimeStyle("text", "", "VARCHAR(40)")),
    )
    await insert(log_database, 6000, NOW - 30)
    log_database.settings += f", sql_mode = '{mode}'"
    stats = await RemoteBench(log_database, log_config(), now=NOW).complete()
    assert (stats.windows[0].count, stats.windows[0].p50) == (6000, 0.005)


@pytest.mark.parametrize("kind", ["DATETIME", "TIMESTAMP", "DATE"])
async def test_zero_dates_count_as_now(log_database: MariadbLog, kind: str) -> None:
    await log_database.run(log_database.schema(TimeStyle("zero", "", f"{kind} NULL")))
    bench = RemoteBench(log_database, log_config(), now=NOW)
    await bench.poll()
    writer = await log_database.writer()
    await writer.run("SET sql_mode = 'ALLOW_INVALID_DATES'")
    await writer.run(
        "INSERT INTO request_logs(created_at) VALUES (0), (NULL), ('0000-00-00 00:00:00')"
    )
    await bench.poll()
    await writer.run(f"INSERT INTO request_logs(created_at) VALUES (FROM_UNIXTIME({NOW}))")  # noqa: S608
    stats = await bench.poll()
    assert stats.windows[0].count == 3 + (kind != "DATE")
    assert bench.counted() == 4


async def test_ids_up_to_the_largest(log_database: MariadbLog) -> None:
    await log_database.run(
        log_database.schema(INSTANT), f"ALTER TABLE request_logs AUTO_INCREMENT = {2**63 - 5}"
    )
    bench = RemoteBench(log_database, log_config(), now=NOW)
    await bench.poll()
    await insert(log_database, 3, NOW)
    await bench.poll(1)
    assert bench.counted() == 3
    await insert(log_database, 3, NOW)
    reason, sentence = await bench.trouble()
    assert (reason, sentence) == ("config", f"the id {2**63} is larger than 2^63 - 1")


async def test_ids_that_go_up_in_steps(log_database: MariadbLog) -> None:
    """As on a cluster: every id is followed by a hole."""
    await log_database.run(log_database.schema(INSTANT))
    writer = await log_database.writer()
    late = await log_database.writer()
    for link in (writer, late):
        await link.run("SET auto_increment_increment = 3")
    bench = RemoteBench(log_database, log_config(), now=NOW)
    await bench.poll()
    for _ in range(5):
        await late.run("BEGIN")
        await insert(late, 1, bench.now)
        await insert(writer, 200, bench.now)
        await bench.poll(5)
        await late.run("COMMIT")
    await bench.poll(5)
    await bench.poll(5)
    assert bench.counted() == 1005


async def test_a_database_that_is_not_selected(log_database: MariadbLog) -> None:
    await log_database.run(log_database.schema(INSTANT))
    name = log_database.database.name
    elsewhere = MariadbLog(MariadbDatabase(log_database.database.server, ""))
    bench = RemoteBench(elsewhere, log_config(), now=NOW)
    assert await bench.trouble() == (
        "config",
        "no database is selected: write request_logs with its own, `app.request_logs`",
    )
    bench = RemoteBench(elsewhere, log_config(table=f"{name}.request_logs"), now=NOW)
    await bench.poll()
    await insert(log_database, 2, NOW)
    await bench.poll(1)
    assert bench.counted() == 2
    bench = RemoteBench(elsewhere, log_config(table=f"{name}.request_log"), now=NOW)
    _, sentence = await bench.trouble()
    assert sentence.endswith(f'; did you mean "{name}.request_logs"?')
    await elsewhere.close()


@pytest.mark.parametrize("ahead", [-5400.0, 20.0, 86400.0])
async def test_a_server_whose_clock_differs(log_database: MariadbLog, ahead: float) -> None:
    await log_database.run(log_database.schema(DATETIME))
    bench = RemoteBench(log_database, log_config(), clock=ShiftedClock(-ahead))
    await bench.poll()
    await log_database.run(
        "INSERT INTO request_logs(created_at)"
        " SELECT NOW(3) - INTERVAL seq * 50 SECOND FROM seq_0_to_8"
    )
    stats = await bench.poll()
    assert [window.count for window in stats.windows] == [2, 6, 9, 9]
    assert stats.note.endswith(f"{'ahead' if ahead > 0 else 'behind'}; times are corrected")


class TestOwnServer:
    """What a server of the test's own is needed for."""

    async def test_the_zone_of_the_server(
        self, mariadb_server: MariadbDatabase, mariadb_servers: MariadbServers
    ) -> None:
        """An offset, the system's own, a region's; and each change of it while we look."""
        if shutil.which("mariadb-tzinfo-to-sql") is None:
            pytest.skip("mariadb-tzinfo-to-sql is not here: it comes with mariadb-server")
        database = MariadbLog(mariadb_servers.start("--default-time-zone=+05:30"))
        zones = Path("/usr/share/zoneinfo/Europe/Berlin")
        loaded = subprocess.run(
            ["mariadb-tzinfo-to-sql", str(zones), "Europe/Berlin"],
            capture_output=True,
            text=True,
            check=True,
        )
        await database.run("USE mysql", *_statements(loaded.stdout))
        await database.run(
            database.schema(DATETIME), database.schema(TimeStyle("", "", "VARCHAR(40)"), "texts")
        )
        dates = RemoteBench(database, log_config(), now=NOW)
        texts = RemoteBench(database, log_config(table="texts"), now=NOW)
        for bench in (dates, texts):
            await bench.poll()
        rows = 0
        for zone in ("+05:30", "SYSTEM", "-03:00", "Europe/Berlin"):
            await database.run(f"SET GLOBAL time_zone = '{zone}'")
            await database.close()
            for bench in (dates, texts):
                ages = (90, 20, 1)
                values = ", ".join(f"(FROM_UNIXTIME({bench.now - age:.3f}))" for age in ages)
                name = "texts" if bench is texts else "request_logs"
                await database.run(f"INSERT INTO {name}(created_at) VALUES {values}")  # noqa: S608
                stats = await bench.poll()
                assert (zone, stats.windows[0].count) == (zone, 2)
                assert bench.counted() == rows + 3
                assert bench.log.events() == ()
                await bench.clock.advance(120)
            rows += 3
        await database.close()

    async def test_a_server_that_restarts(
        self, mariadb_server: MariadbDatabase, mariadb_servers: MariadbServers
    ) -> None:
        database = MariadbLog(mariadb_servers.start("--innodb-flush-log-at-trx-commit=1"))
        await a_server_restarts(database, database.database.server)

    async def test_a_replica_that_lags(
        self, mariadb_server: MariadbDatabase, mariadb_servers: MariadbServers
    ) -> None:
        primary = MariadbLog(mariadb_servers.start("--log-bin", "--server-id=1"))
        replica = MariadbLog(mariadb_servers.replica(primary.database))
        await a_replica_lags(
            primary,
            replica,
            hold=lambda: replica.run("STOP SLAVE SQL_THREAD"),
            go_on=lambda: replica.run("START SLAVE SQL_THREAD"),
            caught_up=lambda: _caught_up(primary, replica),
        )


async def _caught_up(primary: MariadbLog, replica: MariadbLog) -> None:
    ((wanted,),) = await primary.fetch("SELECT COUNT(*) FROM request_logs")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = await replica.fetch(
            "SELECT 1 FROM information_schema.TABLES WHERE TABLE_NAME = 'request_logs'"
        )
        if found and await replica.fetch("SELECT COUNT(*) FROM request_logs") == [(wanted,)]:
            return
    raise AssertionError("the replica did not catch up")


def _statements(script: str) -> list[str]:
    """The statements of mariadb-tzinfo-to-sql that fill tables."""
    plain = [line for line in script.split(";\n") if line.strip().startswith("INSERT")]
    return ["SET @time_zone_id = 1", *plain]
