"""How each rule on MySQL is made to fire, on a real MariaDB server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import pymysql
from pymysql.cursors import Cursor

from tests.exporters.scenes import Scenes
from tests.exporters.stage import Stage
from tests.servers.mariadb import PASSWORD, MariadbDatabase
from tests.servers.postgres import until

__all__ = ["CONNECTIONS", "MYSQL", "OPTIONS", "MysqlPlace", "replicates"]

CONNECTIONS: Final = 20
OPTIONS: Final = (
    f"--max-connections={CONNECTIONS}",
    "--max-prepared-stmt-count=10",
    "--table-open-cache=10",
    "--open-files-limit=32",
    "--innodb-open-files=200",
    "--innodb-flush-log-at-trx-commit=0",
    "--log-bin",
    "--server-id=1",
)
"""Of the server that the scenes share."""
TABLES: Final = 170
"""Of 213 files that the server takes for the least it can do with."""
HISTORY: Final = 52_000
MANY_UPDATES: Final = "BEGIN NOT ATOMIC FOR i IN 1..{} DO UPDATE past.t SET id = i; END FOR; END"
MYSQL: Final = Scenes["MysqlPlace"]("mysqld")


class MysqlPlace:
    """A server and its replica."""

    def __init__(self, main: MariadbDatabase, replica: MariadbDatabase) -> None:
        self.main = main
        self.replica = replica

    @contextmanager
    def sessions(self, count: int) -> Iterator[list[pymysql.Connection[Cursor]]]:
        """So many open sessions."""
        made = [self.main.connect() for _ in range(count)]
        try:
            yield made
        finally:
            for one in made:
                with suppress(pymysql.Error):
                    one.close()

    def close(self) -> None:
        """Cut the connections that a scene left open."""
        self.main.close()
        self.replica.close()


def watch(stage: Stage, server: MariadbDatabase) -> None:
    stage.watch("mysql", {"url": server.url, "password": PASSWORD, "option_files": False})


@MYSQL.scene("MysqlDown", "the server is killed, and started again")
async def down(stage: Stage, place: MysqlPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet()
    place.main.server.kill()
    await stage.fires()
    place.main.server.start()
    await stage.resolves()


@MYSQL.scene("MysqlRestarted", "the server is killed and started again; a minute passes")
async def restarted(stage: Stage, place: MysqlPlace) -> None:
    place.main.server.kill()
    place.main.server.start()
    watch(stage, place.main)
    await stage.fires()
    # The server's own clock cannot be moved.
    stage.pretend("mysql_global_status_uptime", lambda value, passed: value + passed)
    await stage.resolves()


@MYSQL.scene("MysqlTooManyConnections(>80%)", f"18 of {CONNECTIONS} connections are opened")
async def too_many(stage: Stage, place: MysqlPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet()
    with place.sessions(17):
        await stage.fires()
    await stage.resolves()


@MYSQL.scene("MysqlHighPreparedStatementsUtilization(>80%)", "9 of 10 statements are prepared")
async def prepared(stage: Stage, place: MysqlPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet()
    with place.sessions(1) as (link,), link.cursor() as cursor:
        for number in range(9):
            cursor.execute(f"PREPARE s{number} FROM 'SELECT 1'")
        await stage.fires()
    await stage.resolves()


@MYSQL.scene("MysqlHighThreadsRunning", "14 sessions wait within a statement, and end")
async def running(stage: Stage, place: MysqlPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet()
    with place.sessions(14) as links:
        for link in links:
            # Sent, and not waited for.
            link._execute_command(3, "DO SLEEP(600)")
        until(lambda: place.main.status("Threads_running") > 14)
        await stage.fires()
        for link in links:
            place.main.execute(f"KILL {link.thread_id()}")
    await stage.resolves()


REPLICATES = "of a replica the {} thread is stopped, and started"


@MYSQL.scene("MysqlSlaveIoThreadNotRunning", REPLICATES.format("I/O"))
async def io_stopped(stage: Stage, place: MysqlPlace) -> None:
    await stopped(stage, place, "IO_THREAD")


@MYSQL.scene("MysqlSlaveSqlThreadNotRunning", REPLICATES.format("SQL"))
async def sql_stopped(stage: Stage, place: MysqlPlace) -> None:
    await stopped(stage, place, "SQL_THREAD")


async def stopped(stage: Stage, place: MysqlPlace, thread: str) -> None:
    until(lambda: replicates(place.replica))
    watch(stage, place.replica)
    await stage.stays_quiet()
    place.replica.execute(f"STOP SLAVE {thread}")
    await stage.fires()
    place.replica.execute(f"START SLAVE {thread}")
    until(lambda: replicates(place.replica))
    await stage.resolves()


def replicates(server: MariadbDatabase) -> bool:
    """Whether both of its threads run, and the one is connected."""
    return bool(server.fetch("SHOW GLOBAL STATUS LIKE 'Slave_running'")[0][1] == "ON")


LAG = "mysql_slave_status_seconds_behind_master"
WAITING = "SELECT 1 FROM information_schema.processlist WHERE state LIKE 'Waiting for table%'"


@MYSQL.scene("MysqlSlaveReplicationLag", "a replica may not write, while minutes pass; then it may")
async def behind(stage: Stage, place: MysqlPlace) -> None:
    place.main.execute("CREATE DATABASE old", "CREATE TABLE old.t (id int)")
    until(lambda: place.replica.fetch("SHOW DATABASES LIKE 'old'"))
    until(lambda: place.replica.fetch("SHOW TABLES FROM old"))
    watch(stage, place.replica)
    await stage.stays_quiet()
    reader = place.replica.connect()
    with reader.cursor() as cursor:
        cursor.execute("LOCK TABLES old.t READ")
        place.main.execute("INSERT INTO old.t VALUES (1)")
        until(lambda: place.replica.fetch(WAITING))
        stage.pretend(LAG, lambda value, passed: value + passed)
        await stage.fires()
        stage.pretend(LAG, lambda value, _: value)
        cursor.execute("UNLOCK TABLES")
    await stage.resolves()


@MYSQL.scene("MysqlSlowQueries", "statements take longer than long_query_time; then no more")
async def slow(stage: Stage, place: MysqlPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet(5)
    for _ in range(12):
        place.main.execute("SET long_query_time = 0", "DO 1")
        await stage.tick()
    assert stage.firing
    await stage.resolves()


@MYSQL.scene("MysqlInnodbLogWaits", "in its samples: 20 waits a second; then no more")
async def log_waits(stage: Stage, place: MysqlPlace) -> None:
    await counted(stage, place, "mysql_global_status_innodb_log_waits", 20.0)


@MYSQL.scene("MysqlHighQps", "in its samples: 20,000 statements a second; then no more")
async def many_statements(stage: Stage, place: MysqlPlace) -> None:
    await counted(stage, place, "mysql_global_status_questions", 20_000.0)


async def counted(stage: Stage, place: MysqlPlace, metric: str, rate: float) -> None:
    """What would need a load that no test should make."""
    watch(stage, place.main)
    await stage.stays_quiet(5)
    await stage.counts(metric, rate)


@MYSQL.scene("MysqlTooManyOpenFiles", f"{TABLES} tables are opened, and dropped")
async def open_files(stage: Stage, place: MysqlPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet()
    tables = [f"CREATE TABLE many.t{number} (id int)" for number in range(TABLES)]
    place.main.execute("CREATE DATABASE many", *tables)
    await stage.fires()
    place.main.execute("DROP DATABASE many")
    await stage.resolves()


@MYSQL.scene("MysqlInnodbForceRecoveryIsEnabled", "the server is started so, and started again")
async def recovering(stage: Stage, place: MysqlPlace) -> None:
    watch(stage, place.main)
    await stage.stays_quiet()
    server = place.main.server
    server.options.append("--innodb-force-recovery=1")
    server.restart()
    await stage.fires()
    server.options.pop()
    server.restart()
    await stage.resolves()


@MYSQL.scene("MysqlInnodbHistory_lenTooLong", f"{HISTORY:,} updates during a snapshot, which ends")
async def history(stage: Stage, place: MysqlPlace) -> None:
    place.main.execute("CREATE DATABASE past", "CREATE TABLE past.t (id int)")
    place.main.execute("INSERT INTO past.t VALUES (1)")
    watch(stage, place.main)
    await stage.stays_quiet()
    snapshot = place.main.connect()
    with snapshot.cursor() as cursor:
        cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        place.main.execute(
            "SET sql_log_bin = 0",
            MANY_UPDATES.format(HISTORY),
        )
        await stage.fires()
        cursor.execute("ROLLBACK")
    until(lambda: place.main.status("Innodb_history_list_length") < 40_000, 60)
    await stage.resolves()
