"""What is promised, what was and where it goes, on the panes that have to do with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from checks.baselines.model import Baseline, Figure
from checks.capacity.views import CapacityView, Trend
from checks.model import Status
from checks.objectives.views import Burn, ObjectiveView
from tests.widgets import samples
from tests.widgets.stage import Stage, shown
from widgets.availability.selected import check_lines
from widgets.frame import Frame
from widgets.host_screen.filesystems import FilesystemsPane
from widgets.promises import baseline_line, going, going_lines, in_pairs, objective_line
from widgets.request_log.durations import DurationsPane
from widgets.request_log.rate import RatePane
from widgets.text import Line

DAY = 86_400.0
GOOD = Baseline(
    "good",
    0.0,
    30.0,
    "web-1",
    "",
    (
        Figure("gateway", "p95", 0.2),
        Figure("gateway", "error rate", 0.01),
        Figure("gateway", "throughput", 1000.0),
    ),
)


def promise(**changes: object) -> ObjectiveView:
    made = ObjectiveView(
        name="api quick",
        target=0.95,
        window=30 * DAY,
        source="requests of gateway take 500 ms at most",
        check="gateway",
        timed=False,
        sli=0.981,
        remaining=0.62,
        known=30 * DAY,
        total=1e6,
        bad=19_000.0,
        burns=(Burn(3600.0, 0.3, 3600.0, 1e4, 30.0),),
        status=Status.OK,
        sentence="",
        latency=0.5,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def texts(lines: Iterable[Line]) -> list[str]:
    return [one.text for one in lines]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, " ✔ api quick 98.1 % of 95 %, 62 % of the budget left"),
        ({"remaining": -0.5, "status": Status.WARNING}, "budget spent 1.5 times"),
        (
            {"burns": (Burn(3600.0, 20.4, 3600.0, 1e4, 30.0),), "status": Status.CRITICAL},
            "20.4 times too fast over 1 h",
        ),
        ({"known": 3600.0}, "(of 1 h known)"),
        ({"sli": None, "remaining": None, "known": 0.0}, "api quick nothing is known yet"),
        ({"sli": None, "remaining": 1.0, "known": 60.0}, "api quick no traffic"),
    ],
)
def test_an_objective_in_a_line(changes: dict[str, object], text: str) -> None:
    assert text in objective_line(promise(**changes), Frame(120, 10)).text


def test_a_selected_check_tells_what_is_promised_of_it() -> None:
    night = samples.bad_night()
    check = night.checks[0]
    lines = texts(
        check_lines(check, night.checks, night.time, 60.0, Frame(80, 40), objectives=[promise()])
    )
    assert any(one.startswith(" promised") and "62 % of the budget" in one for one in lines)


async def test_the_requests_screens_panes_say_and_draw_them() -> None:
    promised = (promise(), promise(name="api there", latency=None, target=0.999))
    picture = replace(samples.request_night(3600.0), objectives=promised, baseline=GOOD)
    name = picture.requests[0].check
    mine = tuple(replace(one, check=name) for one in promised)
    figures = tuple(replace(one, check=name) for one in GOOD.figures)
    picture = replace(picture, objectives=mine, baseline=replace(GOOD, figures=figures))
    rate, durations = RatePane(), DurationsPane()
    async with Stage(rate, durations).run_test(size=(120, 40)) as pilot:
        for pane in (rate, durations):
            pane.check = name
            pane.snapshot = picture
        await pilot.pause()
        above, beneath = "\n".join(shown(rate)), "\n".join(shown(durations))
    assert "api there 98.1 % of 99.9 %" in above
    assert "api quick" not in above
    assert "baseline" in above
    assert "errors 1 %, now" in above
    assert "api quick 98.1 % of 95 %" in beneath
    assert "baseline p95 200 ms, now" in beneath
    assert " goal" in beneath


def test_the_details_of_a_check_tell_all_of_it() -> None:
    night = samples.bad_night()
    check = replace(night.checks[0], job="db", instance="db:5432")
    mine = promise(check=check.name, sentence="98.1 % of 95 %", note="measured at 0.5 s")
    seen = replace(night, checks=(check,), objectives=(mine,), capacity=(course(),))
    assert in_pairs(seen, check.name) == [
        ("objective api quick", "98.1 % of 95 %; measured at 0.5 s"),
        ("trend of size shop", "growing by 1.2 GB/d"),
    ]
    assert in_pairs(seen, "another") == []


async def test_a_filesystem_tells_where_it_has_been_going_for_days() -> None:
    night = samples.host_night()
    check = replace(night.checks[0], job="web-1", instance="web-1")
    there = (("instance", "web-1"), ("job", "web-1"), ("mountpoint", "/"))
    full = course(
        name="filesystem",
        labels=there,
        seconds=12 * DAY,
        sentence="reaches 100 GB in 12 d at 1.2 GB/d",
        built_in=True,
    )
    pane = FilesystemsPane()
    async with Stage(pane).run_test(size=(100, 20)) as pilot:
        pane.check = check.name
        pane.snapshot = replace(night, checks=(check, *night.checks[1:]), capacity=(full,))
        await pilot.pause()
        rows = "\n".join(shown(pane))
        root, other = dict(pane.whole("/")), dict(pane.whole("/var/lib/mysql"))
    assert "full in 12 d" in rows
    assert root["over a day"] == full.sentence
    assert "outlook" in other
    assert "over a day" not in other


def test_without_a_baseline_of_it_nothing_is_said() -> None:
    view = samples.request_night().requests[0]
    other = replace(GOOD, figures=(Figure("other", "p95", 1.0),))
    for baseline in (None, other):
        assert baseline_line(baseline, view, ("p95",), Frame(80, 10)) == []


def course(**changes: object) -> CapacityView:
    made = CapacityView(
        key="capacity/size/1",
        name="size",
        labels=(("datname", "shop"), ("instance", "db:5432"), ("job", "db")),
        unit="bytes",
        value=4.2e10,
        limit=None,
        falling=False,
        trend=Trend("growing", 1.2e9 / DAY),
        seconds=None,
        soonest=None,
        latest=None,
        mean=None,
        peak=None,
        since=0.0,
        last=0.0,
        expected=None,
        status=Status.OK,
        sentence="growing by 1.2 GB/d",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_server_tells_what_grows_in_it_and_what_meets_its_limit_first() -> None:
    night = samples.bad_night()
    check = replace(night.checks[0], job="db", instance="db:5432")
    full = course(name="memory", seconds=3 * DAY, sentence="reaches 50 GB in 3 d at 2.7 GB/d")
    theirs = course(labels=(("instance", "other"), ("job", "db")))
    found = going(replace(night, capacity=(course(), theirs, full)), check)
    assert texts(going_lines(found, Frame(100, 10))) == [
        " memory shop 42.0 GB · reaches 50 GB in 3 d at 2.7 GB/d",
        " size shop 42.0 GB · growing by 1.2 GB/d",
    ]
    waits = course(trend=Trend("unknown"), sentence="not enough history (8 min of 4 h)")
    assert texts(going_lines([waits], Frame(100, 10))) == [
        " trend not enough history (8 min of 4 h)"
    ]
