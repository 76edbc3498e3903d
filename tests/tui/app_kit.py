"""The app over a fake source, a clock moved by hand, and what is on its screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from textual.pilot import Pilot

from tests.tui.fakes import FakeSource
from tui.app import OnwatchApp
from tui.palette import PaletteCommand
from widgets.hints import HintLine

__all__ = [
    "WIDE",
    "Clock",
    "app_of",
    "help_of",
    "notes",
    "running",
    "seen",
    "settle",
    "source_of",
]

WIDE = (120, 36)


class Clock:
    """The app's clock, moved by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@asynccontextmanager
async def running(
    source: FakeSource | None = None,
    size: tuple[int, int] = WIDE,
    commands: tuple[PaletteCommand, ...] = (),
    clock: Clock | None = None,
    opens: str = "",
) -> AsyncIterator[Pilot[int]]:
    app = OnwatchApp(source or FakeSource(), commands=commands, clock=clock or Clock(), opens=opens)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot


async def settle(pilot: Pilot[int]) -> None:
    for _ in range(3):
        await pilot.pause()


def app_of(pilot: Pilot[int]) -> OnwatchApp:
    return cast("OnwatchApp", pilot.app)


def source_of(pilot: Pilot[int]) -> FakeSource:
    return cast("FakeSource", app_of(pilot).source)


def seen(pilot: Pilot[int]) -> str:
    """Everything on the screen, as text."""
    width, height = pilot.app.size
    lines = pilot.app.screen._compositor.render_strips()
    assert len(lines) == height
    return "\n".join(strip.crop(0, width).text for strip in lines)


def notes(pilot: Pilot[int]) -> list[str]:
    return [note.message for note in pilot.app._notifications]


def told(pilot: Pilot[int]) -> list[str]:
    """What is told for a moment, over the panes or in the line of hints."""
    lines = pilot.app.screen.query(HintLine)
    return [*notes(pilot), *(line.said for line in lines if line.said)]


async def help_of(pilot: Pilot[int]) -> str:
    """What the help says that is opened now; closed again."""
    await pilot.press("question_mark")
    await settle(pilot)
    text = seen(pilot)
    await pilot.press("escape")
    await settle(pilot)
    return text
