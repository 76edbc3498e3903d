"""What is sent to the terminal when something opens: that, and not once more what is there."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest
from rich.console import Console
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.screen import Screen

from tests.tui.app_kit import WIDE, app_of, running, seen, settle
from tests.tui.emulated import Emulated
from tests.tui.fakes import FakeSource
from tests.tui.tour import everything, later
from tui.app import OnwatchApp
from tui.economy import Mirror, Mirrored
from tui.screens.picture import PictureScreen
from tui.upkeep import AT_ONCE, GIVES_WAY, LONGEST, Respite
from widgets.alert_list.entries import calm_rules, entries_of, entry_at

CONSOLE = Console(force_terminal=True, color_system="truecolor", width=WIDE[0])
Update = ChopsUpdate | LayoutUpdate


@dataclass
class Shown:
    """A terminal that is sent what a real one would be, and the updates that this was made of."""

    terminal: Emulated = field(default_factory=lambda: Emulated(*WIDE))
    mirror: Mirror = field(default_factory=lambda: Mirror(erases=True))
    updates: list[Update] = field(default_factory=list)

    def take(self, update: Update, *, opens: bool) -> None:
        self.updates.append(update)
        made = Mirrored(update, self.mirror, opens=opens)
        self.terminal.feed(made.render_segments(CONSOLE))

    @property
    def lines(self) -> set[int]:
        """The lines that the updates were about."""
        found: set[int] = set()
        for update in self.updates:
            if isinstance(update, LayoutUpdate):
                return set(range(WIDE[1]))
            found |= {y for y, _, _ in update.spans}
        return found


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    shown = Shown()
    sends = OnwatchApp._display

    def display(app: OnwatchApp, screen: Screen[object], update: object) -> None:
        opens = app.drawn is not screen
        sends(app, screen, update)  # type: ignore[arg-type]
        if isinstance(update, ChopsUpdate | LayoutUpdate):
            shown.take(update, opens=opens)

    monkeypatch.setattr(OnwatchApp, "_display", display)
    return shown


KEYS = (
    *("question_mark", "escape", "question_mark", "escape", "slash", "escape", "2"),
    *("question_mark", "escape", "6", "question_mark", "escape", "colon", "escape", "enter"),
    *("question_mark", "escape", "tab", "tab", "1", "7", "1", "question_mark", "escape", "r"),
)


async def test_after_every_key_the_terminal_shows_the_screen(shown: Shown) -> None:
    async with running(FakeSource(everything())) as pilot:
        for number, key in enumerate(KEYS):
            if number % 3 == 0:
                source = cast("FakeSource", app_of(pilot).source)
                source.show(later(source.picture))
            await pilot.press(key)
            await settle(pilot)
            told = [line.rstrip() for line in seen(pilot).splitlines()]
            assert [row.rstrip() for row in shown.terminal.lines] == told, f"{key}: {number}"


async def test_a_box_that_opens_again_is_drawn_without_the_screen_beneath(shown: Shown) -> None:
    async with running() as pilot:
        for _ in range(2):
            await pilot.press("question_mark")
            await settle(pilot)
            box = pilot.app.screen.query_one("VerticalScroll").region
            await pilot.press("escape")
            await settle(pilot)
        shown.updates.clear()
        await pilot.press("question_mark")
        await settle(pilot)
        [update] = shown.updates
        assert isinstance(update, ChopsUpdate)
        assert {(y, *box.column_span) for y in box.line_range} == set(update.spans)


async def test_a_box_upon_a_screen_that_was_not_drawn_yet_is_drawn_with_it(shown: Shown) -> None:
    async with running() as pilot:
        for key in ("question_mark", "escape", "2"):
            await pilot.press(key)
            await settle(pilot)
        app = app_of(pilot)
        shown.updates.clear()
        app.action_overview()
        app.action_help()
        await settle(pilot)
        assert any(isinstance(update, LayoutUpdate) for update in shown.updates)


async def test_the_filter_opens_in_its_line(shown: Shown) -> None:
    async with running() as pilot:
        shown.updates.clear()
        await pilot.press("slash")
        await settle(pilot)
        assert WIDE[1] - 1 in shown.lines
        assert len(shown.lines) < WIDE[1] / 2


async def test_the_keys_of_a_screen_are_named_once_when_it_opens_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named: list[PictureScreen] = []
    names = PictureScreen.name_keys

    def name(screen: PictureScreen) -> None:
        named.append(screen)
        names(screen)

    monkeypatch.setattr(PictureScreen, "name_keys", name)
    async with running(FakeSource(everything())) as pilot:
        for key in ("6", "1"):
            await pilot.press(key)
            await settle(pilot)
        named.clear()
        await pilot.press("6")
        await settle(pilot)
        assert 1 <= len(named) <= 2, "for the screen as it opens, and for what it is told then"
        assert {*named} == {pilot.app.screen}


@pytest.fixture
def collecting() -> Iterator[None]:
    before = sys.getswitchinterval()
    gc.enable()
    sys.setswitchinterval(GIVES_WAY)
    yield
    gc.enable()
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("collecting")
async def test_while_a_key_is_answered_nothing_else_takes_long() -> None:
    respite = Respite()
    respite.begin()
    respite.begin()
    assert not gc.isenabled()
    assert sys.getswitchinterval() == pytest.approx(AT_ONCE)
    await asyncio.sleep(LONGEST + 0.05)
    assert gc.isenabled()
    assert sys.getswitchinterval() == pytest.approx(GIVES_WAY)


@pytest.mark.usefixtures("collecting")
async def test_collections_that_were_switched_off_stay_so() -> None:
    gc.disable()
    Respite().begin()
    assert sys.getswitchinterval() == pytest.approx(GIVES_WAY)


def test_a_row_of_the_alerts_is_found_as_it_stands_among_all() -> None:
    picture = everything()
    every = (*entries_of(picture), *calm_rules(picture))
    assert len({entry.section for entry in every}) > 3
    for entry in every:
        found = entry_at(picture, entry.key)
        assert found is not None
        names = ("key", "section", "name", "thing", "status", "since", "sentence", "worse")
        assert [getattr(found, name) for name in names] == [getattr(entry, n) for n in names]
        assert (found.rule, found.alert, found.own) == (entry.rule, entry.alert, entry.own)
    assert entry_at(picture, "nothing of the kind") is None
    assert entry_at(picture, "rule/nothing of the kind") is None
