"""PostgreSQL's slow tier: sizes, dead rows, indexes, settings, pg_stat_statements, rights."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any, cast

import pytest

from checks.databases.model import DatabaseFacts
from checks.errors import TargetError
from checks.findings import Finding
from checks.model import Result, SampleBuilder, Sampler, Status, Table
from checks.probes.postgres.asking import Asker, Troubles, grant_for
from checks.probes.postgres.catalogue import Wraparound
from checks.probes.postgres.config import PostgresConfig
from checks.probes.postgres.pulse import Pulse
from checks.probes.postgres.settings import setting_metric
from checks.probes.postgres.slow import SlowTier
from checks.probes.postgres.sql import statement_for, statements
from tests.servers.postgres import PostgresDatabase, PostgresServers, PostgresWatch


def database_of(result: Result) -> DatabaseFacts:
    assert isinstance(result.database, DatabaseFacts)
    return result.database


def table(result: Result, title: str) -> Table:
    found = [table for table in result.tables if table.title.startswith(title)]
    assert len(found) == 1, [table.title for table in result.tables]
    return found[0]


SHOP = """
CREATE TABLE orders (id int PRIMARY KEY, state text, n int);
INSERT INTO orders SELECT i, 'open', i FROM generate_series(1, 5000) i;
CREATE INDEX orders_state ON orders (state);
CREATE INDEX orders_n ON orders (n);
CREATE TABLE small (id int);
CREATE SCHEMA other;
CREATE TABLE other.things (id int PRIMARY KEY);
UPDATE orders SET n = n + 1 WHERE id <= 1000;
DELETE FROM orders WHERE id > 4000;
SELECT pg_stat_force_next_flush();
VACUUM small;
ANALYZE orders;
"""


async def fill(database: PostgresDatabase) -> None:
    link = await database.connect()
    for sql in filter(str.strip, SHOP.split(";")):
        await link.execute(sql)
    await link.close()


async def test_tables_and_indexes(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await fill(postgres_server)
    result = await postgres_watch.once(postgres_server)
    assert result.status is Status.OK

    def get(metric: str, **labels: str) -> float:
        value = result.samples.get(metric, datname=postgres_server.name, **labels)
        assert value is not None, metric
        return value

    assert get("pg_stat_user_tables_n_dead_tup", relname="orders") >= 1000
    assert get("pg_stat_user_tables_n_live_tup", relname="orders") == 4000
    assert get("pg_stat_user_tables_n_tup_del", relname="orders") == 1000
    assert get("pg_stat_user_tables_last_analyze", relname="orders") > 1e9
    assert get("pg_stat_user_tables_last_autovacuum", relname="orders") == 0
    assert get("pg_stat_user_tables_last_vacuum", relname="small") > 1e9
    assert get("pg_stat_user_tables_table_size_bytes", relname="orders") > 200_000
    assert get("pg_stat_user_tables_index_size_bytes", relname="orders") > 100_000
    assert get("pg_stat_user_tables_seq_scan", relname="things", schemaname="other") >= 0
    assert get("pg_general_index_info_pg_relation_size", indexrelname="orders_pkey") > 8192
    assert get("pg_database_size_bytes") > 7_000_000
    assert get("pg_locks_count", mode="accesssharelock") >= 1
    assert get("pg_database_wraparound_age_datfrozenxid_seconds") > 0
    names = [row[0] for row in table(result, "Tables of").rows]
    assert names[0] == "orders"
    assert "other.things" in names
    unused = [row[0] for row in table(result, "Indexes never used").rows]
    assert set(unused) == {"orders_state", "orders_n"}
    assert table(result, "Databases").rows[0][1].endswith("MB")


async def test_the_tier_rests_for_a_minute(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server)
    await probe.run()
    await postgres_server.execute("CREATE TABLE late (id int)")
    await postgres_watch.clock.advance(30)
    before = await probe.run()
    assert before.samples.get("pg_stat_user_tables_n_live_tup", relname="late") is None
    # What was read a while ago is still given, so that its series do not end.
    assert before.samples.get("pg_settings_max_connections") == 200
    await postgres_watch.clock.advance(31)
    after = await probe.run()
    assert after.samples.get("pg_stat_user_tables_n_live_tup", relname="late") == 0


async def test_nothing_of_it_where_it_is_not_wanted(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await fill(postgres_server)
    result = await postgres_watch.once(postgres_server, tables=0, statements=0)
    assert result.samples.get("pg_stat_user_tables_n_live_tup") is None
    assert [found.title for found in result.tables] == ["Databases"]


async def test_a_table_that_somebody_holds_to_himself_holds_up_nothing(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await fill(postgres_server)
    link = await postgres_server.connect()
    await link.execute("BEGIN; LOCK TABLE orders")
    began = time.monotonic()
    result = await postgres_watch.once(postgres_server, timeout=20.0)
    assert time.monotonic() - began < 10
    get = result.samples.get
    assert get("pg_stat_user_tables_table_size_bytes", relname="orders") is None
    assert get("pg_stat_user_tables_n_live_tup", relname="orders") == 4000
    assert get("pg_stat_user_tables_table_size_bytes", relname="things") is not None
    assert database_of(result).notes == ()


async def test_an_index_that_is_not_valid(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1), (1)")
    link = await postgres_server.connect()
    with pytest.raises(Exception, match="could not create unique index"):
        await link.execute("CREATE UNIQUE INDEX CONCURRENTLY t_n ON t (n)")
    result = await postgres_watch.once(postgres_server)
    assert result.status is Status.OK
    (part,) = [part for part in result.parts if part.name == "indexes"]
    assert "index t_n: not valid, no query uses it" in part.message


async def test_names_that_are_odd(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    name = 'a "b"\x1b[31m\u202ec'
    quoted = name.replace('"', '""')
    await postgres_server.execute(f'CREATE TABLE "{quoted}" (id int PRIMARY KEY)')
    result = await postgres_watch.once(postgres_server)
    assert result.samples.get("pg_stat_user_tables_n_live_tup", relname='a "b"c') == 0


async def test_settings(postgres_server: PostgresDatabase, postgres_watch: PostgresWatch) -> None:
    get = (await postgres_watch.once(postgres_server)).samples.get
    assert get("pg_settings_max_connections") == 200
    assert get("pg_settings_shared_buffers_bytes") == 16 * 1024**2
    assert get("pg_settings_checkpoint_timeout_seconds") == 300
    assert get("pg_settings_fsync") == 0
    assert get("pg_settings_temp_file_limit_bytes") == -1
    assert get("pg_settings_max_locks_per_transaction") == 64
    assert get("pg_settings_autovacuum_vacuum_threshold") == 50


@pytest.mark.parametrize(
    ("name", "setting", "unit", "kind", "expected"),
    [
        ("shared_buffers", "16384", "8kB", "integer", ("shared_buffers_bytes", 2.0**27)),
        ("max_wal_size", "1024", "MB", "integer", ("max_wal_size_bytes", 2.0**30)),
        ("wal_segment_size", "16777216", "B", "integer", ("wal_segment_size_bytes", 2.0**24)),
        ("deadlock_timeout", "1000", "ms", "integer", ("deadlock_timeout_seconds", 1.0)),
        ("archive_timeout", "5", "min", "integer", ("archive_timeout_seconds", 300.0)),
        ("log_temp_files", "-1", "kB", "integer", ("log_temp_files_bytes", -1.0)),
        ("seq_page_cost", "1.5", None, "real", ("seq_page_cost", 1.5)),
        ("pg_x.y", "on", None, "bool", ("pg_x_y", 1.0)),
    ],
)
def test_settings_are_named_as_the_exporter_names_them(
    name: str, setting: str, unit: str | None, kind: str, expected: tuple[str, float]
) -> None:
    metric, value = setting_metric(name, setting, unit, kind)
    assert (metric.removeprefix("pg_settings_"), value) == expected


async def test_a_setting_that_waits_for_a_restart(
    postgres_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    database = PostgresDatabase(postgres_servers.start())
    database.psql("ALTER SYSTEM SET max_locks_per_transaction = 100")
    probe = postgres_watch.probe(database)
    assert database_of(await probe.run()).notes == ()
    database.server.reload()
    for _ in range(1_000):
        await postgres_watch.clock.advance(61)
        notes = database_of(await probe.run()).notes
        if notes:
            break
        await asyncio.sleep(0.02)
    # Some versions count settings among them that the command line has set.
    assert notes[0].startswith("changed settings wait for a restart: ")
    assert "max_locks_per_transaction" in notes[0]


async def test_an_archiver_that_fails(
    postgres_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    database = PostgresDatabase(postgres_servers.start(archive_mode="on", archive_command="false"))
    database.psql("CREATE TABLE t (id int); SELECT pg_switch_wal()")
    probe = postgres_watch.probe(database)
    for _ in range(1_000):
        await postgres_watch.clock.advance(61)
        result = await probe.run()
        if result.status is not Status.OK:
            break
        await asyncio.sleep(0.02)
    assert result.status is Status.WARNING
    assert "archiver: archive_command has been failing (none yet)" in result.message
    assert (result.samples.get("pg_stat_archiver_failed_count") or 0) >= 1


async def test_pg_stat_statements(
    postgres_full: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_full.execute('CREATE SCHEMA "Ext"')
    await postgres_full.execute('CREATE EXTENSION pg_stat_statements SCHEMA "Ext"')
    link = await postgres_full.connect()
    for _ in range(3):
        await link.fetch("SELECT pg_sleep(0.02), 'a' AS told -- by the shop")
    result = await postgres_watch.once(postgres_full)
    rows = table(result, "Statements by total time").rows
    (found,) = [row for row in rows if row[0].startswith("SELECT pg_sleep($1)")]
    assert found[1] == "3"
    assert found[5:] == ("postgres", postgres_full.name)
    calls = [
        value
        for series, value in zip(result.samples.series, result.samples.values, strict=True)
        if series.name == "pg_stat_statements_calls_total"
        and series.label("datname") == postgres_full.name
    ]
    assert 3 in calls
    assert (result.samples.get("pg_stat_statements_seconds_total") or 0) > 0
    assert database_of(result).notes == ()


async def test_pg_stat_statements_of_old(
    postgres_full: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    """Version 1.7 has other names for its columns."""
    await postgres_full.execute("CREATE EXTENSION pg_stat_statements VERSION '1.7'")
    result = await postgres_watch.once(postgres_full)
    assert table(result, "Statements by total time").rows
    assert database_of(result).notes == ()


async def test_pg_stat_statements_that_was_not_preloaded(
    postgres_full_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    database = PostgresDatabase(postgres_full_servers.start())
    await database.execute("CREATE EXTENSION pg_stat_statements")
    result = await postgres_watch.once(database)
    assert result.status is Status.OK
    (note,) = database_of(result).notes
    assert "pg_stat_statements must be loaded via" in note
    assert result.samples.get("pg_exporter_last_scrape_error") == 1


async def test_a_role_without_rights_sees_less_and_is_told_what_to_grant(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN")
    link = await postgres_server.connect()
    await link.execute("BEGIN; SELECT 'of another'")
    probe = postgres_watch.probe(postgres_server.url_of("plain"))
    probe.attend(True)
    result = await probe.run()
    assert result.status is Status.OK
    facts = database_of(result)
    assert facts.notes == (
        "role plain does not see what other roles' sessions do, nor all settings: "
        "GRANT pg_monitor TO plain",
    )
    assert dict(facts.by_state)["hidden"] >= 1
    assert facts.connections is not None
    assert facts.connections >= 2
    hidden = next(r for r in facts.sessions or () if r.pid == link.get_server_pid())
    assert hidden.state == "hidden"
    said = await probe.act("cancel", hidden.id)
    assert "when that session began is hidden from this role" in said
    assert result.samples.get("pg_stat_database_xact_commit") is not None
    await postgres_server.execute("GRANT pg_monitor TO plain")
    await postgres_watch.clock.advance(61)
    await probe.run()
    assert database_of(await probe.run()).notes == ()


async def test_a_view_that_may_not_be_read(
    postgres_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    database = PostgresDatabase(postgres_servers.start())
    database.psql(
        "CREATE ROLE watcher LOGIN IN ROLE pg_monitor;"
        "REVOKE SELECT ON pg_stat_database, pg_settings FROM public;"
        "REVOKE EXECUTE ON FUNCTION pg_stat_get_wal_senders() FROM public"
    )
    probe = postgres_watch.probe(database.url_of("watcher"))
    probe.attend(True)
    result = await probe.run()
    assert result.status is Status.OK
    assert result.samples.get("pg_stat_activity_waiting") == 0
    assert result.samples.get("pg_stat_database_xact_commit") is None
    assert result.samples.get("pg_stat_bgwriter_buffers_alloc_total") is not None
    assert result.samples.get("pg_exporter_last_scrape_error") == 1
    assert database_of(result).sessions
    assert database_of(result).notes == (
        "figures of the databases: permission denied for view pg_stat_database; "
        "GRANT SELECT ON pg_stat_database TO watcher",
        "settings: permission denied for view pg_settings; GRANT SELECT ON pg_settings TO watcher",
    )
    database.psql("REVOKE EXECUTE ON FUNCTION pg_stat_get_activity(int) FROM public")
    blind = await probe.run()
    assert blind.status is Status.UNKNOWN
    assert blind.reason == "permission"
    assert blind.message == (
        f"127.0.0.1:{database.port} lets us in and shows nothing: figures of the databases: "
        "permission denied for view pg_stat_database; GRANT SELECT ON pg_stat_database TO watcher"
    )


def test_what_to_grant() -> None:
    assert grant_for("permission denied for function f", "r") == "GRANT EXECUTE ON FUNCTION f TO r"
    assert grant_for("permission denied for schema s", "r") == "GRANT USAGE ON SCHEMA s TO r"
    assert grant_for("droit refusé", "r") == "GRANT pg_monitor TO r"


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_JP"])
async def test_texts_that_are_not_utf_8(
    encoding: str, postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    name = f"odd_{encoding.lower()}"
    postgres_server.psql(f"DROP DATABASE IF EXISTS {name}")
    postgres_server.psql(
        f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
    )
    odd = PostgresDatabase(postgres_server.server, name)
    raw = (
        b"BEGIN; SELECT 'caf\xe9 \xff\xfe'" if encoding != "EUC_JP" else b"BEGIN; SELECT '\xa4\xa2'"
    )
    process = await asyncio.create_subprocess_exec(
        *odd.server._as_account("psql"),
        *("-h", "127.0.0.1", "-p", str(odd.port), "-U", "postgres", "-d", name, "-q"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"PGCLIENTENCODING": encoding, "PATH": ""},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(raw + b";\n")
    await process.stdin.drain()
    await process.stdout.readline()
    try:
        for database in (postgres_server, odd):
            probe = postgres_watch.probe(database)
            probe.attend(True)
            result = await probe.run()
            assert result.status is Status.OK, result.message
            assert database_of(result).notes == ()
            queries = [row.query for row in database_of(result).sessions or ()]
            assert any(query.startswith("SELECT '") for query in queries), queries
            if encoding == "EUC_JP" and database is odd:
                assert "SELECT 'あ'" in queries[0] + queries[1]
            await probe.close()
    finally:
        process.stdin.close()
        await process.wait()
        postgres_server.psql(f"DROP DATABASE {name} WITH (FORCE)")


NOBODY = cast("Asker", None)
NOTHING = cast("Pulse", None)
"""What pieces are given that ask nothing."""


class Slow:
    """A piece that takes ``seconds``, and succeeds if it is ``well``."""

    def __init__(self, name: str, seconds: float = 0.0, *, well: bool = True) -> None:
        self.name = name
        self._seconds = seconds
        self._well = well
        self.read_at: list[float] = []
        self.now = 0.0

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        del ask, pulse
        assert within > 0
        self.read_at.append(self.now)
        await asyncio.sleep(self._seconds)
        return self._well

    def add(self, to: SampleBuilder) -> None:
        to.add(self.name, 1)

    def tables(self) -> Iterable[Table]:
        return ()

    def findings(self) -> Iterable[Finding]:
        return ()


async def run_tier(pieces: list[Slow], until: float, spare: float = 1.0) -> None:
    tier = SlowTier(pieces)
    now = 0.0
    while now <= until:
        for piece in pieces:
            piece.now = now
        await tier.read(NOBODY, NOTHING, now, spare)
        now += 5.0
    sampler = Sampler({})
    to = sampler.builder()
    tier.add(to, sampler)
    assert len(to.build()) == len(pieces)


async def test_when_each_piece_is_read() -> None:
    quick, failing = Slow("quick"), Slow("failing", well=False)
    await run_tier([quick, failing], 700)
    assert quick.read_at == [60.0 * i for i in range(12)]
    assert failing.read_at == [0.0, 600.0]


async def test_a_costly_piece_rests_longer() -> None:
    costly = Slow("costly", 0.03)
    await run_tier([costly], 20)
    assert costly.read_at == [0.0]
    tier = SlowTier([costly])
    await tier.read(NOBODY, NOTHING, 0.0, 1.0)
    assert tier._due["costly"] == 59.5


async def test_pieces_take_turns_where_there_is_no_time_for_all() -> None:
    pieces = [Slow(name, 0.02) for name in "abc"]
    await run_tier(pieces, 10, spare=0.03)
    assert [piece.read_at for piece in pieces] == [[0.0], [5.0], [10.0]]


def test_statements_by_version() -> None:
    assert "waitstart" in statement_for("blocking", (16,))
    assert "waitstart" not in statement_for("blocking", (13,))
    assert "wal_status" in statement_for("slots", (13,))
    assert "pg_stat_checkpointer" in statement_for("writers", (17,))
    assert "pg_stat_checkpointer" not in statement_for("writers", (16,))
    assert "total_time" in statement_for("statements", (1, 7))
    assert "shared_blk_read_time" in statement_for("statements", (1, 12))
    assert "s.blk_read_time" in statement_for("statements", (1, 10))


def test_every_statement_says_what_it_is_and_costs() -> None:
    for name, variants in statements().items():
        for sql in variants.values():
            assert sql.startswith("-- "), name


def test_troubles_are_told_until_they_are_over() -> None:
    troubles = Troubles()
    troubles.failed("tables", TargetError("timeout", "it was stopped after 1.2 s"))
    assert troubles.notes() == ("tables: it was stopped after 1.2 s",)
    assert troubles.of("tables") is not None
    troubles.succeeded("tables")
    assert not troubles


def wraparound(**row: Any) -> list[Finding]:
    piece = Wraparound(PostgresConfig())
    piece._rows = [("shop", row.get("xids", 0), row.get("multixacts", 0), -1)]
    return list(piece.findings())


def test_wraparound() -> None:
    assert wraparound(xids=200_000_000) == []
    (near,) = wraparound(xids=1_200_000_000)
    assert near.part.status is Status.WARNING
    assert "database shop has used 56 % of its transaction numbers" in near.part.message
    (nearer,) = wraparound(multixacts=2_000_000_000)
    assert nearer.part.status is Status.CRITICAL


async def test_ten_thousand_tables(
    postgres_servers: PostgresServers, postgres_watch: PostgresWatch
) -> None:
    database = PostgresDatabase(postgres_servers.start(max_locks_per_transaction="1000"))
    link = await database.connect()
    create = (
        "DO $$ BEGIN FOR i IN {} LOOP"
        " EXECUTE format('CREATE TABLE t%s (id int)', i);"
        " END LOOP; END $$"
    )
    for start in range(0, 10_000, 2_000):
        await link.execute(create.format(f"{start}..{start + 1_999}"), timeout=120)
    await link.close()
    took = []
    for _ in range(3):
        probe = postgres_watch.probe(database)
        began = time.monotonic()
        result = await probe.run()
        took.append(time.monotonic() - began)
    assert min(took) < 2.5
    assert result.status is Status.OK, result.message
    for _ in range(20):
        await postgres_watch.clock.advance(5)
        result = await probe.run()
    assert database_of(result).notes == ()
    tables = {
        series.label("relname")
        for series in result.samples.series
        if series.name == "pg_stat_user_tables_n_live_tup"
    }
    assert len(tables) == 50
    assert (result.samples.get("pg_database_size_bytes", datname="postgres") or 0) > 1e7
