"""What panes and the top line say of alerts that are taken, silenced, or due."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.model import Status
from checks.story.views import Handled, StoryView
from checks.views import Snapshot
from tests.widgets.curves import NOW
from tests.widgets.sample_handling import handled_night
from tests.widgets.sample_runbooks import runbook_night
from widgets.alerts import alert_lines
from widgets.frame import Frame
from widgets.handling import due_soon, due_words, moment_words
from widgets.verdict import verdict_segs


def verdict(snapshot: Snapshot, width: int = 120, runbook: str = "") -> str:
    return "".join(seg.text for seg in verdict_segs(snapshot, width, runbook=runbook))


@pytest.mark.parametrize(
    ("due", "escalates", "long", "short"),
    [
        (NOW + 725, NOW + 3600, "acknowledge within 12 m", "ack in 12 m"),
        (NOW - 200, NOW + 3600, "acknowledge: 3 m overdue", "ack 3 m overdue"),
        (NOW, None, "acknowledge: 1 s overdue", "ack 1 s overdue"),
        (NOW - 200, NOW - 1, "escalate now: the boss", "escalate now"),
        (None, None, "", ""),
    ],
)
def test_by_when_somebody_is_to_act(
    due: float | None, escalates: float | None, long: str, short: str
) -> None:
    handled = Handled(due=due, escalates=escalates, contact="the boss")
    assert due_words(handled, NOW) == long
    assert due_words(handled, NOW, short=True) == short


def test_the_overview_tells_of_it_in_the_last_half_hour() -> None:
    assert due_soon(Handled(due=NOW + 1801), NOW) == ""
    assert due_soon(Handled(due=NOW + 1799), NOW) == "acknowledge within 29 m"


def test_what_is_due_costs_a_narrow_line_none_of_its_words() -> None:
    night = handled_night()
    alert = replace(night.alerts[0], status=Status.CRITICAL, cause="", flapping=False)
    told = []
    for sentence in ("refused", "the writer waits for a lock that nobody holds any more"):
        one = replace(alert, sentence=sentence)
        story = StoryView(handled={one.id: Handled(due=NOW + 60)})
        picture = replace(night, alerts=(one,), story=story)
        told += [row.text for row in alert_lines(picture, Frame(40, 1, compact=True))]
    assert "refused ↳ ack" in told[0]
    assert "the writer waits" in told[1]
    assert "↳" not in told[1]


def test_lines_of_the_overview_are_not_spent_on_what_has_hours() -> None:
    night = handled_night()
    assert night.story is not None

    def shown(left: float) -> str:
        handled = {one.id: Handled(due=NOW + left) for one in night.alerts}
        lines = alert_lines(replace(night, story=StoryView(handled=handled)), Frame(120, 30))
        return "\n".join("".join(seg.text for seg in line.segs) for line in lines)

    assert "acknowledge" not in shown(3 * 3600)
    assert "acknowledge within 10 m" in shown(600)
    assert "overdue" in shown(-600)


def test_another_day_is_named() -> None:
    assert len(moment_words(NOW, NOW)) == len("14:05")
    assert moment_words(NOW + 86_400, NOW).startswith("2023-11-1")


def test_the_top_line_speaks_of_what_waits_for_somebody() -> None:
    night = handled_night()
    first, second = (one for one in night.alerts[:2])
    assert night.story is not None
    worst = night.story.handled[first.id]
    late = {**night.story.handled, first.id: replace(worst, due=NOW - 200, escalates=None)}
    assert "ack 3 m overdue" in verdict(replace(night, story=StoryView(handled=late)))
    # Silenced, it is not shouted about, but counted.
    hushed = {**night.story.handled, first.id: Handled(silenced_by=("a1",))}
    told = verdict(replace(night, story=StoryView(handled=hushed)), 160)
    assert first.sentence[:12] not in told
    assert second.name not in told
    assert "2 silenced" in told


def test_the_top_line_says_in_full_until_when_where_there_is_room() -> None:
    night = handled_night()
    first = night.alerts[0]
    due = replace(night, story=StoryView(handled={first.id: Handled(due=NOW + 600)}))
    wide = verdict(due, 200)
    assert first.sentence in wide
    assert "acknowledge within 10 m" in wide
    assert "ack in 10 m" in verdict(due, 120)


def test_the_top_line_names_the_way_out_before_it_says_in_full_until_when() -> None:
    night = runbook_night(handled_night())
    first = night.alerts[0]
    due = replace(night, story=StoryView(handled={first.id: Handled(due=NOW + 600)}))
    told = {width: verdict(due, width, "r") for width in range(60, 201)}
    named = [width for width in told if "r runbook" in told[width]]
    full = [width for width in told if "acknowledge within 10 m" in told[width]]
    assert named == list(range(named[0], 201)), "a wider line loses nothing"
    assert full == list(range(full[0], 201))
    assert named[0] < full[0]


def test_what_is_taken_is_spoken_of_where_there_is_nothing_else() -> None:
    night = handled_night()
    assert night.story is not None
    (taken,) = (one for one in night.story.handled.values() if one.acknowledged is not None)
    every = {one.id: taken for one in night.alerts}
    assert "taken by alice" in verdict(replace(night, story=StoryView(handled=every)), 160)


def test_where_all_is_silenced_it_does_not_say_that_all_is_well() -> None:
    night = handled_night()
    every = {one.id: Handled(silenced_by=("a1",)) for one in night.alerts}
    told = verdict(replace(night, story=StoryView(handled=every)))
    assert "SILENCED" in told
    assert "fine" not in told
    assert "CRITICAL" not in told


@pytest.mark.parametrize("size", [(100, 12), (38, 60)])
def test_what_is_dealt_with_stands_after_what_waits_and_is_dim(size: tuple[int, int]) -> None:
    night = handled_night()
    assert night.story is not None
    first = night.alerts[0].id
    handled = {**night.story.handled, first: Handled(silenced_by=("a1",))}
    night = replace(night, story=StoryView(handled=handled))
    lines = alert_lines(night, Frame(*size, compact=size[0] == 100))
    keys = list(dict.fromkeys(one.key for one in lines if one.key))
    silenced = [key for key in keys if key in handled and handled[key].silenced_by]
    taken = [key for key in keys if key in handled and handled[key].acknowledged]
    assert first in silenced
    assert keys[-len(silenced) :] == silenced
    loud = {one.id for one in night.alerts if one.firing} - {*silenced, *taken}
    assert keys.index(taken[0]) > max(keys.index(key) for key in keys if key in loud)
    for row in lines:
        if row.key in (*silenced, *taken):
            assert {seg.role for seg in row.segs if seg.text.strip()} <= {"dim", "label"}
