"""A primary and its replica: roles, lag, and how replication breaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from checks.model import Status
from tests.servers.mariadb import MariadbDatabase, MariadbServers, MysqlWatch, facts_of
from tests.servers.postgres import until

Pair = tuple[MariadbDatabase, MariadbDatabase]


def slave(replica: MariadbDatabase, column: str) -> str:
    """A column of SHOW SLAVE STATUS."""
    with closing(replica.connect()) as link, link.cursor() as cursor:
        cursor.execute("SHOW SLAVE STATUS")
        names = [one[0] for one in cursor.description or ()]
        row = cursor.fetchone()
    return "" if row is None else str(dict(zip(names, row, strict=True))[column])


def databases(server: MariadbDatabase) -> bool:
    """Whether ``shop`` is there."""
    return ("shop",) in server.fetch("SHOW DATABASES")


@pytest.fixture
def pair(mariadb_servers: MariadbServers) -> Iterator[Pair]:
    primary = mariadb_servers.start("--log-bin=binlog", "--server-id=1")
    replica = mariadb_servers.replica(primary)
    until(lambda: slave(replica, "Slave_IO_Running") == "Yes")
    yield primary, replica
    primary.close()
    replica.close()


async def test_both_ends_of_replication(pair: Pair, mysql_watch: MysqlWatch) -> None:
    primary, replica = pair
    below = await mysql_watch.once(replica)
    above = await mysql_watch.once(primary, replicas=1)

    assert below.status is Status.OK, below.message
    facts = facts_of(below)
    assert facts.role == "replica"
    (link,) = facts.replicas
    assert (link.role, link.status, link.lag, link.behind) == ("upstream", Status.OK, 0, 0)
    assert link.name == f"127.0.0.1:{primary.port}"
    assert below.samples.get("mysql_slave_status_slave_io_running") == 1
    assert below.samples.get("mysql_slave_status_slave_sql_running") == 1
    assert below.samples.get("mysql_slave_status_seconds_behind_master") == 0
    assert below.samples.get("mysql_slave_status_master_server_id", master_host="127.0.0.1") == 1
    assert [part.message for part in below.parts] == [
        f"replication: replica of 127.0.0.1:{primary.port}, lag 0 s"
    ]

    assert above.status is Status.OK, above.message
    facts = facts_of(above)
    assert facts.role == "primary"
    (fed,) = facts.replicas
    assert (fed.role, fed.name) == ("replica", "owner@localhost")
    assert above.samples.get("mysql_global_status_slaves_connected") == 1


async def test_a_replica_too_few(pair: Pair, mysql_watch: MysqlWatch) -> None:
    result = await mysql_watch.once(pair[0], replicas=2)

    assert (result.status, result.reason) == (Status.WARNING, "expectation")
    assert result.message == "replicas: 1 connected, expected 2"


async def test_a_change_that_cannot_be_applied(pair: Pair, mysql_watch: MysqlWatch) -> None:
    primary, replica = pair
    primary.execute("CREATE DATABASE shop", "CREATE TABLE shop.things (id INT PRIMARY KEY)")
    until(lambda: replica.fetch("SHOW TABLES IN shop") if databases(replica) else [])
    replica.execute("INSERT INTO shop.things VALUES (1)")
    primary.execute("INSERT INTO shop.things VALUES (1)")
    until(lambda: slave(replica, "Slave_SQL_Running") == "No")

    result = await mysql_watch.once(replica)

    assert (result.status, result.reason) == (Status.CRITICAL, "expectation")
    assert result.message.startswith(
        f"replication: what comes from 127.0.0.1:{primary.port} is not applied: Error "
    )
    assert "Duplicate entry" in result.message
    assert result.samples.get("mysql_slave_status_slave_sql_running") == 0
    assert result.samples.get("mysql_slave_status_seconds_behind_master") is None
    assert (result.samples.get("mysql_slave_status_last_sql_errno") or 0) > 0


async def test_a_primary_that_is_gone(pair: Pair, mysql_watch: MysqlWatch) -> None:
    primary, replica = pair
    primary.server.kill()
    until(lambda: slave(replica, "Slave_IO_Running") == "Connecting")

    result = await mysql_watch.once(replica)

    assert result.status is Status.CRITICAL
    assert result.message.startswith(f"replication: cannot connect to 127.0.0.1:{primary.port}")
    assert result.samples.get("mysql_slave_status_slave_io_running") == 0


async def test_replication_that_was_stopped(pair: Pair, mysql_watch: MysqlWatch) -> None:
    replica = pair[1]
    replica.execute("STOP SLAVE")

    result = await mysql_watch.once(replica)

    assert result.status is Status.CRITICAL
    assert "replication: stopped, data of" in result.message
    replica.execute("RESET SLAVE ALL")
    assert (await mysql_watch.once(replica)).status is Status.OK


async def test_a_delay_that_is_meant_is_no_lag(pair: Pair, mysql_watch: MysqlWatch) -> None:
    primary, replica = pair
    replica.execute("STOP SLAVE", "CHANGE MASTER TO master_delay = 3600", "START SLAVE")
    until(lambda: slave(replica, "Slave_IO_Running") == "Yes")
    primary.execute("CREATE DATABASE later")
    until(
        lambda: (
            int(slave(replica, "Read_Master_Log_Pos")) > int(slave(replica, "Exec_Master_Log_Pos"))
        )
    )
    until(lambda: slave(replica, "Seconds_Behind_Master") not in ("0", "None"))

    result = await mysql_watch.once(replica, replication_lag={"warning": 0, "critical": 60})

    assert result.status is Status.OK, result.message
    assert "besides the 1 h it is meant to be" in result.parts[0].message
    assert result.samples.get("mysql_slave_status_sql_delay") == 3600
    (link,) = facts_of(result).replicas
    assert link.behind
    assert link.lag
