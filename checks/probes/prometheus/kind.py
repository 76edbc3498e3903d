"""``prometheus``: a Prometheus server, or one that speaks its HTTP API."""

from __future__ import annotations

from typing import Final, cast

from checks.probe import ChartSpec, Kind, Metric, Probe, Target, response_time
from checks.probes.prometheus.config import PrometheusConfig, PromQuery
from checks.settings import KindConfig

__all__ = ["KIND", "METRICS", "PrometheusConfig"]

METRICS: Final = (
    Metric("prometheus_ready", "gauge", "whether it says that it is ready"),
    Metric("prometheus_build_info", "info", "its version", labels=("version", "revision")),
    Metric(
        "prometheus_config_last_reload_successful",
        "gauge",
        "whether the last reload of its configuration succeeded",
    ),
    Metric("prometheus_tsdb_head_series", "gauge", "series in its head, every five minutes"),
    Metric(
        "prometheus_targets",
        "gauge",
        "targets of a job by health: up, down or unknown",
        labels=("scrape_job", "health"),
    ),
    Metric("prometheus_rules", "gauge", "rules by health: ok, err, unknown", labels=("health",)),
    Metric(
        "prometheus_alerts",
        "gauge",
        "alerts of its rules that are firing or pending",
        labels=("alertstate",),
    ),
)
_MOST_CHARTS: Final = 6


def _probe(config: KindConfig, target: Target) -> Probe:
    # Here and not above: reading a configuration must not cost what the HTTP library does.
    from checks.probes.prometheus.probe import PrometheusProbe  # noqa: PLC0415

    return PrometheusProbe(cast("PrometheusConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    queries = cast("PrometheusConfig", config).queries
    single = [query for query in queries if query.labels == []][:_MOST_CHARTS]
    return (
        *map(_chart, single),
        ChartSpec("alerts firing", "prometheus_alerts", labels={"alertstate": "firing"}),
        response_time(),
    )


def _chart(query: PromQuery) -> ChartSpec:
    if query.type == "counter":
        return ChartSpec(f"{query.metric} a second", query.metric, "1/s", rate=True)
    falling = query.warning is None and query.critical is None
    return ChartSpec(
        query.metric,
        query.metric,
        warning=query.warning_below if falling else query.warning,
        critical=query.critical_below if falling else query.critical,
        falling=falling,
    )


KIND: Final = Kind(
    name="prometheus",
    summary="a Prometheus server, its targets and rules, and queries to it",
    config=PrometheusConfig,
    probe=_probe,
    metrics=METRICS,
    drivers=("checks.probes.prometheus.probe",),
    charts=_charts,
)
