"""Kind ``log``: log files or the journal, followed."""

from __future__ import annotations

from typing import Final, cast

from checks.probe import ChartSpec, Expected, Kind, Probe, Target
from checks.probes.log.config import LogConfig
from checks.probes.log.metrics import METRICS
from checks.settings import KindConfig

__all__ = ["KIND"]

_MOST_CHARTS: Final = 6


def _probe(config: KindConfig, target: Target) -> Probe:
    # Here and not above: reading a configuration must not cost what numpy and the readers do.
    from checks.probes.log.probe import probe_of  # noqa: PLC0415

    return probe_of(cast("LogConfig", config), target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    own = cast("LogConfig", config)
    lines = [
        ChartSpec(title, "log_lines_total", "1/s", rate=True, labels={"level": level})
        for title, level in (
            ("errors a second", "error"),
            ("warnings a second", "warning"),
            ("lines of information a second", "info"),
        )
    ]
    patterns = [
        ChartSpec(
            f"{pattern.name} a second",
            "log_pattern_matches_total",
            "1/s",
            rate=True,
            labels={"pattern": pattern.name},
        )
        for pattern in own.patterns[:_MOST_CHARTS]
    ]
    metrics = [
        ChartSpec(f"{one.metric} a second", one.metric, "1/s", rate=True)
        if one.type == "counter"
        else ChartSpec(one.metric, one.metric)
        for one in own.metrics[:_MOST_CHARTS]
        if one.type != "histogram" and not one.labels
    ]
    requests = (
        [ChartSpec("requests a second", "http_requests_total", "1/s", rate=True)]
        if own.told is not None
        else []
    )
    return (*requests, *lines, *patterns, *metrics)


def _expects(config: KindConfig) -> Expected:
    return Expected(requests=cast("LogConfig", config).told is not None)


KIND: Final = Kind(
    name="log",
    summary="log files or the journal: lines by level, patterns with bounds, metrics, requests",
    config=LogConfig,
    probe=_probe,
    metrics=METRICS,
    drivers=("checks.probes.log.probe",),
    charts=_charts,
    expects=_expects,
)
