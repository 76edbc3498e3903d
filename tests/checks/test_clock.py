"""Sample time goes on while the machine sleeps, and never back."""

from __future__ import annotations

import sys
import time

import pytest

from checks.clock import SystemClock

ALSO_ASLEEP = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}


@pytest.mark.skipif(sys.platform not in ALSO_ASLEEP, reason="no such clock is known here")
def test_a_machine_that_slept_for_a_night_shows_the_right_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, asleep = SystemClock(), 8 * 3600
    gettime, wall = time.clock_gettime, time.time
    counting_sleep = getattr(time, ALSO_ASLEEP[sys.platform])
    monkeypatch.setattr(time, "time", lambda: wall() + asleep)
    monkeypatch.setattr(
        time, "clock_gettime", lambda which: gettime(which) + asleep * (which == counting_sleep)
    )
    assert clock.now() == pytest.approx(clock.wall(), abs=1)


def test_sample_time_does_not_follow_the_wall_clock_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    before, wall = clock.now(), time.time
    monkeypatch.setattr(time, "time", lambda: wall() - 3600)
    assert before <= clock.now() < before + 60
