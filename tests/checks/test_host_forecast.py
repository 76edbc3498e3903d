"""When a disk will be full."""

from __future__ import annotations

import pytest

from checks.probes.host.forecast import Forecast, slope

GB = 1e9


def filled(minutes: int, rate: float, start: float = 100 * GB) -> Forecast:
    """``minutes`` of a disk that loses ``rate`` bytes a minute, asked every five seconds."""
    forecast = Forecast()
    for step in range(minutes * 12 + 1):
        forecast.add(step * 5.0, {"/": start - rate * step / 12})
    return forecast


def test_a_steady_loss_is_drawn_on() -> None:
    forecast = filled(60, 0.5 * GB)
    assert forecast.full_in("/", 70 * GB) == pytest.approx(70 / 0.5 * 60)


def test_of_a_mount_that_is_gone_nothing_is_kept() -> None:
    forecast = filled(31, 0.5 * GB)
    forecast.add(1_900.0, {"/other": 1 * GB})
    assert forecast._points.keys() == forecast._rates.keys() == {"/other"}


def test_half_an_hour_must_be_known() -> None:
    assert filled(29, 0.5 * GB).full_in("/", 70 * GB) is None
    assert filled(31, 0.5 * GB).full_in("/", 70 * GB) is not None


def test_a_disk_that_gains_space_never_fills() -> None:
    assert filled(60, -0.5 * GB).full_in("/", 70 * GB) is None
    assert filled(60, 0.0).full_in("/", 70 * GB) is None


def test_what_is_older_than_an_hour_is_forgotten() -> None:
    forecast = filled(60, 1 * GB)
    for minute in range(61, 125):
        forecast.add(minute * 60.0, {"/": 40 * GB})
    assert forecast.full_in("/", 40 * GB) is None


def test_a_mount_that_was_away_begins_anew() -> None:
    forecast = filled(60, 1 * GB)
    forecast.add(3700.0, {})
    forecast.add(3800.0, {"/": 40 * GB})
    assert forecast.full_in("/", 40 * GB) is None
    assert forecast.full_in("/never", 1.0) is None


def test_a_slope_needs_two_times() -> None:
    assert slope([]) == 0
    assert slope([(1.0, 5.0), (1.0, 9.0)]) == 0
    assert slope([(0.0, 1.0), (2.0, 5.0)]) == 2
