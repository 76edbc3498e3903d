"""Maintenance windows and targets, made of what a configuration says of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from checks.alerts.severity import severity_word
from checks.story.calendar import moment, zone
from checks.story.maintenance import LONGEST, Window
from checks.story.targets import Hours, Target, Targets
from tui.config.story_models import (
    BusinessHours,
    Maintenance,
    SeverityTarget,
    time_of_day,
    weekdays,
)

if TYPE_CHECKING:
    from tui.config.models import File
    from tui.config.problems import Report

__all__ = ["targets_of", "window_of"]


def window_of(report: Report, index: int, given: Maintenance) -> Window | None:
    """The window that the item ``index`` of ``silences`` is; None, reported, where it is none."""
    where = ("silences", index)
    if (given.schedule is None) == (not given.from_):
        text = "give either a schedule (again and again) or from (once)"
        report.add(where if given.schedule is None else (*where, "from"), text)
        return None
    if given.schedule is not None:
        return _recurring(report, index, given)
    return _single(report, index, given)


def _recurring(report: Report, index: int, given: Maintenance) -> Window | None:
    where = ("silences", index)
    if given.to:
        report.add((*where, "to"), "a schedule has a duration; `to` goes with `from`")
    elif given.duration is None:
        report.add((*where, "schedule"), 'how long it lasts is missing; add "duration: 2h"')
    elif not 0 < given.duration <= LONGEST:
        report.add((*where, "duration"), "it must last from 1s to 31d")
    else:
        return Window(
            given.name,
            given.matchers,
            given.schedule,
            given.duration,
            given.timezone,
            comment=given.comment,
        )
    return None


def _single(report: Report, index: int, given: Maintenance) -> Window | None:
    starts = _moment(report, index, "from", given.from_, given.timezone)
    if not given.to and given.duration is None:
        report.add(("silences", index, "from"), "its end is missing; add `to` or `duration`")
        return None
    if given.to and given.duration is not None:
        report.add(("silences", index, "to"), "give either `to` or `duration`")
        return None
    ends = _moment(report, index, "to", given.to, given.timezone) if given.to else None
    if starts is None or (given.to and ends is None):
        return None
    over = ends if ends is not None else starts + (given.duration or 0.0)
    if over <= starts:
        key = "to" if given.to else "duration"
        report.add(("silences", index, key), "it ends before it begins")
        return None
    return Window(
        given.name,
        given.matchers,
        timezone=given.timezone,
        starts=starts,
        ends=over,
        comment=given.comment,
    )


def _moment(report: Report, index: int, key: str, text: str, timezone: str) -> float | None:
    try:
        return moment(text, zone(timezone))
    except ValueError as error:
        report.add(("silences", index, key), str(error))
        return None


def targets_of(report: Report, head: File) -> Targets:
    """The targets of ``head``, with its business hours and who things go up to."""
    own: dict[str, Target] = {}
    for name, given in head.severities.items():
        word = severity_word(name)
        if word in own:
            report.add(("severities", name), "this severity stands there already")
        own[word] = _target(given)
    return Targets(own, _hours(head.business_hours), head.escalate_to)


def _target(given: SeverityTarget) -> Target:
    business = given.hours == "business"
    return Target(given.acknowledge, given.escalate, business, given.escalate_to)


def _hours(given: BusinessHours) -> Hours:
    return Hours(
        weekdays(given.days),
        time_of_day(given.from_),
        time_of_day(given.to),
        given.timezone,
        frozenset(map(date.fromisoformat, given.holidays)),
    )
