"""What a user may say of a metrics check."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from checks.bounds import Between
from checks.probes.http.config import Endpoint
from checks.settings import LabelName, MetricName, Model, Size

__all__ = ["Expectation", "MetricsConfig", "Requests", "matcher"]

_GLOB = re.compile(r"[a-zA-Z0-9_:*?]+")


def _is_glob(value: str) -> str:
    if not _GLOB.fullmatch(value):
        raise ValueError("expected a metric's name, in which * and ? stand for any characters")
    return value


Glob = Annotated[str, AfterValidator(_is_glob)]
"""A metric's name; ``*`` stands for any characters, ``?`` for one."""


def matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """What matches a name that one of ``patterns`` matches."""
    return re.compile("|".join(translate(pattern) for pattern in patterns))


class Expectation(Between):
    """What a metric must be; bounds are those of each series that matches."""

    metric: MetricName
    """Name of the metric, as its samples have it (`…_total`, `…_count`)."""
    labels: dict[LabelName, str] = Field(default={})
    """Labels that its series must have, with their values."""
    rate: bool = False
    """Whether its increase a second is meant, since the scrape before: for counters."""
    warning: float | None = None
    """Above this the check is in warning."""
    critical: float | None = None
    """Above this the check is critical."""
    warning_below: float | None = None
    """Below this the check is in warning."""
    critical_below: float | None = None
    """Below this the check is critical."""
    required: bool = True
    """Whether the check is critical where the page has no such series."""

    @property
    def name(self) -> str:
        """The metric with its labels, as PromQL writes it."""
        inner = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"{self.metric}{{{inner}}}" if inner else self.metric


class Requests(Model):
    """Which metrics count requests; what is not said is found by its usual names."""

    counter: MetricName | None = None
    """Counter of requests, such as `http_requests_total`."""
    histogram: MetricName | None = None
    """Histogram of their durations, without `_bucket`, such as `http_request_duration_seconds`."""
    status: LabelName | None = None
    """Label that holds the status: `200`, or `2xx`."""
    labels: Annotated[list[LabelName] | None, Field(max_length=4)] = None
    """Labels to break the figures down by. Twenty values each are kept, the rest is `other`."""
    errors_from: Annotated[int, Field(ge=100, le=600)] = 400
    """A status from here on is an error: 400 counts the clients' mistakes too, 500 does not."""
    unit: Literal["s", "ms", "us"] | None = None
    """Unit of the durations; else what the histogram's name says, or seconds."""


class MetricsConfig(Endpoint):
    """A page of metrics, as Prometheus scrapes it."""

    max_bytes: Size = Field(default=8_000_000, gt=0)
    """Bytes of the page that are read, before and after decompression; a longer one is refused."""
    max_series: int = Field(default=10_000, ge=1, le=1_000_000)
    """Series that a page may have, after `keep` and `drop`. Within the hour that is remembered
    three times as many may come and go."""
    honor_labels: bool = False
    """Whether the page's own `job` and `instance` replace the check's, as a gateway's or a
    federated page's should; else they become `exported_job` and so on."""
    keep: tuple[Glob, ...] = ()
    """Names of the metrics to keep (`http_*`); without it all of them."""
    drop: tuple[Glob, ...] = ()
    """Names of metrics to leave out (`go_*`, `*_created`), also of those to keep."""
    expect: tuple[Expectation, ...] = ()
    """What single metrics must be."""
    requests: Requests | bool = True
    """What feeds the requests screen; `false` for nothing."""

    @model_validator(mode="after")
    def _what_is_judged_is_kept(self) -> MetricsConfig:
        for one in self.expect:
            if not self.keeps(one.metric):
                raise ValueError(f"expect names {one.metric}, which keep and drop leave out")
        return self

    def keeps(self, name: str) -> bool:
        """Whether the metric called ``name`` is kept."""
        if self.keep and not matcher(self.keep).match(name):
            return False
        return not (self.drop and matcher(self.drop).match(name))
