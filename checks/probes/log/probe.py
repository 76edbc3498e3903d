"""Reads a log on, at each run and between runs, and tells what was in it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from checks.errors import NoThreadsError
from checks.lanes import LaneBusyError
from checks.logs.reading import LogReader
from checks.model import Result, Status
from checks.probe import Target
from checks.probes.log.config import LogConfig
from checks.probes.log.digest import Digest
from checks.probes.log.judge import findings, sentence, shown_rate
from checks.probes.log.metrics import add_samples
from checks.probes.log.report import facts, reading, tables

__all__ = ["LogProbe"]

BYTES: Final = 500_000
"""Read at once, before others have their turn."""
SLICE: Final = 0.1
"""Seconds that one reading may take."""
BETWEEN: Final = 1.0
"""Seconds between two readings, however long the interval: so long a file that is rotated away is
certainly still there."""
WATCHED: Final = 0.25
"""The same while somebody looks at the lines."""

T = TypeVar("T")

log = logging.getLogger("onwatch.log")


class LogProbe:
    """Reading and counting happen in a lane; runs tell what they came to."""

    def __init__(self, config: LogConfig, target: Target, reader: LogReader) -> None:
        self._config = config
        self._target = target
        self._clock = target.env.clock
        self._lane = f"log {target.name}"
        self._reader = reader
        self._digest = Digest(config, target.env.masker, self._clock.now())
        self._turn = asyncio.Lock()
        self._follower: asyncio.Task[None] | None = None
        self._events: list[str] = []
        self._since = self._clock.now()
        """When the call that the lane is in began."""
        self._closed = False

    async def run(self) -> Result:
        try:
            async with asyncio.timeout(self._target.timeout * 0.95):
                async with self._turn:
                    result = await self._in_lane(self._look)
        except (LaneBusyError, TimeoutError):
            return self._hung()
        if self._follower is None and not self._closed:
            self._follower = asyncio.create_task(self._follow(), name=self._lane)
        return result

    async def close(self) -> None:
        self._closed = True
        if self._follower is not None:
            self._follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._follower
        # Closing a file that a hung call still reads from would not help it.
        if not self._target.env.lanes.busy(self._lane):
            self._reader.close()
        self._target.env.lanes.drop(self._lane)

    async def _follow(self) -> None:
        """Read on between runs, so that lines are shown as they come and none is rotated away."""
        due = self._clock.now()
        while True:
            watched = self._digest.tail.is_watched(self._clock.now())
            due = max(due + (WATCHED if watched else BETWEEN), self._clock.now())
            await self._clock.sleep_until(due)
            try:
                more = True
                while more:
                    more = await self._read_between()
            except (LaneBusyError, NoThreadsError):
                continue
            except Exception:
                # The rim: the next run meets the same, and tells it.
                log.exception("reading for the log check %s failed", self._target.name)

    async def _read_between(self) -> bool:
        """Read a slice; whether there is more at once."""
        if self._turn.locked():
            return False
        async with self._turn:
            return await self._in_lane(self._read)

    async def _in_lane(self, call: Callable[[], T]) -> T:
        lanes = self._target.env.lanes
        if not lanes.busy(self._lane):
            self._since = self._clock.now()
        return await lanes.run(self._lane, call)

    def _look(self) -> Result:
        """Read on to the end, as far as there is time, and say what there is."""
        began = time.monotonic()
        spare = self._target.timeout / 2
        while self._read() and time.monotonic() - began < spare:
            pass
        self._digest.hold(self._clock.now())
        return self._told(time.monotonic() - began)

    def _read(self) -> bool:
        if self._closed:
            return False
        now = self._clock.now()
        batch = self._reader.read(now, BYTES, SLICE)
        digest = self._digest
        digest.take(batch, now)
        digest.tail.reading = reading(self._target.name, digest, now)
        if len(self._events) < 20:
            self._events += batch.events
        return batch.more

    def _told(self, took: float) -> Result:
        config, digest, now = self._config, self._digest, self._clock.now()
        rows = findings(config, digest, now)
        status, text, reason = sentence(digest, rows, now)
        up = any(not source.problem for source in digest.sources)
        to = self._target.sampler.builder()
        add_samples(to, digest, up=up)
        rate = shown_rate(digest, now)
        events, self._events = tuple(self._events), []
        return Result(
            status,
            text,
            reason=reason,
            up=up,
            value=f"{rate:,.0f}/s" if rate >= 1 else f"{rate * 60:,.0f}/min",
            duration=took,
            samples=to.build(),
            parts=tuple(row.part for row in rows),
            tables=tuple(tables(config, digest, now)),
            facts=tuple(facts(config, digest, now)),
            events=events,
            requests=digest.requests.figures() if digest.requests is not None else None,
            log=digest.tail,
        )

    def _hung(self) -> Result:
        """Files on a dead mount, mostly."""
        seconds = self._clock.now() - self._since
        touching = getattr(self._reader, "touching", "") or self._config.address()
        text = f"reading {touching} has hung for {seconds:.0f} s: does its file system hang?"
        to = self._target.sampler.builder()
        to.add("log_up", 0)
        return Result.failed("timeout", text, status=Status.CRITICAL, samples=to.build())
