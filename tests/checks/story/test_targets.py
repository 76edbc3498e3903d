"""By when alerts are to be taken: hours and days of business, and the tables of severities."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from checks.story.calendar import moment
from checks.story.targets import Due, Hours, Target, Targets, Term

BERLIN = ZoneInfo("Europe/Berlin")
HOURS = Hours(timezone="Europe/Berlin", holidays=frozenset({date(2026, 12, 25)}))


def at(text: str) -> float:
    return moment(text, BERLIN)


def shown(moment_: float | None) -> str:
    return "" if moment_ is None else f"{datetime.fromtimestamp(moment_, BERLIN):%a %m-%d %H:%M}"


@pytest.mark.parametrize(
    ("began", "term", "due"),
    [
        ("2026-11-26T10:00", "4h", "Thu 11-26 14:00"),
        ("2026-11-26T15:00", "4h", "Fri 11-27 11:00"),
        ("2026-11-27T15:00", "4h", "Mon 11-30 11:00"),
        ("2026-11-28T12:00", "4h", "Mon 11-30 13:00"),
        ("2026-11-26T03:00", "15m", "Thu 11-26 09:15"),
        ("2026-11-26T17:00", "15m", "Fri 11-27 09:15"),
        ("2026-11-26T10:00", "next business day", "Fri 11-27 17:00"),
        ("2026-11-27T10:00", "1 business day", "Mon 11-30 17:00"),
        ("2026-11-28T10:00", "next business day", "Mon 11-30 17:00"),
        ("2026-11-27T18:00", "2 business days", "Tue 12-01 17:00"),
        # Over the holiday and the weekend behind it.
        ("2026-12-24T16:00", "2h", "Mon 12-28 10:00"),
        ("2026-12-24T10:00", "next business day", "Mon 12-28 17:00"),
    ],
)
def test_time_counts_in_hours_of_business(began: str, term: str, due: str) -> None:
    assert shown(HOURS.after(at(began), Term.of(term))) == due


def test_hours_over_midnight_and_around_the_clock() -> None:
    night = Hours(frozenset({4}), time(22), time(6), "Europe/Berlin")
    assert shown(night.after(at("2026-11-28T04:00"), Term.of("1h"))) == "Sat 11-28 05:00"
    assert shown(night.after(at("2026-11-28T05:30"), Term.of("1h"))) == "Fri 12-04 22:30"
    whole = Hours(frozenset(range(7)), time(0), time(0), "Europe/Berlin")
    assert shown(whole.after(at("2026-11-28T23:30"), Term.of("1h"))) == "Sun 11-29 00:30"


def test_a_night_in_which_clocks_change_has_as_many_hours_as_it_has() -> None:
    """From 00:00 to 06:00 there are five hours in spring, and seven in autumn."""
    every = Hours(frozenset(range(7)), time(0), time(6), "Europe/Berlin")
    assert shown(every.after(at("2026-03-29T00:00"), Term.of("5h"))) == "Sun 03-29 06:00"
    assert shown(every.after(at("2026-03-29T00:00"), Term.of("6h"))) == "Mon 03-30 01:00"
    assert shown(every.after(at("2026-10-25T00:00"), Term.of("7h"))) == "Sun 10-25 06:00"


@pytest.mark.parametrize(
    ("severity", "due", "escalates"),
    [
        ("P1", 900, 900),
        ("critical", 900, 900),
        ("P2", 3600, 3600),
        ("high", 3600, 3600),
        ("P3", 14_400, 14_400),
        ("warning", 14_400, 14_400),
        ("p4", 86_400, 172_800),
        ("Severity 1", 0, 0),
        ("SEV-2", 1800, 3600),
        ("sev3", 7200, 14_400),
        ("whatever", 14_400, 14_400),
    ],
)
def test_the_usual_tables_are_there_without_a_word(
    severity: str, due: float, escalates: float
) -> None:
    assert Targets().due(severity, 0.0) == Due(due, escalates)


def test_what_is_for_information_is_for_nobody_to_take() -> None:
    assert Targets().due("info", 0.0) == Due()


def test_the_low_ones_have_days_of_business() -> None:
    due = Targets(hours=HOURS).due("sev4", at("2026-11-27T10:00"))
    assert (shown(due.acknowledge), shown(due.escalate)) == ("Mon 11-30 17:00", "Tue 12-01 17:00")


def test_ones_own_targets_go_before_and_hold_for_other_words_of_that_degree() -> None:
    own = {"p1": Target(Term(60), Term(120), contact="the boss"), "info": Target(Term(5))}
    targets = Targets(own, contact="the team")
    assert targets.due("critical", 10.0) == Due(70.0, 130.0, "the boss")
    assert targets.due("P2", 0.0).contact == "the team"
    assert targets.due("info", 0.0).acknowledge == 5.0


@pytest.mark.parametrize("text", ["soon", "0 business days", "-5m", True, None])
def test_what_is_no_time_to_act_in_is_told(text: object) -> None:
    with pytest.raises(ValueError, match="no time to act in"):
        Term.of(text)
