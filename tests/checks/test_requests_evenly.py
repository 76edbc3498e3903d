"""Requests whose number over a time is all that is known: spread evenly, at bounded cost."""

from __future__ import annotations

import time

import numpy as np
import pytest

from checks.model import Samples, Series
from checks.probes.metrics.feed import RequestFeed
from checks.requests.evenly import MOST, edges
from checks.requests.steps import LENGTHS, STEP, step_of

HOUR = 3600.0


@pytest.mark.parametrize("gap", [0.0, 1.0, 5.0, 59.0, 60.0, 61.3, 300.5, HOUR, 9 * HOUR])
@pytest.mark.parametrize("rows", [1, 300, 50_000])
def test_pieces_cover_the_time_and_are_no_more_than_it_takes(gap: float, rows: int) -> None:
    found = edges(1e9, 1e9 + gap, rows)
    assert (found[0], found[-1]) == (1e9, 1e9 + gap)
    assert gap == 0 or (np.diff(found) > 0).all()
    # A window's end lies between two pieces, so that its figure is right at once.
    ends = [at for at in window_begins(1e9 + gap) if at > 1e9]
    assert len(found) - 1 <= max(MOST / rows, len(ends) + 1)
    assert set(ends) <= set(found.tolist())


def window_begins(now: float) -> list[float]:
    return [(step_of(now) - length + 1) * STEP for length in LENGTHS]


@pytest.mark.parametrize("interval", [5.0, 7.0, 15.0, 60.0])
@pytest.mark.parametrize("phase", [0.0, 0.3, 1.2, 1.3, 2.4])
def test_a_steady_rate_is_that_wherever_within_a_step_a_page_is_read(
    interval: float, phase: float
) -> None:
    """The last minute held 60 s of requests, and was taken for 58.75 s long: 51/s, always."""
    series = tuple(Series.of("http_requests_total", {"status": code}) for code in ("200", "500"))
    feed = RequestFeed(True, {})
    feed.read(Samples(series, (0.0, 0.0)), 1e9 + phase)
    for run in range(1, 61):
        counted = (48.0 * interval * run, 2.0 * interval * run)
        figures = feed.read(Samples(series, counted), 1e9 + phase + interval * run)
        assert figures is not None
        if run * interval >= 120:
            minute = figures.stats(60.0).windows[0]
            assert minute.rate == pytest.approx(50.0, abs=0.1)
            assert minute.errors / minute.count == pytest.approx(0.04, abs=0.001)


def test_an_hour_without_a_page_of_many_counters_is_taken_in_at_once() -> None:
    """It took 45 seconds in which no other check could run, and a gigabyte."""
    series = tuple(
        Series.of("http_requests_total", {"path": f"/{n}", "status": "200"}) for n in range(5000)
    )
    feed = RequestFeed(True, {})
    feed.read(Samples(series, (0.0,) * 5000), 5.0)
    began = time.process_time()
    figures = feed.read(Samples(series, (7200.0,) * 5000), 5.0 + HOUR)
    assert time.process_time() - began < 3.0
    assert figures is not None
    counts = [window.count for window in figures.stats().windows]
    # Two a second each, in every window.
    for count, seconds in zip(counts, (60, 300, 900, 3600), strict=True):
        assert count == pytest.approx(5000 * 2 * seconds, rel=0.05)


def test_rare_requests_of_many_counters_are_all_there() -> None:
    series = tuple(
        Series.of("http_requests_total", {"path": f"/{n}", "status": "500"}) for n in range(900)
    )
    feed = RequestFeed(True, {})
    feed.read(Samples(series, (0.0,) * 900), 0.0)
    figures = feed.read(Samples(series, (1.0,) * 900), 600.0)
    assert figures is not None
    stats = figures.stats()
    quarter = stats.windows[2]
    assert (quarter.count, quarter.errors) == (900, 900)
    assert [(kind.text, kind.count) for kind in quarter.kinds] == [("HTTP 500", 900)]
    minute = stats.windows[0]
    assert minute.count == pytest.approx(90, rel=0.1)


def test_only_the_windows_that_are_looked_at_are_made() -> None:
    feed = RequestFeed(True, {})
    series = (Series.of("http_requests_total", {"status": "200", "path": "/geheim"}),)
    feed.read(Samples(series, (0.0,)), 0.0)
    figures = feed.read(Samples(series, (600.0,)), 600.0)
    assert figures is not None
    assert [window.seconds for window in figures.stats(60.0).windows] == [60.0]
    assert [window.seconds for window in figures.stats(900.0).windows] == [60.0, 900.0]
    whole = figures.stats()
    assert [window.seconds for window in whole.windows] == [60.0, 300.0, 900.0, 3600.0]
    assert figures.stats(900.0).window(900.0).count == whole.windows[2].count == 600
    masked = figures.with_texts(lambda text: text.replace("geheim", "•")).stats(900.0)
    assert [row.value for _, rows in masked.window(900.0).breakdown for row in rows] == ["/•"]
