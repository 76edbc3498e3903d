"""The app over a fake source: what each key does, and what a person sees then."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
from textual.binding import Binding
from textual.fuzzy import Matcher
from textual.pilot import Pilot
from textual.widgets import Static

from checks.errors import ConfigError, ConfigProblem
from tests.tui.app_kit import (
    WIDE,
    Clock,
    app_of,
    notes,
    running,
    seen,
    settle,
    source_of,
    told,
)
from tests.tui.fakes import FakeSource
from tests.tui.tour import everything
from tests.widgets import samples
from tests.widgets.sample_logs import log_night
from tui import keymap
from tui.app import OnwatchApp
from tui.bindings import all_bindings
from tui.numbered import NUMBERED
from tui.palette import PaletteCommand
from tui.screens.details import DetailsScreen
from tui.screens.filter import FilterLine
from tui.screens.help import HelpScreen
from tui.screens.overview import OverviewScreen
from tui.screens.picture import Banner, PictureScreen
from tui.terminal import Looks
from widgets.alerts import AlertsPane
from widgets.chart import BigChart
from widgets.details import FactsPane
from widgets.events import EventsPane
from widgets.hints import HintLine
from widgets.host import HostPane
from widgets.lines import LinePane
from widgets.queues import QueuesPane
from widgets.requests import RequestsPane
from widgets.results import ResultsPane
from widgets.services import ServicesPane


def services(pilot: Pilot[int]) -> ServicesPane:
    return pilot.app.screen.query_one(ServicesPane)


# From the source to the screen


async def test_the_source_starts_only_after_the_first_frame() -> None:
    class Watchful(FakeSource):
        painted = ""

        def start(self) -> None:
            strips = app.screen._compositor.render_strips()
            self.painted = "\n".join(strip.text for strip in strips)
            super().start()

    source = Watchful()
    app = OnwatchApp(source)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert "Services" in source.painted
        assert "gateway" not in source.painted
        assert "gateway" in seen(pilot)


async def test_a_new_picture_is_shown() -> None:
    async with running() as pilot:
        assert "CRITICAL" in seen(pilot)
        source_of(pilot).show(samples.all_quiet())
        await settle(pilot)
        assert "CRITICAL" not in seen(pilot)
        assert "all 3 checks are fine" in seen(pilot)


async def test_a_config_error_ends_the_app_with_its_code() -> None:
    error = ConfigError([ConfigProblem("onwatch.yaml", 3, "checks", "is missing")])
    source = FakeSource()
    app = OnwatchApp(source)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        source.fail(error)
        await settle(pilot)
    assert app.return_value == 2
    assert app.ended_by is error


async def test_an_engine_that_falls_silent_is_named() -> None:
    clock = Clock()
    async with running(clock=clock) as pilot:
        clock.time += 8
        app_of(pilot)._look()
        await settle(pilot)
        assert "no picture from the engine for 8 s" in seen(pilot)
        source_of(pilot).show(samples.bad_night())
        await settle(pilot)
        assert "no picture" not in seen(pilot)


# Panes


async def test_tab_goes_from_pane_to_pane_as_they_stand_and_back() -> None:
    async with running() as pilot:
        order = [pilot.app.focused]
        for _ in range(5):
            await pilot.press("tab")
            order.append(pilot.app.focused)
        assert [type(pane) for pane in order[:3]] == [ServicesPane, RequestsPane, AlertsPane]
        assert {type(pane) for pane in order[3:]} == {QueuesPane, HostPane, EventsPane}
        places = [pane.region.offset for pane in order if pane]
        assert places == sorted(places, key=lambda place: (place.y, place.x))
        await pilot.press("shift+tab")
        assert pilot.app.focused is order[4]


async def test_folded_tab_follows_the_order_on_screen() -> None:
    async with running(size=(80, 24)) as pilot:
        alerts, first = pilot.app.screen.query_one(AlertsPane), services(pilot)
        assert alerts.region.y < first.region.y
        await pilot.press("shift+tab")
        assert pilot.app.focused is alerts


@pytest.mark.parametrize(
    ("pane", "check"),
    [
        (ServicesPane, "search"),
        (AlertsPane, "gateway"),
        (QueuesPane, "cache"),
        (RequestsPane, "gateway log"),
        (HostPane, "web-1"),
    ],
)
async def test_enter_opens_the_check_of_a_row(pane: type[LinePane], check: str) -> None:
    async with running() as pilot:
        target = pilot.app.screen.query_one(pane)
        target.focus()
        await settle(pilot)
        await pilot.press("home")
        if pane is ServicesPane:
            services(pilot).select("search")
        await pilot.press("enter")
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, DetailsScreen)
        assert screen.check == check


async def test_the_cursor_stays_with_its_check_when_rows_reorder() -> None:
    async with running() as pilot:
        services(pilot).select("api")
        picture = source_of(pilot).picture
        source_of(pilot).show(replace(picture, checks=tuple(reversed(picture.checks))))
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert cast("DetailsScreen", pilot.app.screen).check == "api"


# Details


@asynccontextmanager
async def details_of(
    check: str, size: tuple[int, int] = WIDE, commands: tuple[PaletteCommand, ...] = ()
) -> AsyncIterator[Pilot[int]]:
    async with running(size=size, commands=commands) as pilot:
        services(pilot).select(check)
        await pilot.press("enter")
        await settle(pilot)
        yield pilot


async def test_details_are_asked_for_and_given_up() -> None:
    async with details_of("gateway") as pilot:
        assert source_of(pilot).asked[-1] == "focus gateway"
        text = seen(pilot)
        assert "error ratio  9 m of 1 h  now 6.2 %" in text, "what is past its critical bound"
        assert "HTTP 503 after 231 ms" in text
        await pilot.press("escape")
        await settle(pilot)
        assert source_of(pilot).asked[-1] == "focus None"
        assert isinstance(pilot.app.screen, OverviewScreen)


@pytest.mark.parametrize("key", ["right", "c"])
async def test_a_key_changes_the_chart(key: str) -> None:
    async with details_of("gateway") as pilot:
        await pilot.press(key)
        await settle(pilot)
        chart = pilot.app.screen.query_one(BigChart).chart
        assert chart is not None
        assert chart.title == "duration"
        assert "duration" in seen(pilot)
        await pilot.press("left")
        await settle(pilot)
        assert "error ratio" in seen(pilot)


async def test_a_covered_screen_gets_no_pictures_and_catches_up() -> None:
    async with details_of("gateway") as pilot:
        overview = cast("OverviewScreen", pilot.app.screen_stack[0])
        before = overview.snapshot
        source_of(pilot).show(samples.all_quiet())
        await settle(pilot)
        assert overview.snapshot is before
        await pilot.press("escape")
        await settle(pilot)
        assert "all 3 checks are fine" in seen(pilot)


async def test_every_facet_of_a_check_can_be_reached() -> None:
    async with details_of("gateway", size=(80, 24)) as pilot:
        texts = []
        for _ in range(8):
            texts.append(seen(pilot))
            await pilot.press("tab")
            await settle(pilot)
        everything = "\n".join(texts)
        for title in ("About", "Results", "Phases", "Concerns", "Raw answer", "Samples"):
            assert title in everything
        assert "[red]not markup[/]" in everything


async def test_details_of_a_check_that_is_no_longer_there() -> None:
    async with details_of("gateway") as pilot:
        source_of(pilot).show(samples.all_quiet(details=samples.details("gateway")))
        await settle(pilot)
        assert "no longer" in seen(pilot)
        source_of(pilot).show(samples.all_quiet())
        await settle(pilot)
        said = pilot.app.screen.query_one(FactsPane).build(60, 8)
        assert len(said) == 1, "it is gathered for nobody"


# Filter


async def test_filter_narrows_enter_keeps_and_escape_clears() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"ledger")
        await settle(pilot)
        assert "gateway" not in services(pilot).keys
        assert services(pilot).keys == ["ledger"]
        await pilot.press("enter")
        assert pilot.app.focused is services(pilot)
        assert services(pilot).keys == ["ledger"]
        await pilot.press("escape")
        await settle(pilot)
        assert "gateway" in services(pilot).keys


async def test_escape_while_typing_clears_the_filter() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"led", "escape")
        await settle(pilot)
        assert "gateway" in services(pilot).keys
        assert pilot.app.focused is services(pilot)


@pytest.mark.parametrize("way", ["tab", "click"])
async def test_a_filter_that_is_left_for_a_pane_is_kept_and_closed(way: str) -> None:
    async with running() as pilot:
        await pilot.press("slash", *"gate")
        if way == "tab":
            await pilot.press("tab")
        else:
            await pilot.click(AlertsPane, offset=(5, 1))
        await settle(pilot)
        pane = pilot.app.focused
        assert isinstance(pane, LinePane)
        assert not pilot.app.screen.query_one(FilterLine).is_open
        assert "/gate" in seen(pilot)
        assert pilot.app.screen.query_one(HintLine).display
        await pilot.press("escape")
        await settle(pilot)
        assert "/gate" not in seen(pilot)
        assert pilot.app.focused is pane


async def test_keys_of_the_app_are_text_while_a_filter_is_typed() -> None:
    async with running() as pilot:
        await pilot.press("slash", *"qp1")
        await settle(pilot)
        assert pilot.app.is_running
        assert pilot.app.screen.query_one("#filter").has_focus
        assert cast("PictureScreen", pilot.app.screen).filter_text == "qp1"


# Freeze, window, poll, repaint


async def test_p_freezes_the_picture_and_lets_it_go_on() -> None:
    async with running() as pilot:
        await pilot.press("p")
        quiet = samples.all_quiet(time=samples.NOW + 300)
        source_of(pilot).show(quiet)
        await settle(pilot)
        assert "FROZEN, 5 min old" in seen(pilot)
        assert "gateway" in seen(pilot)
        await pilot.press("p")
        await settle(pilot)
        assert "FROZEN" not in seen(pilot)
        assert "all 3 checks are fine" in seen(pilot)


@pytest.mark.parametrize("key", ["1", "8"])
async def test_the_hints_say_what_the_key_that_freezes_does_now(key: str) -> None:
    async with running(FakeSource(log_night()), size=(180, 40)) as pilot:
        await pilot.press(key)
        await settle(pilot)
        for does in ("p freeze", "p live", "p freeze"):
            assert does in seen(pilot).splitlines()[-1]
            await pilot.press("p")
            await settle(pilot)


async def test_plus_and_minus_step_through_the_windows() -> None:
    async with running() as pilot:
        for key in ("plus", "plus", "plus", "plus", "minus"):
            await pilot.press(key)
            await settle(pilot)
        asked = [each for each in source_of(pilot).asked if each.startswith("window")]
        assert asked == ["window 300", "window 900", "window 3600", "window 3600", "window 900"]


async def test_f5_polls_now() -> None:
    async with running() as pilot:
        await pilot.press("f5")
        assert source_of(pilot).asked[-1] == "poll"


# Maximise


async def test_m_gives_a_pane_the_screen_and_escape_takes_it_back() -> None:
    async with running(size=(80, 24)) as pilot:
        host = pilot.app.screen.query_one(HostPane)
        host.focus()
        assert host.size.height == 1
        await pilot.press("M")
        await settle(pilot)
        assert host.size.height > 15
        assert "CRITICAL" in seen(pilot)
        assert "/mnt/backup" in seen(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert host.size.height == 1
        assert isinstance(pilot.app.screen, OverviewScreen)


async def test_the_verdict_and_the_banner_stay_above_a_pane_that_has_the_screen() -> None:
    async with running(size=(80, 24)) as pilot:
        await pilot.press("M", "p")
        await settle(pilot)
        source_of(pilot).show(replace(samples.bad_night(), time=samples.NOW + 300))
        await settle(pilot)
        lines = seen(pilot).splitlines()
        assert lines[0].startswith(" ✖ CRITICAL   gateway: HTTP 503: ")
        assert "FROZEN" in lines[1]
        assert "Services" in lines[2]
        assert services(pilot).size.height == 21
        await pilot.press("escape")
        await settle(pilot)
        assert seen(pilot).splitlines()[0].startswith(" ✖ CRITICAL")


# Copying


async def noted(pilot: Pilot[int], text: str = "") -> list[str]:
    """The notes on the screen once one says ``text``: a file is written before."""
    for _ in range(200):
        if any(text in note for note in told(pilot)):
            break
        await pilot.pause(0.01)
    return told(pilot)


async def test_y_copies_the_sentence_of_the_row() -> None:
    async with running() as pilot:
        services(pilot).select("search")
        await pilot.press("y")
        await settle(pilot)
        copied = pilot.app.clipboard
        assert copied.startswith("search (tcp://127.0.0.1/search) critical since 2023-11-14")
        assert copied.endswith("connection to 127.0.0.1:9200 refused: is the server running?")


async def test_y_copies_something_wherever_it_is_pressed_in_the_details() -> None:
    async with details_of("gateway", size=(120, 80)) as pilot:
        await pilot.press("y")
        await settle(pilot)
        assert pilot.app.clipboard.startswith("gateway (http://127.0.0.1/gateway) critical since")
        results = pilot.app.screen.query_one(ResultsPane)
        results.focus()
        await settle(pilot)
        await pilot.press("end", "y")
        await settle(pilot)
        assert results.selected is not None
        assert pilot.app.clipboard == f"gateway: {results.text_of(results.selected)}"


async def test_y_copies_the_event_that_is_selected_with_its_day() -> None:
    async with details_of("gateway", size=(120, 80)) as pilot:
        happened = pilot.app.screen.query_one("#events", LinePane)
        happened.focus()
        await settle(pilot)
        await pilot.press("end", "y")
        await settle(pilot)
        details = source_of(pilot).picture.details
        assert details is not None
        event = details.events[-1]
        assert pilot.app.clipboard.startswith(f"{event.check} at 2023-11-14 ")
        assert pilot.app.clipboard.endswith(f": {event.text}")


async def test_y_says_so_where_there_is_no_row() -> None:
    async with running() as pilot:
        source_of(pilot).show(samples.bad_night(queues=()))
        pane = pilot.app.screen.query_one(QueuesPane)
        pane.focus()
        await settle(pilot)
        assert pane.selected is None
        await pilot.press("y")
        await settle(pilot)
        assert notes(pilot) == ["the cursor is on no row here: nothing is copied"]


@pytest.mark.parametrize("key", ["2", "4", "5", "6", "7", "8"])
async def test_y_says_so_on_every_screen_where_the_filter_leaves_no_row(key: str) -> None:
    async with running(FakeSource(everything())) as pilot:
        await pilot.press(key, "slash", *"zzzz", "enter", "y")
        await settle(pilot)
        assert notes(pilot) == ["the cursor is on no row here: nothing is copied"]


async def test_y_copies_parts_queues_and_alerts() -> None:
    async with running() as pilot:
        services(pilot).select("gateway/database")
        await pilot.press("y")
        await settle(pilot)
        assert pilot.app.clipboard.startswith("gateway database critical since")
        pilot.app.screen.query_one(QueuesPane).focus()
        await pilot.press("home", "y")
        await settle(pilot)
        assert "1,204 items" in pilot.app.clipboard
        picture = source_of(pilot).picture
        (first, *others) = picture.queues
        queues = (replace(first, size=1.0), *others)
        source_of(pilot).show(replace(picture, queues=queues, time=picture.time + 1))
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert ": 1 item," in pilot.app.clipboard
        pilot.app.screen.query_one(AlertsPane).focus()
        await pilot.press("home", "y")
        await settle(pilot)
        assert 'status is "degraded", expected "healthy"' in pilot.app.clipboard


async def test_capital_y_copies_the_verdict_and_all_alerts_for_the_incident_channel() -> None:
    async with running() as pilot:
        await pilot.press("Y")
        await settle(pilot)
        head, *lines = pilot.app.clipboard.splitlines()
        alerts = source_of(pilot).picture.alerts
        assert head.startswith("web-1 at 2023-11-14 ")
        assert head.endswith(f": critical, {len(alerts)} alerts")
        for alert in alerts:
            (line,) = [
                each for each in lines if each.startswith(f"{alert.name} {alert.status.value}")
            ]
            assert alert.sentence in line
            assert not alert.cause or line.endswith(f"(follows from {alert.cause})")
        (note,) = await noted(pilot)
        assert note.startswith(
            f"asked the terminal to copy the verdict and {len(alerts)} alerts; also in /"
        )
        source_of(pilot).show(samples.all_quiet())
        await settle(pilot)
        await pilot.press("Y")
        await settle(pilot)
        assert pilot.app.clipboard.endswith("3 of 3 checks fine")
        (note,) = await noted(pilot, "0 alerts")
        assert note.startswith("asked the terminal to copy the verdict and 0 alerts")


async def test_a_low_screen_says_it_in_the_line_of_hints_and_hides_no_pane() -> None:
    async with running(size=(80, 24)) as pilot:
        before = seen(pilot).splitlines()
        app_of(pilot).say("the row is copied", seconds=9)
        await settle(pilot)
        assert notes(pilot) == []
        after = seen(pilot).splitlines()
        assert after[-1].strip() == "the row is copied"
        assert after[:-1] == before[:-1]
        app_of(pilot).say("done", seconds=0.05)
        await pilot.pause(0.2)
        assert seen(pilot).splitlines() == before


async def test_what_was_copied_hides_no_pane_on_a_large_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    async with running(size=(160, 50)) as pilot:
        before = seen(pilot).splitlines()
        await pilot.press("Y")
        while not told(pilot):
            await pilot.pause(0.01)
        await settle(pilot)
        assert notes(pilot) == []
        after = seen(pilot).splitlines()
        assert "/proc/nowhere/onwatch/copied.txt could not be written" in after[-1]
        assert after[:-1] == before[:-1]


async def test_what_has_no_room_in_the_line_of_hints_is_a_note_and_there_is_one_at_a_time() -> None:
    async with running(size=(80, 24)) as pilot:
        app_of(pilot).say("the row is copied", seconds=9)
        for text in ("x" * 90, "two\nlines"):
            app_of(pilot).say(text)
            await settle(pilot)
            assert notes(pilot) == [text]
            assert "is copied" not in seen(pilot)


# Leaving


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_q_and_ctrl_q_quit(key: str) -> None:
    async with running() as pilot:
        await pilot.press(key)
    assert pilot.app.return_value == 0


async def test_ctrl_q_quits_while_a_filter_is_typed() -> None:
    async with running() as pilot:
        await pilot.press("slash", "a", "ctrl+q")
    assert pilot.app.return_value == 0


async def test_escape_never_quits() -> None:
    async with running() as pilot:
        await pilot.press("escape", "escape", "escape")
        await settle(pilot)
        assert pilot.app.is_running
        assert isinstance(pilot.app.screen, OverviewScreen)


async def test_ctrl_c_warns_and_quits_only_when_pressed_again_soon() -> None:
    clock = Clock()
    async with running(clock=clock) as pilot:
        await pilot.press("ctrl+c")
        assert notes(pilot) == ["Ctrl-C again to quit"]
        clock.time += 5
        await pilot.press("ctrl+c")
        await settle(pilot)
        assert pilot.app.is_running
        await pilot.press("ctrl+c")
    assert pilot.app.return_value == 0


# Help and hints


async def test_help_names_the_keys_of_its_screen_alone() -> None:
    async with running() as pilot:
        await pilot.press("question_mark")
        await settle(pilot)
        assert isinstance(pilot.app.screen, HelpScreen)
        text = seen(pilot)
        assert "Freeze the picture" in text
        assert "Next chart" not in text
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, OverviewScreen)


async def test_help_on_the_details_names_the_charts() -> None:
    async with details_of("gateway") as pilot:
        await pilot.press("f1")
        await settle(pilot)
        assert "Next chart" in seen(pilot)


async def test_hints_name_the_keys_a_user_has_chosen() -> None:
    async with running() as pilot:
        pilot.app.post_message(OnwatchApp.Keybindings({"app.freeze": "f"}))
        await settle(pilot)
        hints = {text: key for key, text in pilot.app.screen.query_one(HintLine).hints}
        assert hints["freeze"] == "f"
        await pilot.press("f")
        await settle(pilot)
        assert "FROZEN" in seen(pilot)
        await pilot.press("p")
        await settle(pilot)
        assert "FROZEN" in seen(pilot), "p is free now"


async def test_wishes_for_keys_that_cannot_be_granted_are_named_and_the_old_keys_stay() -> None:
    wanted = {"app.freeze": "q", "app.freez": "z", "app.help": "ctrl+i", "app.poll": "ctrl+foo"}
    async with running() as pilot:
        pilot.app.post_message(OnwatchApp.Keybindings(wanted))
        await settle(pilot)
        (said,) = notes(pilot)
        assert "app.freeze: q is taken by app.quit; p stays as it was" in said
        assert "app.freez: no such key binding, did you mean app.freeze?" in said
        assert "app.help: ctrl+i cannot be bound" in said
        assert "app.poll: ctrl+foo is no key; F5 stays as it was" in said
        await pilot.press("p")
        await settle(pilot)
        assert "FROZEN" in seen(pilot)


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("alerts.ack", "screen.acknowledge"),
        ("alert.ack", "screen.acknowledge"),
        ("app.freez", "app.freeze"),
        ("screen.freeze", "app.freeze"),
        ("app.frezze", "app.freeze"),
    ],
)
def test_a_wish_for_what_no_key_does_names_the_key_that_is_meant(wanted: str, meant: str) -> None:
    made = keymap.plan({wanted: "x"}, all_bindings())
    assert made.refused[wanted] == f"no such key binding, did you mean {meant}?"


def test_a_wish_like_nothing_that_there_is_names_the_page_of_all_keys() -> None:
    made = keymap.plan({"xyzzy.qqq": "x"}, all_bindings())
    assert made.refused["xyzzy.qqq"] == "no such key binding; see docs/keys.md"


@pytest.mark.parametrize("key", ["ctrl+j", "ctrl+m", "ctrl+h", "ctrl+[", "~", "crtl+a", "tab+a"])
def test_keys_that_can_never_work_are_refused(key: str) -> None:
    made = keymap.plan({"app.freeze": key}, all_bindings())
    assert made.keymap == {}
    assert made.refused["app.freeze"].endswith("p stays as it was")


@pytest.mark.parametrize("key", ["f5", "ctrl+]", "ctrl++", "+", "plus", "alt+x", "at", "é", "F"])
def test_keys_of_every_spelling_are_accepted(key: str) -> None:
    bindings = [Binding("p", "freeze", id="app.freeze")]
    assert keymap.plan({"app.freeze": key}, bindings).refused == {}


# Palette


async def test_the_palette_finds_a_check_by_name() -> None:
    async with running() as pilot:
        await pilot.press("colon")
        await pilot.press(*"ledger")
        await pilot.pause(0.5)
        await pilot.press("enter", "enter")
        await pilot.pause(0.3)
        screen = pilot.app.screen
        assert isinstance(screen, DetailsScreen)
        assert screen.check == "ledger"


def offered(pilot: Pilot[int], word: str) -> list[PaletteCommand]:
    """The palette's commands whose titles match ``word`` as the palette matches."""
    matcher = Matcher(word)
    found = app_of(pilot).palette_commands(pilot.app.screen)
    return [each for each in found if matcher.match(each.title) > 0]


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("copy", "copy: copy the sentence of the selected row"),
        ("filter", "filter: filter the rows by any text in them"),
        ("suspend", "suspend"),
        ("maximise", "maximise: give the pane the whole screen, or take it"),
        ("redraw", "repaint: draw the screen again"),
        ("repaint", "repaint: draw the screen again"),
        ("next pane", "next pane"),
        ("window", "window longer"),
        ("window", "window 15 min"),
        ("poll", "poll: run every check now"),
    ],
)
async def test_the_palette_finds_whatever_a_key_does(word: str, title: str) -> None:
    async with running() as pilot:
        titles = [command.title for command in offered(pilot, word)]
        assert title in titles


async def test_the_palette_begins_with_what_is_wrong_and_the_screens() -> None:
    async with running() as pilot:
        found = app_of(pilot).palette_commands(pilot.app.screen)
        titles = [each.title for each in found if each.common]
        ill = [alert.check for alert in samples.bad_night().alerts]
        assert titles[: len(ill)] == [f"check {name}" for name in ill]
        screens = [title.partition(":")[0] for title in titles[len(ill) : len(ill) + len(NUMBERED)]]
        assert sorted(screens) == sorted(each.name for each in NUMBERED)
        assert len(titles) == len(set(titles)), "nothing twice"


async def test_the_palette_offers_every_binding_that_works_here_with_its_key() -> None:
    async with running() as pilot:
        pilot.app.post_message(OnwatchApp.Keybindings({"app.freeze": "f"}))
        await settle(pilot)
        helps = {each.title.partition(":")[0]: each.help for each in offered(pilot, "e")}
        assert helps["freeze"] == "key f"
        active = pilot.app.screen.active_bindings.values()
        names = {str(each.binding.id).partition(".")[2].replace("_", " ") for each in active}
        titles = {
            each.title.partition(":")[0]
            for each in app_of(pilot).palette_commands(pilot.app.screen)
        }
        here = {"overview"}
        assert names - titles == {"palette", "copy or quit", "quit always", *here}
        assert "next chart" not in titles


async def test_the_palette_begins_with_what_the_cursor_is_on_and_what_the_screen_can_do() -> None:
    burst = PaletteCommand("incident: error burst", "one provider fails", lambda: None)
    async with details_of("ledger", commands=(burst,)) as pilot:
        found = app_of(pilot).palette_commands(pilot.app.screen)
        titles = [each.title.partition(":")[0] for each in found]
    assert "check ledger" not in titles, "its details are open"
    assert not [title for title in titles if title.startswith("window 5 min")]
    order = ["check gateway", "next chart", "overview", "freeze", "incident", "low bandwidth"]
    assert sorted(order, key=titles.index) == order


async def test_the_palette_has_a_line_for_each_command_and_takes_no_text_for_markup() -> None:
    odd = replace(samples.check("ledger"), message="[red]over[/] and [/out]: " + "long " * 20)
    checks = (odd, *samples.bad_night().checks[1:])
    async with running(FakeSource(samples.bad_night(checks=checks)), size=(80, 24)) as pilot:
        await pilot.press("colon")
        await pilot.pause(0.5)
        lines = [line for line in seen(pilot).splitlines() if "key " in line or "check " in line]
        assert "check ledger  " in lines[0]
        assert "[red]over[/] and [/out]: long" in lines[0]
        assert lines[0].rstrip().endswith("…")
        assert re.search(r" services +key 2 ", seen(pilot))
        await pilot.press(*"poll")
        await pilot.pause(0.5)
        assert re.search(r"poll: run every check now  +key F5 ", seen(pilot))


async def test_a_command_of_a_key_does_what_the_key_does_where_the_focus_was() -> None:
    async with running(size=(80, 24)) as pilot:
        pilot.app.screen.query_one(HostPane).focus()
        await pilot.press("colon", *"maximise: give")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await pilot.pause(0.3)
        screen = cast("PictureScreen", pilot.app.screen)
        assert isinstance(screen.maximized, HostPane)


async def test_what_was_discovered_and_is_gone_can_be_forgotten() -> None:
    there, gone = (replace(samples.check(name), found=True) for name in ("api", "cache"))
    gone = replace(gone, up=False)
    named = replace(samples.check("ledger"), up=False)
    picture = samples.bad_night(checks=(replace(there, up=True), gone, named))
    async with running(FakeSource(picture)) as pilot:
        assert [one.title for one in offered(pilot, "forget")] == [f"forget {gone.name}"]
        app_of(pilot).run_command(offered(pilot, "forget")[0])
        assert "forget cache" in cast("FakeSource", app_of(pilot).source).asked


async def test_the_palette_runs_the_commands_it_was_given_and_says_what_they_say() -> None:
    ran: list[str] = []

    def run() -> str:
        ran.append("burst")
        return "an error burst has begun"

    burst = PaletteCommand("incident: error burst", "one provider fails", run)
    async with running(commands=(burst,)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.press(*"error burst")
        await pilot.pause(0.5)
        await pilot.press("enter", "enter")
        await pilot.pause(0.3)
        assert ran == ["burst"]
        assert "an error burst has begun" in notes(pilot)


async def test_a_theme_can_be_chosen_and_repaints_the_panes() -> None:
    async with running() as pilot:
        before = services(pilot).render_line(1)
        app_of(pilot).set_theme("onwatch-light")
        await settle(pilot)
        after = services(pilot).render_line(1)
        assert before.text == after.text
        assert [s.style for s in before] != [s.style for s in after]


# Sizes


@pytest.mark.parametrize("size", [(40, 12), (60, 15), (80, 24), (104, 22), (120, 36), (300, 100)])
async def test_every_size_shows_the_verdict_and_the_worst_service(size: tuple[int, int]) -> None:
    async with running(size=size) as pilot:
        first = seen(pilot).splitlines()[0]
        assert "CRITICAL" in first
        assert "gateway" in seen(pilot)
        panes = {pane.id: pane for pane in pilot.app.screen.query(LinePane) if pane.display}
        if size[1] < 36:
            panes.pop("events", None)
        assert len(panes) == (6 if size[1] >= 36 else 5)
        for pane in panes.values():
            assert pane.region.height >= 1
            assert pane.region.bottom <= size[1]


async def test_resizing_rearranges_down_and_up_again() -> None:
    async with running() as pilot:
        original = seen(pilot)
        for width, height in ((80, 24), (40, 12), (300, 100), (20, 5), (90, 50), WIDE):
            await pilot.resize_terminal(width, height)
            await settle(pilot)
            assert "CRITICAL" in seen(pilot) or width < 40
        assert seen(pilot) == original


async def test_alerts_get_more_lines_when_there_are_more() -> None:
    quiet = samples.all_quiet()
    async with running(FakeSource(quiet), size=(80, 24)) as pilot:
        pane = pilot.app.screen.query_one(AlertsPane)
        assert pane.size.height == 2
        source_of(pilot).show(samples.bad_night())
        await settle(pilot)
        assert pane.size.height > len(source_of(pilot).picture.alerts)
        source_of(pilot).show(quiet)
        await settle(pilot)
        assert pane.size.height == 2


# Looks


async def test_ascii_needs_no_other_sign() -> None:
    app = OnwatchApp(
        FakeSource(samples.bad_night(checks=samples.bad_night().checks[:5])), ascii_only=True
    )
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        text = seen(pilot)
        assert text.isascii(), sorted({c for c in text if not c.isascii()})
        assert "X gateway" in text


async def test_without_colour_no_colour_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = OnwatchApp(FakeSource(), looks=Looks(colours=0))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        colours = {
            str(colour.name)
            for strip in app.screen._compositor.render_strips()
            for segment in strip.apply_filter(app._filters[-1], app.styles.background)
            if segment.style
            for colour in (segment.style.color, segment.style.bgcolor)
            if colour is not None
        }
        assert colours <= {"default"}


async def test_the_banner_is_gone_while_all_is_well() -> None:
    async with running() as pilot:
        banner = pilot.app.screen.query_one(Banner)
        assert isinstance(banner, Static)
        assert banner.size.height == 0


async def test_details_on_their_way_are_no_first_result_and_no_empty_headings() -> None:
    class Slow(FakeSource):
        def focus(self, check: str | None) -> None:
            """Answer later."""

    async with running(Slow()) as pilot:
        services(pilot).select("gateway")
        await pilot.press("enter")
        await settle(pilot)
        text = seen(pilot)
        assert "gathering what is known of this check" in text
        assert "waiting for the first result" not in text
        assert "Phases" not in text
        assert "Tables" not in text


async def test_details_without_figures_say_so() -> None:
    details = replace(samples.details("gateway"), charts=())
    async with details_of("gateway") as pilot:
        source_of(pilot).show(samples.bad_night(details=details))
        await settle(pilot)
        await pilot.press("escape", "enter")
        source_of(pilot).show(samples.bad_night(details=details))
        await settle(pilot)
        assert "no run of this check has brought figures" in seen(pilot)


@pytest.mark.parametrize("keys", [("question_mark",), ("colon",), ("enter", "question_mark")])
async def test_the_top_line_goes_on_beneath_a_box(keys: tuple[str, ...]) -> None:
    async with running() as pilot:
        await pilot.press(*keys)
        await settle(pilot)
        night = samples.bad_night()
        clock, *_ = re.findall(r"\d\d:\d\d:\d\d", seen(pilot).splitlines()[0])
        checks = tuple(replace(one, message="it is gone now") for one in night.checks)
        alerts = tuple(replace(one, sentence="it is gone now") for one in night.alerts)
        changed = replace(night, time=night.time + 7, checks=checks, alerts=alerts)
        source_of(pilot).show(replace(changed, details=samples.details("gateway")))
        await settle(pilot)
        top = seen(pilot).splitlines()[0]
        assert clock not in top, "the clock would stand still, beside a sign that says live"
        assert "it is gone now" in top
        await pilot.press("escape")
        await settle(pilot)
        assert seen(pilot).splitlines()[0] == top


async def test_a_silent_engine_is_told_of_beneath_a_box() -> None:
    clock = Clock()
    async with running(clock=clock) as pilot:
        await pilot.press("question_mark")
        await settle(pilot)
        clock.time += 60
        app_of(pilot)._look()
        await settle(pilot)
        top = seen(pilot).splitlines()[0]
        assert "not live" in top
        assert "● live" not in top
        source_of(pilot).show(samples.bad_night())
        await settle(pilot)
        assert "● live" in seen(pilot).splitlines()[0]


@pytest.mark.parametrize(
    ("key", "does"), [("8", "watch_snapshot"), ("7", "watch_folded"), ("2", "watch_frozen")]
)
async def test_what_a_screen_puts_off_is_left_where_it_is_closed_first(key: str, does: str) -> None:
    async with running(FakeSource(log_night())) as pilot:
        await pilot.press(key)
        await settle(pilot)
        screen = pilot.app.screen
        closed = screen.remove()
        while screen.is_running:
            await asyncio.sleep(0)
        getattr(screen, does)()
        await closed
        assert pilot.app.is_running
