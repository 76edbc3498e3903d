"""The postgres kind, for the registry."""

from __future__ import annotations

from typing import Final

from checks.databases.model import FigureSpec
from checks.probe import ChartSpec, Expected, Kind, Probe, Target
from checks.probes.postgres.actions import ACTIONS
from checks.probes.postgres.config import PostgresConfig
from checks.probes.postgres.metrics import METRICS
from checks.probes.postgres.probe import PostgresProbe
from checks.queries import charts_of, queue_traits_of
from checks.settings import KindConfig

__all__ = ["KIND"]

_DATABASE: Final = "pg_stat_database_"
_COMMITS: Final = f"{_DATABASE}xact_commit"
_ROLLBACKS: Final = f"{_DATABASE}xact_rollback"

FIGURES: Final = (
    FigureSpec("connections", ("pg_connections_used",), limit="pg_connections_usable"),
    FigureSpec("active", ("pg_stat_activity_count",), labels={"state": "active"}),
    FigureSpec("waiting for locks", ("pg_stat_activity_waiting",)),
    FigureSpec("commits", (_COMMITS,), "1/s", rate=True),
    FigureSpec("rollbacks", (_ROLLBACKS,), "1/s", rate=True),
    FigureSpec(
        "rollback rate",
        (_ROLLBACKS,),
        "ratio",
        rate=True,
        of=(_ROLLBACKS, _COMMITS),
    ),
    FigureSpec(
        "cache hit rate",
        (f"{_DATABASE}blks_hit",),
        "ratio",
        rate=True,
        of=(f"{_DATABASE}blks_hit", f"{_DATABASE}blks_read"),
    ),
    FigureSpec(
        "rows written",
        tuple(f"{_DATABASE}tup_{what}" for what in ("inserted", "updated", "deleted")),
        "1/s",
        rate=True,
    ),
    FigureSpec("rows read", (f"{_DATABASE}tup_returned",), "1/s", rate=True),
    FigureSpec("temp bytes/s", (f"{_DATABASE}temp_bytes",), "bytes", rate=True),
    FigureSpec("deadlocks", (f"{_DATABASE}deadlocks",), "1/s", rate=True),
    FigureSpec("longest transaction", ("pg_longest_transaction_seconds",), "s"),
    FigureSpec("longest query", ("pg_longest_query_seconds",), "s"),
    FigureSpec("replication lag", ("pg_longest_replication_lag_seconds",), "s"),
    FigureSpec("size", ("pg_database_size_bytes",), "bytes"),
)


def _probe(config: KindConfig, target: Target) -> Probe:
    if not isinstance(config, PostgresConfig):
        raise TypeError("a postgres check has a postgres configuration")
    return PostgresProbe(config, target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    if not isinstance(config, PostgresConfig):
        return ()
    log = config.request_log is not None
    requests = (
        ChartSpec("requests a second", "http_requests_total", "1/s", rate=True),
        ChartSpec("failed requests a second", "http_requests_failed_total", "1/s", rate=True),
    )
    return (
        *(requests if log else ()),
        ChartSpec(
            "connections",
            "pg_connections_used",
            warning=config.connections_warning,
            critical=config.connections_critical,
            limit="pg_connections_usable",
        ),
        ChartSpec("commits a second", _COMMITS, "1/s", rate=True),
        ChartSpec("waiting for locks", "pg_stat_activity_waiting"),
        ChartSpec("longest transaction", "pg_longest_transaction_seconds", "s"),
        *charts_of(config.queries),
    )


def _expects(config: KindConfig) -> Expected:
    if not isinstance(config, PostgresConfig):
        return Expected()
    told = config.request_log is not None
    return Expected(queue_traits=queue_traits_of(config.queries), requests=told)


KIND: Final = Kind(
    name="postgres",
    summary="PostgreSQL: sessions, locks, throughput, replication, sizes, queries, request log",
    config=PostgresConfig,
    bounds={
        "connections_warning": ("PostgresConnectionsHigh",),
        "connections_critical": ("PostgresConnectionsHigh",),
        "longest_transaction": ("PostgresTransactionLong",),
        "idle_in_transaction": ("PostgresIdleInTransaction",),
        "longest_query": ("PostgresQueryLong",),
        "replication_lag": ("PostgresReplicaLag",),
        "slots": ("PostgresSlotRetains",),
        "wraparound_warning": ("PostgresWraparound",),
        "wraparound_critical": ("PostgresWraparound",),
    },
    probe=_probe,
    metrics=METRICS,
    counters=True,
    drivers=("checks.probes.postgres.link",),
    charts=_charts,
    expects=_expects,
    figures=FIGURES,
    actions=ACTIONS,
)
