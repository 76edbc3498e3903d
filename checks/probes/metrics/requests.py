"""Which metrics of a page count requests: those that are named, else those of usual names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from checks.model import Series
from checks.probes.metrics.config import Requests
from checks.requests.counted import Child, Histogram, Layout

__all__ = ["Chooser"]

_COUNTERS: Final = (
    "http_requests_total",
    "http_server_requests_total",
    "starlette_requests_total",
    "flask_http_request_total",
    "django_http_responses_total_by_status_total",
    "http_request_total",
    "gin_requests_total",
    "gin_request_total",
    "nginx_ingress_controller_requests",
    "traefik_service_requests_total",
    "traefik_entrypoint_requests_total",
    "haproxy_frontend_http_responses_total",
    "haproxy_server_http_responses_total",
    "prometheus_http_requests_total",
    "api_requests_total",
    "requests_total",
    "request_total",
)
_HISTOGRAMS: Final = (
    "http_request_duration_highr_seconds",
    "http_request_duration_seconds",
    "http_server_requests_seconds",
    "http_server_request_duration_seconds",
    "http_server_duration_milliseconds",
    "http_request_duration_milliseconds",
    "http_request_duration_ms",
    "starlette_request_duration_seconds",
    "starlette_requests_processing_time_seconds",
    "flask_http_request_duration_seconds",
    "django_http_requests_latency_including_middlewares_seconds",
    "gin_request_duration_seconds",
    "nginx_ingress_controller_request_duration_seconds",
    "traefik_service_request_duration_seconds",
    "traefik_entrypoint_request_duration_seconds",
    "caddy_http_request_duration_seconds",
    "prometheus_http_request_duration_seconds",
    "api_request_duration_seconds",
    "requests_duration_seconds",
    "request_duration_seconds",
)
_STATUSES: Final = (
    "status",
    "status_code",
    "code",
    "http_status_code",
    "http_response_status_code",
    "http_status",
    "response_code",
)
_LABELS: Final = (
    "handler",
    "route",
    "path",
    "uri",
    "endpoint",
    "view",
    "http_route",
    "path_template",
    "provider",
    "service",
    "exported_service",
    "ingress",
    "proxy",
    "method",
    "http_request_method",
    "http_method",
)
"""Labels to break down by where none is named, in this order."""
_MOST_LABELS: Final = 3
_UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6}

Places = Mapping[str, Sequence[int]]


class _Choice(NamedTuple):
    counter: str
    histogram: str
    status: str
    labels: tuple[str, ...]


class Chooser:
    """Finds the requests of one page. ``common`` are the labels that all its series have."""

    def __init__(self, wanted: Requests, common: Mapping[str, str]) -> None:
        self._wanted = wanted
        self._common = frozenset(common)

    def layout(self, series: Sequence[Series], labels: tuple[str, ...] | None) -> Layout | None:
        """Where the page tells of requests, None where it does not.

        ``labels`` are those to break down by where that was decided already.
        """
        places: dict[str, list[int]] = {}
        for at, one in enumerate(series):
            places.setdefault(one.name, []).append(at)
        histogram = self._histogram(places)
        counter = self._counter(places, series, histogram)
        if not counter:
            return None
        if not self._wanted.histogram and not _akin(counter, histogram):
            histogram = ""
        status = self._status(series, places[counter])
        if labels is None:
            labels = self._breakdown(series, places[counter], status)
        return self._made(series, places, _Choice(counter, histogram, status, labels))

    def _histogram(self, places: Places) -> str:
        named = self._wanted.histogram
        candidates = (named,) if named else self._beside(_HISTOGRAMS)
        parts = ("_bucket", "_count")
        return next((n for n in candidates if any(n + part in places for part in parts)), "")

    def _beside(self, names: Sequence[str]) -> Sequence[str]:
        """``names`` that go with the counter that is named, or all of them."""
        counter = self._wanted.counter
        return [name for name in names if _akin(counter, name)] if counter else names

    def _counter(self, places: Places, series: Sequence[Series], histogram: str) -> str:
        """The counter; the histogram's own count where that alone knows the status."""
        named = self._wanted.counter
        own = f"{histogram}_count" if f"{histogram}_count" in places else ""
        if named:
            return named if named in places else ""
        if self._wanted.histogram:
            candidates = [name for name in _COUNTERS if _akin(name, histogram)]
        else:
            candidates = list(_COUNTERS)
        found = next((name for name in candidates if name in places), "")
        if not found or not self._status(series, places[found]):
            better = own and (not found or self._status(series, places[own]))
            found = own if better else found
        return found

    def _status(self, series: Sequence[Series], places: Sequence[int]) -> str:
        present = _names(series, places)
        if self._wanted.status:
            return self._wanted.status if self._wanted.status in present else ""
        return next((name for name in _STATUSES if name in present), "")

    def _breakdown(
        self, series: Sequence[Series], places: Sequence[int], status: str
    ) -> tuple[str, ...]:
        if self._wanted.labels is not None:
            return tuple(self._wanted.labels)
        present = _names(series, places) - self._common - {status}
        return tuple(name for name in _LABELS if name in present)[:_MOST_LABELS]

    def _made(
        self,
        series: Sequence[Series],
        places: Places,
        choice: _Choice,
    ) -> Layout:
        counter, histogram, status, labels = choice
        buckets = places.get(f"{histogram}_bucket", ())
        known = _names(series, buckets)
        shared = tuple(name for name in (status, *labels) if name and name in known)
        children = [
            Child(
                at,
                series[at].label(status) if status else "",
                tuple(series[at].label(name) or "none" for name in labels),
                tuple(series[at].label(name) for name in shared),
            )
            for at in places[counter]
        ]
        apart = {name for name in shared if name != status}
        return Layout(
            counter=counter,
            histogram=histogram if buckets else "",
            labels=labels,
            has_status=bool(status),
            told_apart=frozenset(apart | ({"status"} if status in shared else set())),
            children=tuple(children),
            histograms=tuple(self._histograms(series, places, histogram, shared)),
            seconds=self._unit(histogram),
        )

    def _histograms(
        self, series: Sequence[Series], places: Places, name: str, shared: tuple[str, ...]
    ) -> Iterator[Histogram]:
        sums = {series[at].labels: at for at in places.get(f"{name}_sum", ())}
        found: dict[tuple[tuple[str, str], ...], list[tuple[float, int]]] = {}
        for at in places.get(f"{name}_bucket", ()):
            own = tuple(pair for pair in series[at].labels if pair[0] != "le")
            bound = _bound(series[at].label("le"))
            if bound is not None:
                found.setdefault(own, []).append((bound, at))
        for labels, ladder in found.items():
            ladder.sort()
            known = dict(labels)
            yield Histogram(
                places=tuple(at for _, at in ladder),
                bounds=tuple(bound for bound, _ in ladder),
                total=sums.get(labels),
                shared=tuple(known.get(label, "") for label in shared),
            )

    def _unit(self, histogram: str) -> float:
        if self._wanted.unit is not None:
            return _UNITS[self._wanted.unit]
        if histogram.endswith(("_milliseconds", "_ms", "_msec")):
            return _UNITS["ms"]
        return _UNITS["us"] if histogram.endswith(("_microseconds", "_us")) else 1.0


def _names(series: Sequence[Series], places: Sequence[int]) -> set[str]:
    """Names of the labels that any series at ``places`` has."""
    return {name for at in places for name, _ in series[at].labels}


def _akin(counter: str, histogram: str) -> bool:
    """Whether both are of one instrument, by the first word of their names."""
    return counter.partition("_")[0].rstrip("s") == histogram.partition("_")[0].rstrip("s")


def _bound(text: str) -> float | None:
    try:
        bound = float(text)
    except ValueError:
        return None
    return None if math.isnan(bound) else bound
