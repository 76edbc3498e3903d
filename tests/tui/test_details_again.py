"""The details are composed once: whoever opens them again finds nothing of what was before."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from tests.tui.app_kit import app_of, running, seen, settle, source_of
from tui.screens.details import DetailsScreen
from widgets.chart import ANY


async def test_details_of_another_check_begin_anew() -> None:
    async with running() as pilot:
        app_of(pilot).action_details("gateway")
        await settle(pilot)
        first = cast("DetailsScreen", pilot.app.screen)
        assert type(first) is DetailsScreen
        await pilot.press("right", "tab", "slash", *"200", "enter", "M")
        await settle(pilot)
        assert first.filter_text == "200"
        app_of(pilot).action_details("cache")
        await settle(pilot)
        assert pilot.app.screen_stack[-1] is first
        assert (first.check, first.chart, first.filter_text) == ("cache", ANY, "")
        assert first.maximized is None
        assert "/200" not in seen(pilot)
        assert "cache: 91 %" in seen(pilot).splitlines()[0]
        assert source_of(pilot).asked[-1] == "focus cache"
        await pilot.press("escape")
        await settle(pilot)
        assert len(pilot.app.screen_stack) == 1


async def test_details_are_left_for_the_screen_beneath_and_found_again() -> None:
    async with running() as pilot:
        for _ in range(3):
            await pilot.press("2", "enter")
            await settle(pilot)
            assert isinstance(pilot.app.screen, DetailsScreen)
            assert "Results" in seen(pilot)
            await pilot.press("escape")
            await settle(pilot)
            assert "by status" in seen(pilot)
            await pilot.press("escape")
            await settle(pilot)


@pytest.mark.parametrize("size", [(40, 12), (60, 15), (80, 24)])
async def test_they_open_at_the_title_of_the_chart(size: tuple[int, int]) -> None:
    async with running(size=size) as pilot:
        for check in ("gateway", "gateway", "cache"):
            app_of(pilot).action_details(check)
            await settle(pilot)
            top = seen(pilot).splitlines()
            assert f"{check}:" in top[0]
            assert "error ratio" in top[1]
            await pilot.press("tab", "tab", "tab")
            await settle(pilot)
            assert seen(pilot).splitlines()[1] != top[1], "what has the focus is scrolled to"
            await pilot.press("escape")
            await settle(pilot)


async def test_a_theme_chosen_meanwhile_is_theirs_too() -> None:
    async with running() as pilot:
        await pilot.press("enter")
        await settle(pilot)
        details = pilot.app.screen
        dark = details.styles.background
        await pilot.press("escape")
        await settle(pilot)
        app_of(pilot).set_theme("onwatch-light")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert pilot.app.screen is details
        assert details.styles.background != dark


async def test_details_that_the_frozen_picture_lacks_are_not_waited_for() -> None:
    async with running() as pilot:
        await pilot.press("p", "enter")
        await settle(pilot)
        assert "before the picture was frozen" in seen(pilot)
        assert "gathering" not in seen(pilot)
        await pilot.press("p")
        await settle(pilot)
        assert "Results" in seen(pilot)


async def test_no_curve_is_left_of_a_check_that_is_no_longer_configured() -> None:
    async with running() as pilot:
        await pilot.press("enter")
        await settle(pilot)
        assert "critical" in seen(pilot)
        source, check = source_of(pilot), cast("DetailsScreen", pilot.app.screen).check
        left = tuple(view for view in source.picture.checks if view.name != check)
        source.show(replace(source.picture, checks=left, details=None))
        await settle(pilot)
        lines = seen(pilot).splitlines()
        assert "no longer configured" in lines[1]
        assert "now" not in lines[1]
