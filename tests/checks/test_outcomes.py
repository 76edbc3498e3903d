"""How good a check was over the windows, of runs at times that are made up."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.model import Result, Status
from checks.outcomes import CELLS, MEMORY, MOST_OUTAGES, MOST_STRETCHES, Outcomes
from checks.probe import CheckSpec
from checks.probes.tcp import TcpConfig
from checks.records import RecordView, WindowRecord
from checks.state import CheckState

START = 1_700_000_040.0
"""A whole minute."""
OK, WARNING, UNKNOWN, CRITICAL = Status.OK, Status.WARNING, Status.UNKNOWN, Status.CRITICAL


def after(*runs: tuple[Status, int], interval: float = 5.0) -> RecordView:
    """The record after so many runs of each status, one an interval."""
    outcomes = Outcomes(interval)
    at = START
    for status, count in runs:
        for _ in range(count):
            at += interval
            outcomes.add(at, status, f"it was {status.value}")
    return outcomes.record(at)


def over(record: RecordView, seconds: float) -> WindowRecord:
    found = record.over(seconds)
    assert found.seconds == seconds
    return found


def test_what_is_fine_all_the_time_is_wholly_available_and_nothing_failed() -> None:
    hour = over(after((OK, 1000)), 3600)
    assert (hour.availability, hour.failed, hour.outages) == (1.0, 0, 0)
    assert hour.runs == 720
    assert hour.covered == hour.judged == 3600


def test_each_window_tells_of_its_own_time() -> None:
    record = after((OK, 700), (CRITICAL, 6), (OK, 36))
    assert over(record, 60).availability == 1.0
    assert over(record, 60).failed == 0
    assert over(record, 300).availability == pytest.approx(0.9)
    assert over(record, 300).failed == 6
    assert over(record, 3600).availability == pytest.approx(1 - 30 / 3600)


def test_the_run_that_fails_counts_at_once() -> None:
    record = after((OK, 11), (CRITICAL, 1))
    assert over(record, 60).availability == pytest.approx(11 / 12)
    assert over(after((CRITICAL, 1)), 60).availability == 0.0


def test_degraded_is_available_and_what_cannot_be_judged_is_neither() -> None:
    assert over(after((OK, 6), (WARNING, 6)), 60).availability == 1.0
    unsure = over(after((OK, 3), (UNKNOWN, 6), (CRITICAL, 3)), 60)
    assert unsure.availability == pytest.approx(0.5)
    assert unsure.judged == 30
    assert over(after((UNKNOWN, 5)), 60).availability is None


def test_runs_that_wait_for_their_timeout_weigh_as_long_as_they_last() -> None:
    outcomes = Outcomes(1.0)
    for second in range(1, 31):
        outcomes.add(START + second, OK, "")
    for third in range(1, 11):
        outcomes.add(START + 30 + 2 * third, CRITICAL, "no answer")
    minute = over(outcomes.record(START + 50), 60)
    assert minute.availability == pytest.approx(31 / 51, abs=0.02)
    assert minute.failed == 10


def test_a_gap_counts_as_neither_and_stays_one_in_the_strip() -> None:
    outcomes = Outcomes(5.0)
    for run in range(1, 25):
        outcomes.add(START + 5 * run, OK, "")
    resumed = START + 600
    for run in range(1, 13):
        outcomes.add(resumed + 5 * run, OK, "")
    record = outcomes.record(resumed + 60)
    quarter = over(record, 900)
    assert quarter.availability == 1.0
    assert quarter.judged == pytest.approx(180)
    assert quarter.covered == pytest.approx(660)
    assert record.cells.count(-1) == 7


def test_a_window_longer_than_it_was_watched_says_how_much_is_covered() -> None:
    record = after((OK, 24))
    assert [window.covered for window in record.windows] == [60, 120, 120, 120]
    assert record.since == START


def test_outages_are_counted_and_told_from_when_to_when_and_why() -> None:
    record = after((OK, 5), (CRITICAL, 2), (OK, 1), (CRITICAL, 3), (UNKNOWN, 1), (CRITICAL, 1))
    assert over(record, 300).outages == 2
    assert over(record, 300).failed == 6
    newest, first = record.outages
    assert (first.began, first.ended, first.failed) == (START + 30, START + 40, 2)
    assert (newest.began, newest.ended, newest.failed) == (START + 45, None, 4)
    assert newest.message == "it was critical"


def test_a_degraded_run_ends_an_outage() -> None:
    (outage,) = after((CRITICAL, 2), (WARNING, 1)).outages
    assert outage.ended == START + 15


def test_the_strip_has_a_cell_a_minute_with_the_worst_of_it() -> None:
    record = after((OK, 12), (WARNING, 12), (CRITICAL, 1), (OK, 10))
    severities = [OK.severity, WARNING.severity, CRITICAL.severity]
    assert [code for code in record.cells if code >= 0][-3:] == severities
    assert len(after((OK, 2000)).cells) == CELLS


def test_slow_checks_fill_the_cells_between_their_runs() -> None:
    record = after((OK, 3), (CRITICAL, 1), interval=600)
    assert -1 not in record.cells
    assert record.cells.count(CRITICAL.severity) in (10, 11)
    assert over(record, 60).availability == 0.0


def test_what_is_past_is_forgotten_after_an_hour_but_not_the_last_outages() -> None:
    record = after((CRITICAL, 3), (OK, 800))
    assert over(record, 3600).failed == 0
    assert len(record.outages) == 1
    many = after(*(step for _ in range(30) for step in ((OK, 1), (CRITICAL, 1))))
    assert len(many.outages) == MOST_OUTAGES


def test_an_hour_of_every_second_weighs_little_and_the_worst_is_bounded() -> None:
    steady, restless = Outcomes(1.0), Outcomes(1.0)
    for second in range(int(MEMORY) + 100):
        steady.add(START + second, OK, "")
        restless.add(START + second, (OK, CRITICAL)[second % 2], "")
    assert steady.nbytes < 100
    assert restless.nbytes <= MOST_STRETCHES * 25
    hour = restless.record(START + MEMORY + 99).over(3600)
    assert hour.covered < 3600
    assert hour.availability == pytest.approx(0.5)


def test_taking_in_a_run_costs_next_to_nothing() -> None:
    outcomes = Outcomes(1.0)
    for second in range(3600):
        outcomes.add(START + second, OK if second % 60 else CRITICAL, "")
    began = time.process_time()
    for second in range(3600, 4100):
        outcomes.add(START + second, OK, "")
        outcomes.record(START + second)
    assert (time.process_time() - began) / 500 < 0.002


@given(st.lists(st.sampled_from([OK, WARNING, UNKNOWN, CRITICAL]), min_size=1, max_size=60))
def test_the_figures_of_a_window_are_those_of_its_runs(statuses: list[Status]) -> None:
    record = after(*((status, 1) for status in statuses))
    recent = statuses[-12:]
    good = sum(status in (OK, WARNING) for status in recent)
    bad = sum(status is CRITICAL for status in recent)
    minute = over(record, 60)
    assert minute.runs == len(recent)
    assert minute.failed == bad
    assert minute.availability == (pytest.approx(good / (good + bad)) if good + bad else None)


def test_a_check_keeps_its_record_and_lets_it_age_while_no_result_comes() -> None:
    spec = CheckSpec("db", "tcp", TcpConfig.model_validate("127.0.0.1:1"), interval=5.0)
    state = CheckState(spec, START)
    assert state.view.record is None
    for run in range(1, 13):
        state.apply(START + 5 * run, Result(OK, "fine", up=True))
    first = state.view.record
    assert first is not None
    assert first.over(60).availability == 1.0
    assert state.age(START + 80)
    state.age(START + 200)
    aged = state.view.record
    assert aged is not None
    assert aged.over(60).availability is None
    assert aged.over(300).availability == 1.0
    again = CheckState(spec, START + 200)
    again.adopt(state)
    again.apply(START + 205, Result(OK, "fine", up=True))
    assert again.view.record is not None
    assert again.view.record.since == first.since


def test_runs_that_last_longer_than_their_interval_are_no_silence() -> None:
    """Twelve seconds each, every five: from one's beginning to the next one's end are 27."""
    target = TcpConfig.model_validate("127.0.0.1:1")
    state = CheckState(CheckSpec("slow", "tcp", target, interval=5.0, timeout=20.0), START)
    state.apply(START, Result(Status.OK, "fine", duration=12.0))
    assert not any(state.age(START + seconds) for seconds in range(28))
    assert state.age(START + 30)
    usual = CheckState(CheckSpec("usual", "tcp", target, interval=5.0, timeout=3.0), START)
    usual.apply(START, Result(Status.OK, "fine"))
    assert not usual.age(START + 13)
    assert usual.age(START + 13.1)


def test_what_was_so_at_the_first_look_may_have_been_so_for_long() -> None:
    target = TcpConfig.model_validate("127.0.0.1:1")
    state = CheckState(CheckSpec("db", "tcp", target), START)
    seen = []
    for run, status in enumerate((CRITICAL, CRITICAL, OK, CRITICAL)):
        state.apply(START + 5 * run, Result(status, "told"))
        seen.append((state.view.since - START, state.view.since_start))
    assert seen == [(0, True), (0, True), (10, False), (15, False)]
    state.age(START + 600)
    assert (state.view.status, state.view.since_start) == (Status.STALE, False)
