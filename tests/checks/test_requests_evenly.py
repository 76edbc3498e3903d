"""Requests whose number over a time is all that is known: spread evenly, at bounded cost."""

from __future__ import annotations

import time

import numpy as np
import pytest

from checks.model import Samples, Series
from checks.probes.metrics.feed import RequestFeed
from checks.requests.evenly import MOST, edges

HOUR = 3600.0


@pytest.mark.parametrize("gap", [0.0, 1.0, 5.0, 59.0, 60.0, 300.5, HOUR, 9 * HOUR])
@pytest.mark.parametrize("rows", [1, 300, 50_000])
def test_pieces_cover_the_time_and_are_no_more_than_it_takes(gap: float, rows: int) -> None:
    found = edges(1e9, 1e9 + gap, rows)
    assert (found[0], found[-1]) == (1e9, 1e9 + gap)
    assert gap == 0 or (np.diff(found) > 0).all()
    # A window's end lies between two pieces, so that its figure is right at once.
    ends = [age for age in (60.0, 300.0, 900.0, HOUR) if age < gap]
    assert len(found) - 1 <= max(MOST / rows, len(ends) + 1)
    assert {1e9 + gap - age for age in ends} <= set(found.tolist())


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
