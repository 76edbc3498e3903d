"""What opens is drawn once, with what it was opened for; garbage waits until nobody types."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from operator import is_
from typing import cast

import pytest
from rich.segment import Segment
from textual.screen import Screen
from textual.strip import Strip

from tests.tui.app_kit import Clock, app_of, running, seen, settle
from tests.tui.fakes import FakeSource
from tests.tui.tour import everything
from tui.app import OnwatchApp
from tui.screens.databases import DatabasesScreen
from tui.screens.details import DetailsScreen
from tui.screens.help import HelpScreen
from tui.screens.picture import PictureScreen
from tui.screens.standing import Standing
from tui.upkeep import Upkeep
from widgets.hints import HintLine
from widgets.lines import LinePane
from widgets.strip import LeanStrip

PARTS = ("✖ ", "東京", " api", "  ", "200")


class Deaf(FakeSource):
    """An engine that is too busy to answer what it is asked for."""

    def focus(self, check: str | None) -> None:
        self.asked.append(f"focus {check}")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Screen[object]]:
    """The screens that were sent to the terminal, in their order."""
    screens: list[Screen[object]] = []
    sends = OnwatchApp._display

    def display(app: OnwatchApp, screen: Screen[object], update: object) -> None:
        if update is not None:
            screens.append(screen)
        sends(app, screen, update)  # type: ignore[arg-type]

    monkeypatch.setattr(OnwatchApp, "_display", display)
    return screens


async def test_details_are_drawn_once_with_what_there_is_to_tell(
    drawn: list[Screen[object]],
) -> None:
    async with running() as pilot:
        for _ in range(2):
            drawn.clear()
            await pilot.press("enter")
            await settle(pilot)
            text = seen(pilot)
            await pilot.press("escape")
            await settle(pilot)
        assert "Results" in text
        assert len([one for one in drawn if isinstance(one, DetailsScreen)]) == 1


async def test_details_are_there_though_the_engine_is_too_busy_to_answer(
    drawn: list[Screen[object]],
) -> None:
    async with running(Deaf()) as pilot:
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert isinstance(drawn[-1], DetailsScreen)
        assert "About" in seen(pilot)


@pytest.mark.parametrize("rested", [False, True])
@pytest.mark.parametrize("key", ["2", "4", "5", "6", "7"])
async def test_a_screen_that_opens_again_is_drawn_once(
    key: str, rested: bool, drawn: list[Screen[object]]
) -> None:
    async with running(Deaf()) as pilot:
        await pilot.press(key)
        await settle(pilot)
        screen = pilot.app.screen
        await pilot.press("1")
        await settle(pilot)
        if rested:
            app_of(pilot).let_go()
        drawn.clear()
        await pilot.press(key)
        await settle(pilot)
        assert pilot.app.screen is screen
        assert drawn.count(screen) == 1


@pytest.mark.parametrize("key", ["2", "3", "4", "5", "6", "7", "9"])
async def test_a_screen_that_has_let_go_of_its_picture_comes_back_as_any_other(key: str) -> None:
    found = []
    for rested in (False, True):
        async with running(Deaf(everything())) as pilot:
            await pilot.press(key, "down", "down", "tab", "down", "1")
            if rested:
                app_of(pilot).let_go()
            await pilot.press(key)
            await settle(pilot)
            pane = cast("LinePane", pilot.app.focused)
            found.append((pane.id, pane.selected, seen(pilot)))
    assert found[0] == found[1]


async def test_what_is_opened_instead_of_another_screen_does_not_draw_what_lies_beneath(
    drawn: list[Screen[object]],
) -> None:
    async with running() as pilot:
        await pilot.press("2")
        await settle(pilot)
        drawn.clear()
        await pilot.press("5")
        await settle(pilot)
        assert pilot.app.screen_stack[0] not in drawn


async def test_the_help_is_made_once_and_is_about_the_screen_it_is_opened_from() -> None:
    async with running(size=(120, 60)) as pilot:
        await pilot.press("question_mark")
        await settle(pilot)
        screen = pilot.app.screen
        assert "Overview: keys" in seen(pilot)
        await pilot.press("end", "escape", "5", "question_mark")
        await settle(pilot)
        assert isinstance(screen, HelpScreen)
        assert pilot.app.screen is screen
        assert "Queues: keys" in seen(pilot)
        assert "How much waits" in seen(pilot), "from its beginning"


async def test_help_with_the_same_screen_is_not_drawn_anew() -> None:
    async with running() as pilot:
        lines = []
        for _ in range(2):
            await pilot.press("question_mark")
            await settle(pilot)
            box = pilot.app.screen.query_one("VerticalScroll")
            lines.append(box.render_lines(box.outer_size.region))
            await pilot.press("escape")
            await settle(pilot)
        first, again = lines
        assert len(first) > 10
        assert all(map(is_, first, again))


async def test_the_help_takes_a_theme_that_was_chosen_meanwhile() -> None:
    async with running() as pilot:
        await pilot.press("question_mark")
        await settle(pilot)
        box = pilot.app.screen.query_one("VerticalScroll")
        dark = box.styles.background
        await pilot.press("escape")
        app_of(pilot).set_theme("onwatch-light")
        await settle(pilot)
        await pilot.press("question_mark")
        await settle(pilot)
        assert pilot.app.screen.query_one("VerticalScroll") is box
        assert box.styles.background != dark


@pytest.mark.parametrize("key", ["2", "enter", "question_mark"])
async def test_what_is_opened_again_has_the_colours_of_the_screen_beneath(key: str) -> None:
    async with running() as pilot:
        app = app_of(pilot)
        await pilot.press(key)
        app.post_message(OnwatchApp.Themed("onwatch-light"))
        await settle(pilot)
        await pilot.press("escape")
        app.post_message(OnwatchApp.Themed("onwatch-dark"))
        await settle(pilot)
        beneath = app.screen.query_one(HintLine).background_colors
        await pilot.press(key)
        await settle(pilot)
        boxes = app.screen.query("HintLine, HelpScreen > VerticalScroll")
        assert boxes.first().background_colors[1].brightness < 0.5
        assert beneath[1].brightness < 0.5


async def test_a_screen_that_is_just_being_opened_may_be_left_and_opened_again() -> None:
    async with running(FakeSource(everything())) as pilot:
        app = app_of(pilot)
        for name in ("services", "databases", "services", "host", "databases"):
            app.go_to(name)
        await settle(pilot)
        assert app.is_running
        assert isinstance(app.screen, DatabasesScreen)
        assert "Sessions" in seen(pilot)


async def test_what_is_told_to_a_screen_that_is_just_being_opened_is_seen() -> None:
    async with running(size=(80, 24)) as pilot:
        app = app_of(pilot)
        app.go_to("services")
        app.say("api: asked", seconds=60)
        await settle(pilot)
        assert "api: asked" in seen(pilot)


async def test_each_screen_takes_its_first_picture_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[PictureScreen] = []
    takes = PictureScreen.take

    def take(screen: PictureScreen, standing: Standing) -> None:
        taken.append(screen)
        takes(screen, standing)

    async with running(Deaf()) as pilot:
        monkeypatch.setattr(PictureScreen, "take", take)
        for key in "23456":
            await pilot.press(key)
            await settle(pilot)
            assert taken.count(cast("PictureScreen", pilot.app.screen)) == 1


@pytest.mark.parametrize("key", ["2", "enter"])
async def test_curves_are_gone_from_a_frozen_picture_that_was_covered(key: str) -> None:
    async with running() as pilot:
        assert set("▂▃▄▅▆▇") & set(seen(pilot))
        await pilot.press("p", key)
        app_of(pilot).action_low_bandwidth()
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert not set("▂▃▄▅▆▇") & set(seen(pilot))


async def test_what_is_due_while_the_app_ends_is_no_error() -> None:
    clock = Clock()
    async with running(Deaf(), clock=clock) as pilot:
        app = app_of(pilot)
        app.holding.until("gateway", None)
    clock.time += 10
    assert app.silence
    app._look()
    app.holding.end()
    await app._turns._settle()


def test_a_line_is_divided_as_the_library_divides_it() -> None:
    segments = [Segment(part) for part in PARTS]
    ours, theirs = LeanStrip(segments), Strip(segments)
    assert ours == theirs
    for cuts in ([15], [3, 15], [4, 9, 12], [5], [1, 2, 40], []):
        for _ in range(2):
            parts = [part.text for part in ours.divide(cuts)]
            assert parts == [part.text for part in theirs.divide(cuts)]
    assert ours.crop(2, 6).text == theirs.crop(2, 6).text == "東京"


class Ring:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def uncollected() -> Iterator[weakref.ref[Ring]]:
    """Garbage that nobody but who is tested collects."""
    gc.disable()
    ring = weakref.ref(Ring())
    yield ring
    gc.unfreeze()
    gc.enable()


def test_garbage_is_collected_when_whoever_typed_has_come_to_rest(
    uncollected: weakref.ref[Ring],
) -> None:
    upkeep = Upkeep(let_go=lambda: None)
    upkeep.look(100)
    assert uncollected() is not None, "nobody has typed"
    for second in range(100, 110):
        upkeep.typed(second)
        upkeep.look(second + 0.9)
        assert uncollected() is not None, "somebody types"
    upkeep.look(113)
    assert uncollected() is None


def test_garbage_is_collected_once_a_minute_at_most(uncollected: weakref.ref[Ring]) -> None:
    upkeep = Upkeep(let_go=lambda: None)
    upkeep.typed(0)
    upkeep.look(10)
    assert uncollected() is None
    again = weakref.ref(Ring())
    upkeep.typed(20)
    upkeep.look(30)
    assert again() is not None
    upkeep.look(75)
    assert again() is None


async def test_the_app_rests_when_its_user_does() -> None:
    clock = Clock()
    async with running(clock=clock) as pilot:
        gc.disable()
        try:
            await pilot.press("j")
            ring = weakref.ref(Ring())
            clock.time += 2
            app_of(pilot)._look()
            assert ring() is not None
            clock.time += 2
            app_of(pilot)._look()
            assert ring() is None
        finally:
            gc.unfreeze()
            gc.enable()
