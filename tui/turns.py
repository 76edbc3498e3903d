"""One key after the other: the next is handled when the one before has had its effect.

The library passes each key on to what has the focus when the key arrives. An effect such as a
filter that opens, a box or another screen comes a few messages later, and what was typed
meanwhile, in a burst over a slow link or to a busy machine, would be commands to what is left.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.screen import Screen

from tui.upkeep import Respite

__all__ = ["Turns", "is_typed"]

_LONGEST: Final = 1.0
"""Seconds after which the next key is handled whatever has become of the one before."""

_QUIET: Final = 0.02
"""Seconds that a key is left to be painted before it is looked after, unless the next has come:
what is sent round would delay the picture, which is drawn when nothing else waits."""


def is_typed(event: events.Event) -> bool:
    """Whether ``event`` comes from the keyboard or the mouse and was passed on to nobody yet."""
    return isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded


class Turns:
    """Holds back what is typed into ``app`` while a key has not had its effect yet.

    ``handle`` is called, by the app's own pump, with what was held back, in the order of its
    coming; nothing is lost.
    """

    def __init__(self, app: App[int], handle: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._handle = handle
        self._held: deque[events.Event] = deque()
        self._settling: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._respite = Respite()

    @property
    def waits(self) -> bool:
        """Whether a key has not had its effect yet."""
        return self._settling is not None

    async def take(self, event: events.Event) -> None:
        """Have ``event`` handled, now or when its turn has come."""
        if self._settling is not None:
            self._held.append(event)
            self._hurry.set()
        else:
            await self._turn(event)

    async def _turn(self, event: events.Event) -> None:
        self._respite.begin()
        await self._handle(event)
        # A mouse is never ahead of what its user sees.
        if isinstance(event, events.Key | events.Paste):
            self._settling = asyncio.create_task(self._settle())

    async def _settle(self) -> None:
        if not self._held:
            self._hurry.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), _QUIET)
        # A key may have ended the app, whose screens are closed by now.
        with contextlib.suppress(TimeoutError, ScreenStackError):
            async with asyncio.timeout(_LONGEST):
                await self._settled()
        self._app.call_later(self._next)

    async def _next(self) -> None:
        self._settling = None
        while self._held and self._settling is None:
            await self._turn(self._held.popleft())

    async def _settled(self) -> None:
        """Return when the key has gone its way and the focus rests: the first round is the
        key's own, those after it are for what it has brought about.
        """
        await self._round()
        before = None
        while before != (before := self._place()):
            await self._round()

    def _place(self) -> tuple[Screen[object], DOMNode | None]:
        return self._app.screen, self._app.focused

    async def _round(self) -> None:
        """Follow the way of a key, from what has the focus up to the app, through what waits at
        each station.
        """
        screen = self._app.screen
        # A screen that is just being opened handles nothing before its panes are there.
        for station in (screen.focused or screen).ancestors_with_self:
            await _passed(station)


async def _passed(station: MessagePump) -> None:
    """Return when ``station`` has handled what waits for it; at once where it takes no more."""
    passed = asyncio.Event()
    if station.call_later(passed.set):
        await passed.wait()
