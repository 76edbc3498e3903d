"""What is typed in one go goes where it would have gone typed slowly."""

from __future__ import annotations

import asyncio
import time

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.patience import PATIENCE
from tests.tui.app_kit import app_of, running, seen
from tests.tui.fakes import FakeSource
from tests.tui.terminals import OnTerminal
from tests.tui.tour import everything
from tui.palette import Palette
from tui.screens.filter import FilterLine
from tui.screens.help import HelpScreen

NAMES = {"/": "slash", ":": "colon", "?": "question_mark", ".": "full_stop", "\r": "enter"}
SIZE = (120, 36)


async def burst(pilot: Pilot[int], text: str) -> None:
    """Type ``text`` without a pause between its keys, and wait until all have been handled."""
    for character in text:
        key = NAMES.get(character, character)
        pilot.app.post_message(events.Key(key, character if character.isprintable() else None))
    for _ in range(200):
        await pilot.pause()
        if not app_of(pilot)._turns.waits:
            break
    else:
        raise AssertionError(f"not all of {text!r} was handled")
    await pilot.pause()


def filter_of(pilot: Pilot[int]) -> FilterLine:
    return pilot.app.screen.query_one(FilterLine)


@pytest.mark.parametrize(
    ("typed", "filtered"),
    [
        ("/zqx", "zqx"),
        ("2/zpx", "zpx"),
        ("6/srv.py", "srv.py"),
        ("23456/q?:", "q?:"),
        ("\r/q", "q"),
    ],
)
async def test_what_follows_the_filter_is_its_text(typed: str, filtered: str) -> None:
    async with running(FakeSource(everything())) as pilot:
        await burst(pilot, typed)
        assert pilot.app.is_running
        assert filter_of(pilot).is_open
        assert filter_of(pilot).value == filtered
        assert "FROZEN" not in seen(pilot)


async def test_keys_after_the_filter_has_closed_are_commands_again() -> None:
    async with running(FakeSource(everything())) as pilot:
        await burst(pilot, "/zq\rp")
        assert filter_of(pilot).value == "zq"
        assert not filter_of(pilot).is_open
        assert "FROZEN" in seen(pilot)


async def test_what_follows_the_palette_is_looked_for() -> None:
    async with running(FakeSource(everything())) as pilot:
        await burst(pilot, ":hosq")
        assert isinstance(pilot.app.screen, Palette)
        assert pilot.app.screen.query_one(Input).value == "hosq"


async def test_what_is_pasted_behind_the_key_of_the_filter_is_its_text() -> None:
    async with running(FakeSource(everything())) as pilot:
        pilot.app.post_message(events.Key("slash", "/"))
        pilot.app.post_message(events.Paste("gate"))
        await burst(pilot, "q")
        assert filter_of(pilot).value == "gateq"


@pytest.mark.parametrize(("key", "name"), [("3", "databases"), ("6", "host")])
async def test_a_key_behind_that_of_a_screen_is_that_screens(key: str, name: str) -> None:
    async with running(FakeSource(everything())) as pilot:
        await burst(pilot, f"{key}?")
        assert isinstance(pilot.app.screen, HelpScreen)
        await burst(pilot, "q")
        assert app_of(pilot)._on_top() == name


async def test_a_key_that_comes_to_no_end_holds_up_the_next_for_a_second() -> None:
    async with running(FakeSource(everything())) as pilot:
        turns, stuck, pane = app_of(pilot)._turns, asyncio.Event(), pilot.app.focused
        assert pane is not None
        pane.call_later(stuck.wait)
        began = time.monotonic()
        for key in "jp":
            pilot.app.post_message(events.Key(key, key))
        async with asyncio.timeout(PATIENCE):
            while not turns.waits:
                await asyncio.sleep(0.01)
        while turns.waits:
            await asyncio.sleep(0.05)
        assert time.monotonic() - began < 20
        stuck.set()
        await burst(pilot, "")
        assert "FROZEN" in seen(pilot)


def test_a_burst_on_a_terminal_neither_quits_nor_is_lost() -> None:
    with OnTerminal(["-m", "tests.tui.ending_child", "full"], size=SIZE) as terminal:
        terminal.read_until(b"CRITICAL")
        for keys, told in ((b"/zqx", "zqx"), (b"\r2/zpx", "zpx"), (b"\r:hosq", "hosq")):
            terminal.type(keys)
            lines = terminal.read_until_shown(told)
            assert not any("FROZEN" in line for line in lines)
