"""Maintenance windows: schedules as in a crontab, over the nights in which clocks change."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from checks.story.calendar import moment, zone
from checks.story.cron import Cron
from checks.story.maintenance import Window, planned, schedule_changes
from checks.story.model import Matcher

BERLIN = ZoneInfo("Europe/Berlin")
JOB = (Matcher("job", "=", "backup"),)


def at(text: str) -> float:
    return moment(text, BERLIN)


def shown(time: float) -> str:
    return datetime.fromtimestamp(time, BERLIN).strftime("%a %Y-%m-%d %H:%M %Z")


def comes(text: str, start: str, count: int = 3) -> list[str]:
    schedule, now, found = Cron.of(text), at(start), []
    for _ in range(count):
        now = schedule.after(now, BERLIN)
        found.append(shown(now))
    return found


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("0 2 * * sun", "Sun 2026-11-29 02:00 CET"),
        ("*/20 8-9 * * mon-fri", "Fri 2026-11-27 08:00 CET"),
        ("30 4 1,15 * *", "Tue 2026-12-01 04:30 CET"),
        ("0 0 29 feb *", "Tue 2028-02-29 00:00 CET"),
        ("0 12 13 * fri", "Fri 2026-11-27 12:00 CET"),
        ("0 12 */2 * 7", "Sun 2026-11-29 12:00 CET"),
        ("5/30 6 * * *", "Fri 2026-11-27 06:05 CET"),
        ("@monthly", "Tue 2026-12-01 00:00 CET"),
        ("0 3 * * fri-sun", "Fri 2026-11-27 03:00 CET"),
    ],
)
def test_a_schedule_comes_when_a_crontab_says_so(text: str, first: str) -> None:
    assert comes(text, "2026-11-27T00:30", 1) == [first]


def test_a_time_that_the_clocks_leave_out_comes_after_the_gap() -> None:
    assert comes("30 2 * * *", "2026-03-28T12:00", 2) == [
        "Sun 2026-03-29 03:30 CEST",
        "Mon 2026-03-30 02:30 CEST",
    ]


def test_a_time_that_the_clocks_show_twice_comes_once_but_every_hour_comes_twice() -> None:
    assert comes("30 2 * * *", "2026-10-24T12:00", 2) == [
        "Sun 2026-10-25 02:30 CEST",
        "Mon 2026-10-26 02:30 CET",
    ]
    assert comes("30 * * * *", "2026-10-25T01:00", 4) == [
        "Sun 2026-10-25 01:30 CEST",
        "Sun 2026-10-25 02:30 CEST",
        "Sun 2026-10-25 02:30 CET",
        "Sun 2026-10-25 03:30 CET",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0 2 * *", "4 fields"),
        ("60 2 * * *", '"60" is no minute'),
        ("0 2 * * funday", "sun to sat"),
        ("0 9-5 * * *", "ends before"),
        ("0 2 30 2 *", "never comes"),
        ("*/0 2 * * *", "is no minute"),
        ("0 2 1\u0661 * *", "is no day of month"),
    ],
)
def test_what_is_no_schedule_is_told(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Cron.of(text)


def test_a_window_lasts_its_duration_whatever_the_clocks_do() -> None:
    window = Window("night", JOB, Cron.of("0 1 * * *"), 4 * 3600.0, "Europe/Berlin")
    begins = at("2026-03-29T01:00")
    assert window.current(begins - 1) is None
    assert window.current(begins + 4 * 3600 - 1) == (begins, begins + 4 * 3600)
    assert window.current(begins + 4 * 3600) is None
    # By then the clocks have gone forward.
    assert shown(begins + 4 * 3600) == "Sun 2026-03-29 06:00 CEST"


def test_a_window_over_midnight_is_still_on_the_next_day() -> None:
    window = Window("late", JOB, Cron.of("0 22 * * fri"), 6 * 3600.0, "Europe/Berlin")
    assert window.current(at("2026-11-28T03:59")) is not None
    assert window.current(at("2026-11-28T04:00")) is None


def test_one_that_comes_once_comes_once() -> None:
    window = Window("move", JOB, starts=at("2026-11-30T22:00"), ends=at("2026-12-01T02:00"))
    now = at("2026-11-27T00:00")
    (silence,) = planned([window], now)
    assert (silence.starts, silence.window, silence.active(now)) == (window.starts, "move", False)
    assert schedule_changes([silence], now) == window.starts
    assert planned([window], window.ends) == []


def test_a_zone_that_is_none_and_a_time_that_is_none_are_told() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        zone("Mars/Olympus")
    with pytest.raises(ValueError, match="is no time"):
        moment("tomorrow", None)
    assert moment("2026-11-30T22:00+01:00", None) == moment("2026-11-30T21:00Z", None)
