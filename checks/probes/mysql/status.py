"""The status and variables that are asked for, and their samples under mysqld_exporter's names.

What grows is a counter here; mysqld_exporter calls all of it untyped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from checks.model import SampleBuilder
from checks.probe import Metric
from checks.probes.mysql.server import Server

__all__ = [
    "STATUS_METRICS",
    "STATUS_NAMES",
    "VARIABLE_METRICS",
    "VARIABLE_NAMES",
    "add_status",
    "add_variables",
    "number",
]

GAUGES: Final = {
    "Threads_connected": "sessions that are connected",
    "Threads_running": "sessions that run a statement",
    "Threads_cached": "threads that wait for a session",
    "Max_used_connections": "most sessions at once since the start",
    "Prepared_stmt_count": "prepared statements there are",
    "Uptime": "seconds since the start",
    "Open_files": "files that are open, InnoDB's apart",
    "Open_tables": "tables that are open",
    "Slaves_connected": "replicas that are connected (MariaDB)",
    "Slaves_running": "connections to primaries that replicate (MariaDB)",
    "Memory_used": "bytes of memory in use (MariaDB)",
    "Innodb_buffer_pool_bytes_data": "bytes of data in the buffer pool",
    "Innodb_buffer_pool_bytes_dirty": "bytes that are to be written",
    "Innodb_checkpoint_age": "bytes of redo log since the checkpoint (MariaDB)",
    "Innodb_checkpoint_max_age": "bytes of it from which writes are held up (MariaDB)",
    "Innodb_data_pending_reads": "reads under way",
    "Innodb_data_pending_writes": "writes under way",
    "Innodb_data_pending_fsyncs": "fsyncs under way",
    "Innodb_os_log_pending_writes": "writes of the redo log under way (MySQL)",
    "Innodb_os_log_pending_fsyncs": "fsyncs of the redo log under way (MySQL)",
    "Innodb_history_list_length": "undo records that are not purged yet (MariaDB)",
    "Innodb_row_lock_current_waits": "row locks that are waited for now",
    "Innodb_row_lock_time_avg": "mean wait for a row lock, ms",
    "Innodb_row_lock_time_max": "longest wait for a row lock, ms",
    "Innodb_num_open_files": "files that InnoDB has open",
    "Innodb_page_size": "bytes of a page",
    "Innodb_redo_log_current_lsn": "where the redo log is (MySQL)",
    "Innodb_redo_log_checkpoint_lsn": "where its checkpoint is (MySQL)",
    "Innodb_redo_log_capacity_resized": "bytes of the redo log (MySQL)",
    "Innodb_lsn_current": "where the redo log is (MariaDB)",
    "Innodb_lsn_last_checkpoint": "where its checkpoint is (MariaDB)",
}
"""Status that goes up and down."""
COUNTERS: Final = {
    "Connections": "attempts to connect",
    "Threads_created": "threads made for sessions",
    "Aborted_connects": "attempts to connect that failed",
    "Aborted_clients": "sessions that ended without a good-bye",
    "Access_denied_errors": "logins that were refused (MariaDB)",
    "Questions": "statements that clients sent",
    "Queries": "statements, those in stored programs too",
    "Slow_queries": "statements that took longer than long_query_time",
    "Bytes_received": "bytes from clients",
    "Bytes_sent": "bytes to clients",
    "Select_scan": "joins that read the first table whole",
    "Select_full_join": "joins without an index",
    "Select_full_range_join": "joins by a range of the first table's values",
    "Select_range": "joins by a range of the first table",
    "Select_range_check": "joins that look for an index at each row",
    "Sort_merge_passes": "passes of sorts too large for memory",
    "Sort_range": "sorts of a range",
    "Sort_rows": "rows that were sorted",
    "Sort_scan": "sorts of a whole table",
    "Created_tmp_tables": "temporary tables made",
    "Created_tmp_disk_tables": "temporary tables made on disk",
    "Created_tmp_files": "temporary files made",
    "Table_locks_immediate": "table locks had at once",
    "Table_locks_waited": "table locks that were waited for",
    "Table_open_cache_hits": "tables found open",
    "Table_open_cache_misses": "tables that had to be opened",
    "Table_open_cache_overflows": "tables closed to make room",
    "Opened_tables": "tables opened",
    "Key_read_requests": "reads of MyISAM's keys",
    "Key_reads": "reads of MyISAM's keys from disk",
    "Binlog_cache_use": "transactions through the binary log's cache",
    "Binlog_cache_disk_use": "of them those that did not fit",
    "Max_statement_time_exceeded": "statements stopped by max_statement_time (MariaDB)",
    "Max_execution_time_exceeded": "statements stopped by max_execution_time (MySQL)",
    "Innodb_buffer_pool_read_requests": "pages asked of the buffer pool",
    "Innodb_buffer_pool_reads": "of them those read from disk",
    "Innodb_buffer_pool_read_ahead": "pages read ahead",
    "Innodb_buffer_pool_read_ahead_evicted": "of them those that nobody wanted",
    "Innodb_buffer_pool_wait_free": "waits for a free page",
    "Innodb_buffer_pool_write_requests": "writes to the buffer pool",
    "Innodb_data_read": "bytes read",
    "Innodb_data_reads": "reads",
    "Innodb_data_written": "bytes written",
    "Innodb_data_writes": "writes",
    "Innodb_data_fsyncs": "fsyncs",
    "Innodb_deadlocks": "deadlocks (MariaDB)",
    "Innodb_log_waits": "waits for the redo log's buffer",
    "Innodb_log_write_requests": "writes to the redo log's buffer",
    "Innodb_log_writes": "writes of the redo log",
    "Innodb_os_log_written": "bytes of the redo log written",
    "Innodb_os_log_fsyncs": "fsyncs of the redo log (MySQL)",
    "Innodb_pages_created": "pages made",
    "Innodb_pages_read": "pages read",
    "Innodb_pages_written": "pages written",
    "Innodb_dblwr_pages_written": "pages through the doublewrite buffer",
    "Innodb_dblwr_writes": "writes of the doublewrite buffer",
    "Innodb_row_lock_time": "time spent waiting for row locks, ms",
    "Innodb_row_lock_waits": "waits for row locks",
}
"""Status that only grows."""
_FOLDED: Final = {
    "Com": (
        *("select", "insert", "insert_select", "replace", "replace_select", "update"),
        *("update_multi", "delete", "delete_multi", "load", "begin", "commit", "rollback"),
        *("call_procedure", "set_option", "stmt_prepare", "stmt_execute", "change_db"),
        *("alter_table", "create_table", "drop_table", "create_index", "truncate", "lock_tables"),
        *("kill", "flush", "show_status", "show_processlist"),
    ),
    "Handler": (
        *("commit", "delete", "prepare", "read_first", "read_key", "read_last", "read_next"),
        *("read_prev", "read_rnd", "read_rnd_next", "rollback", "savepoint", "update", "write"),
        *("external_lock", "tmp_write", "tmp_update"),
    ),
    "Connection_errors": (
        *("accept", "internal", "max_connections", "peer_address", "select", "tcpwrap"),
    ),
    "Innodb_buffer_pool_pages": (
        *("data", "dirty", "free", "misc", "old", "flushed", "made_young", "made_not_young"),
        *("lru_flushed",),
    ),
    "Innodb_rows": ("read", "inserted", "updated", "deleted"),
}
"""Prefix of names that become a label, and how they go on."""
_PREFIX: Final = "mysql_global_status_"
_LABELS: Final = {
    "Com": ("commands_total", "command"),
    "Handler": ("handlers_total", "handler"),
    "Connection_errors": ("connection_errors_total", "error"),
    "Innodb_rows": ("innodb_row_ops_total", "operation"),
}
_PAGES: Final = "Innodb_buffer_pool_pages"
_PAGE_STATES: Final = ("data", "free", "misc", "old")

STATUS_NAMES: Final = (
    *GAUGES,
    *COUNTERS,
    *(f"{prefix}_{rest}" for prefix, all_of in _FOLDED.items() for rest in all_of),
)
"""What SHOW GLOBAL STATUS is asked for."""

VARIABLE_GAUGES: Final = (
    *("max_connections", "max_user_connections", "extra_max_connections", "extra_port"),
    *("max_prepared_stmt_count", "max_connect_errors", "max_allowed_packet"),
    *("open_files_limit", "table_open_cache", "table_definition_cache", "thread_cache_size"),
    *("wait_timeout", "interactive_timeout", "lock_wait_timeout", "innodb_lock_wait_timeout"),
    *("long_query_time", "slow_query_log", "log_bin", "server_id", "port"),
    *("read_only", "super_read_only", "performance_schema", "event_scheduler"),
    *("tmp_table_size", "max_heap_table_size", "sort_buffer_size", "join_buffer_size"),
    *("key_buffer_size", "query_cache_size", "sync_binlog", "expire_logs_days"),
    *("binlog_expire_logs_seconds", "innodb_force_recovery", "innodb_buffer_pool_size"),
    *("innodb_log_file_size", "innodb_log_files_in_group", "innodb_redo_log_capacity"),
    *("innodb_flush_log_at_trx_commit", "innodb_io_capacity", "innodb_thread_concurrency"),
)
"""Variables whose values are numbers or switches."""
_VARIABLE_TEXTS: Final = (
    *("version", "version_comment", "innodb_version", "log_output", "slow_query_log_file"),
    *("tx_isolation", "transaction_isolation", "time_zone", "system_time_zone", "datadir"),
)
VARIABLE_NAMES: Final = (*VARIABLE_GAUGES, *_VARIABLE_TEXTS)
"""What SHOW GLOBAL VARIABLES is asked for."""

_SWITCHES: Final = {"YES": 1.0, "ON": 1.0, "NO": 0.0, "OFF": 0.0, "DISABLED": 0.0}
_HISTORY: Final = "mysql_info_schema_innodb_metrics_transaction_trx_rseg_history_len"
_DEADLOCKS: Final = "mysql_info_schema_innodb_metrics_lock_lock_deadlocks_total"


def number(text: str | None) -> float | None:
    """A figure or a switch (``ON``) as a finite number; None for any other text."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return _finite(text)
    switch = _SWITCHES.get(text.upper())
    if switch is not None:
        return switch
    return _finite(text) if re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", text) else None


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def add_status(out: SampleBuilder, status: Mapping[str, str], server: Server) -> None:
    """The samples of SHOW GLOBAL STATUS."""
    for name in STATUS_NAMES:
        metric, labels = _series(name)
        out.add(metric, number(status.get(name)), labels)
    if server.mariadb:
        # Rules look for what MySQL keeps in INNODB_METRICS.
        out.add(_HISTORY, number(status.get("Innodb_history_list_length")))
        out.add(_DEADLOCKS, number(status.get("Innodb_deadlocks")))


@lru_cache(maxsize=512)
def _series(name: str) -> tuple[str, dict[str, str]]:
    """The metric and the labels of a status variable."""
    prefix = next((one for one in _FOLDED if name.startswith(f"{one}_")), "")
    if not prefix or name in GAUGES or name in COUNTERS:
        return _PREFIX + name.lower(), {}
    rest = name.removeprefix(f"{prefix}_").lower()
    if prefix != _PAGES:
        metric, label = _LABELS[prefix]
        return _PREFIX + metric, {label: rest}
    if rest == "dirty":
        return f"{_PREFIX}buffer_pool_dirty_pages", {}
    if rest in _PAGE_STATES:
        return f"{_PREFIX}buffer_pool_pages", {"state": rest}
    return f"{_PREFIX}buffer_pool_page_changes_total", {"operation": rest}


def add_variables(out: SampleBuilder, variables: Mapping[str, str]) -> None:
    """The samples of SHOW GLOBAL VARIABLES."""
    for name in VARIABLE_GAUGES:
        out.add(f"mysql_global_variables_{name}", number(variables.get(name)))
    version = {name: variables.get(name, "") for name in ("version", "version_comment")}
    out.add(
        "mysql_version_info", 1, {**version, "innodb_version": variables.get("innodb_version", "")}
    )
    level = variables.get("transaction_isolation") or variables.get("tx_isolation")
    if level:
        out.add("mysql_transaction_isolation", 1, {"level": level})


def _status_metrics() -> Iterator[Metric]:
    for names, kind in ((GAUGES, "gauge"), (COUNTERS, "counter")):
        for name, text in names.items():
            yield Metric(_PREFIX + name.lower(), kind, text)
    yield Metric(f"{_PREFIX}commands_total", "counter", "statements by kind", "", ("command",))
    yield Metric(f"{_PREFIX}handlers_total", "counter", "calls of the engines", "", ("handler",))
    yield Metric(
        f"{_PREFIX}connection_errors_total", "counter", "connections refused", "", ("error",)
    )
    yield Metric(f"{_PREFIX}buffer_pool_pages", "gauge", "pages of the buffer pool", "", ("state",))
    yield Metric(
        f"{_PREFIX}buffer_pool_page_changes_total",
        *("counter", "what was done to pages of the buffer pool", ""),
        ("operation",),
    )
    yield Metric(f"{_PREFIX}buffer_pool_dirty_pages", "gauge", "pages that are to be written")
    yield Metric(
        f"{_PREFIX}innodb_row_ops_total", "counter", "rows by InnoDB (MySQL)", "", ("operation",)
    )
    yield Metric(_HISTORY, "gauge", "undo records that are not purged yet")
    yield Metric(_DEADLOCKS, "counter", "deadlocks")
    yield Metric(
        "mysql_info_schema_innodb_metrics_lock_lock_timeouts_total",
        *("counter", "waits for row locks that were given up (MySQL)"),
    )


def _variable_metrics() -> Iterator[Metric]:
    for name in VARIABLE_GAUGES:
        yield Metric(f"mysql_global_variables_{name}", "gauge", f"the variable {name}")
    yield Metric(
        "mysql_version_info",
        *("info", "1, with what the server is", ""),
        ("version", "version_comment", "innodb_version"),
    )
    yield Metric(
        "mysql_transaction_isolation", "info", "1, with the isolation level", "", ("level",)
    )


STATUS_METRICS: Final = tuple(_status_metrics())
VARIABLE_METRICS: Final = tuple(_variable_metrics())
