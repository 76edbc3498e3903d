"""Requests that a page counts: which metrics are taken, and what the windows say of them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest

from checks.clock import FakeClock
from checks.model import Result
from checks.probe import Probe
from checks.probes.metrics import KIND, MetricsConfig
from checks.requests.stats import RequestFigures, RequestStats
from tests.checks.http_kit import probing
from tests.servers.http import HttpServer
from tui.demo.exposition import BUCKETS, Counter, Histogram, render

TEXT = {"Content-Type": "text/plain; version=0.0.4"}
INTERVAL = 15.0


class App:
    """An application that counts its requests, and the check that scrapes it."""

    def __init__(self, server: HttpServer, clock: FakeClock) -> None:
        self.server, self.clock = server, clock
        self.probe: Probe | None = None
        self.begin()

    def begin(self) -> None:
        """Start, or start anew: everything is at zero."""
        self.counter = Counter("http_requests_total", "Requests.", ("handler", "status"))
        self.histogram = Histogram("http_request_duration_seconds", "Durations.", ("handler",))

    def request(self, handler: str, status: str, seconds: float) -> None:
        self.counter.add(handler, status)
        self.histogram.observe(seconds, handler)

    async def scrape(self) -> Result:
        """Scrape, and let the interval pass before that."""
        assert self.probe is not None
        await self.clock.advance(INTERVAL)
        self.server.answer("/metrics", render((self.counter, self.histogram), {}), headers=TEXT)
        return await self.probe.run()


def told(result: Result) -> RequestStats:
    assert isinstance(result.requests, RequestFigures)
    return result.requests.stats()


async def app(server: HttpServer) -> App:
    return App(server, FakeClock())


async def test_rate_errors_and_durations_over_the_windows(http_server: HttpServer) -> None:
    playing, dice = await app(http_server), random.Random(7)
    spent: list[float] = []
    async with probing("metrics", http_server.url + "/metrics", clock=playing.clock) as probe:
        playing.probe = probe
        playing.request("/old", "500", 4.0)
        await playing.scrape()
        for _ in range(8):
            for _ in range(300):
                spent.append(dice.uniform(0.0, 0.5))
                handler = "/a" if dice.random() < 0.75 else "/b"
                status = "503" if handler == "/b" and dice.random() < 0.2 else "200"
                playing.request(handler, status, spent[-1])
            result = await playing.scrape()
    stats = told(result)
    minute, five = stats.windows[:2]
    assert (minute.count, five.count) == (1200, 2400)
    assert minute.rate == pytest.approx(20, rel=0.05)
    assert five.covered == pytest.approx(120)
    assert five.rate == pytest.approx(20, rel=0.05)
    failed = {key: n for key, n in playing.counter._values.items() if key[1] == "503"}
    assert five.errors == sum(failed.values())
    assert five.by_class == (("2xx", 2400 - five.errors), ("5xx", five.errors))
    assert [(kind.text, kind.count) for kind in five.kinds] == [("HTTP 503", five.errors)]
    assert five.mean == pytest.approx(np.mean(spent), rel=1e-6)
    assert five.p50 == pytest.approx(quantile(spent, 0.5), rel=0.08)
    assert five.p95 == pytest.approx(quantile(spent, 0.95), rel=0.08)
    assert five.p99 == pytest.approx(quantile(spent, 0.99), rel=0.08)
    assert (five.minimum, five.maximum) == (None, None)
    ((label, rows),) = five.breakdown
    assert label == "handler"
    assert [row.value for row in rows] == ["/a", "/b"]
    assert rows[0].error_ratio == 0
    assert rows[1].error_ratio == pytest.approx(five.errors / rows[1].count)
    assert rows[0].p95 == pytest.approx(quantile(spent, 0.95), rel=0.1)
    assert sum(bucket.count for bucket in five.buckets) == 2400
    assert all(bucket.errors == 0 for bucket in five.buckets)
    assert stats.counted
    assert stats.columns == {"status", "duration", "labels"}
    assert stats.note == ""
    assert five.slowest == five.newest_errors == ()
    assert dict(result.facts)["requests"] == (
        "http_requests_total by status, handler; durations from http_request_duration_seconds"
    )


def quantile(spent: Sequence[float], q: float) -> float:
    """PromQL's ``histogram_quantile`` over :data:`BUCKETS`."""
    counts = np.histogram(spent, (0.0, *BUCKETS))[0]
    running = np.cumsum(counts)
    place = int(np.searchsorted(running, q * len(spent)))
    low = (0.0, *BUCKETS)[place]
    below = running[place] - counts[place]
    return float(low + (BUCKETS[place] - low) * (q * len(spent) - below) / counts[place])


async def test_the_course_is_even_though_scrapes_are_rare(http_server: HttpServer) -> None:
    playing = await app(http_server)
    async with probing("metrics", http_server.url + "/metrics", clock=playing.clock) as probe:
        playing.probe = probe
        for _ in range(9):
            for _ in range(150):
                playing.request("/a", "200", 0.02)
            result = await playing.scrape()
    curves = told(result).windows[0].curves
    assert curves is not None
    known = [rate for rate in curves.rates if math.isfinite(rate)]
    assert len(known) > 20
    assert min(known[1:]) > 8.5
    assert max(known[1:]) < 11.5


async def test_counters_that_begin_anew_and_labels_that_come_later(
    http_server: HttpServer,
) -> None:
    playing = await app(http_server)
    async with probing("metrics", http_server.url + "/metrics", clock=playing.clock) as probe:
        playing.probe = probe
        for _ in range(50):
            playing.request("/a", "200", 0.02)
        await playing.scrape()
        playing.request("/a", "500", 0.02)  # its counter was not there before
        assert told(await playing.scrape()).windows[1].errors == 1
        playing.begin()
        for _ in range(7):
            playing.request("/a", "200", 0.02)
        window = told(await playing.scrape()).windows[1]
        assert (window.count, window.errors) == (8, 1)


async def test_nothing_is_counted_twice_over_a_gap(http_server: HttpServer) -> None:
    playing = await app(http_server)
    async with probing("metrics", http_server.url + "/metrics", clock=playing.clock) as probe:
        playing.probe = probe
        playing.request("/a", "200", 0.02)
        await playing.scrape()
        for _ in range(30):
            playing.request("/a", "200", 0.02)
        http_server.answer("/metrics", "broken", status=500)
        await playing.clock.advance(INTERVAL)
        failed = await probe.run()
        assert failed.requests is None
        window = told(await playing.scrape()).windows[1]
    assert window.count == 30
    assert window.rate == pytest.approx(1.0, rel=0.2)


async def test_metrics_that_appear_with_the_first_request(http_server: HttpServer) -> None:
    """A client library knows no child of a counter before it is first used."""
    playing = await app(http_server)
    async with probing("metrics", http_server.url + "/metrics", clock=playing.clock) as probe:
        playing.probe = probe
        assert (await playing.scrape()).requests is None
        playing.request("/a", "200", 0.02)
        playing.request("/a", "404", 0.02)
        window = told(await playing.scrape()).windows[0]
    assert (window.count, window.errors) == (2, 1)


FASTAPI = """\
http_requests_total{handler="/x",method="GET",status="2xx"} %d
http_requests_total{handler="/x",method="GET",status="5xx"} %d
http_request_duration_highr_seconds_bucket{le="0.01"} %d
http_request_duration_highr_seconds_bucket{le="0.1"} %d
http_request_duration_highr_seconds_bucket{le="+Inf"} %d
http_request_duration_highr_seconds_sum %f
http_request_duration_seconds_bucket{handler="/x",method="GET",le="1"} 7
"""
MICROMETER = """\
http_server_requests_seconds_count{status="200",uri="/x",method="GET",outcome="SUCCESS"} %d
http_server_requests_seconds_sum{status="200",uri="/x",method="GET",outcome="SUCCESS"} %d
http_server_requests_seconds_count{status="503",uri="/y",method="GET",outcome="SERVER_ERROR"} %d
"""
OTEL = """\
http_server_duration_milliseconds_bucket{http_status_code="200",http_route="/x",le="100"} %d
http_server_duration_milliseconds_bucket{http_status_code="200",http_route="/x",le="+Inf"} %d
http_server_duration_milliseconds_sum{http_status_code="200",http_route="/x"} %d
http_server_duration_milliseconds_count{http_status_code="200",http_route="/x"} %d
"""


async def twice(
    server: HttpServer, pages: Sequence[str], config: dict[str, object] | None = None
) -> Result:
    clock = FakeClock()
    url = {"url": server.url + "/metrics", **(config or {})}
    async with probing("metrics", url, clock=clock) as probe:
        for page in pages:
            server.answer("/metrics", page, headers=TEXT)
            await clock.advance(INTERVAL)
            result = await probe.run()
    return result


async def test_the_usual_instruments_are_known(http_server: HttpServer) -> None:
    result = await twice(
        http_server, (FASTAPI % (5, 0, 1, 5, 5, 0.2), FASTAPI % (9, 2, 1, 11, 11, 0.5))
    )
    window = told(result).windows[0]
    assert (window.count, window.errors) == (6, 2)
    assert [kind.text for kind in window.kinds] == ["HTTP 5xx"]
    assert window.by_class == (("2xx", 4), ("5xx", 2))
    assert window.mean == pytest.approx(0.05)
    assert 0.01 < (window.p50 or 0) < 0.1
    # The histogram of high resolution knows no handler.
    assert window.breakdown[0][1][0].p95 is None

    result = await twice(http_server, (MICROMETER % (5, 2, 1), MICROMETER % (8, 3, 2)))
    stats = told(result)
    assert (stats.windows[0].count, stats.windows[0].errors) == (4, 1)
    assert stats.columns == {"status", "labels"}
    assert stats.windows[0].p50 is None
    assert stats.note == ""
    assert dict(result.facts)["requests"].endswith("; no durations")

    result = await twice(http_server, (OTEL % (1, 1, 50, 1), OTEL % (11, 11, 550, 11)))
    window = told(result).windows[0]
    assert window.count == 10
    assert window.mean == pytest.approx(0.05)
    assert window.maximum is None
    assert max(bucket.high for bucket in window.buckets) <= 0.15
    assert window.breakdown[0][0] == "http_route"
    assert window.breakdown[0][1][0].p95 is not None


async def test_what_is_named_is_taken(http_server: HttpServer) -> None:
    page = 'calls_total{result="500",who="a"} %d\ncalls_total{result="200",who="b"} %d\n'
    requests = {"counter": "calls_total", "status": "result", "labels": ["who"], "errors_from": 501}
    result = await twice(http_server, (page % (1, 1), page % (4, 3)), {"requests": requests})
    stats = told(result)
    window = stats.windows[0]
    assert (window.count, window.errors) == (5, 0)
    assert [row.value for row in window.breakdown[0][1]] == ["a", "b"]
    assert stats.columns == {"status", "labels"}
    off = await twice(http_server, (FASTAPI % (5, 0, 1, 5, 5, 0.2),) * 2, {"requests": False})
    assert off.requests is None


async def test_the_last_bucket_reads_as_its_lower_bound(http_server: HttpServer) -> None:
    """As PromQL's histogram_quantile has it: nobody knows how long they took."""
    pages = (FASTAPI % (0, 0, 0, 0, 0, 0.0), FASTAPI % (10, 0, 0, 0, 10, 80.0))
    window = told(await twice(http_server, pages)).windows[0]
    assert window.p99 == pytest.approx(0.1, rel=0.02)
    assert window.mean == pytest.approx(8.0)


async def test_counters_without_their_durations_and_the_other_way(
    http_server: HttpServer,
) -> None:
    """Fewer durations than requests leave some without; more of them are thinned evenly."""
    fewer = (FASTAPI % (0, 0, 0, 0, 0, 0.0), FASTAPI % (100, 0, 20, 40, 40, 2.0))
    window = told(await twice(http_server, fewer)).windows[0]
    assert window.count == 100
    assert sum(bucket.count for bucket in window.buckets) == 40
    more = (FASTAPI % (0, 0, 0, 0, 0, 0.0), FASTAPI % (100, 0, 150, 300, 300, 15.0))
    window = told(await twice(http_server, more)).windows[0]
    assert window.count == 100
    below = sum(bucket.count for bucket in window.buckets if bucket.high <= 0.01)
    assert below == pytest.approx(50, abs=2)


async def test_a_page_of_many_handlers_is_counted_quickly(http_server: HttpServer) -> None:
    playing = await app(http_server)
    async with probing("metrics", http_server.url + "/metrics", clock=playing.clock) as probe:
        playing.probe = probe
        for _ in range(3):
            for handler in range(200):
                for seconds in (0.004, 0.02, 0.3):
                    playing.request(f"/{handler}", "200", seconds)
            result = await playing.scrape()
    window = told(result).windows[0]
    assert window.count == 1200
    rows = dict(window.breakdown)["handler"]
    assert len(rows) == 21
    assert {row.value for row in rows} >= {"other", "/0"}


def test_the_panes_know_that_requests_are_configured() -> None:
    def expects(config: object) -> bool:
        return KIND.expects(MetricsConfig.model_validate(config)).requests

    assert not expects("http://x/metrics")
    assert expects({"url": "http://x/", "requests": {"counter": "calls_total"}})
