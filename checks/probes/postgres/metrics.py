"""The metrics of the postgres kind, for the docs, the schema and the search for dead rules."""

from __future__ import annotations

from typing import Final

from checks.probe import Metric
from checks.probes.postgres.bloat import BLOAT_METRICS
from checks.probes.postgres.catalogue import TABLE_COUNTERS, TABLE_GAUGES
from checks.probes.postgres.pulse import DATABASE_COUNTERS
from checks.probes.postgres.settings import SETTING_METRICS
from checks.probes.postgres.writers import WRITER_COUNTERS
from checks.requests.metrics import REQUEST_METRICS

__all__ = ["METRICS"]

_DATABASE: Final = ("datid", "datname")
_TABLE: Final = ("datname", "schemaname", "relname")
_INDEX: Final = (*_TABLE, "indexrelname")
_REPLICA: Final = ("application_name", "client_addr", "state", "slot_name")
_STATEMENT: Final = ("user", "datname", "queryid")
_SLOT: Final = ("slot_name", "slot_type")


def _gauge(name: str, text: str, unit: str = "", labels: tuple[str, ...] = ()) -> Metric:
    return Metric(name, "gauge", text, unit, labels)


def _counter(name: str, text: str, unit: str = "", labels: tuple[str, ...] = ()) -> Metric:
    return Metric(name, "counter", text, unit, labels)


def _unit(column: str) -> str:
    if column.endswith("_time"):
        return "ms"
    if column.startswith("last_"):
        return "s"
    return "bytes" if column.endswith("bytes") else ""


_OWN: Final = (
    _gauge("pg_up", "1 where the server answered in its protocol and serves clients, else 0"),
    _gauge("postgres_up", "the same as pg_up"),
    _gauge("pg_exporter_last_scrape_error", "1 where a statement of ours failed, else 0"),
    Metric("pg_static", "info", "1, with the version", "", ("version", "short_version")),
    _gauge("pg_postmaster_start_time_seconds", "when the server started, since 1970", "s"),
    _counter("pg_txid_current", "the next transaction's number"),
    _gauge("pg_connections_usable", "connections that users may have: without those reserved"),
    _gauge("pg_connections_used", "connections in use: client backends"),
    _gauge("pg_longest_transaction_seconds", "age of the oldest transaction of a client", "s"),
    _gauge("pg_longest_query_seconds", "age of the oldest statement that runs", "s"),
    _gauge(
        "pg_longest_idle_in_transaction_seconds",
        "longest that a session has held a transaction open without doing anything",
        "s",
    ),
    _gauge("pg_oldest_snapshot_age_transactions", "transactions since the oldest snapshot in use"),
    _gauge("pg_stat_activity_count", "sessions in the state", "", ("datname", "state")),
    _gauge(
        "pg_stat_activity_max_tx_duration",
        "age of the oldest transaction in the state",
        "s",
        ("datname", "state"),
    ),
    _gauge("pg_stat_activity_waiting", "sessions that wait for a lock"),
    _gauge("pg_stat_database_numbackends", "sessions in the database", "", _DATABASE),
    _gauge("pg_stat_database_stats_reset", "when its counters were last reset", "s", _DATABASE),
    _gauge("pg_locks_count", "locks held or waited for", "", ("datname", "mode")),
    _gauge("pg_replication_is_replica", "1 on a standby, else 0"),
    _gauge("pg_replication_lag_seconds", "how far a standby is behind; 0 on a primary", "s"),
    _gauge("pg_replication_lag", "the same as pg_replication_lag_seconds", "s"),
    _gauge("pg_longest_replication_lag_seconds", "the lag, or the greatest of its replicas", "s"),
    _gauge("pg_replication_last_replay_seconds", "when the last change was made, since 1970", "s"),
    _gauge("pg_stat_wal_receiver_up", "1 while a standby receives from its upstream, else 0"),
    _counter("pg_stat_replication_pg_current_wal_lsn_bytes", "position written", "bytes", _REPLICA),
    _gauge("pg_stat_replication_pg_wal_lsn_diff", "not yet replayed there", "bytes", _REPLICA),
    _gauge("pg_stat_replication_replay_lag_seconds", "lag of its replay", "s", _REPLICA),
    _gauge("pg_replication_slots_active", "1 while it is read", "", ("slot_name", "database")),
    _gauge(
        "pg_replication_slots_pg_wal_lsn_diff",
        "write-ahead log kept for it",
        "bytes",
        ("slot_name", "database"),
    ),
    _gauge("pg_replication_slot_slot_is_active", "1 while it is read", "", _SLOT),
    _gauge("pg_replication_slot_safe_wal_size_bytes", "left until it is lost", "bytes", _SLOT),
    Metric("pg_replication_slot_wal_status", "info", "1", "", (*_SLOT, "wal_status")),
    _gauge("pg_database_size_bytes", "size of the database", "bytes", ("datname",)),
    _gauge("pg_database_connection_limit", "its own limit, -1 for none", "", ("datname",)),
    _gauge(
        "pg_database_wraparound_age_datfrozenxid_seconds",
        "transactions since its oldest row was frozen (the exporter's name says seconds)",
        "",
        ("datname",),
    ),
    _gauge(
        "pg_database_wraparound_age_datminmxid_seconds",
        "multixacts since its oldest (the exporter's name says seconds)",
        "",
        ("datname",),
    ),
    _gauge("pg_stat_user_tables_table_size_bytes", "size without indexes", "bytes", _TABLE),
    _gauge("pg_stat_user_tables_index_size_bytes", "size of its indexes", "bytes", _TABLE),
    _counter("pg_general_index_info_idx_scan", "scans of the index", "", _INDEX),
    _gauge("pg_general_index_info_pg_relation_size", "its size, estimated", "bytes", _INDEX),
    _counter("pg_stat_archiver_archived_count", "files archived"),
    _counter("pg_stat_archiver_failed_count", "attempts to archive that failed"),
    _gauge("pg_stat_archiver_last_archive_age", "time since a file was last archived", "s"),
    _counter("pg_stat_statements_calls_total", "calls of the statement", "", _STATEMENT),
    _counter("pg_stat_statements_rows_total", "its rows", "", _STATEMENT),
    _counter("pg_stat_statements_seconds_total", "time in it", "s", _STATEMENT),
    _counter("pg_stat_statements_block_read_seconds_total", "reading", "s", _STATEMENT),
    _counter("pg_stat_statements_block_write_seconds_total", "writing", "s", _STATEMENT),
)

METRICS: Final = (
    *_OWN,
    *(
        _counter(f"pg_stat_database_{name}", f"{name} of pg_stat_database", _unit(name), _DATABASE)
        for name in DATABASE_COUNTERS
    ),
    *(
        _counter(f"pg_stat_user_tables_{name}", f"{name} of pg_stat_user_tables", "", _TABLE)
        for name in TABLE_COUNTERS
    ),
    *(
        _gauge(f"pg_stat_user_tables_{name}", f"{name} of pg_stat_user_tables", _unit(name), _TABLE)
        for name in TABLE_GAUGES
    ),
    *(
        _counter(f"pg_stat_bgwriter_{name}_total", f"{name} of pg_stat_bgwriter", _unit(name))
        for name in WRITER_COUNTERS
    ),
    *(_gauge(metric, f"setting {name}", unit) for metric, name, unit in SETTING_METRICS),
    *BLOAT_METRICS,
    *REQUEST_METRICS,
)
