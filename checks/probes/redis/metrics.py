"""The metrics of the redis kind, for the docs, the schema and the search for dead rules."""

from __future__ import annotations

from typing import Final

from checks.probe import Metric
from checks.probes.redis.info import COUNTERS, GAUGES, INSTANCE_LABELS
from checks.probes.redis.lookups import HITS, MISSES

__all__ = ["METRICS"]

_REPLICA: Final = ("slave_ip", "slave_port", "slave_state")
_MASTER: Final = ("master_host", "master_port")


def _unit(name: str) -> str:
    stem = name.removesuffix("_total")
    for suffix, unit in (("_bytes", "bytes"), ("_seconds", "s"), ("_sec", "s"), ("_ms", "ms")):
        if stem.endswith(suffix):
            return unit
    return ""


def _of_info(fields: dict[str, str], kind: str) -> tuple[Metric, ...]:
    return tuple(
        Metric(metric, kind, f"{field} of INFO", _unit(metric)) for field, metric in fields.items()
    )


_OWN: Final = (
    Metric("redis_up", "gauge", "1 where the server answered in its protocol, else 0"),
    Metric("redis_exporter_last_scrape_ping_time_seconds", "gauge", "round trip of PING", "s"),
    Metric(HITS, "counter", "look-ups by others than onwatch that found their key"),
    Metric(MISSES, "counter", "look-ups by others than onwatch that did not"),
    Metric("redis_start_time_seconds", "gauge", "when the server started, since 1970", "s"),
    Metric("redis_latest_fork_seconds", "gauge", "duration of the latest fork", "s"),
    Metric("redis_config_maxclients", "gauge", "how many clients may be connected"),
    Metric("redis_config_maxmemory", "gauge", "the memory limit, 0 for none", "bytes"),
    Metric(
        "redis_instance_info",
        "info",
        "1, with what the server is",
        "",
        INSTANCE_LABELS,
    ),
    Metric("redis_db_keys", "gauge", "keys in the database", "", ("db",)),
    Metric("redis_db_keys_expiring", "gauge", "keys with an expiry", "", ("db",)),
    Metric("redis_db_avg_ttl_seconds", "gauge", "mean time to live", "s", ("db",)),
    Metric("redis_commands_total", "counter", "calls of the command", "", ("cmd",)),
    Metric(
        "redis_commands_duration_seconds_total", "counter", "time in the command", "s", ("cmd",)
    ),
    Metric("redis_commands_rejected_calls_total", "counter", "calls refused", "", ("cmd",)),
    Metric("redis_commands_failed_calls_total", "counter", "calls that failed", "", ("cmd",)),
    Metric("redis_errors_total", "counter", "error replies by their first word", "", ("err",)),
    Metric("redis_connected_slave_lag_seconds", "gauge", "time since its last ack", "s", _REPLICA),
    Metric(
        "redis_connected_slave_offset_bytes", "gauge", "the replica's offset", "bytes", _REPLICA
    ),
    Metric("redis_slave_info", "info", "1 on a replica", "", (*_MASTER, "read_only")),
    Metric("redis_master_link_up", "gauge", "1 while the link is up, else 0", "", _MASTER),
    Metric("redis_master_last_io_seconds_ago", "gauge", "last heard of the master", "s", _MASTER),
    Metric("redis_master_sync_in_progress", "gauge", "1 during the first sync", "", _MASTER),
    Metric("redis_slave_repl_offset", "gauge", "this replica's offset", "bytes", _MASTER),
    Metric("redis_slowlog_length", "gauge", "entries in the slow log"),
    Metric("redis_slowlog_last_id", "gauge", "id of its newest entry"),
    Metric(
        "redis_last_slow_execution_duration_seconds", "gauge", "duration of its newest entry", "s"
    ),
    Metric("redis_latency_spike_last", "gauge", "when it last spiked", "s", ("event_name",)),
    Metric("redis_latency_spike_duration_seconds", "gauge", "its last spike", "s", ("event_name",)),
    Metric("redis_stream_length", "gauge", "entries of a queue's stream", "", ("db", "stream")),
    Metric(
        "redis_stream_group_messages_pending",
        "gauge",
        "delivered to the group, not acknowledged",
        "",
        ("db", "stream", "group"),
    ),
    Metric(
        "redis_stream_group_lag",
        "gauge",
        "not yet delivered to the group (Redis 7)",
        "",
        ("db", "stream", "group"),
    ),
    Metric("queue_size", "gauge", "what waits in the queue", "", ("queue",)),
    Metric("queue_processing", "gauge", "what workers have taken", "", ("queue",)),
    Metric("queue_failed", "gauge", "what failed for good", "", ("queue",)),
    Metric("queue_delayed", "gauge", "what is due later (Laravel, Bull, RQ)", "", ("queue",)),
    Metric("queue_oldest_seconds", "gauge", "how long what is next has waited", "s", ("queue",)),
    Metric("celery_queue_length", "gauge", "tasks waiting (Celery)", "", ("queue_name",)),
)

METRICS: Final = (*_OWN, *_of_info(GAUGES, "gauge"), *_of_info(COUNTERS, "counter"))
