"""Time as an argument.

Sample time is the monotonic clock plus the wall clock's offset at start, so that it
never runs back; jumps of the wall clock are reported, not followed. While the machine
sleeps sample time goes on: what is seen of that is a gap, and no wrong clock ever after.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import sys
import time
from collections.abc import Callable
from typing import Final, Protocol

__all__ = ["STOOD_STILL", "Clock", "FakeClock", "SystemClock"]

STOOD_STILL: Final = 2.0
"""Seconds past a deadline from which on not this program was slow, but stopped: by Ctrl-Z, a
signal, a sleeping machine, or one so busy that it comes to the same."""


class Clock(Protocol):
    """What the engine knows of time. All values are seconds."""

    def now(self) -> float:
        """Sample time: seconds since 1970 in UTC; never runs back."""

    def wall(self) -> float:
        """The machine's wall clock, jumps and all."""

    async def sleep_until(self, when: float) -> None:
        """Return once :meth:`now` has reached ``when``."""


def _awake_or_not() -> Callable[[], float]:
    """The monotonic clock that goes on while the machine sleeps; Python's does not."""
    if sys.platform == "linux":
        return lambda: time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return lambda: time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic


class SystemClock:
    """The machine's clocks."""

    def __init__(self) -> None:
        self._monotonic = _awake_or_not()
        self._offset = time.time() - self._monotonic()

    def now(self) -> float:
        return self._monotonic() + self._offset

    def wall(self) -> float:
        return time.time()

    async def sleep_until(self, when: float) -> None:
        await asyncio.sleep(max(0.0, when - self.now()))


class FakeClock:
    """A clock that stands still until it is told otherwise.

    ``await advance(seconds)`` wakes sleepers in the order of their deadlines and lets
    each run until it waits again.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self.wall_offset = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._now + self.wall_offset

    async def sleep_until(self, when: float) -> None:
        if when <= self._now:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (when, next(self._order), waiter))
        await waiter

    async def advance(self, seconds: float) -> None:
        """Move time on by ``seconds``, waking everybody who is due on the way."""
        end = self._now + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            when, _, waiter = heapq.heappop(self._sleepers)
            self._now = max(self._now, when)
            if not waiter.done():
                waiter.set_result(None)
            await self._settle()
        self._now = end
        await self._settle()

    async def stand_still(self, seconds: float) -> None:
        """Let ``seconds`` pass while nothing runs: who was due then wakes late, all at once."""
        await self._settle()
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, waiter = heapq.heappop(self._sleepers)
            if not waiter.done():
                waiter.set_result(None)
        await self._settle()

    @staticmethod
    async def _settle() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
