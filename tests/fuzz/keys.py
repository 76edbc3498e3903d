"""Keys, clicks, pastes and sizes at random against the app, while the picture changes."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, replace
from typing import Final

from textual import events
from textual.pilot import Pilot

from checks.views import Snapshot
from tests.tui.app_kit import app_of, running, seen, source_of
from tests.tui.fakes import FakeSource
from tests.tui.tour import everything, later
from tests.widgets import samples
from tests.widgets.sample_queues import queue_night
from tests.widgets.sample_services import many_services, service_night
from tui.app import OnwatchApp
from tui.screens.help import HelpScreen

__all__ = ["Typed", "press"]

QUITTING: Final = ("q", "ctrl+c", "ctrl+q", "ctrl+z")
"""What ends or suspends the app by intent, wherever it is pressed."""
_KEYS: Final = (
    *"12345678abcdefghijklmnoprstuvwxyzABCDGHNRSTYZ0",
    *("enter", "escape", "tab", "shift+tab", "space", "backspace", "delete", "home", "end"),
    *("up", "down", "left", "right", "pageup", "pagedown", "shift+up", "ctrl+left", "f1", "f5"),
    *("question_mark", "colon", "slash", "plus", "minus", "equals_sign", "full_stop", "ctrl+l"),
    *("left_square_bracket", "right_square_bracket", "ctrl+p", "ctrl+o", "ctrl+u", "alt+x", "é"),
    *("日", "👍", "circumflex_accent", "ctrl+@", "f12", "less_than_sign", "greater_than_sign"),
)
_SIZES: Final = ((80, 24), (120, 36), (40, 12), (200, 60), (300, 100), (20, 5), (1, 1), (61, 17))
_PASTES: Final = ("gateway", "a\nb\nc", "\x1b[31mred", "x" * 5_000, "", "日本\u202e", "/(((", "\t")
_PICTURES: Final = (
    everything,
    samples.bad_night,
    samples.database_night,
    samples.host_night,
    samples.all_quiet,
    samples.empty,
    service_night,
    lambda: many_services(300),
    queue_night,
    samples.request_night,
)
_SLOWEST: Final = 1.0
"""CPU seconds that what is typed may take."""


@dataclass(slots=True)
class Typed:
    """What was tried, the slowest of it in CPU seconds, and which that was."""

    steps: int = 0
    slowest: float = 0.0
    slowest_step: str = ""


async def press(seed: int, steps: int, deadline: float) -> Typed:
    """Press ``steps`` things at random, or as many as there is time for until ``deadline``.

    Raises what the app raises, or AssertionError with the steps that led there.
    """
    chance, done = random.Random(seed), Typed()
    trail: list[str] = []
    try:
        async with running(FakeSource(everything())) as pilot:
            _keep_open(app_of(pilot))
            while done.steps < steps and time.monotonic() < deadline:
                await _step(pilot, chance, trail, done)
            await _check_alive(pilot)
    except Exception as error:
        error.add_note(f"seed {seed}, after {done.steps} steps: {' '.join(trail[-30:])}")
        raise
    return done


def _keep_open(app: OnwatchApp) -> None:
    """Have nothing end the app by intent: there is a command that quits among the others."""
    app.exit = lambda *_, **__: None  # type: ignore[method-assign]


async def _step(pilot: Pilot[int], chance: random.Random, trail: list[str], done: Typed) -> None:
    began = time.process_time()
    trail.append(await _something(pilot, chance))
    await pilot.pause()
    took = time.process_time() - began
    done.steps += 1
    if took > done.slowest:
        done.slowest, done.slowest_step = took, trail[-1]
    assert took < _SLOWEST, f"{trail[-1]} took {took:.2f} s of CPU"
    _check(pilot)
    if done.steps % 50 == 0:
        await _check_alive(pilot)


async def _something(pilot: Pilot[int], chance: random.Random) -> str:
    kind = chance.randrange(20)
    if kind == 0:
        size = chance.choice(_SIZES)
        await pilot.resize_terminal(*size)
        return f"size:{size[0]}x{size[1]}"
    if kind == 1:
        text = chance.choice(_PASTES)
        pilot.app.post_message(events.Paste(text))
        return f"paste:{text[:10]!r}"
    if kind in (2, 3):
        return await _click(pilot, chance)
    if kind in (4, 5):
        return _picture(pilot, chance)
    if kind == 6:
        return _burst(pilot, chance)
    key: str = chance.choice(_KEYS)
    await pilot.press(key)
    return key


def _burst(pilot: Pilot[int], chance: random.Random) -> str:
    """Several keys, each before the one before it has been handled."""
    keys = chance.choices(_KEYS, k=chance.randrange(2, 8))
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    return f"burst:{'+'.join(keys)}"


async def _click(pilot: Pilot[int], chance: random.Random) -> str:
    width, height = pilot.app.size
    x, y = chance.randrange(max(1, width)), chance.randrange(max(1, height))
    kinds = (events.MouseScrollDown, events.MouseScrollUp, events.MouseMove)
    kind: type[events.MouseEvent] = chance.choice(kinds)
    if chance.random() < 0.25:
        await pilot.click(offset=(x, y), times=chance.choice((1, 1, 2, 3)))
        return f"click:{x},{y}"
    buttons = (0, 0, 0, False, False, False)
    pilot.app.post_message(kind(None, x, y, *buttons, screen_x=x, screen_y=y))
    return f"{kind.__name__}:{x},{y}"


def _picture(pilot: Pilot[int], chance: random.Random) -> str:
    source = source_of(pilot)
    if chance.random() < 0.6:
        source.show(later(source.picture))
        return "later"
    made: Snapshot = chance.choice(_PICTURES)()
    source.show(replace(made, window=source.picture.window))
    return "other"


def _check(pilot: Pilot[int]) -> None:
    app = app_of(pilot)
    assert app.is_running, "the app has ended"
    assert app._exception is None
    seen(pilot)


async def _check_alive(pilot: Pilot[int]) -> None:
    """Out of whatever is open, the help opens and closes, and something has the focus."""
    await pilot.resize_terminal(120, 36)
    await pilot.pause()
    for _ in range(8):
        await pilot.press("escape")
        await pilot.pause()
    await pilot.press("question_mark")
    await pilot.pause()
    await asyncio.sleep(0)
    assert isinstance(pilot.app.screen, HelpScreen), seen(pilot)
    await pilot.press("escape")
    await pilot.pause()
    assert pilot.app.focused is not None, "nothing has the focus"
    assert pilot.app.size == (120, 36)
