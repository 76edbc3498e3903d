"""The incident that fills Redis: sessions that never expire, since a flag says so."""

from __future__ import annotations

import asyncio
import random
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, RedisError

from tui.demo.leash import Faults, over
from tui.demo.redis_client import AFTER_TROUBLE

__all__ = ["SESSIONS", "Hoard"]

SESSIONS: Final = "sessions:"
"""What the keys begin with."""

_LARGEST: Final = 48 * 1024
_SMALLEST: Final = 192
_AT_ONCE: Final = 6
_MOST_AT_ONCE: Final = 100
_EVERY: Final = 0.15
_ROOM: Final = 0.7
"""Of ``maxmemory``; with less in use there is room again."""


class Hoard:
    """Writes sessions while the fault is on, two megabytes a second; deletes them after it.

    Where somebody has switched off that they never expire, no more come; those that are there
    stay until somebody removes them, and then the incident is over.
    """

    def __init__(self, redis: Redis, faults: Faults, dice: random.Random) -> None:
        self._redis = redis
        self._faults = faults
        self._dice = dice
        self._count = 0
        self._size = _LARGEST
        self._dirty = True

    async def run(self) -> None:
        """Until cancelled. What an earlier process left is deleted at the start."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                if self._faults.hoard and self._faults.endless:
                    await self._write()
                elif self._faults.hoard:
                    await self._look()
                elif self._dirty:
                    await self._delete()
            except OutOfMemoryError:
                # A large value is refused while small ones still fit: fill these gaps too.
                self._size = max(_SMALLEST, self._size // 4)
            except RedisError:
                await asyncio.sleep(AFTER_TROUBLE)

    async def _write(self) -> None:
        self._dirty = True
        for _ in range(min(_MOST_AT_ONCE, _AT_ONCE * _LARGEST // self._size)):
            await self._redis.set(f"{SESSIONS}{self._count}", self._dice.randbytes(self._size))
            self._count += 1

    async def _look(self) -> None:
        """Tell once there is room again."""
        memory = await self._redis.info("memory")
        if memory["used_memory"] < _ROOM * memory["maxmemory"]:
            over("redis-full")

    async def _delete(self) -> None:
        keys = [key async for key in self._redis.scan_iter(f"{SESSIONS}*", count=500)]
        if keys:
            await self._redis.unlink(*keys)
        self._count, self._size, self._dirty = 0, _LARGEST, False
