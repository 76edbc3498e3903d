"""The runbook's screen over pictures by hand: what its keys ask for, and what they never do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from checks.model import Status
from checks.runbooks.views import RunState, RunView, Subject
from checks.story.model import Incident
from checks.story.views import StoryView
from checks.views import Snapshot
from tests.tui.app_kit import app_of, help_of, running, seen, settle, source_of, told
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tests.widgets.curves import NOW
from tests.widgets.sample_alerts import alert_night
from tests.widgets.sample_dashboards import dashboard_night
from tests.widgets.sample_runbooks import books, run, runbook_night
from tui.palette import Palette
from tui.screens.alert import AlertScreen
from tui.screens.runbook import RunbookScreen
from tui.screens.step import StepScreen
from widgets.alert_list.entries import entries_of
from widgets.alert_list.table import AlertTable
from widgets.alerts import AlertsPane
from widgets.dashboard.pane import DashboardPane, is_ill
from widgets.format import clock
from widgets.runbook.output import OutputPane, Rows
from widgets.runbook.reading import TextPane
from widgets.runbook.steps import StepsPane
from widgets.runbook.words import last_run
from widgets.services import ServicesPane
from widgets.timeline.table import IncidentTable


def night(*, ran: bool = False) -> Snapshot:
    return runbook_night(alert_night(), ran=ran)


async def test_r_opens_the_runbook_of_the_row_and_leaves_it_when_alerts_move() -> None:
    source = FakeSource(night())
    async with running(source) as pilot:
        pane = pilot.app.screen.query_one(AlertsPane)
        pane.focus()
        await settle(pilot)
        await pilot.press("down", "down")
        meant = pane.selected
        assert meant == source.picture.alerts[2].id
        moved = source.picture.alerts[2:] + source.picture.alerts[:2]
        source.show(replace(source.picture, alerts=moved))
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        assert f"runbook  {meant}" in source.asked
        screen = pilot.app.screen
        assert isinstance(screen, RunbookScreen)
        assert screen.books is not None
        assert screen.books.focus is None, "what is there is about another alert"
        source.show(replace(source.picture, alerts=()))
        await settle(pilot)
        assert screen.subject.alert == meant
        await pilot.press("escape")
        await settle(pilot)
        assert source.asked[-1] == "runbook None"


async def test_the_text_stays_with_the_step_under_the_cursor_whatever_room_it_has() -> None:
    """As when keys are typed before the panes have shared the room."""
    async with running(FakeSource(night()), size=(80, 24)) as pilot:
        await pilot.press("7", "r", "end")
        await settle(pilot)
        before = seen(pilot)
        assert "sudo -n systemctl restart mariadb" in before.splitlines()[-2]
        await pilot.resize_terminal(80, 60)
        await settle(pilot)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert seen(pilot) == before
        text = pilot.app.screen.query_one(TextPane)
        text.action_move(-3)
        await settle(pilot)
        scrolled = seen(pilot)
        assert scrolled != before
        await pilot.resize_terminal(80, 25)
        await settle(pilot)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert seen(pilot) == scrolled, "it is left where somebody has scrolled it"


def test_the_output_says_so_where_it_is_of_another_runbook_or_check() -> None:
    alert = alert_night().alerts[0]
    here = run(alert, "who", NOW)
    there = replace(here, runbook="disk-full", subject=Subject("web@1", "web"))

    def heading(shown: RunView) -> str:
        pane = OutputPane()
        pane.books = books(alert, (shown,))
        return "".join(seg.text for seg in pane.heading())

    assert heading(here).endswith(" s")
    assert heading(there) == f"{heading(here)} · {clock(here.began)}, disk-full of web"


async def test_the_alert_is_taken_and_silenced_where_its_runbook_is_read() -> None:
    source = FakeSource(replace(night(), story=StoryView(who="alice")))
    async with running(source) as pilot:
        await pilot.press("7", "r")
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, RunbookScreen)
        meant = screen.subject.alert
        assert "a acknowledge" in seen(pilot)
        await pilot.press("s")
        await settle(pilot)
        assert "Silence: " in seen(pilot)
        await pilot.press("escape")
        await pilot.press("a", "enter")
        await settle(pilot)
        assert source.asked[-1] == f"acknowledge {meant}"
        source.show(replace(source.picture, alerts=()))
        await settle(pilot)
        asked = len(source.asked)
        await pilot.press("a", "enter")
        await settle(pilot)
        assert "acknowledge" not in " ".join(source.asked[asked:]), "it is over"
        assert "a acknowledge" not in seen(pilot)


async def test_read_only_speaks_of_showing_alone() -> None:
    source = FakeSource(night())
    picture = source.picture
    assert picture.runbooks is not None
    source.show(replace(picture, runbooks=replace(picture.runbooks, read_only=True)))
    async with running(source) as pilot:
        await pilot.press("7", "r")
        await settle(pilot)
        assert "Enter show" in seen(pilot).splitlines()[-1]
        assert "run" not in seen(pilot).splitlines()[-1]


async def test_the_help_says_of_enter_what_it_does_to_a_step() -> None:
    picture = night()
    assert picture.runbooks is not None
    read_only = replace(picture, runbooks=replace(picture.runbooks, read_only=True))
    for shown, said in ((picture, "Run a safe step"), (read_only, "Show the step")):
        async with running(FakeSource(shown), (120, 60)) as pilot:
            await pilot.press("7", "r")
            await settle(pilot)
            text = await help_of(pilot)
            assert re.search(rf"Enter +{said}", text)
            assert not re.search(r"Enter +Details", text)


async def test_a_service_leads_to_the_alert_that_has_a_runbook() -> None:
    picture = night()
    mine = [one for one in picture.alerts if one.check == "gateway"]
    assert len(mine) > 1, "one of its own, and one of a rule"
    linked = books(mine[1], links={mine[1].id: "mysql-connections"})
    async with running(FakeSource(replace(picture, runbooks=linked))) as pilot:
        await pilot.press("2")
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        assert f"runbook  {mine[1].id}" in source_of(pilot).asked


async def test_on_a_row_that_is_fine_r_leads_where_the_verdict_says() -> None:
    picture = night()
    worst = picture.alerts[0]
    fine = next(check for check in picture.checks if check.status is Status.OK)
    alerts = tuple(one for one in picture.alerts if one.check != fine.name)
    source = FakeSource(replace(picture, alerts=alerts))
    async with running(source, (160, 40)) as pilot:
        assert "r runbook" in seen(pilot).splitlines()[0]
        pilot.app.screen.query_one(ServicesPane).select(fine.name)
        await settle(pilot)
        assert "r runbook" in seen(pilot).splitlines()[0]
        await pilot.press("r")
        await settle(pilot)
        assert f"runbook  {worst.id}" in source.asked


async def test_a_row_that_is_ill_and_of_no_check_leads_to_no_other_alerts_runbook() -> None:
    picture = night()
    failed = next(one for one in entries_of(picture) if one.section == "errors")
    async with running(FakeSource(picture), (160, 40)) as pilot:
        await pilot.press("7")
        pilot.app.screen.query_one(AlertTable).select(failed.key)
        await settle(pilot)
        assert "r runbook" not in seen(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, AlertScreen)
        assert "r runbook" not in seen(pilot), "nor where all is told about it"
        await pilot.press("escape", "r")
        await settle(pilot)
        assert f"runbook  {picture.alerts[0].id}" not in source_of(pilot).asked


async def test_a_panel_past_a_threshold_leads_to_no_other_alerts_runbook() -> None:
    picture = runbook_night(dashboard_night())
    worst = picture.alerts[0].id
    async with running(FakeSource(picture), (160, 60)) as pilot:
        await pilot.press("D")
        await settle(pilot)
        pane = pilot.app.screen.query_one(DashboardPane)
        found = {is_ill(pane.panel_of(key)): key for key in pane.keys}
        for ill, key in sorted(found.items(), reverse=True):
            pane.select(key)
            await settle(pilot)
            assert ("r runbook" in seen(pilot).splitlines()[0]) is not ill
            await pilot.press("r")
            await settle(pilot)
            assert (f"runbook  {worst}" in source_of(pilot).asked) is not ill
        assert len(found) == 2, "panels of both kinds"


async def test_an_incident_that_lasts_leads_to_the_runbook_of_its_own_alert() -> None:
    cause = replace(alert_night().alerts[0], id="jobs@1", name="JobsFailed", check="", rule="jobs")
    lasts = Incident(4, "JobsFailed", "JobsFailed", Status.WARNING, NOW - 60, alerts=(cause.id,))
    lost = replace(lasts, id=3, alerts=("gone@1",))
    over = replace(lasts, id=2, alerts=("gone@1",), ended=NOW - 30)
    picture = replace(night(), story=StoryView(incidents=(lasts, lost, over)))
    picture = replace(picture, alerts=(*picture.alerts, cause))
    worst = picture.alerts[0].id
    for incident, leads in ((lasts, cause.id), (lost, None), (over, worst)):
        async with running(FakeSource(picture), (160, 40)) as pilot:
            await pilot.press("9")
            pilot.app.screen.query_one(IncidentTable).select(f"incident:{incident.id}")
            await settle(pilot)
            await pilot.press("r")
            await settle(pilot)
            asked = [one for one in source_of(pilot).asked if one.startswith("runbook ")]
            assert asked == ([f"runbook  {leads}"] if leads else [])


async def test_what_only_informs_or_may_be_soon_keeps_no_fine_row_from_the_runbook() -> None:
    picture = night()
    worst = picture.alerts[0]
    fine = next(check for check in picture.checks if check.status is Status.OK)
    told = replace(worst, id="told@1", name="JustInfo", check=fine.name, rule="info")
    for said in (
        replace(told, status=Status.OK),
        replace(told, firing=False, status=Status.WARNING),
    ):
        source = FakeSource(replace(picture, alerts=(worst, said)))
        async with running(source, (160, 40)) as pilot:
            pilot.app.screen.query_one(ServicesPane).select(fine.name)
            await settle(pilot)
            await pilot.press("r")
            await settle(pilot)
            assert f"runbook  {worst.id}" in source.asked
            await pilot.press("escape")
            await settle(pilot)
            pane = pilot.app.screen.query_one(AlertsPane)
            pane.focus()
            pane.select(said.id)
            await settle(pilot)
            await pilot.press("r")
            await settle(pilot)
            assert f"runbook  {said.id}" in source.asked, "the row is that alert"


async def test_the_verdict_names_r_only_where_it_leads_to_its_runbook() -> None:
    picture = night()
    fine = next(check for check in picture.checks if check.status is Status.OK)
    ill = next(one for one in picture.alerts if one.check != picture.alerts[0].check)
    assert picture.runbooks is not None
    links = {**picture.runbooks.links, fine.name: "mysql-connections"}
    books = replace(picture.runbooks, links=links)
    async with running(FakeSource(replace(picture, runbooks=books)), (160, 40)) as pilot:
        services = pilot.app.screen.query_one(ServicesPane)
        for name, key in ((fine.name, fine.name), (ill.check, ill.id)):
            services.select(name)
            await settle(pilot)
            assert "r runbook" not in seen(pilot).splitlines()[0]
            await pilot.press("r")
            await settle(pilot)
            assert f"runbook  {key}" in source_of(pilot).asked
            await pilot.press("escape")
            await settle(pilot)


async def test_enter_runs_what_is_safe_and_asks_for_all_else() -> None:
    source = FakeSource(night())
    async with running(source) as pilot:
        await pilot.press("7", "r")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert source.asked[-1] == "run step token of who"
        await pilot.press("v")
        await settle(pilot)
        assert isinstance(pilot.app.screen, StepScreen), "it can be read before it runs"
        await pilot.press("enter")
        await settle(pilot)
        assert source.asked[-1] == "run step token of who"
        await pilot.press("end", "enter")
        await settle(pilot)
        asked = len(source.asked)
        assert "Type shop-1 and press Enter" in seen(pilot)
        assert "Enter run it" in seen(pilot)
        await pilot.press(*"shop-2", "enter")
        await settle(pilot)
        assert "that is not shop-1" in seen(pilot)
        assert len(source.asked) == asked
        # What was refused is replaced by what is typed next, or mended.
        await pilot.press(*"shop-3", "enter", "end", "backspace", "1", "enter")
        await settle(pilot)
        assert source.asked[-1] == "run step token of restart-server shop-1"


async def test_a_box_whose_step_has_changed_runs_nothing() -> None:
    source = FakeSource(night())
    async with running(source) as pilot:
        await pilot.press("7", "r")
        await settle(pilot)
        await pilot.press("v")
        await settle(pilot)
        known = source.picture.runbooks
        assert known is not None
        assert known.focus is not None
        steps = tuple(replace(one, token=f"another {one.name}") for one in known.focus.steps)
        changed = replace(known, focus=replace(known.focus, steps=steps))
        source.show(replace(source.picture, runbooks=changed))
        await settle(pilot)
        assert "it has changed since it was shown" in seen(pilot)
        await pilot.press("y", "enter")
        await settle(pilot)
        assert not [each for each in source.asked if each.startswith("run step")]


async def test_output_is_searched_copied_and_followed() -> None:
    picture = night()
    alert = picture.alerts[0]
    lines = tuple(f"line {number}" for number in range(200))
    going = run(alert, "who", picture.time, lines=lines, state=RunState.RUNNING, ended=None)
    source = FakeSource(replace(picture, runbooks=books(alert, (going,))))
    async with running(source) as pilot:
        await pilot.press("7", "r")
        await settle(pilot)
        assert "line 199" in seen(pilot)
        more = replace(going, lines=(*lines, "line 200"))
        source.show(replace(picture, runbooks=books(alert, (more,))))
        await settle(pilot)
        assert "line 200" in seen(pilot), "it stays at its end"
        await pilot.press("slash", *"LINE 7", "enter")
        await settle(pilot)
        text = seen(pilot)
        assert "/LINE 7 1/11" in text
        assert "line 7 " in text
        await pilot.press("n", "n")
        await settle(pilot)
        assert "/LINE 7 3/11" in seen(pilot)
        assert "line 71" in seen(pilot)
        source.show(replace(picture, runbooks=books(alert, (replace(more, dropped=5),))))
        await settle(pilot)
        assert "line 71" in seen(pilot), "whoever reads is left in peace"
        await pilot.press("y")
        await settle(pilot)
        assert app_of(pilot).clipboard.splitlines()[-1] == "line 200"
        await pilot.press("ctrl+c")
        await settle(pilot)
        assert source.asked[-1] == f"cancel run {going.id}"
        assert not pilot.app._exit


async def test_without_a_runbook_it_says_how_to_link_one() -> None:
    picture = night()
    alert = picture.alerts[0]
    known = books(alert)
    assert known.focus is not None
    none = replace(known.focus, runbook=None, steps=(), problem="gateway has no runbook")
    async with running(FakeSource(replace(picture, runbooks=replace(known, focus=none)))) as pilot:
        await pilot.press("7", "r")
        await settle(pilot)
        text = seen(pilot)
        assert "gateway has no runbook" in text
        assert "- name: gateway" in text
        assert "runbook_url: runbooks/api-down" in text


async def test_the_palette_and_the_help_lead_to_steps() -> None:
    async with running(FakeSource(night())) as pilot:
        await pilot.press("colon", *"connections kill")
        for _ in range(60):
            await pilot.pause(0.05)
            if "runbook mysql-connections › kill" in seen(pilot):
                break
        assert isinstance(pilot.app.screen, Palette)
        await pilot.press("enter")
        for _ in range(60):
            await pilot.pause(0.05)
            if any(each.startswith("runbook mysql-conn") for each in source_of(pilot).asked):
                break
        assert isinstance(pilot.app.screen, StepScreen)
        assert any(each.startswith("runbook mysql-conn") for each in source_of(pilot).asked)
        await pilot.press("escape")
        await settle(pilot)
        told_of = await help_of(pilot)
        assert "Show the step whole before it runs" in told_of


async def test_several_that_run_are_asked_about_once() -> None:
    async with running(FakeSource(night(ran=True))) as pilot:
        await pilot.press("q")
        await settle(pilot)
        assert "A step runs" in seen(pilot)
        picture = night()
        source_of(pilot).show(picture)
        await settle(pilot)
        assert "A step runs" not in seen(pilot), "it has ended by itself"
        await pilot.press("q")
        await settle(pilot)
        assert pilot.app._exit


@pytest.mark.parametrize("width", [20, 80])
def test_rows_of_output_are_made_once(width: int) -> None:
    alert = samples.bad_night().alerts[0]
    made = run(alert, "who", 0.0, lines=("a", "b" * 50, "begun"))
    rows = Rows(made, width)
    rows.take(made)
    head = list(rows.lines)
    more = replace(made, lines=("a", "b" * 50, "begun and ended", "c"))
    assert rows.take(more) == 0
    assert rows.lines[: len(head) - 1] == head[:-1]
    assert "".join(line.text.strip() for line in rows.lines).endswith("begun and endedc")
    gone = replace(more, lines=more.lines[2:], dropped=2)
    assert rows.take(gone) == 1 + -(-50 // (width - 2))
    assert "older lines are not kept" in [line.text.strip() for line in rows.lines]
    assert not any("bb" in line.text for line in rows.lines)


async def test_a_small_screen_shows_one_of_text_and_output() -> None:
    async with running(FakeSource(night(ran=True)), size=(80, 24)) as pilot:
        await pilot.press("7", "r")
        await settle(pilot)
        screen = pilot.app.screen
        output, steps = screen.query_one(OutputPane), screen.query_one(StepsPane)
        assert output.size.height > 5
        await pilot.press("tab")
        await settle(pilot)
        assert "Many from one host" in seen(pilot)
        assert output.size.height == 1, "its title"
        assert steps.size.height >= 5
        assert not told(pilot)
        found = last_run(source_of(pilot).picture.runbooks, "who")
        assert found is not None
        assert found.subject == Subject(alert=found.subject.alert, check="gateway")


@pytest.mark.parametrize("size", [(40, 12), (20, 6), (3, 2), (200, 9)])
async def test_no_terminal_is_too_small(size: tuple[int, int]) -> None:
    async with running(FakeSource(night(ran=True)), size=size) as pilot:
        await pilot.press("7", "r")
        await settle(pilot)
        for key in (
            "tab",
            "tab",
            "tab",
            "tab",
            "v",
            "escape",
            "M",
            "down",
            "end",
            "slash",
            "escape",
        ):
            await pilot.press(key)
            await settle(pilot)
        if size == (40, 12):
            await pilot.press("M")
            await settle(pilot)
            pilot.app.screen.query_one(StepsPane).focus()
            await settle(pilot)
            assert "safe" in seen(pilot)
            await pilot.press("end", "v")
            await settle(pilot)
            assert "Type shop-1" in seen(pilot)
