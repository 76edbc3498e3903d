"""A slow piece: the server's settings, named as postgres_exporter names them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from checks.findings import Finding
from checks.model import SampleBuilder, Table
from checks.probes.postgres.asking import Asker
from checks.probes.postgres.pulse import Pulse

__all__ = ["OURS", "SETTING_METRICS", "Settings", "setting_metric"]

_SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_PREFIXES: Final = {"B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}

_COUNTS: Final = (
    *("max_connections", "superuser_reserved_connections", "reserved_connections"),
    *("max_locks_per_transaction", "max_prepared_transactions", "max_worker_processes"),
    *("max_parallel_workers", "max_wal_senders", "max_replication_slots"),
    *("hash_mem_multiplier", "random_page_cost", "seq_page_cost", "effective_io_concurrency"),
    *("default_statistics_target", "checkpoint_completion_target", "autovacuum_max_workers"),
    *("autovacuum_vacuum_threshold", "autovacuum_vacuum_scale_factor"),
    *("autovacuum_vacuum_insert_threshold", "autovacuum_vacuum_insert_scale_factor"),
    *("autovacuum_analyze_threshold", "autovacuum_analyze_scale_factor"),
    *("autovacuum_freeze_max_age", "autovacuum_multixact_freeze_max_age"),
    *("autovacuum_vacuum_cost_limit", "vacuum_failsafe_age", "vacuum_freeze_min_age"),
    *("block_size", "wal_block_size"),
)
_SWITCHES: Final = (
    *("fsync", "full_page_writes", "data_checksums", "wal_log_hints", "autovacuum"),
    *("hot_standby", "hot_standby_feedback", "track_activities", "track_counts"),
    *("track_io_timing", "log_lock_waits", "log_checkpoints", "ssl"),
)
_DURATIONS: Final = (
    *("deadlock_timeout", "checkpoint_timeout", "checkpoint_warning", "archive_timeout"),
    *("wal_sender_timeout", "wal_receiver_timeout", "autovacuum_naptime"),
    *("max_standby_streaming_delay", "max_standby_archive_delay"),
    *("autovacuum_vacuum_cost_delay", "log_min_duration_statement"),
    "log_autovacuum_min_duration",
)
_SIZES: Final = (
    *("shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem"),
    *("autovacuum_work_mem", "temp_buffers", "temp_file_limit", "wal_buffers"),
    *("wal_keep_size", "max_wal_size", "min_wal_size", "max_slot_wal_keep_size"),
    *("wal_segment_size", "track_activity_query_size", "log_temp_files"),
)
OURS: Final = (
    *("default_transaction_read_only", "transaction_read_only", "statement_timeout"),
    *("lock_timeout", "idle_in_transaction_session_timeout", "jit"),
    "max_parallel_workers_per_gather",
)
"""Those that onwatch sets for its own session: their values say nothing of anybody else's."""
SETTING_METRICS: Final = (
    *((f"pg_settings_{name}", name, "") for name in (*_COUNTS, *_SWITCHES)),
    *((f"pg_settings_{name}_seconds", name, "s") for name in _DURATIONS),
    *((f"pg_settings_{name}_bytes", name, "bytes") for name in _SIZES),
)
"""Metric, setting and unit of those that the documentation names: all that are numbers or
switches have a metric, as postgres_exporter's have."""


def setting_metric(name: str, setting: str, unit: str | None, kind: str) -> tuple[str, float]:
    """Metric and value of a setting; times in seconds and sizes in bytes, -1 and 0 as they are.

    Raises:
        ValueError: ``setting`` is no number.
    """
    metric = f"pg_settings_{name.replace('.', '_')}"
    if kind == "bool":
        return metric, float(setting == "on")
    value = float(setting)
    if not unit:
        return metric, value
    factor, suffix = _unit(unit)
    return f"{metric}_{suffix}", value if value == -1 else value * factor


def _unit(unit: str) -> tuple[float, str]:
    """What a unit of PostgreSQL's (``8kB``, ``min``) comes to, and of what."""
    if unit in _SECONDS:
        return _SECONDS[unit], "seconds"
    digits = unit.rstrip("kMGTB")
    return float(digits or 1) * _PREFIXES[unit[len(digits) :]], "bytes"


class Settings:
    """The server's settings that are numbers or switches, but for :data:`OURS`."""

    name = "settings"

    def __init__(self) -> None:
        self._values: list[tuple[str, float]] = []
        self._pending: list[str] = []

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        del pulse
        rows = await ask(self.name, list(OURS), within=within)
        self._values = [metric for row in rows or () if (metric := _metric(row)) is not None]
        self._pending = [row["name"] for row in rows or () if row["pending_restart"]]
        return rows is not None

    def add(self, to: SampleBuilder) -> None:
        for metric, value in self._values:
            to.add(metric, value)

    def tables(self) -> Iterable[Table]:
        return ()

    def findings(self) -> Iterable[Finding]:
        return ()

    def pending(self) -> tuple[str, ...]:
        """Settings that were changed and wait for a restart."""
        return tuple(self._pending)


def _metric(row: Any) -> tuple[str, float] | None:
    try:
        return setting_metric(row["name"], row["setting"], row["unit"], row["vartype"])
    except (ValueError, KeyError):
        return None
