"""The wall on the screen: pages that turn, and what makes them stay."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from checks.alerts.of_checks import alerts_of
from checks.model import Status
from tests.tui.app_kit import app_of, help_of, running, seen, settle, source_of
from tests.tui.fakes import FakeSource
from tests.widgets import samples
from tui.screens.wall import WallScreen


async def opened(pilot: Pilot[int]) -> WallScreen:
    await pilot.press("W")
    await settle(pilot)
    assert isinstance(pilot.app.screen, WallScreen)
    return pilot.app.screen


def title(pilot: Pilot[int]) -> str:
    return seen(pilot).splitlines()[1].strip()


async def test_its_pages_turn_and_what_is_wrong_comes_between() -> None:
    async with running(FakeSource(samples.bad_night())) as pilot:
        screen = await opened(pilot)
        titles = [title(pilot).split()[0]]
        for _ in range(4):
            screen._turn_by_itself()
            await settle(pilot)
            titles.append(title(pilot).split()[0])
        assert titles == ["Now", "Requests,", "Now", "Queues", "Now"]
        assert "█" in seen(pilot)


async def test_keys_turn_a_page_and_hold_it() -> None:
    async with running(FakeSource(samples.bad_night())) as pilot:
        screen = await opened(pilot)
        await pilot.press("right")
        await settle(pilot)
        assert title(pilot).startswith("Requests")
        await pilot.press("space")
        await settle(pilot)
        assert "held" in title(pilot)
        screen._turn_by_itself()
        await settle(pilot)
        assert title(pilot).startswith("Requests")
        await pilot.press("space", "left", "left")
        await settle(pilot)
        assert title(pilot).startswith("Host")
        assert "held" not in title(pilot)


async def test_a_page_that_somebody_turns_to_is_shown_for_as_long_as_any(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The clock begins anew at a key, and never at its own stroke: that would cost a turn."""
    async with running(FakeSource(samples.bad_night())) as pilot:
        screen = await opened(pilot)
        anew: list[str] = []
        monkeypatch.setattr(screen._timer, "reset", lambda: anew.append(screen.page))
        screen._turn_by_itself()
        assert anew == []
        await pilot.press("right")
        await settle(pilot)
        assert anew == ["verdict"]


async def test_a_frozen_picture_turns_no_page_by_itself() -> None:
    async with running(FakeSource(samples.bad_night())) as pilot:
        screen = await opened(pilot)
        await pilot.press("p")
        await settle(pilot)
        screen._turn_by_itself()
        await settle(pilot)
        assert " Now " in seen(pilot)


async def test_what_is_new_and_critical_is_shown_at_once() -> None:
    night = samples.bad_night(alerts=(), story=None)
    async with running(FakeSource(night)) as pilot:
        await opened(pilot)
        await pilot.press("right")
        await settle(pilot)
        assert title(pilot).startswith("Requests")
        down = samples.check("shop", Status.CRITICAL, message="refused", ago=1)
        source_of(pilot).show(replace(night, alerts=alerts_of((down,))))
        await settle(pilot)
        assert title(pilot).startswith("Now")
        assert "refused" in seen(pilot)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (200, 60)])
async def test_it_has_room_on_any_screen(size: tuple[int, int]) -> None:
    async with running(FakeSource(samples.bad_night()), size) as pilot:
        await opened(pilot)
        assert "CRITICAL" in seen(pilot).splitlines()[2] or "CRITICAL" in seen(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, WallScreen)


async def test_the_help_names_its_keys_and_none_for_rows() -> None:
    async with running(FakeSource(samples.bad_night())) as pilot:
        await opened(pilot)
        told = await help_of(pilot)
        assert "Next page" in told
        assert "Filter" not in told
        assert "Copy the sentence" not in told


async def test_onwatch_may_begin_with_it() -> None:
    async with running(FakeSource(samples.bad_night()), opens="wall") as pilot:
        await settle(pilot)
        assert isinstance(pilot.app.screen, WallScreen)
        assert app_of(pilot).screen_stack[0] is not pilot.app.screen
