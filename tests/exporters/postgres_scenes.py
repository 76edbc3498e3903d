"""How each rule on PostgreSQL is made to fire, on a real server."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import asyncpg

from tests.exporters.scenes import Scenes
from tests.exporters.stage import Stage
from tests.servers.postgres import PostgresDatabase, until
from tui.demo.postgres_programs import find
from tui.demo.postgres_server import SUPERUSER

__all__ = ["CONNECTIONS", "POSTGRES", "SETTINGS", "PostgresPlace"]

CONNECTIONS: Final = 20
SETTINGS: Final = {
    "max_connections": str(CONNECTIONS),
    "autovacuum": "off",
    "deadlock_timeout": "10ms",
}
"""Of the server that the scenes share."""
POSTGRES: Final = Scenes["PostgresPlace"]("postgres")


class PostgresPlace:
    """A server, with the databases ``postgres`` and ``shop``; and one with a standby, which has
    replayed what was last written at ``written`` (``time.monotonic``)."""

    def __init__(
        self,
        main: PostgresDatabase,
        standby: PostgresDatabase,
        primary: PostgresDatabase,
        written: float,
    ):
        self.main = main
        self.shop = PostgresDatabase(main.server, "shop")
        self.standby = standby
        self.primary = primary
        self.written = written

    async def close(self) -> None:
        """Cut the connections that a scene left open."""
        for one in (self.main, self.shop, self.standby, self.primary):
            await one.close()

    @asynccontextmanager
    async def sessions(self, count: int) -> AsyncIterator[list[asyncpg.Connection]]:
        """So many open sessions in ``shop``."""
        made = [await self.shop.connect() for _ in range(count)]
        try:
            yield made
        finally:
            for one in made:
                await one.close()


def watch(stage: Stage, place: PostgresPlace) -> None:
    stage.watch("postgres", {"url": place.main.url})


@POSTGRES.scene("PostgresqlDown", "the server is killed, and started again")
async def down(stage: Stage, place: PostgresPlace) -> None:
    watch(stage, place)
    await stage.stays_quiet()
    place.main.server.kill()
    await stage.fires()
    place.main.server.start()
    await stage.resolves()


@POSTGRES.scene("PostgresqlRestarted", "the server is killed and started again; a minute passes")
async def restarted(stage: Stage, place: PostgresPlace) -> None:
    place.main.server.kill()
    place.main.server.start()
    watch(stage, place)
    await stage.fires()
    await stage.resolves()


@POSTGRES.scene(
    "PostgresqlExporterError", "`pg_stat_database` is taken from a role, and given back"
)
async def may_not_read(stage: Stage, place: PostgresPlace) -> None:
    await place.main.execute("CREATE ROLE watcher LOGIN; GRANT pg_monitor TO watcher")
    stage.watch("postgres", {"url": place.main.url_of("watcher")})
    await stage.stays_quiet()
    await place.main.execute("REVOKE SELECT ON pg_stat_database FROM public")
    await stage.fires()
    await place.main.execute("GRANT SELECT ON pg_stat_database TO public")
    await stage.resolves()


@POSTGRES.scene("PostgresqlTooManyConnections", f"18 of {CONNECTIONS} connections are opened")
async def too_many(stage: Stage, place: PostgresPlace) -> None:
    watch(stage, place)
    await stage.stays_quiet()
    async with place.sessions(CONNECTIONS - 3):
        await stage.fires()
    await stage.resolves()


@POSTGRES.scene(
    "PostgresqlNotEnoughConnections", "nobody is connected to a database; then five are"
)
async def too_few(stage: Stage, place: PostgresPlace) -> None:
    watch(stage, place)
    await stage.fires(datname="shop")
    async with place.sessions(5):
        await stage.resolves()


@POSTGRES.scene("PostgresqlDeadLocks", "two sessions lock two rows crosswise, seven times")
async def deadlocks(stage: Stage, place: PostgresPlace) -> None:
    watch(stage, place)
    await stage.stays_quiet(5)
    await place.shop.execute("CREATE TABLE pair (id int); INSERT INTO pair VALUES (1), (2)")
    async with place.sessions(2) as (one, other):
        for _ in range(7):
            await cross(one, other)
    await stage.fires(datname="shop")
    await stage.resolves()


async def cross(one: asyncpg.Connection, other: asyncpg.Connection) -> None:
    """A deadlock, in which one of them is ended."""
    update = "UPDATE pair SET id = id WHERE id = {}"
    for link, row in ((one, 1), (other, 2)):
        await link.execute("BEGIN")
        await link.execute(update.format(row))
    both = (one.execute(update.format(2)), other.execute(update.format(1)))
    ended = await asyncio.gather(*both, return_exceptions=True)
    assert any(isinstance(each, asyncpg.DeadlockDetectedError) for each in ended), ended
    for link in (one, other):
        await link.execute("ROLLBACK")


@POSTGRES.scene("PostgresqlHighRollbackRate", "transactions are rolled back; three minutes pass")
async def rollbacks(stage: Stage, place: PostgresPlace) -> None:
    watch(stage, place)
    await stage.stays_quiet(13)
    async with place.sessions(1) as (link,):
        for _ in range(10):
            await link.execute("BEGIN")
            await link.execute("ROLLBACK")
    await stage.fires(datname="shop")
    await stage.resolves()


@POSTGRES.scene("PostgresqlCommitRateLow", "a database has no work; then it has")
async def no_commits(stage: Stage, place: PostgresPlace) -> None:
    watch(stage, place)
    await stage.fires(datname="shop")
    async with place.sessions(1) as (link,):
        for _ in range(30):
            await link.execute("SELECT 1")
    await stage.resolves()


@POSTGRES.scene("PostgresqlLowXidConsumption", "the server has no work; then it writes")
async def few_transactions(stage: Stage, place: PostgresPlace) -> None:
    watch(stage, place)
    await stage.fires()
    for _ in range(8):
        await place.shop.execute(
            "DO $$ BEGIN FOR i IN 1..120 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$"
        )
        await stage.tick()
        if not stage.active:
            break
    stage.was_resolved()


@POSTGRES.scene("PostgresqlTooManyDeadTuples", "12,000 of 30,000 rows are deleted; then VACUUM")
async def dead_rows(stage: Stage, place: PostgresPlace) -> None:
    await place.main.execute(
        "CREATE TABLE parcels (id int); INSERT INTO parcels SELECT generate_series(1, 30000)"
    )
    watch(stage, place)
    await stage.stays_quiet()
    await place.main.execute("DELETE FROM parcels WHERE id <= 12000")
    await stage.fires(relname="parcels")
    await place.main.execute("VACUUM parcels")
    await stage.resolves()
    await place.main.execute("DROP TABLE parcels")


@POSTGRES.scene("PostgresqlConfigurationChanged", "`work_mem` is changed; five minutes pass")
async def configured(stage: Stage, place: PostgresPlace) -> None:
    watch(stage, place)
    await stage.stays_quiet(15)
    await place.main.execute("ALTER SYSTEM SET work_mem = '5MB'")
    await place.main.execute("SELECT pg_reload_conf()")
    await stage.fires()
    await stage.resolves()


BLOAT = "the planner is told that {0} has 30,000 pages for its rows; then {1} tells it better"


@POSTGRES.scene("PostgresqlBloatIndexHigh(>80%)", BLOAT.format("an index", "REINDEX"))
async def bloated_index(stage: Stage, place: PostgresPlace) -> None:
    await bloated(stage, place, "crates", "crates_pkey", "REINDEX TABLE crates")


@POSTGRES.scene("PostgresqlBloatTableHigh(>80%)", BLOAT.format("a table", "VACUUM"))
async def bloated_table(stage: Stage, place: PostgresPlace) -> None:
    await bloated(stage, place, "boxes", "boxes", "VACUUM boxes")


async def bloated(
    stage: Stage, place: PostgresPlace, table: str, relation: str, better: str
) -> None:
    await place.main.execute(
        f"CREATE TABLE {table} (id int PRIMARY KEY);"
        f"INSERT INTO {table} SELECT generate_series(1, 60000); ANALYZE {table}"
    )
    watch(stage, place)
    await stage.stays_quiet()
    told = "UPDATE pg_class SET relpages = 30000 WHERE relname = $1"
    await place.main.fetch(told, relation)
    await stage.fires(relname=table)
    await place.main.execute(better)
    await stage.resolves()


@POSTGRES.scene(
    "PostgresqlInvalidIndex", "REINDEX CONCURRENTLY breaks off; what it left is dropped"
)
async def invalid_index(stage: Stage, place: PostgresPlace) -> None:
    await place.main.execute("CREATE TABLE bins (id int PRIMARY KEY)")
    watch(stage, place)
    await stage.stays_quiet()
    writer = await place.main.connect()
    await writer.execute("BEGIN; LOCK TABLE bins IN ROW EXCLUSIVE MODE")
    builder = await place.main.connect()
    await builder.execute("SET lock_timeout = '50ms'")
    for _ in range(2):
        try:
            await builder.execute("REINDEX INDEX CONCURRENTLY bins_pkey")
        except asyncpg.LockNotAvailableError:
            continue
        raise AssertionError("the index was built")
    await writer.close()
    await builder.close()
    await stage.fires(indexrelname="bins_pkey_ccnew")
    # The other stays: where no series is left that the rule selects, there is no data.
    await place.main.execute("DROP INDEX bins_pkey_ccnew")
    await stage.resolves(indexrelname="bins_pkey_ccnew")


@POSTGRES.scene("PostgresqlReplicationLag", "a standby pauses its replay, and goes on")
async def lag(stage: Stage, place: PostgresPlace) -> None:
    stage.watch("postgres", {"url": place.standby.url})
    await stage.stays_quiet()
    # The lag is the age of what was replayed last, by the servers' own clocks.
    await asyncio.sleep(max(0.0, place.written + 5.5 - time.monotonic()))
    await place.standby.execute("SELECT pg_wal_replay_pause()")
    await place.primary.execute("CREATE TABLE later (id int)")
    await stage.fires()
    await place.standby.execute("SELECT pg_wal_replay_resume()")
    await stage.resolves()


TABLES = (
    "Its text compares series of tables with a setting, which has no labels of tables: no exporter "
    "makes it fire. With `on (instance) group_left` it fires."
)
CHANGE = "UPDATE TABLE SET id = id + 1"
CHANGED = "more rows change than the setting says, and the daemon has never come; then {}"


@POSTGRES.scene(
    "PostgresqlTableNotAutoVacuumed",
    CHANGED.format("the setting is raised"),
    mend=("> pg_settings", "> on (instance) group_left pg_settings"),
    why=TABLES,
)
async def not_vacuumed(stage: Stage, place: PostgresPlace) -> None:
    await unattended(stage, place, "hats", "autovacuum_vacuum_threshold")


@POSTGRES.scene(
    "PostgresqlTableNotAutoAnalyzed",
    CHANGED.format("the setting is raised"),
    mend=("> pg_settings", "> on (instance) group_left pg_settings"),
    why=TABLES,
)
async def not_analysed(stage: Stage, place: PostgresPlace) -> None:
    await unattended(stage, place, "caps", "autovacuum_analyze_threshold")


async def unattended(stage: Stage, place: PostgresPlace, table: str, setting: str) -> None:
    await place.main.execute(
        f"CREATE TABLE {table} (id int); INSERT INTO {table} SELECT generate_series(1, 100)"
    )
    watch(stage, place)
    await stage.stays_quiet()
    await place.main.execute(CHANGE.replace("TABLE", table))
    await stage.fires(relname=table)
    await place.main.execute(f"ALTER SYSTEM SET {setting} = 1000000")
    await place.main.execute("SELECT pg_reload_conf()")
    await stage.resolves()
    await place.main.execute(f"DROP TABLE {table}")
    await place.main.execute(f"ALTER SYSTEM RESET {setting}")
    await place.main.execute("SELECT pg_reload_conf()")


@POSTGRES.scene(
    "PostgresqlUnusedReplicationSlot",
    "a replication slot is made; then somebody reads it",
    mend=("and (pg_replication_is_replica", "and on (instance) (pg_replication_is_replica"),
    why="Its text wants the server's role to have the labels of the slot: no exporter makes it "
    "fire. With `and on (instance)` it fires.",
)
async def unused_slot(stage: Stage, place: PostgresPlace) -> None:
    watch(stage, place)
    await stage.stays_quiet()
    await place.main.execute("SELECT pg_create_physical_replication_slot('spare')")
    await stage.fires(slot_name="spare")
    with reading(place.main, "spare"):
        await stage.resolves()
    await place.main.execute("SELECT pg_drop_replication_slot('spare')")


@contextmanager
def reading(server: PostgresDatabase, slot: str) -> Iterator[None]:
    """Somebody receives the write-ahead log by ``slot``, the only one."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(find() / "pg_receivewal")
        address = ("-h", "127.0.0.1", "-p", str(server.port), "-U", SUPERUSER)
        process = subprocess.Popen([program, "-D", folder, "--slot", slot, "--no-loop", *address])
        used = "SELECT active FROM pg_replication_slots"
        try:
            until(lambda: server.psql(used) == "t")
            yield
        finally:
            process.kill()
            process.wait()
            until(lambda: server.psql(used) == "f")


@POSTGRES.scene(
    "PostgresqlTooManyLocksAcquired",
    "a transaction touches 400 tables, and ends",
    mend=("(sum by (instance) (pg_locks_count))", "sum without (datname, mode) (pg_locks_count)"),
    why="Its text divides a sum that has lost the label `job` by settings that have it: where "
    "series have a job, as in every Prometheus, it never fires. Summed `without (datname, mode)` "
    "it fires.",
)
async def many_locks(stage: Stage, place: PostgresPlace) -> None:
    await place.main.execute(
        "DO $$ BEGIN FOR i IN 1..400 LOOP EXECUTE format('CREATE TABLE l%s (id int)', i);"
        " IF i % 50 = 0 THEN COMMIT; END IF; END LOOP; END $$"
    )
    watch(stage, place)
    await stage.stays_quiet()
    link = await place.main.connect()
    await link.execute("BEGIN")
    await link.execute("".join(f"SELECT FROM l{number} LIMIT 0;" for number in range(1, 401)))
    await stage.fires()
    await link.close()
    await stage.resolves()


POSTGRES.cannot(
    "PostgresqlSslCompressionActive",
    "PostgreSQL 14 has removed TLS compression, and the column of `pg_stat_ssl` with it.",
)
