"""Which ticks bring a picture: all while something happens or somebody looks, else fewer."""

from __future__ import annotations

from typing import Final

__all__ = ["CALM", "SETTLES", "Calm"]

CALM: Final = 2.0
"""Seconds between pictures while nothing happens."""
SETTLES: Final = 30.0
"""Seconds without news after which nothing happens."""
_EARLY: Final = 0.25
"""Seconds by which a tick may come early."""


class Calm:
    """Making a picture and drawing it is half of what a program at rest does: checks that run
    every five seconds have little to show each second.
    """

    def __init__(self, now: float) -> None:
        self._stirred = now
        self._shown = float("-inf")
        self._newest: object = None

    def stir(self, now: float) -> None:
        """Somebody has asked for something: what comes of it is shown as it comes."""
        self._stirred = now

    def due(self, now: float, shortest: float, newest: object) -> bool:
        """Whether the tick at ``now`` brings a picture, which is then taken as shown.

        ``shortest`` is the shortest interval of a check in seconds, ``newest`` the latest event:
        another than the last time is news.
        """
        if newest is not self._newest:
            self._newest, self._stirred = newest, now
        calm = now - self._stirred >= SETTLES
        if calm and now - self._shown < min(CALM, shortest) - _EARLY:
            return False
        self._shown = now
        return True
