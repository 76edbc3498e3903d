"""The hints of the very first start: shown once, gone at the first key or after a minute."""

from __future__ import annotations

import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.patience import PATIENCE
from tests.tui.app_kit import seen, settle
from tests.tui.fakes import FakeSource
from tui import first_start
from tui.app import OnwatchApp
from tui.first_start import FirstStart, first_time, marker
from widgets.hints import HintLine

HINTS = "First time here?  ? help · Enter all about a row · : find a command "


@asynccontextmanager
async def started(path: Path, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Pilot[int]]:
    """The monitor, started by the user whose state is at ``path``; the hints had their time."""
    app = OnwatchApp(FakeSource(), first_start=FirstStart(lambda: path))
    async with app.run_test(size=size) as pilot:
        end = time.monotonic() + PATIENCE
        while not path.exists() and not path.parent.is_file() and time.monotonic() < end:
            await pilot.pause(0.01)
        await pilot.pause(0.05)
        await settle(pilot)
        yield pilot


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (72, 20)])
async def test_hints_are_shown_at_the_first_start_alone(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "of a new user" / "onwatch" / "hints-shown"
    async with started(path, size) as pilot:
        assert HINTS in seen(pilot).splitlines()[-1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    async with started(path, size) as pilot:
        assert "First time" not in seen(pilot)


async def test_the_first_key_takes_them_away_and_does_what_it_always_does(tmp_path: Path) -> None:
    async with started(tmp_path / "hints-shown") as pilot:
        await pilot.press("2")
        await settle(pilot)
        assert "by status" in seen(pilot)
        await pilot.press("1")
        await settle(pilot)
        assert "First time" not in seen(pilot)
        assert "Enter details" in seen(pilot)


async def test_they_name_the_keys_a_user_has_chosen(tmp_path: Path) -> None:
    path = tmp_path / "hints-shown"
    path.touch()
    async with started(path) as pilot:
        pilot.app.post_message(OnwatchApp.Keybindings({"app.help": "h"}))
        await settle(pilot)
        pilot.app.post_message(OnwatchApp.Welcome())
        await settle(pilot)
        assert "First time here?  h help" in seen(pilot)


async def test_they_go_after_a_while_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first_start.SECONDS == 60
    monkeypatch.setattr(first_start, "SECONDS", 0.2)
    path = tmp_path / "hints-shown"
    async with started(path) as pilot:
        end = time.monotonic() + PATIENCE
        while pilot.app.screen.query_one(HintLine).said and time.monotonic() < end:
            await pilot.pause(0.02)
        assert "Enter details" in seen(pilot)


async def test_where_nothing_can_be_remembered_nothing_is_shown_and_nothing_fails(
    tmp_path: Path,
) -> None:
    (tmp_path / "a file").touch()
    path = tmp_path / "a file" / "hints-shown"
    assert not first_time(path)
    async with started(path) as pilot:
        assert "First time" not in seen(pilot)


def test_it_is_remembered_in_the_user_s_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert marker() == tmp_path / "onwatch" / "hints-shown"
