"""The demo's traffic and schedule are functions of time and seed."""

from __future__ import annotations

import itertools

import pytest

from tui.demo.incidents import INCIDENTS, MARIADB, POSTGRES, possible
from tui.demo.schedule import DAY, Planned, due, load, planned, rate


def test_a_day_has_a_night_and_two_peaks_and_comes_again() -> None:
    hours = [load((hour - 8) / 24 * DAY) for hour in range(24)]
    assert hours.index(max(hours)) == 15
    assert hours.index(min(hours)) in (3, 4)
    assert hours[10] > hours[13] < hours[15]
    assert load(17.0) == pytest.approx(load(17.0 + DAY))


def test_traffic_never_stops_and_is_noisy_but_never_jumps() -> None:
    rates = [rate(tenth / 10, 1) for tenth in range(int(DAY) * 10)]
    assert min(rates) >= 1
    assert max(rates) < 40
    assert max(abs(a - b) for a, b in itertools.pairwise(rates)) < 3
    assert rates == [rate(tenth / 10, 1) for tenth in range(int(DAY) * 10)]
    assert rates != [rate(tenth / 10, 2) for tenth in range(int(DAY) * 10)]


def test_each_round_brings_every_incident_once_with_calm_between() -> None:
    plans = [planned(index, 3) for index in range(4 * len(INCIDENTS))]
    for start in range(0, len(plans), len(INCIDENTS)):
        assert {plan.incident for plan in plans[start : start + len(INCIDENTS)]} == set(INCIDENTS)
    assert plans[0].start >= 30
    for earlier, later in itertools.pairwise(plans):
        assert earlier.end == earlier.start + earlier.incident.duration
        assert later.start - earlier.end >= 30


def test_seeds_differ_in_their_order() -> None:
    orders = {tuple(planned(i, seed).incident.name for i in range(5)) for seed in range(10)}
    assert len(orders) > 5


@pytest.mark.parametrize("step", [0.25, 7.0, 300.0])
def test_every_planned_incident_is_due_once_however_often_one_asks(step: float) -> None:
    end = 4000.0
    found: list[Planned] = []
    before = 0.0
    while before < end:
        found += due(before, before + step, 5)
        before += step
    wanted = itertools.takewhile(lambda p: p.start <= before, (planned(i, 5) for i in range(999)))
    assert found == list(wanted)


def test_incidents_that_cannot_happen_leave_no_hole_in_the_schedule() -> None:
    fewer = possible({POSTGRES, MARIADB})
    plans = [planned(index, 3, fewer) for index in range(3 * len(fewer))]
    assert {plan.incident for plan in plans} == set(fewer)
    for earlier, later in itertools.pairwise(plans):
        assert later.start - earlier.end == 30
    assert due(0, plans[-1].start, 3, fewer) == tuple(plans)
