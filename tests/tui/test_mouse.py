"""The mouse: clicks on what is named, and the wheel."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len
from textual.events import MouseScrollDown
from textual.pilot import Pilot

from tests.patience import PATIENCE
from tests.tui.app_kit import app_of, running, seen, settle
from tests.tui.fakes import FakeSource
from tests.tui.terminals import OnTerminal
from tests.tui.tour import everything
from tui.screens.timeline import TimelineScreen
from widgets.alerts import AlertsPane
from widgets.hints import key_at


@pytest.mark.parametrize(
    ("x", "key"),
    [(0, ""), (1, "Esc"), (8, "Esc"), (9, ""), (11, "←"), (13, "→"), (17, "→"), (19, ""), (40, "")],
)
def test_a_cell_of_the_hints_tells_of_a_key(x: int, key: str) -> None:
    hints = (("Esc", "back"), ("← →", "tab"), ("q", "a hint that has no room"))
    assert key_at(hints, 30, x) == key


async def click_on(pilot: Pilot[int], text: str) -> None:
    """Click where ``text`` first stands on the screen."""
    for y, line in enumerate(seen(pilot).splitlines()):
        if text in line:
            await pilot.click(offset=(cell_len(line[: line.index(text)]) + 1, y))
            await settle(pilot)
            return
    raise AssertionError(f"no {text} in\n{seen(pilot)}")


async def test_a_click_on_a_hint_does_what_its_key_does() -> None:
    async with running(FakeSource(everything()), (132, 40)) as pilot:
        await click_on(pilot, "–9 screens")
        assert isinstance(app_of(pilot).screen, TimelineScreen)
        await pilot.press("1", "3")
        await settle(pilot)
        assert "PostgreSQL 16.3" in seen(pilot)
        await click_on(pilot, "→ server")
        assert "gateway-db critical" in seen(pilot).splitlines()[1]
        await click_on(pilot, "Esc back")
        assert "Enter details" in seen(pilot)
        await click_on(pilot, "? help")
        assert "Overview: keys" in seen(pilot)


async def test_a_click_on_a_hint_of_a_box_does_what_its_key_does() -> None:
    async with running(FakeSource(everything()), (132, 40)) as pilot:
        await pilot.press("3", "enter")
        await settle(pilot)
        assert "Esc back" in seen(pilot)
        opened = app_of(pilot).screen
        await click_on(pilot, "Esc back")
        assert app_of(pilot).screen is not opened
        assert "PostgreSQL 16.3" in seen(pilot)


async def test_a_click_on_a_row_of_another_pane_selects_it_and_two_open_it() -> None:
    async with running(FakeSource(everything()), (132, 40)) as pilot:
        pane = app_of(pilot).screen.query_one(AlertsPane)
        await pilot.click(pane, offset=(5, 1))
        await settle(pilot)
        assert app_of(pilot).focused is pane
        assert pane.selected is not None
        await pilot.click(pane, offset=(5, 1), times=2)
        await settle(pilot)
        assert "About" in seen(pilot)


async def test_the_wheel_scrolls_the_pane_beneath_it_without_the_cursor() -> None:
    async with running(FakeSource(everything()), (80, 16)) as pilot:
        before = seen(pilot)
        pane = app_of(pilot).screen.query_one("#services")
        await pilot._post_mouse_events([MouseScrollDown], widget=pane)
        await settle(pilot)
        assert re.search(r"Services .*\+\d+ ↑", seen(pilot)), seen(pilot)
        assert seen(pilot).splitlines()[1:4] == before.splitlines()[1:4], "the alerts stay"


def test_clicks_reach_it_from_a_terminal() -> None:
    with OnTerminal(["-m", "tests.tui.ending_child", "full"], size=(132, 40)) as terminal:
        # With the keys for the worst row, which the cursor is on then.
        hints = terminal.read_until_shown("acknowledge")[-1]
        for _ in terminal.drain():
            hints = terminal.lines()[-1]
        terminal.output = b""
        # The 9; columns begin with 1.
        column = hints.index("9 screens") + 1
        terminal.type(f"\x1b[<0;{column};40M\x1b[<0;{column};40m".encode())
        terminal.read_until(b"Incidents")
        terminal.type(b"\x11")
        assert terminal.wait_reading(PATIENCE) == 0
