"""Collections of garbage while nobody types, so that none comes while somebody does."""

from __future__ import annotations

from typing import Final

from checks.garbage import set_apart

__all__ = ["Upkeep"]

REST: Final = 3.0
"""Seconds without a key or a click after which nobody waits for an answer."""
APART: Final = 60.0
"""Seconds between two collections at least: each takes up to a tenth of a second of a core."""


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
