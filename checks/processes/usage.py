"""How much of a processor each process used between two looks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checks.processes.scan import Process

__all__ = ["Usage"]


class Usage:
    """Remembers the CPU time of each process from one look to the next."""

    def __init__(self) -> None:
        self.times: dict[tuple[int, int], float] = {}
        self._then: float | None = None

    def since(
        self, now: float, first: Callable[[Process], float | None]
    ) -> Callable[[Process], float | None]:
        """What a process has used since the look before, as a ratio of one core; a new one in
        all its life. ``first`` says it where there was no look before ``now`` (seconds).
        """
        before, most = self.times, float(os.cpu_count() or 1)
        if self._then is None or now <= self._then:
            return first
        span = now - self._then
        return lambda one: min(most, max(0.0, one.time - before.get(one.key, 0.0)) / span)

    def remember(self, found: Iterable[Process], at: float) -> None:
        """Take the look ``at`` for the one before."""
        self.times = {one.key: one.time for one in found}
        self._then = at
