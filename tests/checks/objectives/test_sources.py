"""Which series count the requests of a check: of a request log, of pages, of any counters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from checks.model import Sampler, Samples, Series
from checks.objectives.model import OfCheck
from checks.objectives.sources import Happened, reader_of
from checks.probe import CheckSpec
from checks.probes.metrics.config import MetricsConfig
from checks.requests.batch import Batch
from checks.requests.counters import RequestCounters
from checks.store.store import Store
from tests.checks.fakes import spec

SECOND = 1_700_000_000


def batch(durations: list[float], failed: int) -> Batch:
    count = len(durations)
    seconds = np.array(durations)
    whole = np.zeros(count, dtype=np.int64)
    return Batch(
        times=seconds,
        statuses=np.array([500 if at < failed else 200 for at in range(count)]),
        failed=np.array([at < failed for at in range(count)]),
        bins=whole,
        weights=whole + 1,
        totals=seconds,
        lows=seconds,
        highs=seconds,
        labels=(),
        errors={},
        kinds={},
        texts={},
        ids=None,
    )


def page(*lines: tuple[str, dict[str, str], float]) -> Samples:
    labels = {"job": "web", "instance": "web:1"}
    made = {Series.of(name, {**labels, **own}): value for name, own, value in lines}
    return Samples(tuple(made), tuple(made.values()))


def metrics(**requests: object) -> CheckSpec:
    given = {"url": "http://127.0.0.1:1/metrics", **({"requests": requests} if requests else {})}
    return replace(
        spec("web", interval=15.0), kind="metrics", config=MetricsConfig.model_validate(given)
    )


def read(source: OfCheck, check: CheckSpec, *runs: Samples) -> tuple[list[Happened], str]:
    store = Store()
    reader = reader_of(source, {"web": check}, (SECOND - 1) * 1000)
    found = []
    for at, samples in enumerate(runs):
        store.append("web", 15.0, SECOND + 15.0 * at, samples)
        found += reader.read(store, (SECOND + 15 * at) * 1000)
    return found[1:], reader.note


def log_of(*batches: Batch) -> list[Samples]:
    counters = RequestCounters(())
    runs = []
    for one in batches:
        counters.add(one)
        builder = Sampler({"job": "web", "instance": "web:1"}).builder()
        counters.samples(builder)
        runs.append(builder.build())
    return runs


def test_a_request_log_knows_what_failed_and_how_long_each_took() -> None:
    runs = log_of(batch([0.1], 0), batch([0.1] * 90 + [0.6] * 10, 3))
    check = spec("web", interval=15.0)
    ((happened,), note) = read(OfCheck("requests", "web"), check, *runs)
    assert happened == Happened(SECOND + 15.0, 97.0, 100.0, 15.0)
    assert note == ""
    ((happened,), note) = read(OfCheck("latency", "web", 0.5), check, *runs)
    assert (happened.good, happened.total, note) == (90.0, 100.0, "")
    ((happened,), note) = read(OfCheck("latency", "web", 0.7), check, *runs)
    assert happened.good == 90.0
    assert note == "measured at 0.5 s, the nearest bucket below 0.7 s"
    nothing, note = read(OfCheck("latency", "web", 0.0001), check, *runs)
    assert nothing == []
    assert note == "no bucket of web is below 0.0001 s: its smallest is 0.001 s"


@pytest.mark.parametrize(
    ("errors_from", "good"), [(400, 80.0), (500, 90.0)], ids=["clients' mistakes too", "servers'"]
)
def test_a_page_counts_by_the_metrics_that_the_requests_screen_reads(
    errors_from: int, good: float
) -> None:
    def counted(ok: float, wrong: float, failed: float) -> Samples:
        return page(
            ("api_requests_total", {"code": "200"}, ok),
            ("api_requests_total", {"code": "404"}, wrong),
            ("api_requests_total", {"code": "500"}, failed),
            ("unrelated_total", {"code": "500"}, failed * 7),
        )

    source, check = OfCheck("requests", "web"), metrics(errors_from=errors_from)
    ((happened,), _) = read(source, check, counted(100, 0, 0), counted(180, 10, 10))
    assert (happened.good, happened.total) == (good, 100.0)


def test_a_page_with_milliseconds_and_one_without_a_status() -> None:
    def timed(quick: float, every: float) -> Samples:
        name = "http_request_duration_milliseconds"
        return page(
            ("http_requests_total", {}, every),
            (f"{name}_bucket", {"le": "250"}, quick),
            (f"{name}_bucket", {"le": "+Inf"}, every),
            (f"{name}_count", {}, every),
        )

    runs = timed(0, 0), timed(8, 10)
    ((happened,), note) = read(OfCheck("latency", "web", 0.25), metrics(), *runs)
    assert (happened.good, happened.total, note) == (8.0, 10.0, "")
    nothing, note = read(OfCheck("requests", "web"), metrics(), *runs)
    assert nothing == []
    assert note == "http_requests_total has no label with a status: no failure is counted"


def test_what_tells_of_no_requests_says_so() -> None:
    up = page(("up", {}, 1.0))
    for check in (spec("web", interval=15.0), metrics()):
        nothing, note = read(OfCheck("requests", "web"), check, up, up)
        assert nothing == []
        assert note == "web has told of no requests yet"
