"""The line in which the engine tells of itself: read once, it takes no line any more."""

from __future__ import annotations

import pytest

from checks.views import Snapshot
from tests.tui.app_kit import running, seen, settle, source_of
from tests.tui.fakes import FakeSource
from tests.widgets import samples

NOTICE = "onwatch.yaml: others can write it; run chmod go-w onwatch.yaml"
BROKEN = "configuration not reloaded: onwatch.yaml:3: unknown key"


def told(notice: str, seconds: float = 0.0) -> Snapshot:
    health = samples.health(notice=notice)
    return samples.bad_night(time=samples.NOW + seconds, health=health)


async def test_esc_puts_the_warning_away_on_every_screen_until_there_is_another() -> None:
    async with running(FakeSource(told(NOTICE))) as pilot:
        line = seen(pilot).splitlines()[1]
        assert NOTICE in line
        assert line.rstrip().endswith("Esc: put away")
        await pilot.press("escape")
        await settle(pilot)
        assert NOTICE not in seen(pilot)
        await pilot.press("2")
        source_of(pilot).show(told(NOTICE, 1.0))
        await settle(pilot)
        assert NOTICE not in seen(pilot)
        source_of(pilot).show(told(BROKEN, 2.0))
        await settle(pilot)
        assert BROKEN in seen(pilot).splitlines()[1]


@pytest.mark.parametrize(
    ("width", "said"), [(40, "▲ config ● live"), (80, "▲ old config ● live"), (150, "▲ old config")]
)
async def test_a_broken_file_is_told_of_though_its_warning_was_put_away(
    width: int, said: str
) -> None:
    async with running(FakeSource(told(BROKEN)), size=(width, 24)) as pilot:
        assert "config ●" not in seen(pilot), "the second line says it"
        await pilot.press("escape")
        await settle(pilot)
        for key in ("1", "2", "enter"):
            await pilot.press(key)
            await settle(pilot)
            first, *others = seen(pilot).splitlines()
            assert said in first
            assert BROKEN not in "".join(others)
        source_of(pilot).show(told("", 1.0))
        await settle(pilot)
        assert "config" not in seen(pilot).splitlines()[0]


async def test_a_warning_that_was_put_away_leaves_nothing_behind() -> None:
    async with running(FakeSource(told(NOTICE))) as pilot:
        await pilot.press("escape")
        await settle(pilot)
        assert "config" not in seen(pilot).splitlines()[0]


async def test_what_went_wrong_again_is_told_again() -> None:
    async with running(FakeSource(told(BROKEN))) as pilot:
        await pilot.press("escape", "escape")
        await settle(pilot)
        assert BROKEN not in seen(pilot)
        for seconds, notice in ((1.0, ""), (2.0, BROKEN)):
            source_of(pilot).show(told(notice, seconds))
            await settle(pilot)
        assert BROKEN in seen(pilot)


async def test_esc_goes_back_before_it_puts_a_warning_away() -> None:
    async with running(FakeSource(told(NOTICE))) as pilot:
        await pilot.press("2")
        await settle(pilot)
        line = seen(pilot).splitlines()[1]
        assert NOTICE in line
        assert "put away" not in line
        await pilot.press("escape")
        await settle(pilot)
        assert pilot.app.screen.TITLE == "Overview"
        assert NOTICE in seen(pilot)


async def test_a_click_puts_it_away_anywhere() -> None:
    async with running(FakeSource(told(NOTICE))) as pilot:
        await pilot.press("2")
        await settle(pilot)
        await pilot.click(offset=(5, 1))
        await settle(pilot)
        assert NOTICE not in seen(pilot)
