"""What the databases screen and the detail screen show of a server's figures."""

from __future__ import annotations

from typing import Final

from checks.databases.model import FigureSpec
from checks.probe import ChartSpec
from checks.probes.mysql.tally import STATEMENTS

__all__ = ["CHARTS", "FIGURES", "REQUEST_CHARTS", "connections_chart"]

_S: Final = "mysql_global_status_"
_V: Final = "mysql_global_variables_"
_READS: Final = f"{_S}innodb_buffer_pool_reads"
_REQUESTS: Final = f"{_S}innodb_buffer_pool_read_requests"

# No commits: Com_commit leaves out statements that commit by themselves, Handler_commit counts
# each statement in a transaction, those that only read among them, and twice with a binary log.
FIGURES: Final = (
    FigureSpec("connections", (f"{_S}threads_connected",), limit=f"{_V}max_connections"),
    FigureSpec("running", (f"{_S}threads_running",)),
    FigureSpec("statements", (STATEMENTS,), "1/s", rate=True),
    FigureSpec("slow statements", (f"{_S}slow_queries",), "1/s", rate=True),
    FigureSpec("buffer pool hits", (_READS,), "ratio", rate=True, of=(_REQUESTS,), complement=True),
    FigureSpec("full scans", (f"{_S}select_scan",), "1/s", rate=True),
    FigureSpec("full joins", (f"{_S}select_full_join",), "1/s", rate=True),
    FigureSpec(
        "temporary tables on disk",
        (f"{_S}created_tmp_disk_tables",),
        "ratio",
        rate=True,
        of=(f"{_S}created_tmp_tables",),
    ),
    FigureSpec("row lock waits", (f"{_S}innodb_row_lock_waits",), "1/s", rate=True),
    FigureSpec("waiting for locks", ("mysql_lock_waiting_sessions",)),
    FigureSpec(
        "deadlocks",
        ("mysql_info_schema_innodb_metrics_lock_lock_deadlocks_total",),
        "1/s",
        rate=True,
    ),
    FigureSpec(
        "undo to purge",
        ("mysql_info_schema_innodb_metrics_transaction_trx_rseg_history_len",),
    ),
    FigureSpec("longest statement", ("mysql_longest_query_seconds",), "s"),
    FigureSpec("longest transaction", ("mysql_longest_transaction_seconds",), "s"),
    FigureSpec("received a second", (f"{_S}bytes_received",), "bytes", rate=True),
    FigureSpec("sent a second", (f"{_S}bytes_sent",), "bytes", rate=True),
    FigureSpec("aborted connects", (f"{_S}aborted_connects",), "1/s", rate=True),
    FigureSpec("aborted clients", (f"{_S}aborted_clients",), "1/s", rate=True),
    FigureSpec("connection errors", (f"{_S}connection_errors_total",), "1/s", rate=True),
    FigureSpec("replication lag", ("mysql_slave_status_seconds_behind_master",), "s"),
)

CHARTS: Final = (
    ChartSpec("statements a second", STATEMENTS, "1/s", rate=True),
    ChartSpec("slow statements a second", f"{_S}slow_queries", "1/s", rate=True),
    ChartSpec("row lock waits a second", f"{_S}innodb_row_lock_waits", "1/s", rate=True),
    ChartSpec("waiting for locks", "mysql_lock_waiting_sessions"),
    ChartSpec("pages read from disk a second", _READS, "1/s", rate=True),
    ChartSpec("sent a second", f"{_S}bytes_sent", "bytes", rate=True),
)
REQUEST_CHARTS: Final = (
    ChartSpec("requests a second", "http_requests_total", "1/s", rate=True),
    ChartSpec("failed requests a second", "http_requests_failed_total", "1/s", rate=True),
)


def connections_chart(warning: float, critical: float) -> ChartSpec:
    """The curve of connections; the bounds are ratios of how many there may be."""
    return ChartSpec(
        "connections",
        f"{_S}threads_connected",
        warning=warning,
        critical=critical,
        limit=f"{_V}max_connections",
    )
