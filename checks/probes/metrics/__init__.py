"""The `metrics` check: a page of metrics is scraped; see `docs/checks/metrics.md`."""

from checks.probes.metrics.config import MetricsConfig
from checks.probes.metrics.kind import KIND, METRICS

__all__ = ["KIND", "METRICS", "MetricsConfig"]
