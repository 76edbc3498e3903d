"""INFO and its samples, named as oliver006/redis_exporter names them.

The tables are the exporter's ``metricMapGauges`` and ``metricMapCounters``, for the
fields that Redis 2.8 to 8, Valkey and KeyDB report.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from checks.model import SampleBuilder

__all__ = [
    "COUNTERS",
    "GAUGES",
    "INSTANCE_LABELS",
    "SERIES_BOUND",
    "Info",
    "Replica",
    "add_info",
    "parse_info",
]

GAUGES: Final = {
    "uptime_in_seconds": "redis_uptime_in_seconds",
    "process_id": "redis_process_id",
    "hz": "redis_hz",
    "configured_hz": "redis_configured_hz",
    "io_threads_active": "redis_io_threads_active",
    "connected_clients": "redis_connected_clients",
    "blocked_clients": "redis_blocked_clients",
    "maxclients": "redis_max_clients",
    "cluster_connections": "redis_cluster_connections",
    "tracking_clients": "redis_tracking_clients",
    "clients_in_timeout_table": "redis_clients_in_timeout_table",
    "pubsub_clients": "redis_pubsub_clients",
    "client_recent_max_output_buffer": "redis_client_recent_max_output_buffer_bytes",
    "client_recent_max_input_buffer": "redis_client_recent_max_input_buffer_bytes",
    "allocator_active": "redis_allocator_active_bytes",
    "allocator_allocated": "redis_allocator_allocated_bytes",
    "allocator_resident": "redis_allocator_resident_bytes",
    "allocator_frag_ratio": "redis_allocator_frag_ratio",
    "allocator_frag_bytes": "redis_allocator_frag_bytes",
    "allocator_rss_ratio": "redis_allocator_rss_ratio",
    "allocator_rss_bytes": "redis_allocator_rss_bytes",
    "used_memory": "redis_memory_used_bytes",
    "used_memory_rss": "redis_memory_used_rss_bytes",
    "used_memory_peak": "redis_memory_used_peak_bytes",
    "used_memory_lua": "redis_memory_used_lua_bytes",
    "used_memory_overhead": "redis_memory_used_overhead_bytes",
    "used_memory_startup": "redis_memory_used_startup_bytes",
    "used_memory_dataset": "redis_memory_used_dataset_bytes",
    "used_memory_scripts": "redis_memory_used_scripts_bytes",
    "maxmemory": "redis_memory_max_bytes",
    "total_system_memory": "redis_total_system_memory_bytes",
    "number_of_cached_scripts": "redis_number_of_cached_scripts",
    "mem_fragmentation_ratio": "redis_mem_fragmentation_ratio",
    "mem_fragmentation_bytes": "redis_mem_fragmentation_bytes",
    "mem_clients_slaves": "redis_mem_clients_slaves",
    "mem_clients_normal": "redis_mem_clients_normal",
    "mem_not_counted_for_evict": "redis_mem_not_counted_for_eviction_bytes",
    "lazyfree_pending_objects": "redis_lazyfree_pending_objects",
    "lazyfreed_objects": "redis_lazyfreed_objects",
    "active_defrag_running": "redis_active_defrag_running",
    "expired_stale_perc": "redis_expired_stale_percentage",
    "migrate_cached_sockets": "redis_migrate_cached_sockets_total",
    "active_defrag_hits": "redis_defrag_hits",
    "active_defrag_misses": "redis_defrag_misses",
    "active_defrag_key_hits": "redis_defrag_key_hits",
    "active_defrag_key_misses": "redis_defrag_key_misses",
    "loading": "redis_loading_dump_file",
    "async_loading": "redis_async_loading",
    "rdb_changes_since_last_save": "redis_rdb_changes_since_last_save",
    "rdb_bgsave_in_progress": "redis_rdb_bgsave_in_progress",
    "rdb_last_save_time": "redis_rdb_last_save_timestamp_seconds",
    "rdb_last_bgsave_status": "redis_rdb_last_bgsave_status",
    "rdb_last_bgsave_time_sec": "redis_rdb_last_bgsave_duration_sec",
    "rdb_current_bgsave_time_sec": "redis_rdb_current_bgsave_duration_sec",
    "rdb_last_cow_size": "redis_rdb_last_cow_size_bytes",
    "aof_enabled": "redis_aof_enabled",
    "aof_rewrite_in_progress": "redis_aof_rewrite_in_progress",
    "aof_rewrite_scheduled": "redis_aof_rewrite_scheduled",
    "aof_last_rewrite_time_sec": "redis_aof_last_rewrite_duration_sec",
    "aof_current_rewrite_time_sec": "redis_aof_current_rewrite_duration_sec",
    "aof_rewrites": "redis_aof_rewrites",
    "aof_rewrites_consecutive_failures": "redis_aof_rewrites_consecutive_failures",
    "aof_last_cow_size": "redis_aof_last_cow_size_bytes",
    "aof_current_size": "redis_aof_current_size_bytes",
    "aof_base_size": "redis_aof_base_size_bytes",
    "aof_pending_rewrite": "redis_aof_pending_rewrite",
    "aof_buffer_length": "redis_aof_buffer_length",
    "aof_rewrite_buffer_length": "redis_aof_rewrite_buffer_length",
    "aof_pending_bio_fsync": "redis_aof_pending_bio_fsync",
    "aof_delayed_fsync": "redis_aof_delayed_fsync",
    "aof_last_bgrewrite_status": "redis_aof_last_bgrewrite_status",
    "aof_last_write_status": "redis_aof_last_write_status",
    "module_fork_in_progress": "redis_module_fork_in_progress",
    "module_fork_last_cow_size": "redis_module_fork_last_cow_size",
    "instantaneous_ops_per_sec": "redis_instantaneous_ops_per_sec",
    "instantaneous_input_kbps": "redis_instantaneous_input_kbps",
    "instantaneous_output_kbps": "redis_instantaneous_output_kbps",
    "current_eviction_exceeded_time": "redis_current_eviction_exceeded_time_ms",
    "pubsub_channels": "redis_pubsub_channels",
    "pubsub_patterns": "redis_pubsub_patterns",
    "tracking_total_keys": "redis_tracking_total_keys",
    "tracking_total_items": "redis_tracking_total_items",
    "tracking_total_prefixes": "redis_tracking_total_prefixes",
    "connected_slaves": "redis_connected_slaves",
    "repl_backlog_size": "redis_replication_backlog_bytes",
    "repl_backlog_active": "redis_repl_backlog_is_active",
    "repl_backlog_first_byte_offset": "redis_repl_backlog_first_byte_offset",
    "repl_backlog_histlen": "redis_repl_backlog_history_bytes",
    "master_repl_offset": "redis_master_repl_offset",
    "second_repl_offset": "redis_second_repl_offset",
    "slave_expires_tracked_keys": "redis_slave_expires_tracked_keys",
    "slave_priority": "redis_slave_priority",
    "sync_full": "redis_replica_resyncs_full",
    "sync_partial_ok": "redis_replica_partial_resync_accepted",
    "sync_partial_err": "redis_replica_partial_resync_denied",
    "cluster_enabled": "redis_cluster_enabled",
}
"""Field of INFO to the gauge that carries it; ``ok`` counts 1, ``err`` and ``fail`` 0."""

COUNTERS: Final = {
    "total_connections_received": "redis_connections_received_total",
    "total_commands_processed": "redis_commands_processed_total",
    "rejected_connections": "redis_rejected_connections_total",
    "total_net_input_bytes": "redis_net_input_bytes_total",
    "total_net_output_bytes": "redis_net_output_bytes_total",
    "total_net_repl_input_bytes": "redis_net_repl_input_bytes_total",
    "total_net_repl_output_bytes": "redis_net_repl_output_bytes_total",
    "expired_keys": "redis_expired_keys_total",
    "expired_time_cap_reached_count": "redis_expired_time_cap_reached_total",
    "expire_cycle_cpu_milliseconds": "redis_expire_cycle_cpu_time_ms_total",
    "evicted_keys": "redis_evicted_keys_total",
    "evicted_clients": "redis_evicted_clients_total",
    "evicted_scripts": "redis_evicted_scripts_total",
    "total_eviction_exceeded_time": "redis_eviction_exceeded_time_ms_total",
    "keyspace_hits": "redis_keyspace_hits_total",
    "keyspace_misses": "redis_keyspace_misses_total",
    "used_cpu_sys": "redis_cpu_sys_seconds_total",
    "used_cpu_user": "redis_cpu_user_seconds_total",
    "used_cpu_sys_children": "redis_cpu_sys_children_seconds_total",
    "used_cpu_user_children": "redis_cpu_user_children_seconds_total",
    "used_cpu_sys_main_thread": "redis_cpu_sys_main_thread_seconds_total",
    "used_cpu_user_main_thread": "redis_cpu_user_main_thread_seconds_total",
    "unexpected_error_replies": "redis_unexpected_error_replies",
    "total_error_replies": "redis_total_error_replies",
    "total_reads_processed": "redis_total_reads_processed",
    "total_writes_processed": "redis_total_writes_processed",
    "acl_access_denied_auth": "redis_acl_access_denied_auth_total",
    "acl_access_denied_cmd": "redis_acl_access_denied_cmd_total",
}
"""Field of INFO to the counter that carries it."""

_METRICS: Final = {**GAUGES, **COUNTERS}
_WORDS: Final = {"ok": 1.0, "true": 1.0, "err": 0.0, "fail": 0.0, "false": 0.0}
INSTANCE_LABELS: Final = (
    "role",
    "redis_version",
    "redis_build_id",
    "redis_mode",
    "os",
    "maxmemory_policy",
    "tcp_port",
    "run_id",
    "process_id",
    "master_replid",
)
"""Fields of INFO that are the labels of ``redis_instance_info``."""

_REPLICA = re.compile(r"slave\d+")
_DATABASE = re.compile(r"db\d+")
_COMMAND = re.compile(r"cmdstat_.+")
_ERROR = re.compile(r"errorstat_.+")
SERIES_BOUND: Final = 512
"""Databases, replicas, commands, kinds of errors that are followed; scripts invent the latter."""


@dataclass(frozen=True, slots=True)
class Replica:
    """A replica as its master sees it. ``lag`` in seconds, None before Redis 3."""

    ip: str
    port: str
    state: str
    offset: float | None
    lag: float | None

    @property
    def address(self) -> str:
        return f"{self.ip}:{self.port}"


@dataclass(frozen=True, slots=True, eq=False)
class Info:
    """The fields of one INFO; ``compound`` those of the form ``a=1,b=2``."""

    fields: dict[str, str]
    compound: dict[str, str]

    def text(self, name: str) -> str:
        """A field; empty where the server does not report it."""
        return self.fields.get(name, "")

    def number(self, name: str) -> float | None:
        """A field as a number; None where it is absent or none."""
        return _number(self.fields.get(name, ""))

    @property
    def loading(self) -> bool:
        return self.text("loading") == "1"

    @property
    def role(self) -> str:
        """``master`` or ``replica``."""
        return {"slave": "replica"}.get(self.text("role"), self.text("role"))

    @property
    def version(self) -> str:
        """The product and its version (``Redis 7.2.4``, ``Valkey 8.0.1``)."""
        valkey = self.text("valkey_version")
        return f"Valkey {valkey}" if valkey else f"Redis {self.text('redis_version')}"

    @property
    def major(self) -> int:
        """The first number of the Redis version it is compatible with; 0 if unreadable."""
        first = self.text("redis_version").partition(".")[0]
        return int(first) if first.isdecimal() and len(first) < 10 else 0

    def replicas(self) -> tuple[Replica, ...]:
        """The replicas connected to this master."""
        found = (_pairs(value) for _, value in self._matching(_REPLICA))
        return tuple(
            Replica(
                pairs.get("ip", ""),
                pairs.get("port", ""),
                pairs.get("state", ""),
                _number(pairs.get("offset", "")),
                _number(pairs.get("lag", "")),
            )
            for pairs in found
        )

    def databases(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Name (``db0``) and figures of each database that holds keys."""
        for name, value in self._matching(_DATABASE):
            yield name, _pairs(value)

    def errors(self) -> Iterator[tuple[str, float]]:
        """How often each kind of error was answered (``OOM``, ``MISCONF``), from Redis 6.2."""
        for name, value in self._matching(_ERROR):
            count = _number(_pairs(value).get("count", ""))
            if count is not None:
                yield name.removeprefix("errorstat_"), count

    def commands(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Name and figures of each command that was called."""
        for name, value in self._matching(_COMMAND):
            yield name.removeprefix("cmdstat_"), _pairs(value)

    def _matching(self, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        found = (field for field in self.compound.items() if pattern.fullmatch(field[0]))
        return islice(found, SERIES_BOUND)


def parse_info(text: str) -> Info:
    """The fields in the text of an INFO reply."""
    fields: dict[str, str] = {}
    compound: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and name[0:1] != "#":
            (compound if "=" in value else fields)[name] = value
    return Info(fields, compound)


def add_info(out: SampleBuilder, info: Info, wall: float) -> None:
    """Add the samples of ``info``; ``wall`` is the wall clock at its arrival."""
    for name, value in info.fields.items():
        metric = _METRICS.get(name)
        if metric is not None:
            out.add(metric, _WORDS.get(value, _number(value)))
    _add_server(out, info, wall)
    _add_replication(out, info)
    _add_commands(out, info)
    for name, figures in info.databases():
        label = {"db": name}
        out.add("redis_db_keys", _number(figures.get("keys", "")), label)
        out.add("redis_db_keys_expiring", _number(figures.get("expires", "")), label)
        ttl = _number(figures.get("avg_ttl", ""))
        out.add("redis_db_avg_ttl_seconds", None if ttl is None else ttl / 1000, label)


def _add_server(out: SampleBuilder, info: Info, wall: float) -> None:
    uptime = info.number("uptime_in_seconds")
    out.add("redis_start_time_seconds", None if uptime is None else math.floor(wall) - uptime)
    fork = info.number("latest_fork_usec")
    out.add("redis_latest_fork_seconds", None if fork is None else fork / 1e6)
    out.add("redis_config_maxclients", info.number("maxclients"))
    out.add("redis_config_maxmemory", info.number("maxmemory"))
    out.add("redis_instance_info", 1, {name: info.text(name) for name in INSTANCE_LABELS})


def _add_replication(out: SampleBuilder, info: Info) -> None:
    for replica in info.replicas():
        labels = {
            "slave_ip": replica.ip,
            "slave_port": replica.port,
            "slave_state": replica.state,
        }
        out.add("redis_connected_slave_offset_bytes", replica.offset, labels)
        out.add("redis_connected_slave_lag_seconds", replica.lag, labels)
    if info.role != "replica":
        return
    master = {"master_host": info.text("master_host"), "master_port": info.text("master_port")}
    out.add("redis_slave_info", 1, {**master, "read_only": info.text("slave_read_only")})
    link = info.text("master_link_status")
    out.add("redis_master_link_up", float(link == "up") if link else None, master)
    for name in ("master_last_io_seconds_ago", "master_sync_in_progress", "slave_repl_offset"):
        out.add(f"redis_{name}", info.number(name), master)


def _add_commands(out: SampleBuilder, info: Info) -> None:
    for name, figures in info.commands():
        label = {"cmd": name}
        micros = _number(figures.get("usec", ""))
        out.add("redis_commands_total", _number(figures.get("calls", "")), label)
        seconds = None if micros is None else micros / 1e6
        out.add("redis_commands_duration_seconds_total", seconds, label)
        rejected = _number(figures.get("rejected_calls", ""))
        out.add("redis_commands_rejected_calls_total", rejected, label)
        failed = _number(figures.get("failed_calls", ""))
        out.add("redis_commands_failed_calls_total", failed, label)
    for name, count in info.errors():
        out.add("redis_errors_total", count, {"err": name})


def _pairs(text: str) -> dict[str, str]:
    """``a=1,b=2`` as a dictionary."""
    return {key: value for key, _, value in (part.partition("=") for part in text.split(","))}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
