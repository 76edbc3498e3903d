"""What a page tells of requests, followed from scrape to scrape."""

from __future__ import annotations

from collections.abc import Mapping

from checks.model import Samples, Series
from checks.probes.metrics.config import Requests
from checks.probes.metrics.requests import Chooser
from checks.requests.counted import CountedRequests, Layout
from checks.requests.stats import RequestFigures

__all__ = ["RequestFeed"]


class RequestFeed:
    """Feeds the windows of one check. ``wanted`` is what its configuration says."""

    def __init__(self, wanted: Requests | bool, common: Mapping[str, str]) -> None:
        self._wanted = wanted if isinstance(wanted, Requests) else Requests()
        self._chooser = Chooser(self._wanted, common) if wanted is not False else None
        self._series: tuple[Series, ...] | None = None
        self._counted: CountedRequests | None = None
        self._read_at: float | None = None
        self.layout: Layout | None = None
        """Where the page tells of requests, None while it does not."""

    def read(self, samples: Samples, now: float) -> RequestFigures | None:
        """The figures as of the page that ``samples`` are of; ``now`` in seconds."""
        if self._chooser is None:
            return None
        if samples.series is not self._series:
            self._series = samples.series
            labels = self._counted.labels if self._counted else None
            self.layout = self._chooser.layout(samples.series, labels)
        before, self._read_at = self._read_at, now
        if self.layout is None:
            return None
        return self._count(self.layout, samples, now, before)

    def _count(
        self, layout: Layout, samples: Samples, now: float, before: float | None
    ) -> RequestFigures:
        counted = self._counted
        if counted is None:
            errors_from = self._wanted.errors_from
            # What a second page has and the first had not was counted since the first.
            counted = CountedRequests(layout, errors_from, now if before is None else before)
            self._counted = counted
            if before is None:
                counted.begin(layout, samples.series, samples.values)
        counted.read(layout, samples.series, samples.values, now)
        return counted.figures()
