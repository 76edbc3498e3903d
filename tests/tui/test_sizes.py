"""Every screen shows what it is for in whatever cells there are."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from tests.tui.app_kit import app_of, running, seen, settle
from tests.tui.fakes import FakeSource
from tests.tui.tour import TOUR, everything

SIZES = [(40, 12), (60, 15), (80, 24), (100, 30), (200, 60), (300, 100)]
TINY = [(1, 1), (200, 1), (7, 3), (39, 11)]

SHOWN = {
    "overview": (
        "Alerts",
        "✖ shop",
        "Services",
        "Requests",
        "14/s",
        "Queues",
        "1,204",
        "cpu ",
        "mem ",
    ),
    "details": ("shop", "About", "sessions wait for"),
    "help": ("keys", "What is wrong now"),
    "palette": ("Search for commands", "check shop"),
    "services": ("Services", "✖ shop", "✖ gateway-db", "? billing-db"),
    "databases": ("✖ shop critical", "PostgreSQL 16.3", "Blocking", "4121", "Sessions", "11 busy"),
    "requests": ("rate", "14/s", "errors", "13 %", "p95", "4.53 s", "refresh failed"),
    "queues": ("Queues", "default", "1,204", "emails"),
    "host": ("Processor", "Memory", "Filesystems", "Processes"),
    "alerts": ("Alerts", "firing", "shop"),
    "logs": ("Logs", "following", "err", "Patterns 3", "Read 2/s"),
    "timeline": ("Incidents",),
    "dashboards": ("1 h", "Requests", "Errors", "✖ critical"),
    "wall": ("Now", "CRITICAL", "WARNING", "OK"),
}
"""What nobody may miss, by screen."""
FREE = {"help", "palette"}
"""What lies on another screen, and may hide its lines."""


async def tour(pilot: Pilot[int]) -> AsyncIterator[str]:
    """The name of each screen in turn while it is open."""
    for name, keys in TOUR.items():
        await pilot.press(*keys)
        await pilot.pause()
        yield name


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_each_screen_shows_what_it_is_for(size: tuple[int, int]) -> None:
    async with running(FakeSource(everything()), size) as pilot:
        pictures = {name: seen(pilot) async for name in tour(pilot)}
    for name, picture in pictures.items():
        lines = picture.splitlines()
        missing = [text for text in SHOWN[name] if text not in picture]
        assert not missing, f"{name} lacks {missing}:\n{picture}"
        assert {cell_len(line) for line in lines} == {size[0]}, name
        if name not in FREE:
            assert lines[0].startswith(" ✖ CRITICAL"), picture
            assert ("r runbook" if name == "overview" else "Esc back") in lines[-1], picture


async def test_nothing_is_refused_for_size_and_nothing_breaks_where_nothing_fits() -> None:
    async with running(FakeSource(everything())) as pilot:
        async for _ in tour(pilot):
            for size in TINY:
                await pilot.resize_terminal(*size)
        await pilot.press("escape", "1")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "✖ CRITICAL" in seen(pilot)
        assert app_of(pilot).is_running


async def test_a_terminal_that_is_resized_while_pictures_come_shows_the_last_at_its_size() -> None:
    source = FakeSource(everything())
    async with running(source) as pilot:
        for step, size in enumerate([*SIZES, *TINY, *reversed(SIZES)]):
            await pilot.resize_terminal(*size)
            source.show(everything(time=source.picture.time + step))
            if step % 4 == 0:
                await pilot.press(["1", "2", "3", "4", "5"][step // 4 % 5])
        await pilot.press("1")
        await settle(pilot)
        picture = seen(pilot)
    assert {cell_len(line) for line in picture.splitlines()} == {40}
    assert all(text in picture for text in SHOWN["overview"]), picture
