"""The MariaDB servers of the tests and the demo: started, frozen, killed, replicated."""

from __future__ import annotations

from tests.servers.mariadb import MariadbDatabase, MariadbServers
from tests.servers.postgres import until


def test_a_test_has_a_database_of_its_own(mariadb_server: MariadbDatabase) -> None:
    mariadb_server.execute(
        "CREATE TABLE things (id INT PRIMARY KEY)", "INSERT INTO things VALUES (7)"
    )

    assert mariadb_server.fetch("SELECT * FROM things") == [(7,)]


def test_a_killed_server_starts_again_with_what_it_had(mariadb_servers: MariadbServers) -> None:
    database = mariadb_servers.start()
    database.execute("CREATE TABLE things (id INT PRIMARY KEY) ENGINE=InnoDB")
    database.server.kill()
    assert not database.server.answers()

    database.server.start()

    assert database.fetch("SELECT * FROM things") == []


def test_a_replica_follows(mariadb_servers: MariadbServers) -> None:
    primary = mariadb_servers.start("--log-bin=binlog", "--server-id=1")
    replica = mariadb_servers.replica(primary)

    primary.execute("CREATE DATABASE shop")

    until(lambda: ("shop",) in replica.fetch("SHOW DATABASES"))
