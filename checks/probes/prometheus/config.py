"""What a user may say of a prometheus check."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from checks.bounds import Rising
from checks.probes.http.config import Endpoint
from checks.queries import Judging
from checks.settings import Duration, LabelName, MetricName, Model, Size

__all__ = ["Down", "PromQuery", "PrometheusConfig", "Targets"]

Count = Annotated[int, Field(ge=1)]


class Down(Rising):
    """How many targets may be down."""

    warning: Count | None = 1
    """WARNING where so many are down, or more; `null` for never."""
    critical: Count | None = None
    """CRITICAL where so many are down, or more."""


class Targets(Model):
    """What the server scrapes."""

    down: Down = Down()
    """Bounds of the number of targets that are down."""


class PromQuery(Judging):
    """A query in PromQL that the server evaluates; what it returns becomes samples of the check."""

    metric: MetricName
    """Name of the metric that the values become."""
    expr: Annotated[str, Field(min_length=1, max_length=5_000)]
    """The expression, which is evaluated as of now."""
    labels: Annotated[list[LabelName] | None, Field(max_length=20)] = None
    """Labels of the result that are kept; all of them where not given."""
    type: Literal["gauge", "counter"] = "gauge"
    """`counter` for what only grows."""
    interval: Duration | None = None
    """How often it is asked, where the check's own interval is too often."""
    max_rows: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Series that are taken; what is beyond them is left out and reported."""
    warning: float | None = None
    """Above this a value is a WARNING."""
    critical: float | None = None
    """Above this it is CRITICAL."""
    warning_below: float | None = None
    """Below this it is a WARNING."""
    critical_below: float | None = None
    """Below this it is CRITICAL."""


class PrometheusConfig(Endpoint):
    """A server with Prometheus' HTTP API."""

    targets: Targets = Targets()
    """What is expected of what it scrapes."""
    queries: Annotated[list[PromQuery], Field(max_length=100)] = Field(default_factory=list)
    """Expressions that it evaluates for this check."""
    max_bytes: Size = Field(default=8_000_000, gt=0)
    """Bytes of an answer that are read, before and after decompression."""

    @model_validator(mode="after")
    def _own_names(self) -> PrometheusConfig:
        for query in self.queries:
            if query.metric.startswith("prometheus_"):
                raise ValueError(
                    f"{query.metric}: prometheus_… are names of the check's own metrics"
                )
        return self
