"""Keys pressed too often, too quickly, or where there is no room for what they do."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.tui.app_kit import app_of, running, settle
from tests.tui.fakes import FakeSource
from tests.tui.tour import everything
from tui.palette import Palette


async def test_the_palette_closes_once() -> None:
    async with running(FakeSource(everything())) as pilot:
        await pilot.press("colon")
        await settle(pilot)
        palette = app_of(pilot).screen
        assert isinstance(palette, Palette)
        # What a click beside it does; the second is under way when the first has closed it.
        palette.dismiss()
        palette.dismiss()
        await settle(pilot)
        assert len(app_of(pilot).screen_stack) == 1
        assert app_of(pilot).is_running


async def test_the_cursor_of_the_palette_does_not_blink() -> None:
    async with running(FakeSource(everything())) as pilot:
        await pilot.press("colon")
        assert not app_of(pilot).screen.query_one(Input).cursor_blink


async def test_the_palette_takes_no_endless_text() -> None:
    async with running(FakeSource(everything())) as pilot:
        await pilot.press("colon")
        await settle(pilot)
        app_of(pilot).screen.query_one(Input).insert_text_at_cursor("9" * 5_000)
        await settle(pilot)
        assert len(app_of(pilot).screen.query_one(Input).value) <= 200


@pytest.mark.parametrize("key", ["pageup", "pagedown", "home", "end", "up", "down"])
async def test_a_palette_without_room_takes_keys(key: str) -> None:
    async with running(FakeSource(everything())) as pilot:
        await pilot.press("colon")
        await settle(pilot)
        await pilot.press("down")
        for size in ((1, 1), (30, 4)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            await pilot.press(key)
            await settle(pilot)
        assert isinstance(app_of(pilot).screen, Palette)
