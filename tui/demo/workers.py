"""The process of the demo's workers: ``workers FOLDER REDIS_PORT SEED``.

Each takes a job from its queue's waiting list to its processing list, works, and takes
it off again; a job that fails is counted.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tui.demo.applog import SLOW, AppLog, Level
from tui.demo.hoard import Hoard
from tui.demo.leash import Faults, announce, leashed
from tui.demo.queues import CACHE_HITS, CACHE_MISSES, QUEUES, Queue
from tui.demo.redis_client import AFTER_TROUBLE, connect

__all__ = ["main"]

_HEARTBEAT_EVERY: Final = 2.0
_HEARTBEAT_LIVES: Final = 7
_WAIT_FOR_JOB: Final = 2.0
_HIRE_EVERY: Final = 0.5
_SLOWER: Final = 15.0


class Workers:
    """All workers of all queues, on one connection pool."""

    def __init__(self, redis: Redis, log: AppLog, faults: Faults, dice: random.Random) -> None:
        self._redis = redis
        self._log = log
        self._faults = faults
        self._dice = dice

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for queue in QUEUES:
                group.create_task(self._beat(queue))
                group.create_task(self._staff(queue))

    async def _staff(self, queue: Queue) -> None:
        while True:
            if await self._take_back(queue):
                break
            await asyncio.sleep(AFTER_TROUBLE)
        async with asyncio.TaskGroup() as group:
            hired: dict[int, asyncio.Task[None]] = {}
            while True:
                for number in range(self._wanted(queue)):
                    if number not in hired or hired[number].done():
                        hired[number] = group.create_task(self._work(queue, number))
                await asyncio.sleep(_HIRE_EVERY)

    def _wanted(self, queue: Queue) -> int:
        """How many workers the queue is to have."""
        return self._faults.indexers if queue.name == "default" else queue.workers

    async def _take_back(self, queue: Queue) -> bool:
        """Put the jobs of workers that died back into the waiting list; whether it went well."""
        try:
            while await self._redis.lmove(queue.processing, queue.waiting, "RIGHT", "RIGHT"):
                pass
        except RedisError:
            return False
        return True

    async def _beat(self, queue: Queue) -> None:
        while True:
            try:
                await self._redis.set(queue.heartbeat, "1", ex=_HEARTBEAT_LIVES)
            except RedisError as error:
                self._log.say("error", f"{queue.worker}: no heartbeat: {error}", queue=queue.name)
                await asyncio.sleep(AFTER_TROUBLE)
            await asyncio.sleep(_HEARTBEAT_EVERY)

    async def _work(self, queue: Queue, number: int) -> None:
        """Take jobs for as long as there is to be a worker of that number."""
        while number < self._wanted(queue):
            try:
                job = await self._redis.blmove(
                    queue.waiting, queue.processing, int(_WAIT_FOR_JOB), "RIGHT", "LEFT"
                )
                if isinstance(job, str):
                    await self._do(queue, job)
            except RedisError:
                await asyncio.sleep(AFTER_TROUBLE)

    async def _do(self, queue: Queue, job: str) -> None:
        slower = _SLOWER if self._faults.backlog and queue.name == "default" else 1.0
        begun = time.monotonic()
        await asyncio.sleep(queue.duration * slower * self._dice.uniform(0.6, 1.4))
        await self._redis.lrem(queue.processing, 1, job)
        failed = self._dice.random() < queue.failures
        self._tell(queue, time.monotonic() - begun, failed=failed)
        if failed:
            await self._redis.incr(queue.failed)

    def _tell(self, queue: Queue, took: float, *, failed: bool) -> None:
        """Say in the log how a job went that took so many seconds."""
        duration = round(took * 1000, 1)
        said = "failed" if failed else "done"
        level: Level = "warning" if took > SLOW else "info"
        self._log.say(
            "error" if failed else level,
            f"{queue.worker}: job {said} in {duration:.0f} ms",
            queue=queue.name,
            duration_ms=duration,
        )


async def open_counters(redis: Redis) -> None:
    """See to it that the counters are there before the first figure is; wait for Redis."""
    while True:
        try:
            for key in (CACHE_HITS, CACHE_MISSES, *(queue.failed for queue in QUEUES)):
                await redis.set(key, 0, nx=True)
        except RedisError:
            await asyncio.sleep(0.05)
        else:
            return


async def main(folder: Path, redis_port: int, seed: int) -> None:
    """Work until the leash ends."""
    faults = Faults()
    redis = connect(redis_port, "workers", timeout=5.0)
    dice = random.Random(seed)
    log = AppLog(folder, "workers")

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(Workers(redis, log, faults, dice).run())
            group.create_task(Hoard(redis, faults, dice).run())

    await open_counters(redis)
    announce()
    await leashed(work(), faults)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
