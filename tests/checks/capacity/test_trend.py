"""Where a course is going, and when that is not certain enough to name a date."""

from __future__ import annotations

import numpy as np
import pytest

from checks.capacity.trend import trend
from checks.capacity.views import Trend
from checks.store.block import Floats

HOUR, DAY = 3600.0, 86_400.0
CHANCE = np.random.default_rng(7)


def of(values: object, step: float, over: float) -> Trend:
    points = np.asarray(values, dtype=np.float64)
    times: Floats = np.arange(len(points), dtype=np.float64) * step
    return trend(times, points, over)


def test_ten_minutes_of_noise_name_no_date() -> None:
    found = of(1e9 + CHANCE.normal(0, 1e6, 10), 60.0, 6 * HOUR)
    assert (found.way, found.known, found.needed) == ("unknown", 540.0, HOUR)


def test_steady_growth_is_measured_through_noise_and_a_file_that_comes_and_goes() -> None:
    minutes = np.arange(360)
    values = 1e9 + minutes * 6e5 + CHANCE.normal(0, 2e6, 360)
    values[100:110] += 5e8
    found = of(values, 60.0, 6 * HOUR)
    assert found.way == "growing"
    assert found.rate == pytest.approx(1e4, rel=0.02)
    assert found.low < found.rate < found.high < 1.1 * found.rate


def test_what_falls_shrinks() -> None:
    assert of(1e9 - np.arange(48) * 1e6, HOUR, 2 * DAY).way == "shrinking"


@pytest.mark.parametrize(
    "values",
    [
        1e9 + CHANCE.normal(0, 1e8, 360),
        1e9 + (np.arange(360) * 60 % 7200) * 1e5,
        np.where(np.arange(360) > 170, 1.5e9, 1e9),
        100 + 50 * np.sin(np.arange(168) * 2 * np.pi / 24),
        1e9 + np.abs(np.arange(360) - 180) * 1e6,
    ],
    ids=["noise", "rotated every two hours", "a jump", "day and night", "down and up again"],
)
def test_what_leads_nowhere_is_no_trend(values: object) -> None:
    assert of(values, 60.0, 6 * HOUR).way in ("steady", "unsteady")


def test_what_hardly_moves_is_steady() -> None:
    assert of([1e9] * 360, 60.0, 6 * HOUR).way == "steady"
    assert of(1e9 + np.arange(360) * 100.0, 60.0, 6 * HOUR).way == "steady"


def test_business_hours_are_a_trend_over_a_week() -> None:
    grown = np.cumsum([1e7 if 8 <= hour % 24 < 18 else 0.0 for hour in range(168)])
    found = of(1e9 + grown, HOUR, 7 * DAY)
    assert found.way == "growing"
    assert found.rate * DAY == pytest.approx(1e8, rel=0.05)


def test_random_walks_are_seldom_taken_for_trends() -> None:
    """They lead nowhere by their making; Kendall's test alone takes four of five for a trend."""
    walks = (1e9 + np.cumsum(CHANCE.normal(0, 1e6, 360)) for _ in range(100))
    taken = sum(of(walk, 60.0, 6 * HOUR).way in ("growing", "shrinking") for walk in walks)
    assert taken <= 15
