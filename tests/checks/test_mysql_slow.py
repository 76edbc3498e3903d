"""The slow tier on MariaDB: sizes, statements, binary logs, the slow log; and 10,000 tables."""

from __future__ import annotations

import asyncio

import pytest

from checks.model import Result, Status, Table
from checks.probes.mysql import sizes
from tests.servers.mariadb import MariadbDatabase, MariadbServers, MysqlWatch, facts_of


def table(result: Result, title: str) -> Table:
    (found,) = (one for one in facts_of(result).tables if one.title == title)
    return found


async def test_sizes_of_databases_and_tables(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    name = mariadb_server.name
    mariadb_server.execute(
        "CREATE TABLE large (id INT PRIMARY KEY, body VARCHAR(200), KEY (body)) ENGINE=InnoDB",
        "INSERT INTO large SELECT seq, REPEAT('x', 200) FROM seq_1_to_3000",
        "CREATE TABLE small (id INT) ENGINE=MyISAM",
        "CREATE VIEW seen AS SELECT * FROM small",
        "ANALYZE TABLE large",
    )

    result = await mysql_watch.once(mariadb_server)

    rows = {row[0]: row for row in table(result, "Tables").rows}
    assert next(iter(rows)) == f"{name}.large"
    assert f"{name}.small" in rows
    assert f"{name}.seen" not in rows
    labels = {"schema": name, "table": "large"}
    rowcount = result.samples.get("mysql_info_schema_table_rows", **labels) or 0
    assert 2000 < rowcount < 4000
    data = result.samples.get("mysql_info_schema_table_size", **labels, component="data_length")
    index = result.samples.get("mysql_info_schema_table_size", **labels, component="index_length")
    assert data
    assert index
    whole = result.samples.get("mysql_info_schema_schema_size_bytes", schema=name) or 0
    assert whole >= data + index
    assert result.samples.get("mysql_schema_tables", schema=name) == 2
    assert {row[0]: row[2] for row in table(result, "Databases").rows}[name] == "2"


async def test_many_tables_are_measured_by_their_files(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "EACH", 3)
    name = mariadb_server.name
    mariadb_server.execute(
        "CREATE TABLE `large-one` (id INT PRIMARY KEY, body VARCHAR(200)) ENGINE=InnoDB",
        "INSERT INTO `large-one` SELECT seq, REPEAT('x', 200) FROM seq_1_to_3000",
        *(f"CREATE TABLE t{number} (id INT) ENGINE=InnoDB" for number in range(5)),
        "CREATE TABLE parts (id INT) ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 2",
    )

    result = await mysql_watch.once(mariadb_server, tables=3)

    rows = table(result, "Tables").rows
    assert rows[0][0] == f"{name}.large-one"
    assert len(rows) == 3
    assert rows[0][6] == "InnoDB"
    assert "sizes of tables: of more than 3 only InnoDB's files are looked at" in (
        facts_of(result).notes
    )
    labels = {"schema": name, "table": "large-one"}
    assert result.samples.get("mysql_info_schema_table_rows", **labels)
    assert (result.samples.get("mysql_info_schema_schema_size_bytes", schema=name) or 0) > 500_000


async def test_of_many_tables_only_the_largest_are_opened(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "EACH", 20)
    mariadb_server.execute(*(f"CREATE TABLE t{one} (id INT) ENGINE=InnoDB" for one in range(60)))
    mariadb_server.execute("FLUSH TABLES")
    probe = mysql_watch.probe(mariadb_server, tables=10)
    opened = mariadb_server.status("Opened_tables")

    result = await probe.run()

    assert result.samples.get("mysql_schema_tables", schema=mariadb_server.name) == 60
    assert mariadb_server.status("Opened_tables") - opened < 30
    assert len(table(result, "Tables").rows) == 10


async def test_statements_by_what_they_took(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start("--performance-schema=ON")
    database.execute(
        "CREATE DATABASE shop",
        "CREATE TABLE shop.things (id INT PRIMARY KEY, secret VARCHAR(50))",
        "INSERT INTO shop.things SELECT seq, 'x' FROM seq_1_to_500",
    )
    link = database.connect(database="shop")
    with link.cursor() as cursor:
        for number in range(20):
            cursor.execute("SELECT COUNT(*) FROM things WHERE secret = %s", (f"value-{number}",))
    probe = mysql_watch.probe(database, statements=5)
    first = await probe.run()
    with link.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM things WHERE secret = 'value-x'")

    result = await mysql_watch.again(probe, 60)

    text = "SELECT COUNT ( * ) FROM `things` WHERE `secret` = ?"
    (row,) = (row for row in table(result, "Statements").rows if row[0] == text)
    assert row[1:3] == ("shop", "21")
    assert row[6] == "500"
    assert row[7] == "1 in 1 min"
    labels = {"schema": "shop", "digest_text": text}
    assert first.samples.get("mysql_perf_schema_events_statements_total", **labels) == 20
    assert result.samples.get("mysql_perf_schema_events_statements_total", **labels) == 21
    seconds = result.samples.get("mysql_perf_schema_events_statements_seconds_total", **labels)
    assert seconds is not None
    assert 0 < seconds < 5
    assert len(table(result, "Statements").rows) <= 5
    assert not any("performance_schema" in note for note in facts_of(result).notes)


async def test_what_is_switched_off_is_said(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    notes = facts_of(await mysql_watch.once(mariadb_server)).notes

    assert (
        "statements are not counted, since performance_schema is off: "
        "performance_schema=ON in my.cnf and a restart switch it on" in notes
    )
    assert "slow statements are not logged: SET GLOBAL slow_query_log = ON" in notes


async def test_the_slow_log_as_a_table(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start(
        "--slow-query-log", "--long-query-time=0.2", "--log-output=TABLE"
    )
    database.execute("SELECT SLEEP(0.3), 'pa\x1b[2Jss'", "SELECT 1")
    probe = mysql_watch.probe(database)

    result = await probe.run()

    (row,) = table(result, "Slow log, last day").rows
    assert row[1].endswith("ms")
    assert float(row[1].split()[0]) >= 300
    assert row[3].startswith("owner[owner]")
    assert row[5].startswith("SELECT SLEEP(0.3)")
    assert (result.samples.get("mysql_global_status_slow_queries") or 0) >= 1


async def test_the_slow_log_as_a_file_is_told(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start("--slow-query-log", "--slow-query-log-file=slow.log")

    notes = facts_of(await mysql_watch.once(database)).notes

    assert (
        "slow statements are logged in slow.log alone (log_output=FILE): "
        "SET GLOBAL log_output = 'FILE,TABLE' shows them here" in notes
    )


async def test_our_statements_are_not_logged_as_slow(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start(
        "--slow-query-log", "--log-output=TABLE", "--log-queries-not-using-indexes"
    )
    probe = mysql_watch.probe(
        database, queries=[{"metric": "a", "sql": "SELECT COUNT(*) AS value FROM mysql.proc"}]
    )

    await probe.run()
    for _ in range(3):
        await mysql_watch.again(probe, 60)

    logged = database.fetch("SELECT COUNT(*) FROM mysql.slow_log WHERE user_host LIKE 'onwatch%'")
    assert logged == [(0,)]


async def test_binary_logs(mariadb_servers: MariadbServers, mysql_watch: MysqlWatch) -> None:
    database = mariadb_servers.start("--log-bin=binlog", "--server-id=1")
    database.execute("FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
    sizes_of = dict(row[:2] for row in database.fetch("SHOW BINARY LOGS"))

    result = await mysql_watch.once(database)

    assert result.samples.get("mysql_binlog_files") == len(sizes_of) == 3
    assert result.samples.get("mysql_binlog_size_bytes") == sum(sizes_of.values())
    assert result.samples.get("mysql_binlog_file_number") == 3
    assert dict(result.facts)["binary logs"].startswith("3 files, ")


async def test_what_may_not_be_read_is_a_note_with_its_grant(
    mariadb_servers: MariadbServers, mysql_watch: MysqlWatch
) -> None:
    database = mariadb_servers.start(
        "--performance-schema=ON",
        "--log-bin=binlog",
        "--server-id=1",
        "--slow-query-log",
        "--log-output=TABLE",
    )
    database.execute("CREATE USER poor@'%' IDENTIFIED BY 'x'")

    result = await mysql_watch.once(f"mysql://poor@127.0.0.1:{database.port}/", password="x")

    assert result.status is Status.OK, result.message
    notes = facts_of(result).notes
    to = "TO 'poor'@'%'"
    for note in (
        f"transactions and sessions of others may not be seen: GRANT PROCESS ON *.* {to}",
        f"replication may not be seen: GRANT SLAVE MONITOR ON *.* {to}",
        f"binary logs may not be seen: GRANT BINLOG MONITOR ON *.* {to}",
        f"statements may not be seen: GRANT SELECT ON performance_schema.* {to}",
    ):
        assert note in notes, notes
    assert notes[0].endswith(f"GRANT PROCESS ON *.* {to}")


async def test_a_slow_tier_that_takes_long_holds_up_no_run(
    mariadb_server: MariadbDatabase, mysql_watch: MysqlWatch
) -> None:
    probe = mysql_watch.probe(mariadb_server, timeout=0.4)
    assert (await probe.run()).status is Status.OK
    holder = mariadb_server.connect()
    with holder.cursor() as cursor:
        # Whoever opens tables waits until this is unlocked.
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        result = await mysql_watch.again(probe, 60)
        cursor.execute("UNLOCK TABLES")

    assert result.status is Status.OK, result.message
    await asyncio.sleep(0.1)
