"""Kind ``mysql``: what the registry knows of it."""

from __future__ import annotations

from typing import Final

from checks.probe import ChartSpec, Expected, Kind, Metric, Probe, Target
from checks.probes.mysql.actions import ACTIONS
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.figures import CHARTS, FIGURES, REQUEST_CHARTS, connections_chart
from checks.probes.mysql.probe import MysqlProbe
from checks.probes.mysql.pulse import PULSE_METRICS
from checks.probes.mysql.replication import REPLICATION_METRICS
from checks.probes.mysql.slow import SLOW_METRICS
from checks.probes.mysql.status import STATUS_METRICS, VARIABLE_METRICS
from checks.probes.mysql.tally import STATEMENTS
from checks.queries import charts_of, queue_traits_of
from checks.requests.metrics import REQUEST_METRICS
from checks.settings import KindConfig

__all__ = ["KIND"]

_OWN: Final = (
    Metric("mysql_up", "gauge", "1 where the server answered in its protocol, else 0"),
    Metric(
        "mysql_exporter_collector_success",
        *("gauge", "1 where what it asks could be read, else 0", ""),
        ("collector",),
    ),
    Metric(STATEMENTS, "counter", "statements of others since the check began"),
    Metric(
        "mysql_exporter_collector_duration_seconds",
        *("gauge", "how long that took", "s"),
        ("collector",),
    ),
)


def _probe(config: KindConfig, target: Target) -> Probe:
    if not isinstance(config, MysqlConfig):
        raise TypeError("a mysql check has a mysql configuration")
    return MysqlProbe(config, target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    if not isinstance(config, MysqlConfig):
        return CHARTS
    bounds = config.connections_warning, config.connections_critical
    charts = (connections_chart(*bounds), *CHARTS, *charts_of(config.queries))
    return charts if config.request_log is None else (*REQUEST_CHARTS, *charts)


def _expects(config: KindConfig) -> Expected:
    if not isinstance(config, MysqlConfig):
        return Expected()
    told = config.request_log is not None
    return Expected(queue_traits=queue_traits_of(config.queries), requests=told)


KIND: Final = Kind(
    name="mysql",
    summary="MySQL or MariaDB: connections, InnoDB, locks, replication, sizes, queries, requests",
    config=MysqlConfig,
    bounds={
        "connections_warning": ("MysqlConnectionsHigh",),
        "connections_critical": ("MysqlConnectionsHigh",),
        "longest_transaction": ("MysqlTransactionLong",),
        "lock_wait": ("MysqlLockWait",),
        "replication_lag": ("MysqlReplicaLag",),
    },
    probe=_probe,
    metrics=(
        *_OWN,
        *STATUS_METRICS,
        *VARIABLE_METRICS,
        *PULSE_METRICS,
        *REPLICATION_METRICS,
        *SLOW_METRICS,
        *REQUEST_METRICS,
    ),
    counters=True,
    drivers=("checks.probes.mysql.opening",),
    charts=_charts,
    expects=_expects,
    figures=FIGURES,
    actions=ACTIONS,
)
