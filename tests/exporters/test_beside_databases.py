"""mysqld_exporter, postgres_exporter and redis_exporter beside onwatch on the same servers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.exporters import rule_files
from tests.exporters.beside import Found, Kind, beside, together
from tests.exporters.known import judge
from tests.exporters.mysql_scenes import replicates
from tests.exporters.stage import staged
from tests.servers.exporters import Exporters
from tests.servers.mariadb import OWNER, PASSWORD, MariadbDatabase, MariadbServers
from tests.servers.postgres import PostgresDatabase, PostgresServers, until
from tests.servers.redis import RedisServer

QUERIES: Final = Path(__file__).parent / "queries.yaml"
"""What postgres_exporter is told to ask besides: as in its own example, and as the rules need."""


async def test_mysqld_exporter(
    mariadb_servers: MariadbServers, exporters: Exporters, tmp_path: Path
) -> None:
    rule_files.require()
    primary = mariadb_servers.start("--log-bin", "--server-id=1")
    replica = mariadb_servers.replica(primary)
    until(lambda: replicates(replica))
    found = together(
        await _mysql(exporters, tmp_path, primary),
        await _mysql(exporters, tmp_path, replica),
    )
    judge("mysqld", found)


async def _mysql(exporters: Exporters, folder: Path, server: MariadbDatabase) -> list[Found]:
    options = folder / f"{server.port}.cnf"
    who = f"user={OWNER}\npassword={PASSWORD}\n"
    options.write_text(f"[client]\n{who}host=127.0.0.1\nport={server.port}\n")
    exporter = exporters.start(
        "mysqld", "--collect.info_schema.innodb_metrics", f"--config.my-cnf={options}"
    )
    async with staged(folder) as stage:
        stage.watch("mysql", {"url": server.url, "password": PASSWORD, "option_files": False})
        names = rule_files.metrics("mysqld")
        # Each counts its own connection.
        return await beside(stage, exporter, names, {"mysql_global_status_threads_connected": 0.5})


async def test_postgres_exporter(
    postgres_servers: PostgresServers, exporters: Exporters, tmp_path: Path
) -> None:
    rule_files.require()
    primary = PostgresDatabase(postgres_servers.start(autovacuum="off"))
    await primary.execute(
        "CREATE TABLE orders (id serial PRIMARY KEY, v text);"
        "INSERT INTO orders (v) SELECT 'x' FROM generate_series(1, 60000);"
        "DELETE FROM orders WHERE id % 5 = 0;"
        "SELECT pg_create_physical_replication_slot('spare'); ANALYZE orders"
    )
    standby = postgres_servers.replica(primary.server)
    standby.start()
    found = together(
        await _postgres(exporters, tmp_path, primary),
        await _postgres(exporters, tmp_path, PostgresDatabase(standby)),
    )
    judge("postgres", found)


async def _postgres(exporters: Exporters, folder: Path, server: PostgresDatabase) -> list[Found]:
    source = f"{server.url}?sslmode=disable"
    exporter = exporters.start(
        "postgres",
        f"--extend.query-path={QUERIES}",
        env={"DATA_SOURCE_NAME": source},
        version="0.11",
    )
    async with staged(folder) as stage:
        stage.watch("postgres", {"url": server.url})
        found = await beside(stage, exporter, rule_files.metrics("postgres"))
        return [one for one in found if not _of_who_asks(one)]


def _of_who_asks(found: Found) -> bool:
    """Whether it differs in how many sessions ask or rest: each sees the other's as it happens."""
    asking = found.labels.get("state") in ("active", "idle")
    return found.kind is Kind.VALUE and found.metric == "pg_stat_activity_count" and asking


async def test_redis_exporter(
    redis_server: RedisServer, redis_replica: RedisServer, exporters: Exporters, tmp_path: Path
) -> None:
    rule_files.require()
    redis_server.set(maxmemory=100_000_000)
    found = together(
        await _redis(exporters, tmp_path, redis_server),
        await _redis(exporters, tmp_path, redis_replica),
    )
    judge("redis", found)


async def _redis(exporters: Exporters, folder: Path, server: RedisServer) -> list[Found]:
    address = f"--redis.addr=redis://127.0.0.1:{server.port}"
    exporter = exporters.start("redis", address, "--include-system-metrics", version="1.45")
    async with staged(folder) as stage:
        stage.watch("redis", {"url": server.url})
        # Each counts its own connection, and the buffers of it.
        own = {"redis_connected_clients": 0.5, "redis_memory_used_bytes": 0.1}
        return await beside(stage, exporter, rule_files.metrics("redis"), own)
