"""What the packs read is what checks of real servers give, under the very names and labels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from checks.model import Samples, Series
from checks.rules.packs import read_pack
from checks.rules.selectors import reads, written
from tests.checks.systemd_kit import VERSIONS, watching
from tests.exporters.stage import Stage, staged
from tests.servers.dns import DnsServer
from tests.servers.http import HttpServer
from tests.servers.mariadb import PASSWORD, MariadbServers
from tests.servers.postgres import PostgresDatabase, PostgresServers, until
from tests.servers.redis import RedisServer
from tests.servers.sqlite import SqliteDatabase

RECORDED = {"instance:", "job:", "queue:"}


def unread(pack: str, samples: Samples) -> set[str]:
    """The selectors of the pack's rules that match none of ``samples``, but for vetoes."""
    return {
        written(read.selector)
        for group in read_pack(pack).groups
        for rule in group.rules
        for read in reads(rule.expression.root, rule.expression.text)
        if not read.vetoes
        and not any(read.selector.name.startswith(one) for one in RECORDED)
        and not _matches(read.selector, samples.series)
    }


def _matches(selector: object, series: Iterable[Series]) -> bool:
    name, matchers = selector.name, selector.matchers  # type: ignore[attr-defined]
    return any(
        one.name == name and all(m.matches(one.label(m.label) or "") for m in matchers)
        for one in series
    )


async def everything(stage: Stage) -> Samples:
    """What the checks give once their slow statements have answered, too."""
    samples = await stage.once()
    for _ in range(20):
        await stage.clock.advance(stage.step)
        found = await stage.once()
        if len(found) == len(samples):
            break
        samples = found
    return samples


def names(selectors: Iterable[str]) -> set[str]:
    return {one.partition("{")[0] for one in selectors}


async def test_host(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.watch("host", {"filesystems": ["/"]}, "web1")
        await stage.once()
        samples = await stage.once()
    # What a machine may lack: RAID, memory that counts its errors, a network card that tells its
    # speed, connection tracking.
    lacking = {
        "node_edac_uncorrectable_errors_total",
        "node_md_disks",
        "node_md_disks_required",
        "node_md_state",
        "node_network_speed_bytes",
        "node_nf_conntrack_entries",
        "node_nf_conntrack_entries_limit",
    }
    assert names(unread("host", samples)) <= lacking


async def test_http_and_certificates(http_server: HttpServer, tmp_path: Path) -> None:
    document = {
        "status": "ok",
        "uptime_seconds": 5,
        "services": {"database": {"status": "connected"}},
        "system": {"memory_used_percent": 26.9},
    }
    async with staged(tmp_path) as stage:
        url = http_server.answer("/", document)
        stage.watch("http", url, "api")
        stage.watch("http", {"url": url, "expect": {"text": ["ok"]}}, "text")
        samples = await stage.once()
    assert unread("http", samples) == set()


async def test_tls(https_server: object, tmp_path: Path) -> None:
    server = https_server(None)  # type: ignore[operator]
    async with staged(tmp_path) as stage:
        stage.watch(
            "tls", {"address": server.url.removeprefix("https://").rstrip("/"), "verify": "none"}
        )
        samples = await stage.once()
    assert unread("tls", samples) == set()
    assert samples.get("probe_tls_version_info", version="TLS 1.3") == 1


async def test_redis_and_queues(
    redis_server: RedisServer, redis_replica: RedisServer, tmp_path: Path
) -> None:
    queues = [
        {"name": "a", "size": {"list": "a"}, "failed": {"value": "f"}},
        {"laravel": ["default"]},
        {"celery": ["mail"]},
    ]
    redis_server.call("rpush", "queues:default", '{"pushedAt": "1700000000.5"}')
    async with staged(tmp_path) as stage:
        stage.watch("redis", {"url": redis_server.url, "queues": queues}, "cache")
        stage.watch("redis", redis_replica.url, "replica")
        samples = await everything(stage)
    assert unread("redis", samples) == set()
    # RabbitMQ and Sidekiq have exporters of their own.
    assert {name.partition("_")[0] for name in unread("queues", samples)} == {"rabbitmq", "sidekiq"}


async def _over_and_over(write: Callable[[], object]) -> None:
    while True:
        await asyncio.to_thread(write)


async def test_postgres(postgres_servers: PostgresServers, tmp_path: Path) -> None:
    main = PostgresDatabase(postgres_servers.start())
    standby = postgres_servers.replica(main.server)
    standby.start()
    main.psql("CREATE TABLE t (id int)")
    main.psql("SELECT pg_create_physical_replication_slot('idle', true)")
    until(lambda: PostgresDatabase(standby).psql("SELECT to_regclass('t')") == "t")

    def measured() -> bool:
        """Whether the standby has said how far behind it is, which it does of what is written."""
        main.psql("INSERT INTO t VALUES (1)")
        return main.psql("SELECT count(replay_lag) FROM pg_stat_replication") == "1"

    until(measured)
    async with staged(tmp_path) as stage:
        stage.watch("postgres", main.url, "main")
        stage.watch("postgres", PostgresDatabase(standby).url, "standby")
        # A standby that has been idle for a while tells no lag.
        writing = asyncio.create_task(_over_and_over(measured))
        samples = await everything(stage)
        writing.cancel()
        await asyncio.wait({writing})
    assert names(unread("postgres", samples)) <= {
        "pg_stat_database_checksum_failures",
        "pg_stat_statements_calls_total",
        "pg_stat_statements_seconds_total",
    }


async def test_mysql(mariadb_servers: MariadbServers, tmp_path: Path) -> None:
    main = mariadb_servers.start("--performance-schema=ON", "--log-bin", "--server-id=1")
    main.execute("CREATE DATABASE shop", "CREATE TABLE shop.t (id int)", "SELECT * FROM shop.t")
    replica = mariadb_servers.replica(main)
    async with staged(tmp_path) as stage:
        for name, server in (("main", main), ("replica", replica)):
            config = {"url": server.url, "password": PASSWORD, "option_files": False}
            stage.watch("mysql", config, name)
        samples = await everything(stage)
    assert unread("mysql", samples) == set(), stage.results


async def test_sqlite_and_requests(sqlite_database: SqliteDatabase, tmp_path: Path) -> None:
    sqlite_database.insert((1.7e9, "a", status, 1.0, None) for status in (200, 403, 429, 500))
    log = {
        "table": "request_logs",
        "time": "created_at",
        "status": "status_code",
        "duration": "latency_ms",
        "error": "error",
    }
    config = {"path": str(sqlite_database.path), "integrity_check": "1m", "request_log": log}
    async with staged(tmp_path) as stage:
        stage.watch("sqlite", config, "app")
        await stage.once()
        sqlite_database.insert(
            (stage.clock.now(), "a", status, 1.0, "refresh failed for 7")
            for status in (200, 403, 429, 500)
        )
        for _ in range(200):  # the integrity of the file is looked at in a thread of its own
            await stage.clock.advance(5)
            samples = await stage.once()
            if samples.get("sqlite_integrity_ok") is not None:
                break
    assert unread("sqlite", samples) == set()
    # What a scraped page calls the status.
    assert unread("requests", samples) == {
        'http_requests_total{code=~"5.."}',
        'http_requests_total{status_code=~"5.."}',
    }


async def test_processes(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        # These tests themselves, whatever runs them.
        stage.watch("process", "py*", "python")
        stage.watch("host", {}, "web1")
        samples = await stage.once()
    # Of a group of several there are no figures of a single process.
    lacking = {
        name for name in names(unread("process", samples)) if not name.startswith("process_")
    }
    assert lacking == set()


async def test_systemd(tmp_path: Path) -> None:
    with watching(VERSIONS[-1], tmp_path) as watch:
        samples = (await watch.run("*")).samples
    # Of the units that were recorded none has its tasks counted.
    assert unread("systemd", samples) <= {"systemd_unit_tasks_current"}


async def test_ping_and_dns(dns_server: DnsServer, tmp_path: Path) -> None:
    dns_server.add("shop.example", "A", "192.0.2.1")
    async with staged(tmp_path) as stage:
        stage.watch("ping", "127.0.0.1")
        stage.watch("dns", {"name": "shop.example", "server": dns_server.where})
        samples = await stage.once()
    assert unread("ping", samples) == set()
    assert unread("dns", samples) == set()


async def test_pages(http_server: HttpServer, tmp_path: Path) -> None:
    page = "auth_failures_total 3\nfile_upload_rejected_total 1\n"
    url = http_server.answer(
        "/metrics", page, headers={"Content-Type": "text/plain; version=0.0.4"}
    )
    async with staged(tmp_path) as stage:
        stage.watch("metrics", url, "app")
        samples = await stage.once()
    assert unread("metrics", samples) == set()
    assert unread("meta", samples) == set()
