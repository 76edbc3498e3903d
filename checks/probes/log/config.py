"""How a log check is described in the configuration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from checks.bounds import Rising
from checks.logs.counting_config import RecordMetric, is_unbounded
from checks.logs.filters import EarlyFilter
from checks.logs.inputs import LogInput
from checks.logs.patterns_config import Patterns
from checks.logs.requests_config import RecordRequests
from checks.settings import Duration, KindConfig, misplaced

__all__ = ["LogConfig", "Quiet"]

_OWN: tuple[str, ...] = ("log_", "http_request")


class Quiet(Rising):
    """Bounds of how long nothing may be written."""

    warning: Duration | None = None
    """WARNING where nothing was written for longer."""
    critical: Duration | None = None
    """CRITICAL where nothing was written for longer."""


class LogConfig(LogInput, KindConfig):
    """Log files or the journal: followed, searched for patterns, counted."""

    shorthand: ClassVar[str] = "files"

    where: EarlyFilter | None = None
    """A filter: only these records are of interest; the others are neither counted nor held."""
    patterns: Patterns = Field(default_factory=list)
    """What is looked for, with bounds: names of ready-made patterns, or patterns of your own."""
    metrics: Annotated[list[RecordMetric], Field(max_length=50)] = Field(default_factory=list)
    """Counters, gauges and histograms made of fields."""
    requests: RecordRequests | bool | None = None
    """Requests that the log tells of, for the requests screen: `true` where its fields have usual
    names, as access logs' have; else which they are."""
    quiet: Quiet = Quiet()
    """Bounds of how long nothing may be written."""

    @model_validator(mode="after")
    def _fits_together(self) -> LogConfig:
        known = {pattern.name for pattern in self.patterns}
        names: set[str] = set()
        for place, metric in enumerate(self.metrics):
            at = ("metrics", place, "metric")
            if metric.pattern and metric.pattern not in known:
                text = f"{metric.metric}: there is no pattern {metric.pattern!r}"
                raise misplaced(text, "metrics", place, "pattern")
            if metric.metric.startswith(_OWN):
                text = "log_… and http_request… are names of the check's own metrics"
                raise misplaced(f"{metric.metric}: {text}", *at)
            if metric.metric in names:
                raise misplaced(f"two metrics are called {metric.metric}", *at)
            names.add(metric.metric)
        return self

    @property
    def told(self) -> RecordRequests | None:
        """Which records are requests; None where none are."""
        if isinstance(self.requests, RecordRequests):
            return self.requests
        return RecordRequests() if self.requests else None

    def doubts(self) -> Iterable[tuple[tuple[str | int, ...], str]]:
        for place, metric in enumerate(self.metrics):
            for label, field in metric.labels.items():
                if is_unbounded(field):
                    yield (
                        ("metrics", place, "labels", label),
                        f"{field} has ever new values, of which fifty become series and the rest "
                        "`other`; show the most frequent ones with `by:` of a pattern instead",
                    )

    def instance(self) -> str:
        if self.journal is not None:
            return ",".join(self.journal.units or self.journal.identifiers) or "journal"
        return ",".join(self.files)

    def address(self) -> str:
        where = "journal " if self.journal is not None and self.instance() != "journal" else ""
        return f"{where}{self.instance()}"
