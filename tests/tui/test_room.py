"""What the overview does with the lines there are, and keys in sentences."""

from __future__ import annotations

from dataclasses import replace

from checks.views import Snapshot
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tui.app import OnwatchApp
from tui.screens.picture import Banner
from widgets.events import EventsPane
from widgets.lines import LinePane


def few_checks() -> Snapshot:
    night = samples.bad_night()
    return replace(night, checks=night.checks[5:9], alerts=night.alerts[:2])


async def test_a_low_screen_shows_events_where_lines_are_free() -> None:
    async with OnwatchApp(FakeSource(few_checks())).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        pane = pilot.app.screen.query_one(EventsPane)
        assert pane.size.height >= 4
        assert pane.focusable


async def test_events_without_lines_are_never_in_focus() -> None:
    async with OnwatchApp(FakeSource()).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert pilot.app.screen.query_one(EventsPane).size.height == 0
        for _ in pilot.app.screen.query(LinePane):
            await pilot.press("tab")
            assert not isinstance(pilot.app.focused, EventsPane)


async def test_the_banner_names_the_key_that_a_user_has_chosen() -> None:
    async with OnwatchApp(FakeSource()).run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        pilot.app.post_message(OnwatchApp.Keybindings({"app.freeze": "f"}))
        await pilot.pause()
        await pilot.press("f")
        await pilot.pause()
        told = str(pilot.app.screen.query_one(Banner).render())
        assert told.endswith("checks go on running (f: live again)")
