"""Help says what the screen is for, which keys work there, and what its signs mean."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.tui.app_kit import help_of, running, seen, settle
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tui import screens
from tui.bindings import all_bindings
from tui.numbered import NUMBERED
from tui.screens.hinted import HintedScreen
from tui.screens.host import RowBox
from tui.screens.modal import PictureModal
from tui.screens.session import WholeBox
from widgets.databases.session import Told, pair_lines
from widgets.glyphs import ASCII, UNICODE

TALL = (120, 90)
QUESTIONS = {
    "1": "What is wrong now",
    "2": "Is it up, since when",
    "3": "Who does what on this server",
    "4": "How many requests come",
    "5": "How much waits, does it grow",
    "6": "What is this machine short of",
    "7": "What fires and since when",
    "8": "What do the logs say",
    "9": "What happened, in which order",
    "D": "What do the panels of this dashboard",
    "W": "How does it stand, seen from the other end",
}


async def test_every_screen_says_which_question_it_answers() -> None:
    assert set(QUESTIONS) == {"1", *(each.key for each in NUMBERED)}
    async with running(size=(80, 24)) as pilot:
        for key, question in QUESTIONS.items():
            await pilot.press(key)
            await settle(pilot)
            text = await help_of(pilot)
            assert question in text
            assert "✖ critical" in text, "what the signs mean is asked first"


async def test_the_details_have_their_question_and_their_keys() -> None:
    async with running(size=TALL) as pilot:
        await pilot.press("enter")
        await settle(pilot)
        text = await help_of(pilot)
        assert "Everything about one check" in text
        assert "Next chart" in text


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_status_is_explained_with_the_glyph_it_has_here(ascii_only: bool) -> None:
    glyphs = ASCII if ascii_only else UNICODE
    async with running(size=TALL) as pilot:
        pilot.app.screen.use_ascii = ascii_only  # type: ignore[attr-defined]
        text = await help_of(pilot)
        assert f"{glyphs.statuses[4]} unknown   cannot be judged" in text
        assert f"{glyphs.statuses[3]} stale     no result for two intervals" in text
        assert "ack in 5 m  until then somebody is to acknowledge the alert" in text


async def test_enter_is_named_only_where_there_is_a_row_to_open() -> None:
    nothing = replace(samples.bad_night(), checks=(), alerts=(), queues=(), requests=(), hosts=())
    async with running(size=TALL) as pilot:
        assert re.search(r"Enter +Details", await help_of(pilot))
    async with running(FakeSource(nothing), size=TALL) as pilot:
        assert not re.search(r"Enter +Details", await help_of(pilot))


async def test_keys_of_another_screen_are_not_named() -> None:
    async with running(size=TALL) as pilot:
        assert "Group the rows" not in await help_of(pilot)
        await pilot.press("2")
        await settle(pilot)
        text = await help_of(pilot)
        assert "Group the rows" in text
        assert "Next chart" not in text
        assert "Fold the group" not in text or "by status" in seen(pilot)


async def test_keys_that_do_much_the_same_share_a_line() -> None:
    async with running(size=TALL) as pilot:
        text = await help_of(pilot)
        screens = r"Overview, Services, Databases, Requests, Queues,\W+Host, Alerts, Logs, Timeline"
        assert re.search(rf"1 2 3 4 5 6 7 8 9 +{screens}", text)
        assert re.search(r"Tab Shift-Tab +Next pane, previous pane", text)


def boxes(kind: type[PictureModal] = PictureModal) -> Iterator[type[PictureModal]]:
    """All that lie on a screen, but not what these derive from."""
    for one in kind.__subclasses__():
        yield from boxes(one)
        if one is not WholeBox and one.__module__.startswith("tui."):
            yield one


def hinted(kind: type[HintedScreen] = HintedScreen) -> Iterator[type[HintedScreen]]:
    """All screens that name keys at the bottom."""
    for one in kind.__subclasses__():
        yield one
        yield from hinted(one)


def test_every_box_says_what_it_is_and_what_it_is_looked_at_for() -> None:
    for module in pkgutil.iter_modules(screens.__path__, "tui.screens."):
        importlib.import_module(module.name)
    found = list(boxes())
    assert len(found) > 10
    assert [each for each in found if not each.TITLE or not each.QUESTION] == []


def test_every_key_that_is_named_at_the_bottom_is_one_that_there_is() -> None:
    for module in pkgutil.iter_modules(screens.__path__, "tui.screens."):
        importlib.import_module(module.name)
    known = {binding.id for binding in all_bindings()}
    kinds: list[type[PictureModal] | type[HintedScreen]] = [*boxes(), *hinted()]
    named = {name for kind in kinds for names, _ in kind.HINTS for name in names}
    assert len(named) > 50
    assert named - known == set()


async def test_a_box_has_its_own_help() -> None:
    async with running(size=TALL) as pilot:
        box = RowBox(
            Told("web-1: Disks", lambda width: pair_lines([("disk", "sda")], width)),
            ascii_only=False,
        )
        pilot.app.push_screen(box)
        await settle(pilot)
        text = await help_of(pilot)
        assert "Row: keys" in text
        assert "nothing of it cut" in text
        inside = text[text.index("Row: keys") : text.index("Signs")]
        assert "Back" in inside
        assert "Filter the rows" not in inside
        assert "Give the pane the whole screen" not in inside
