"""Collections of garbage while nobody types, so that none comes while somebody does."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from typing import Final

from checks.garbage import set_apart

__all__ = ["GIVES_WAY", "Respite", "Upkeep"]

REST: Final = 3.0
"""Seconds without a key or a click after which nobody waits for an answer."""
APART: Final = 60.0
"""Seconds between two collections at least: each takes up to a tenth of a second of a core."""
GIVES_WAY: Final = 0.0005
"""Seconds after which a busy thread gives way to the one that draws."""
AT_ONCE: Final = 0.00005
"""The same while a key is answered: about what it takes the kernel to wake a thread."""
LONGEST: Final = 0.1
"""Seconds within which a key is answered; garbage of that long takes a megabyte or two."""


class Upkeep:
    """Collects once after each time that somebody has typed, when they have come to rest.

    ``let_go`` is called before: to let go of what was kept for whoever typed.
    """

    def __init__(self, let_go: Callable[[], None]) -> None:
        self._let_go = let_go
        self._typed_at = float("inf")
        self._done_at = float("-inf")

    def typed(self, now: float) -> None:
        """A key or a click has come, in seconds of the app's clock."""
        self._typed_at = now

    def look(self, now: float) -> None:
        """Collect, if there is reason to and nobody minds; called about once a second."""
        if now - self._typed_at >= REST and now - self._done_at >= APART:
            self._typed_at, self._done_at = float("inf"), now
            self._let_go()
            set_apart()


class Respite:
    """While a key is answered no garbage is collected, which takes up to a fifth of that, and a
    thread that works gives way at once: each message on the way to the picture would wait for it.
    """

    _over: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin for :data:`LONGEST`, unless that is so already."""
        if gc.isenabled():
            gc.disable()
            sys.setswitchinterval(AT_ONCE)
            self._over = asyncio.create_task(asyncio.sleep(LONGEST))
            # Called also where the loop ends before.
            self._over.add_done_callback(_end)


def _end(_: object) -> None:
    gc.enable()
    sys.setswitchinterval(GIVES_WAY)
