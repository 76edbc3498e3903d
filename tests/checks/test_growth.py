"""The rate of a size: quick to follow, and not taken in by a jump."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from checks.growth import Growth, growth


def seen(size: Callable[[float], float], until: float, step: float = 1.0) -> Growth | None:
    """Of ``size``, looked at each ``step`` seconds of the ninety before ``until``."""
    times = np.arange(until - 90 + step, until + 0.001, step)
    return growth(times, np.array([size(time) for time in times]))


def rate(found: Growth | None) -> float:
    assert found is not None
    return found.rate * 60


def ramp(time: float) -> float:
    """+1,400 a minute from second 0 on."""
    return max(0.0, time) * 1400 / 60


def jump(time: float) -> float:
    return 600.0 if time > 0 else 20.0


def drain(time: float) -> float:
    """+600 a minute up to second 0, then -1,200."""
    return 5000 + (10 * time if time < 0 else -20 * time)


def slow(time: float) -> float:
    """One more every twenty seconds."""
    return time // 20


@pytest.mark.parametrize("step", [1.0, 5.0])
def test_a_size_that_grows_evenly_has_its_rate_and_a_future(step: float) -> None:
    found = seen(ramp, 90, step)
    assert rate(found) == pytest.approx(1400)
    assert found is not None
    assert found.held


def test_a_ramp_shows_its_full_rate_in_a_dozen_seconds_and_is_foretold_when_it_has_held() -> None:
    assert rate(seen(ramp, 12)) == pytest.approx(1400)
    held = {at: found.held for at in range(1, 90) if (found := seen(ramp, at)) is not None}
    assert not any(held[at] for at in range(1, 38))
    assert all(held[at] for at in range(50, 90))
    assert all(0 <= rate(seen(ramp, at)) <= 1401 for at in range(-5, 90))


@pytest.mark.parametrize("step", [1.0, 5.0, 30.0])
@pytest.mark.parametrize("wobble", [0, 2])
def test_a_single_jump_is_no_trend_however_long_ago(step: float, wobble: int) -> None:
    noise = random.Random(4)

    def size(time: float) -> float:
        return jump(time) + noise.randint(-wobble, wobble)

    for at in np.arange(step, 80, step):
        found = seen(size, at, step)
        if found is not None:
            assert abs(rate(found)) < 60
            assert not found.held


def test_a_drain_that_begins_is_seen_within_seconds_and_never_as_growth() -> None:
    assert rate(seen(drain, 12)) == pytest.approx(-1200)
    assert all(rate(seen(drain, at)) < 0 for at in range(7, 90))
    held = {at: found.held for at in range(1, 90) if (found := seen(drain, at)) is not None}
    assert not any(held[at] for at in range(7, 40))
    assert all(held[at] for at in range(60, 90))


def test_a_growth_that_ended_is_over_in_a_dozen_seconds() -> None:
    found = seen(lambda time: -ramp(-time), 12)
    assert found == Growth(0.0, held=False)


def test_noise_has_no_future() -> None:
    noise = random.Random(7)
    foretold = 0
    for _ in range(200):
        found = seen(lambda _: 500 + noise.gauss(0, 40), 90)
        foretold += found is not None and found.held
    assert foretold <= 2


def test_what_moves_once_in_twenty_seconds_still_moves() -> None:
    rates = [rate(seen(slow, at)) for at in range(100, 160)]
    assert all(1 <= value <= 6 for value in rates)


def test_runs_far_apart_are_enough_when_there_are_three() -> None:
    sizes = np.array([0.0, 50.0, 100.0])
    found = growth(np.array([0.0, 60.0, 120.0]), sizes)
    assert rate(found) == pytest.approx(50)
    assert growth(np.array([0.0, 60.0]), sizes[:2]) is None
    assert growth(np.array([0.0, 1.0, 2.0]), sizes) is None
    assert growth(np.array([0.0, 60.0, 120.0]), np.array([0.0, np.nan, 100.0])) is None


@pytest.mark.parametrize(
    "times",
    [(0, 1, 13), (0, 1, 13, 73), (0, 1, 9, 39), (0, 1, 9, 39, 69), (0, 60, 61), (0, 60, 120, 121)],
)
def test_runs_at_uneven_times_tell_the_same_of_an_even_growth(times: tuple[float, ...]) -> None:
    """As the first ones are, and the one that somebody asks for."""
    x = np.array(times, dtype=float)
    assert rate(growth(x, 400 + 2 * x)) == pytest.approx(120)


@pytest.mark.parametrize("times", [(0, 1, 61), (0, 60, 61), (0, 1, 13, 73)])
def test_what_moved_in_the_one_long_pause_is_neither_a_jump_nor_a_slope(
    times: tuple[float, ...],
) -> None:
    x = np.array(times, dtype=float)
    longest = int(np.diff(x).argmax())
    y = np.where(np.arange(len(x)) > longest, 600.0, 20.0)
    assert growth(x, y) is None
    later = np.append(x, x[-1] + 60 * np.arange(1, 3))
    assert rate(growth(later, np.append(y, [600.0, 600.0]))) == 0
