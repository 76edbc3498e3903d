"""Collections of garbage while nobody types, so that none comes while somebody does."""

from __future__ import annotations

import asyncio
import gc
from typing import Final

from checks.garbage import set_apart

__all__ = ["Respite", "Upkeep"]

REST: Final = 3.0
"""Seconds without a key or a click after which nobody waits for an answer."""
APART: Final = 60.0
"""Seconds between two collections at least: each takes up to a tenth of a second of a core."""
LONGEST: Final = 0.1
"""Seconds within which a key is answered; garbage of that long takes a megabyte or two."""


class Upkeep:
    """Collects once after each time that somebody has typed, when they have come to rest."""

    def __init__(self) -> None:
        self._typed_at = float("inf")
        self._done_at = float("-inf")

    def typed(self, now: float) -> None:
        """A key or a click has come, in seconds of the app's clock."""
        self._typed_at = now

    def look(self, now: float) -> None:
        """Collect, if there is reason to and nobody minds; called about once a second."""
        if now - self._typed_at >= REST and now - self._done_at >= APART:
            self._typed_at, self._done_at = float("inf"), now
            set_apart()


class Respite:
    """Puts collections off while a key is answered: one takes up to a fifth of that."""

    _over: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Have no garbage collected for :data:`LONGEST`, unless that is so already."""
        if gc.isenabled():
            gc.disable()
            self._over = asyncio.create_task(asyncio.sleep(LONGEST))
            # Called also where the loop ends before.
            self._over.add_done_callback(lambda _: gc.enable())
