"""The redis check on a server that works: figures, rows, facts, events."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from redis.exceptions import OutOfMemoryError

from checks.databases.figures import Figures
from checks.model import Result, Status
from checks.probes.redis.probe import KIND
from checks.store.store import Store
from checks.store.window import Window
from checks.views import FigureView
from tests.servers.redis import RedisServer, RedisWatch

RULES = (
    "redis_up",
    "redis_instance_info",
    "redis_connected_slaves",
    "redis_rdb_last_save_timestamp_seconds",
    "redis_memory_used_bytes",
    "redis_total_system_memory_bytes",
    "redis_memory_max_bytes",
    "redis_connected_clients",
    "redis_config_maxclients",
    "redis_rejected_connections_total",
)
"""Every metric in the community's rules for oliver006/redis_exporter."""


def part_names(result: Result) -> list[str]:
    return [part.name for part in result.parts]


async def test_a_healthy_server_is_up_with_the_figures_of_info(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("SET", "a", "1")
    redis_server.call("SET", "b", "1", "EX", 100)
    result = await redis_watch.once(redis_server)
    assert (result.status, result.reason, result.up, result.value) == (
        Status.OK,
        "ok",
        True,
        "up",
    )
    assert re.fullmatch(
        r"answered in [\d.]+ ms: (Redis|Valkey) \d+\.[\d.]+ master, 2 clients, [\d.]+ [kM]B used",
        result.message,
    )
    assert result.duration is not None
    assert 0 < result.duration < 1
    assert result.samples.get("redis_up") == 1
    assert result.samples.get("redis_db_keys", db="db0") == 2
    assert result.samples.get("redis_db_keys_expiring", db="db0") == 1
    assert result.samples.get("redis_rdb_last_bgsave_status") == 1
    assert result.samples.get("redis_commands_total", cmd="set") == 2
    assert result.samples.get("redis_instance_info", role="master") == 1
    assert "used_memory:" in result.raw


async def test_the_exporters_rules_find_their_metrics(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    result = await redis_watch.once(redis_server)
    assert [name for name in RULES if result.samples.get(name) is None] == []


async def test_every_metric_yielded_is_declared(
    redis_server: RedisServer, redis_replica: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.set(slowlog_log_slower_than=0, latency_monitor_threshold=1)
    redis_server.call("DEBUG", "SLEEP", "0.01")
    redis_server.call("XADD", "s", "*", "a", "1")
    redis_server.call("XGROUP", "CREATE", "s", "g", "0")
    queues = [
        {"name": "events", "size": {"stream": "s", "group": "g"}, "failed": {"value": "f"}},
        {"celery": ["a"]},
        {"laravel": ["b"]},
    ]
    declared = {metric.name: metric for metric in KIND.metrics}
    for server in (redis_server, redis_replica):
        result = await redis_watch.once(server, queues=queues)
        for series in result.samples.series:
            labels = {name for name, _ in series.labels} - {"job", "instance"}
            assert labels <= set(declared[series.name].labels), series
    assert len(declared) == len(KIND.metrics)


async def test_hit_rate_is_of_the_interval_and_leaves_out_our_own_reads(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_server, queues=[{"celery": ["empty"]}])
    redis_server.call("SET", "a", "1")
    for _ in range(6):
        redis_server.call("GET", "missing")
    await probe.run()
    for key in ("a", "a", "a", "missing"):
        redis_server.call("GET", key)
    await redis_watch.clock.advance(5)
    facts = dict((await probe.run()).facts)
    assert facts["hit rate"].startswith("75.0% of 4 lookups in the last 5 s; ")


async def test_a_server_that_nobody_asks_has_no_hit_rate(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    """Our own looks at an empty queue miss."""
    probe, store = redis_watch.probe(redis_server, queues=[{"celery": ["empty"]}]), Store()
    spec = next(one for one in KIND.figures if one.title == "hit rate")

    async def look() -> tuple[str, list[FigureView]]:
        await redis_watch.clock.advance(5)
        result, now = await probe.run(), redis_watch.clock.now()
        store.append("cache", 5.0, now, result.samples)
        figures = Figures((spec,)).views(Window(store, "cache", now, 60.0), 10)
        return dict(result.facts)["hit rate"], list(figures)

    for _ in range(3):
        said, figures = await look()
    assert (said, figures) == ("no lookups in the last 5 s; no lookups yet", [])
    redis_server.call("SET", "a", "1")
    for key in ("a", "a", "a", "missing"):
        redis_server.call("GET", key)
    said, (figure,) = await look()
    assert said == "75.0% of 4 lookups in the last 5 s; 75.0% since start, of all other clients"
    assert figure.value == pytest.approx(0.75)


async def test_looks_of_another_monitor_are_told_as_those_of_another_client(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    """The server keeps no count by client: of one that looked before nobody knows what was its."""
    queues = [{"celery": ["empty"]}]
    earlier = redis_watch.probe(redis_server, queues=queues)
    for _ in range(3):
        await earlier.run()
        await redis_watch.clock.advance(5)
    probe = redis_watch.probe(redis_server, queues=queues)
    await probe.run()
    await redis_watch.clock.advance(5)
    said = dict((await probe.run()).facts)["hit rate"]
    assert said == "no lookups in the last 5 s; 0.0% since start, of all other clients"


async def test_memory_without_a_limit_says_so(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    facts = dict((await redis_watch.once(redis_server)).facts)
    assert "no limit (maxmemory 0)" in facts["memory"]
    assert "of the host's" in facts["memory"]


async def test_most_of_the_limit_used_is_a_warning_only_where_nothing_is_evicted(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.call("DEBUG", "POPULATE", 5000, "key", 1000)
    found = re.search(rb"used_memory:(\d+)", redis_server.call("INFO", "memory"))
    assert found is not None
    limit = int(found[1]) * 105 // 100
    redis_server.set(maxmemory=limit)
    probe = redis_watch.probe(redis_server)
    result = await probe.run()
    assert (result.status, result.reason) == (Status.WARNING, "limit")
    assert "of maxmemory used" in result.message
    assert part_names(result) == ["memory"]
    redis_server.set(maxmemory_policy="allkeys-lru")
    assert (await probe.run()).status is Status.OK
    redis_server.set(maxmemory_policy="volatile-lru")
    assert (await probe.run()).status is Status.WARNING
    redis_server.call("SET", "evictable", "1", "EX", 100)
    assert (await probe.run()).status is Status.OK


async def test_full_memory_that_refuses_writes_is_critical(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_server)
    await probe.run()
    redis_server.call("DEBUG", "POPULATE", 5000, "key", 1000)
    redis_server.set(maxmemory="4mb")
    for _ in range(12):
        with pytest.raises(OutOfMemoryError):
            redis_server.call("SET", "a", "1")
    await redis_watch.clock.advance(5)
    result = await probe.run()
    assert (result.status, result.reason) == (Status.CRITICAL, "limit")
    assert "12 commands refused with OOM in the last 5 s" in result.message
    await redis_watch.clock.advance(5)
    result = await probe.run()
    assert result.status is Status.CRITICAL
    assert "memory is full" in result.message
    assert "writes fail with OOM" in result.message
    redis_server.set(maxmemory=0)
    assert (await probe.run()).status is Status.OK


async def test_evictions_are_counted_and_no_alarm(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.set(maxmemory="2mb", maxmemory_policy="allkeys-lru")
    probe = redis_watch.probe(redis_server)
    await probe.run()
    for number in range(400):
        redis_server.call("SET", f"key{number}", "x" * 10_000)
    await redis_watch.clock.advance(5)
    result = await probe.run()
    assert result.status is Status.OK
    evicted = result.samples.get("redis_evicted_keys_total")
    assert evicted is not None
    assert evicted > 100
    assert f"{evicted:,.0f} in the last 5 s" in dict(result.facts)["evicted keys"]
    calls = result.samples.get("redis_commands_processed_total")
    assert dict(result.facts)["commands"].startswith(f"{calls:,.0f} since start, ")


async def test_an_emptied_database_has_no_keys_rather_than_no_series(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_server)
    redis_server.call("SET", "a", "1")
    assert (await probe.run()).samples.get("redis_db_keys", db="db0") == 1
    redis_server.call("FLUSHALL")
    assert (await probe.run()).samples.get("redis_db_keys", db="db0") == 0


async def test_a_restart_is_an_event_and_no_counter_runs_back(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_server)
    assert (await probe.run()).events == ()
    redis_server.wait_for(lambda: b"uptime_in_seconds:0" not in redis_server.call("INFO"))
    await probe.run()
    redis_server.restart()
    result = await probe.run()
    assert result.status is Status.OK
    assert len(result.events) == 1
    assert re.fullmatch(
        r"restarted: uptime fell from \d s to 0 s|another server .*", result.events[0]
    )
    assert "in the last" not in dict(result.facts)["hit rate"]
    assert (await probe.run()).events == ()


async def test_replicas_are_rows_with_their_lag_and_their_loss_is_an_event(
    redis_server: RedisServer, redis_replica: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_server, replicas=1)
    redis_server.wait_for(lambda: b"lag=0" in redis_server.call("INFO", "replication"))
    result = await probe.run()
    assert result.status is Status.OK
    assert [(p.name, p.value, p.status) for p in result.parts] == [
        ("replica", "lag 0 s", Status.OK)
    ]
    port = str(redis_replica.port)
    assert result.samples.get("redis_connected_slave_lag_seconds", slave_port=port) == 0
    assert result.samples.get("redis_connected_slaves") == 1
    redis_replica.kill()
    redis_server.wait_for(lambda: b"connected_slaves:0" in redis_server.call("INFO"))
    result = await probe.run()
    assert result.events == (f"replica 127.0.0.1:{port} is gone",)
    assert (result.status, result.message) == (
        Status.WARNING,
        "replicas: 0 connected, expected 1",
    )


async def test_a_replica_whose_link_is_down_is_critical(
    redis_server: RedisServer, redis_replica: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_replica)
    result = await probe.run()
    master = {"master_host": "127.0.0.1", "master_port": str(redis_server.port)}
    assert [(p.name, p.value) for p in result.parts] == [("master link", "up")]
    assert result.samples.get("redis_master_link_up", **master) == 1
    assert result.samples.get("redis_slave_info", read_only="1", **master) == 1
    redis_server.kill()
    redis_replica.wait_for(
        lambda: b"master_link_status:down" in redis_replica.call("INFO", "replication")
    )
    result = await probe.run()
    assert (result.status, result.reason) == (Status.CRITICAL, "expectation")
    assert f"data of 127.0.0.1:{redis_server.port} grows stale" in result.message
    assert result.samples.get("redis_master_link_up", **master) == 0
    redis_replica.call("REPLICAOF", "NO", "ONE")
    assert (await probe.run()).events == ("role changed from replica to master",)


async def test_a_failed_snapshot_warns_and_refused_writes_are_critical(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    data = redis_server.directory / "gone"
    data.mkdir()
    redis_server.set(dir=str(data), stop_writes_on_bgsave_error="no")
    data.rmdir()
    redis_server.call("SET", "a", "1")
    redis_server.call("BGSAVE")
    redis_server.wait_for(lambda: b"rdb_last_bgsave_status:err" in redis_server.call("INFO"))
    probe = redis_watch.probe(redis_server)
    result = await probe.run()
    assert result.status is Status.WARNING
    assert result.message.startswith("RDB: the last snapshot failed")
    assert result.samples.get("redis_rdb_last_bgsave_status") == 0
    redis_server.set(stop_writes_on_bgsave_error="yes", save="3600 1")
    result = await probe.run()
    assert result.status is Status.CRITICAL
    assert result.message.startswith("writes are refused (MISCONF)")
    assert part_names(result) == ["persistence"]


async def test_aof_figures_are_there_once_it_is_on(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    probe = redis_watch.probe(redis_server)
    result = await probe.run()
    assert result.samples.get("redis_aof_enabled") == 0
    assert result.samples.get("redis_aof_current_size_bytes") is None
    redis_server.set(appendonly="yes")
    redis_server.wait_for(lambda: b"aof_rewrite_in_progress:0" in redis_server.call("INFO"))
    redis_server.call("SET", "a", "1")
    result = await probe.run()
    assert result.samples.get("redis_aof_enabled") == 1
    assert result.samples.get("redis_aof_last_write_status") == 1
    assert (result.samples.get("redis_aof_current_size_bytes") or 0) > 0
    assert dict(result.facts)["AOF"].startswith("on, ")


async def test_an_aof_that_cannot_be_written_is_critical(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    (redis_server.directory / "appendonly.aof").symlink_to("/dev/full")
    # As it is called from Redis 7 on.
    parts = redis_server.directory / "appendonlydir"
    parts.mkdir()
    (parts / "appendonly.aof.1.incr.aof").symlink_to("/dev/full")
    redis_server.restart("--appendonly", "yes")
    probe = redis_watch.probe(redis_server)
    assert (await probe.run()).status is Status.OK
    redis_server.call("SET", "a", "1")
    redis_server.wait_for(lambda: b"aof_last_write_status:err" in redis_server.call("INFO"))
    result = await probe.run()
    assert (result.status, result.reason) == (Status.CRITICAL, "expectation")
    assert result.samples.get("redis_aof_last_write_status") == 0
    assert [part.name for part in result.parts] == ["persistence"]


async def test_latency_past_its_bound_is_told(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    result = await redis_watch.once(redis_server, latency={"warning": 0.0000001})
    assert (result.status, result.reason) == (Status.WARNING, "latency")
    assert result.message.startswith("round trip of ")


async def test_latency_spikes_of_the_server_are_samples(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    redis_server.set(latency_monitor_threshold=1)
    redis_server.call("DEBUG", "SLEEP", "0.02")
    result = await redis_watch.once(redis_server)
    spike = result.samples.get("redis_latency_spike_duration_seconds", event_name="command")
    assert spike is not None
    assert 0.02 <= spike < 1


async def test_a_poll_costs_the_server_little(
    redis_server: RedisServer, redis_watch: RedisWatch
) -> None:
    queues = [{"celery": ["a", "b", "c"]}, {"laravel": ["d", "e"]}]
    probe = redis_watch.probe(redis_server, queues=queues)
    await probe.run()

    def cpu() -> float:
        text = redis_server.call("INFO", "cpu").decode()
        found = re.findall(r"used_cpu_(?:sys|user):([\d.]+)", text)
        return sum(map(float, found))

    before = cpu()
    for _ in range(200):
        await probe.run()
    assert (cpu() - before) / 200 < 0.0005


async def test_the_connection_is_named_and_uses_its_database(
    redis_server: RedisServer, redis_watch: RedisWatch, tmp_path: Path
) -> None:
    redis_server.call("SELECT", 3)
    redis_server.call("RPUSH", "jobs", "1", "2")
    queue = {"name": "jobs", "size": {"list": "jobs"}}
    result = await redis_watch.once(
        redis_server.url.replace("/0", "/3"), queues=[queue], client_name="watcher"
    )
    assert result.samples.get("queue_size", queue="jobs") == 2
    assert b"name=watcher" in redis_server.call("CLIENT", "LIST")


def test_the_driver_is_loaded_when_first_needed() -> None:
    code = "import sys, checks.probes.redis; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_unix_socket_is_watched_like_a_port(
    redis_server: RedisServer, redis_watch: RedisWatch, tmp_path: Path
) -> None:
    path = tmp_path / "redis.sock"
    redis_server.restart("--unixsocket", str(path))
    probe = redis_watch.probe(f"unix://{path}?db=0")
    assert (await probe.run()).status is Status.OK
    redis_server.kill()
    path.unlink(missing_ok=True)
    result = await probe.run()
    assert (result.status, result.reason) == (Status.CRITICAL, "refused")
    assert result.message == f"no socket {path}: is the server running?"
