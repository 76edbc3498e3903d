"""The timeline on 9: incidents, what happened in them, notes and reports."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from checks.model import Status
from checks.story.model import Incident
from checks.story.views import StoryView
from tests.tui.app_kit import app_of, help_of, running, seen, settle, source_of, told
from tests.tui.fakes import FakeSource
from tests.widgets.sample_stories import NOW, eventful_night, incidents, story
from tui.app import OnwatchApp
from tui.screens.entry import EntryScreen
from tui.screens.note import NoteScreen
from tui.screens.timeline import TimelineScreen
from widgets.frame import Frame
from widgets.text import Line
from widgets.timeline.entries import EntriesPane, incident_lines
from widgets.timeline.table import IncidentTable
from widgets.timeline.words import incident_told


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks on the screen are local time."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def rows(text: str) -> list[str]:
    return [row.rstrip() for row in text.splitlines()]


async def test_incidents_stand_newest_first_with_how_long_it_took() -> None:
    async with running(FakeSource(eventful_night())) as pilot:
        await pilot.press("9")
        await settle(pilot)
        text = seen(pilot)
        for said in (
            "Incidents 1 lasts",
            "12 lasts     critical  22:05:20           8 m    after 2 m MySQLConnections: 98 %",
            "11 quiet     warning   21:23:20          49 m        never QueueBacklog",
            "10 resolved  P1        13 Nov 21:13      30 m        never db down",
            "everything that happened (15 entries)",
            "began 22:05:20 · lasts for 8 m · acknowledged after 2 m 5 s by alice",
        ):
            assert said in text, said


async def test_an_incident_shows_its_own_entries_and_what_concerned_all() -> None:
    async with running(FakeSource(eventful_night())) as pilot:
        await pilot.press("9")
        await settle(pilot)
        text = seen(pilot)
        assert "22:09:21  r end-idle of mysql-connections: exit code 1 (alice)" in text
        assert "end-idle of mysql-connections: started" not in text, "one line a short step"
        assert "D api version 1.2.3 (was 1.2.2)" in text
        assert "stood still" not in text
        await pilot.press("j")
        await settle(pilot)
        text = seen(pilot)
        assert "Incident 11" in text
        assert "QueueBacklog cache resolved after 49 min" in text
        assert "may come back" in text
        await pilot.press("end")
        await settle(pilot)
        text = seen(pilot)
        assert " Timeline " in text
        assert "onwatch began to watch" in text
        assert 'silenced: job="backup" (bob)' in text


def test_an_incident_whose_cause_is_over_keeps_its_name_and_says_what_is_left() -> None:
    down = Incident(4, "db down: refused", "db down", Status.CRITICAL, NOW - 600)
    left = replace(down, still="Lost: 4 jobs")
    lines = [row.text for row in incident_lines(left, NOW, Frame(120, 20))]
    assert lines[0].strip() == "db down: refused"
    assert lines[1].strip().startswith("which is over; still Lost: 4 jobs")
    told = "(critical): db down: refused, which is over; still Lost: 4 jobs;"
    assert told in incident_told(left, NOW)
    for other in (down, replace(left, quiet=NOW), replace(left, ended=NOW)):
        assert incident_told(other, NOW).partition("; ")[0].endswith("db down: refused")
        assert "still" not in incident_told(other, NOW)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_enter_leads_to_an_entry_with_its_command_and_its_output(
    size: tuple[int, int],
) -> None:
    async with running(FakeSource(eventful_night()), size=size) as pilot:
        await pilot.press("9")
        await settle(pilot)
        await pilot.press("enter", "j", "enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, EntryScreen)
        text = seen(pilot)
        for said in ("KILL 42", "ERROR 1227 (42000): Access denied", "(after 1 s)", "alice"):
            assert said in text, said
        await pilot.press("y")
        await settle(pilot)
        assert "step: mysql-connections › end-idle" in app_of(pilot)._clipboard
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, TimelineScreen)


async def test_the_help_says_of_enter_where_it_leads_from_incidents_and_from_entries() -> None:
    async with running(FakeSource(eventful_night()), (120, 60)) as pilot:
        await pilot.press("9")
        await settle(pilot)
        assert re.search(r"Enter +Go to what happened in it", await help_of(pilot))
        await pilot.press("enter")
        await settle(pilot)
        assert re.search(r"Enter +Show the entry whole", await help_of(pilot))
        await pilot.press("tab", "g", "home")
        await settle(pilot)
        assert "Enter fold" in seen(pilot).splitlines()[-1]
        assert re.search(r"Enter +Fold or unfold the group", await help_of(pilot))


async def test_kinds_and_the_filter_leave_out_what_is_not_wanted() -> None:
    async with running(FakeSource(eventful_night())) as pilot:
        await pilot.press("9", "v")
        await settle(pilot)
        text = seen(pilot)
        assert "alerts alone" in text
        assert "exit code" not in text
        await pilot.press("v")
        await settle(pilot)
        assert "firing" not in seen(pilot)
        assert "root cause: the pool" in seen(pilot)
        await pilot.press("v", "v")
        await pilot.press("slash", *"who-holds", "enter")
        await settle(pilot)
        text = seen(pilot)
        assert "who-holds-them of mysql-connections" in text
        assert "end-idle" not in text
        assert "everything that happened" in text, "entries are looked for everywhere"


async def test_w_writes_a_note_also_of_before_and_refuses_the_future() -> None:
    async with running(FakeSource(eventful_night())) as pilot:
        await pilot.press("9", "j")
        await settle(pilot)
        await pilot.press("w")
        await settle(pilot)
        assert isinstance(pilot.app.screen, NoteScreen)
        assert "Note on incident 11" in seen(pilot)
        assert "Enter write it" in seen(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "nothing is written yet" in seen(pilot)
        # What is typed triggers no key.
        await pilot.press(*"deployed 1.2.3", "tab", "ctrl+u", *"2099-01-01T10:00", "enter")
        await settle(pilot)
        assert "has not come yet" in seen(pilot)
        await pilot.press("ctrl+u", *"-10m", "enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, TimelineScreen)
        assert source_of(pilot).asked[-1] == f"note 11 at {NOW - 600:.0f} deployed 1.2.3"


async def test_a_note_can_be_written_from_any_screen_and_belongs_to_what_lasts() -> None:
    async with running(FakeSource(eventful_night())) as pilot:
        await pilot.press("w")
        await settle(pilot)
        assert "Note on incident 12" in seen(pilot)
        await pilot.press(*"q and 9", "enter")
        await settle(pilot)
        assert source_of(pilot).asked[-1] == "note 12 q and 9"
        assert "written into the timeline" in told(pilot)[0]


async def test_who_only_looks_writes_no_note() -> None:
    quiet = replace(eventful_night(), story=replace(story(), may_annotate=False))
    async with running(FakeSource(quiet)) as pilot:
        await pilot.press("w")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, NoteScreen)
        assert "--no-annotate" in told(pilot)[0]


async def test_e_has_the_report_of_the_incident_under_the_cursor_written() -> None:
    async with running(FakeSource(eventful_night())) as pilot:
        await pilot.press("9", "j", "e")
        await settle(pilot)
        assert source_of(pilot).asked[-1] == "report 11"
        await pilot.press("y")
        await settle(pilot)
        assert app_of(pilot)._clipboard.startswith("incident 11 (warning): QueueBacklog")
        written = replace(story(), reports={11: "/home/alice/reports/incident-11.md"})
        source_of(pilot).show(replace(eventful_night(), story=written))
        await settle(pilot)
        assert "report: /home/alice/reports/incident-11.md" in seen(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert app_of(pilot)._clipboard.endswith("report: /home/alice/reports/incident-11.md")


async def test_a_new_incident_leads_and_a_chosen_one_stays_chosen() -> None:
    async with running(FakeSource(eventful_night())) as pilot:
        await pilot.press("9", "j")
        await settle(pilot)
        newer = replace(incidents()[0], id=13, title="another", began=NOW - 5, alerts=())
        later = replace(story(), incidents=(newer, *incidents()))
        source_of(pilot).show(replace(eventful_night(), story=later))
        await settle(pilot)
        assert pilot.app.screen.query_one(IncidentTable).selected == "incident:11"
        assert "13 lasts" in seen(pilot)
        incident = pilot.app.screen.query_one(EntriesPane).incident
        assert incident is not None
        assert incident.id == 11


async def test_how_long_an_incident_lasts_is_said_alike_above_and_below_while_time_goes_by() -> (
    None
):
    night = eventful_night()
    begun = replace(story(), incidents=(replace(incidents()[0], began=NOW - 3),))
    async with running(FakeSource(replace(night, story=begun))) as pilot:
        await pilot.press("9")
        for later, span in ((0, "3 s"), (2, "5 s"), (17, "20 s"), (64, "1 m")):
            source_of(pilot).show(replace(night, time=NOW + later, story=begun))
            await settle(pilot)
            text = seen(pilot)
            assert f"lasts for {span} " in text, span
            assert f" {span} " in next(row for row in rows(text) if row.startswith("▌")), span
        quiet = replace(begun, incidents=(replace(begun.incidents[0], quiet=NOW + 16),))
        source_of(pilot).show(replace(night, time=NOW + 70, story=quiet))
        await settle(pilot)
        text = seen(pilot)
        assert "resolved after 19 s " in text
        assert " 19 s " in next(row for row in rows(text) if row.startswith("▌"))


async def test_nothing_has_happened_and_what_cannot_be_kept_is_said() -> None:
    calm = replace(eventful_night(), story=StoryView())
    async with running(FakeSource(calm), size=(80, 24)) as pilot:
        await pilot.press("9")
        await settle(pilot)
        assert "Nothing has happened" in seen(pilot)
        one = replace(story(), incidents=(), entries=story().entries[:1])
        source_of(pilot).show(replace(calm, story=one))
        await settle(pilot)
        assert "everything that happened (1 entry)" in seen(pilot)
        problem = "story.db: there is no room"
        source_of(pilot).show(replace(calm, story=replace(story(), problem=problem)))
        await settle(pilot)
        assert problem in seen(pilot)


async def test_a_picture_without_news_paints_nothing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(FakeSource(eventful_night())) as pilot:
        await pilot.press("9")
        await settle(pilot)
        built: list[object] = []

        def counted(build: Callable[..., list[Line]]) -> Callable[..., list[Line]]:
            def run(pane: object, width: int, height: int) -> list[Line]:
                built.append(pane)
                return build(pane, width, height)

            return run

        for pane in (EntriesPane, IncidentTable):
            monkeypatch.setattr(pane, "build", counted(pane.build))
        picture = source_of(pilot).picture
        source_of(pilot).show(replace(picture, time=picture.time + 0.1))
        await settle(pilot)
        assert built == []


def test_a_timeline(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(eventful_night()))
    assert snap_compare(app, press=["9"], terminal_size=(120, 36))  # type: ignore[operator]


def test_a_timeline_in_ascii(snap_compare: object) -> None:
    app = OnwatchApp(FakeSource(eventful_night()), ascii_only=True)
    assert snap_compare(app, press=["9"], terminal_size=(80, 24))  # type: ignore[operator]
