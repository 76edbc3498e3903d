"""``metrics``: a page of metrics is scraped, as Prometheus does it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

from checks.probe import ChartSpec, Expected, Kind, Metric, Probe, Target
from checks.probes.metrics.config import MetricsConfig, Requests
from checks.queue_names import NAMES
from checks.settings import KindConfig
from checks.views import QueueTraits

__all__ = ["KIND", "METRICS", "MetricsConfig"]

METRICS: Final = (
    Metric("scrape_samples_scraped", "gauge", "samples on the page; 0 where it failed"),
    Metric(
        "scrape_samples_post_metric_relabeling",
        "gauge",
        "samples that are left of them after keep and drop",
    ),
    Metric("scrape_series_added", "gauge", "series that were not on the page before"),
    Metric("scrape_body_size_bytes", "gauge", "size of the page, decompressed", "B"),
)
"""What a scrape tells of itself; the page's own metrics keep their names."""


def _probe(config: KindConfig, target: Target) -> Probe:
    # Here and not above: reading a configuration must not cost what the HTTP library does.
    from checks.probes.metrics.probe import MetricsProbe  # noqa: PLC0415

    return MetricsProbe(cast("MetricsConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    own = cast("MetricsConfig", config)
    # Of what must lie between bounds the upper ones are drawn.
    low = [one.warning is None and one.critical is None for one in own.expect]
    judged = [
        ChartSpec(
            f"{one.name} a second" if one.rate else one.name,
            one.metric,
            "1/s" if one.rate else "",
            rate=one.rate,
            labels=one.labels,
            warning=one.warning_below if falling else one.warning,
            critical=one.critical_below if falling else one.critical,
            falling=falling,
        )
        for one, falling in zip(own.expect, low, strict=True)
    ]
    return (*judged, ChartSpec("samples", "scrape_samples_scraped"))


def _expects(config: KindConfig) -> Expected:
    own = cast("MetricsConfig", config)
    requests = own.requests
    named = isinstance(requests, Requests) and (requests.counter or requests.histogram)
    return Expected(requests=bool(named), queue_traits=tuple(_queues(own)))


def _queues(config: MetricsConfig) -> Iterator[QueueTraits]:
    """The bounds on sizes of queues: of one by its name, or of all that have the metric."""
    for one in config.expect:
        by = dict(NAMES["size"]).get(one.metric)
        if by is not None and not one.rate and one.labels.keys() <= {by}:
            name = one.labels.get(by, "")
            metric = "" if name else one.metric
            yield QueueTraits(name, one.warning, one.critical, metric=metric)


KIND: Final = Kind(
    name="metrics",
    summary="a page of metrics, as Prometheus scrapes it",
    config=MetricsConfig,
    probe=_probe,
    metrics=METRICS,
    counters=True,
    drivers=("checks.probes.metrics.probe", "checks.requests.counted"),
    charts=_charts,
    expects=_expects,
)
