"""What a PostgreSQL check says of a server that is well."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from checks.databases.model import DatabaseFacts
from checks.lanes import Lanes
from checks.model import Result, Status
from checks.probe import Acting, Attended
from checks.probes.postgres import KIND, PostgresConfig
from checks.registry import kind
from checks.requests.stats import RequestStats
from tests.patience import PATIENCE
from tests.servers.postgres import PostgresDatabase, PostgresWatch


def database_of(result: Result) -> DatabaseFacts:
    assert isinstance(result.database, DatabaseFacts)
    return result.database


async def test_a_healthy_server(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    result = await postgres_watch.once(postgres_server)
    assert result.status is Status.OK
    assert result.reason == "ok"
    assert result.value == "up"
    assert result.message.startswith("answered in ")
    version = postgres_server.psql("SHOW server_version").split()[0]
    assert f": PostgreSQL {version} standalone, " in result.message
    assert " of 197 connections" in result.message
    assert result.parts == ()
    assert result.events == ()
    facts = dict(result.facts)
    assert facts["server"].startswith(f"PostgreSQL {version}")
    assert facts["connections"].endswith("of 197, 3 more for superusers")
    found = database_of(result)
    assert (found.product, found.role) == ("PostgreSQL", "standalone")
    assert found.connection_limit == 197
    assert found.notes == ()
    assert [name for name, _ in result.phases] == [
        *("credential", "dns", "connect", "tls", "greeting", "login", "answer"),
    ]


async def test_the_second_run_needs_no_new_connection(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server)
    await probe.run()
    assert [name for name, _ in (await probe.run()).phases] == ["answer"]


async def test_over_a_socket(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    result = await postgres_watch.once(postgres_server.socket_url)
    assert result.status is Status.OK
    assert (
        result.samples.get(
            "pg_up", instance=f"{postgres_server.server.socket_folder}:{postgres_server.port}"
        )
        == 1
    )


async def test_counters_of_a_database(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server)
    before = await probe.run()
    link = await postgres_server.connect()
    await link.execute("CREATE TABLE t (n int)")
    for _ in range(5):
        await link.execute("INSERT INTO t VALUES (1), (2)")
    await link.execute("BEGIN")
    await link.execute("ROLLBACK")
    await link.execute("SET work_mem = '64kB'")
    await link.fetch("SELECT * FROM generate_series(1, 20000) i ORDER BY i DESC")
    await link.fetch("SELECT pg_stat_force_next_flush()")
    await link.close()

    def rise(after: Result, metric: str) -> float:
        name = postgres_server.name
        now = after.samples.get(f"pg_stat_database_{metric}", datname=name) or 0.0
        return now - (before.samples.get(f"pg_stat_database_{metric}", datname=name) or 0.0)

    for _ in range(round(PATIENCE / 0.02)):
        after = await probe.run()
        if rise(after, "temp_bytes"):
            break
        await asyncio.sleep(0.02)
    assert rise(after, "xact_commit") >= 6
    assert rise(after, "xact_rollback") >= 1
    assert rise(after, "tup_inserted") >= 10
    assert rise(after, "blks_hit") > 0
    assert rise(after, "temp_files") >= 1
    assert after.samples.get("pg_stat_database_numbackends", datname=postgres_server.name) == 1


async def test_sessions_by_database_and_state(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    link = await postgres_server.connect()
    await link.execute("BEGIN")
    await postgres_server.connect()
    get = (await postgres_watch.once(postgres_server)).samples.get
    name = postgres_server.name
    count = "pg_stat_activity_count"
    assert get(count, datname=name, state="idle in transaction") == 1
    assert get(count, datname=name, state="idle") == 1
    assert get(count, datname=name, state="active") == 1
    assert get(count, datname=name, state="disabled") == 0
    assert get(count, datname="template1", state="idle") == 0
    assert (
        get("pg_stat_activity_max_tx_duration", datname=name, state="idle in transaction") or 0
    ) > 0


async def test_a_deadlock_is_an_event(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server)
    await postgres_server.execute(
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)"
    )
    await probe.run()
    one, two = await postgres_server.connect(), await postgres_server.connect()
    for link, key in ((one, 1), (two, 2)):
        await link.execute("SET deadlock_timeout = '10ms'")
        await link.execute("BEGIN")
        await link.fetch("SELECT 1 FROM t WHERE id = $1 FOR UPDATE", key)
    outcomes = await asyncio.gather(
        one.execute("SELECT 1 FROM t WHERE id = 2 FOR UPDATE"),
        two.execute("SELECT 1 FROM t WHERE id = 1 FOR UPDATE"),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 1
    for link in (one, two):
        await link.execute("ROLLBACK")
        await link.fetch("SELECT pg_stat_force_next_flush()")
    for _ in range(round(PATIENCE / 0.02)):
        events = (await probe.run()).events
        if events:
            break
        await asyncio.sleep(0.02)
    assert events == (f"1 deadlock in database {postgres_server.name}: see its log",)
    assert (await probe.run()).events == ()


async def test_a_round_trip_past_its_bound(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    result = await postgres_watch.once(postgres_server, latency={"warning": "1ms"})
    if result.status is Status.OK:
        assert (result.duration or 0) <= 0.001
    else:
        assert result.reason == "latency"
        assert "slower than the warning bound of 1 ms" in result.message


async def test_a_home_that_hangs_is_a_sentence(
    postgres_server: PostgresDatabase,
    postgres_watch: PostgresWatch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading .pgpass on a dead mount holds up this check alone, and no longer than it may."""

    def hang(path: Path) -> None:
        del path
        time.sleep(1.0)

    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setattr("checks.probes.postgres.login.read_pass_file", hang)
    probe = postgres_watch.probe(postgres_server, timeout=0.3)
    result = await probe.run()
    assert result.status is Status.UNKNOWN
    assert result.message == "the password was not there within 270 ms: see postgres.password"
    again = await probe.run()
    assert "reading .pgpass hangs: is the home directory reachable?" in again.message


REQUESTS = """
CREATE TABLE request_logs (
    id bigserial PRIMARY KEY, created_at timestamptz, status_code int, latency_ms float8,
    provider text, error text
)
"""


async def test_a_request_log(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute(REQUESTS)
    link = await postgres_server.connect()
    insert = (
        "INSERT INTO request_logs (created_at, status_code, latency_ms, provider)"
        " SELECT now() - interval '5 s', CASE WHEN i % 10 = 0 THEN 500 ELSE 200 END, i, 'a'"
        " FROM generate_series(1, 100) i"
    )
    await link.execute(insert)
    probe = postgres_watch.probe(
        postgres_server,
        request_log={
            "table": "request_logs",
            "time": "created_at",
            "status": "status_code",
            "duration": "latency_ms",
            "labels": ["provider"],
            "error": "error",
        },
    )
    result = await probe.run()
    assert result.status is Status.OK, result.message
    assert isinstance(result.requests, RequestStats)
    await link.execute(insert)
    result = await probe.run()
    assert result.samples.get("http_requests_total", status="200", provider="a") == 90
    assert result.samples.get("http_requests_failed_total") == 10


async def test_a_request_log_that_is_not_there(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute(REQUESTS)
    result = await postgres_watch.once(
        postgres_server, request_log={"table": "request_log", "time": "created_at"}
    )
    assert result.up
    assert result.samples.get("pg_up") == 1
    (part,) = result.parts
    assert part.name == "request log"
    assert "request_logs" in part.message


def test_the_kind() -> None:
    assert kind("postgres") is KIND
    names = [metric.name for metric in KIND.metrics]
    assert len(names) == len(set(names))
    known = set(names)
    for figure in KIND.figures:
        assert {*figure.metrics, *figure.of, *filter(None, (figure.limit,))} <= known, figure.title
    for chart in KIND.charts(PostgresConfig()):
        assert chart.metric in known
    assert [action.id for action in KIND.actions] == ["cancel", "terminate"]


async def test_every_metric_that_it_yields_is_declared(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute("CREATE TABLE t (id int PRIMARY KEY)")
    result = await postgres_watch.once(postgres_server)
    declared = {metric.name: metric for metric in KIND.metrics}
    instance = f"127.0.0.1:{postgres_server.port}"
    plain = (("instance", instance), ("job", "db"), ("server", instance))
    for series in result.samples.series:
        if series.name.startswith("pg_settings_") and series.name not in declared:
            # Which settings there are differs from version to version.
            assert series.labels == plain
            continue
        metric = declared[series.name]
        own = {name for name, _ in series.labels} - {"job", "instance", "server"}
        assert own <= set(metric.labels), series


RULES = (
    *("pg_up", "pg_postmaster_start_time_seconds", "pg_exporter_last_scrape_error"),
    *("pg_stat_activity_count", "pg_settings_max_connections", "pg_txid_current"),
    *("pg_stat_database_xact_commit", "pg_stat_database_xact_rollback"),
    *("pg_stat_database_deadlocks", "pg_locks_count", "pg_settings_max_locks_per_transaction"),
    "pg_replication_is_replica",
    "pg_settings_autovacuum_analyze_threshold",
    "pg_settings_autovacuum_vacuum_threshold",
    *("pg_stat_user_tables_n_dead_tup", "pg_stat_user_tables_n_live_tup"),
    *("pg_stat_user_tables_n_tup_del", "pg_stat_user_tables_n_tup_upd"),
    *("pg_stat_user_tables_n_tup_hot_upd", "pg_general_index_info_pg_relation_size"),
)
"""Metrics in the community's rules for postgres_exporter; docs/checks/postgres.md says which
of theirs there are none of."""
RULES_OF_REPLICAS_AND_THE_PAST = (
    *("pg_replication_lag_seconds", "pg_replication_slots_active"),
    *("pg_stat_user_tables_last_autovacuum", "pg_stat_user_tables_last_autoanalyze"),
)


async def test_the_exporters_rules_find_their_metrics(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    await postgres_server.execute("CREATE TABLE t (id int PRIMARY KEY)")
    result = await postgres_watch.once(postgres_server)
    assert [name for name in RULES if result.samples.get(name) is None] == []
    assert set(RULES_OF_REPLICAS_AND_THE_PAST) <= {metric.name for metric in KIND.metrics}


async def test_it_attends_and_acts(
    postgres_server: PostgresDatabase, postgres_watch: PostgresWatch
) -> None:
    probe = postgres_watch.probe(postgres_server)
    assert isinstance(probe, Attended)
    assert isinstance(probe, Acting)
    assert isinstance(postgres_watch.lanes, Lanes)
