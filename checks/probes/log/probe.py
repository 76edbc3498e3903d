"""Reads a log on, at each run and between runs, and tells what was in it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Final, TypeVar

from checks.errors import NoThreadsError
from checks.lanes import LaneBusyError
from checks.logs.reading import LogReader
from checks.logs.source import open_reader
from checks.model import Result, Status, worst
from checks.probe import Target
from checks.probes.log.config import LogConfig
from checks.probes.log.digest import Digest
from checks.probes.log.heirs import Key, leave, take
from checks.probes.log.judge import findings, sentence, shown_rate
from checks.probes.log.metrics import add_samples
from checks.probes.log.report import facts, reading, tables

__all__ = ["LogProbe", "probe_of"]

BYTES: Final = 500_000
"""Read at once, before others have their turn."""
SLICE: Final = 0.1
"""Seconds that one reading may take."""
BETWEEN: Final = 1.0
"""Seconds between two readings, however long the interval: so long a file that is rotated away is
certainly still there."""
WATCHED: Final = 0.25
"""The same while somebody looks at the lines."""

_ENDING: Final = 0.5
"""Seconds that the last call may take to end, and closing the journal after it."""
_TRIES: Final = 50

T = TypeVar("T")

log = logging.getLogger("onwatch.log")


def heir_of(target: Target) -> Key:
    """What the check is known by, also after a reload."""
    return target.name, str(target.env.base_dir)


def probe_of(config: LogConfig, target: Target) -> LogProbe:
    """The probe of a check: one that goes on where its predecessor ended, if there was one."""
    left = take(heir_of(target), config)
    if left is not None:
        return LogProbe(config, target, left.reader, left.digest)
    return LogProbe(config, target, open_reader(config, target.env.path))


class LogProbe:
    """Reading and counting happen in a lane; runs tell what they came to."""

    def __init__(
        self, config: LogConfig, target: Target, reader: LogReader, digest: Digest | None = None
    ) -> None:
        self._config = config
        self._target = target
        self._clock = target.env.clock
        self._lane = f"log {target.name}"
        self._reader = reader
        self._digest = digest or Digest(config, self._clock.now())
        self._digest.masker = target.env.masker
        self._turn = asyncio.Lock()
        self._follower: asyncio.Task[None] | None = None
        self._events: list[str] = []
        self._since = self._clock.now()
        """When the call that the lane is in began."""
        self._complained = False
        self._told_severity = 0
        self._gate = Lock()
        """Of the next two: the lane's own thread looks at them as well."""
        self._calling = False
        self._closed = False
        self._parted = False
        """Whether the files are given back, or will be."""

    async def run(self) -> Result:
        try:
            async with asyncio.timeout(self._target.timeout * 0.95):
                async with self._turn:
                    result = await self._in_lane(self._look)
                    # Only what reached somebody has been told: a run may end before its look.
                    del self._events[: len(result.events)]
        except (LaneBusyError, TimeoutError):
            return self._hung()
        self._told_severity = self._severity()
        if self._follower is None and not self._closed:
            self._follower = asyncio.create_task(self._follow(), name=self._lane)
        return result

    async def close(self) -> None:
        with self._gate:
            self._closed = True
        try:
            if self._follower is not None:
                self._follower.cancel()
                # Not awaited itself: that this here is cancelled is no end of the follower's.
                await asyncio.wait({self._follower})
            if await self._is_idle() and self._config.journal is not None:
                await self._end_journal()
        finally:
            # Also where nobody waits for it any longer.
            self._part()

    async def _is_idle(self) -> bool:
        """Wait for the call that is under way; whether it ended."""
        for _ in range(_TRIES):
            with self._gate:
                if not self._calling:
                    return True
            await asyncio.sleep(_ENDING / _TRIES)
        return False

    async def _end_journal(self) -> None:
        """The journal's program is to end with its check; that may take a moment."""
        await asyncio.sleep(0)  # a call that has just ended is settled by then
        try:
            async with asyncio.timeout(_ENDING):
                await self._target.env.lanes.run(self._lane, self._reader.close)
        except (LaneBusyError, NoThreadsError):
            return  # it ends with the lane
        except TimeoutError:
            log.warning("closing the log of %s hangs", self._target.name)

    def _part(self) -> None:
        """Give the files back: to the check that comes after this one, or to the system. A call
        that is under way has them closed at its end, should it ever come to one.
        """
        if self._parted:
            return
        self._parted = True
        with self._gate:
            calling = self._calling
        lanes = self._target.env.lanes
        if calling or self._config.journal is not None:
            lanes.drop(self._lane, self._reader.close)
        else:
            lanes.drop(self._lane)
            leave(heir_of(self._target), self._config, self._reader, self._digest)

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
                self._complained = False
                self._tell_at_once()
            except (LaneBusyError, NoThreadsError):
                continue
            except Exception:
                # The rim: the next run meets the same, and tells it.
                if not self._complained:
                    log.exception("reading for the log check %s failed", self._target.name)
                self._complained = True

    def _tell_at_once(self) -> None:
        """Have the check run where a pattern is worse off than at the last run."""
        severity = self._severity()
        if severity > self._told_severity:
            self._told_severity = severity
            self._target.env.again(self._target.name)

    def _severity(self) -> int:
        """How ill the worst pattern is."""
        return worst(one.status for one in self._digest.tail.reading.patterns).severity

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
        return await lanes.run(self._lane, partial(self._called, call))

    def _called(self, call: Callable[[], T]) -> T:
        """``call()``, in the lane."""
        with self._gate:
            if self._closed:
                raise ValueError("the check has ended")
            self._calling = True
        try:
            return call()
        finally:
            with self._gate:
                self._calling = False

    def _look(self) -> Result:
        """Read on to the end, as far as there is time, and say what there is."""
        began = time.monotonic()
        spare = min(1.0, self._target.timeout / 2)
        while not self._closed and self._read() and time.monotonic() - began < spare:
            pass
        self._digest.hold(self._clock.now())
        return self._told(time.monotonic() - began)

    def _read(self) -> bool:
        now = self._clock.now()
        batch = self._reader.read(now, BYTES, SLICE)
        digest = self._digest
        digest.take(batch, now)
        told = digest.tail.reading = reading(self._target.name, digest, now)
        if digest.requests is not None:
            digest.requests.note = told.note
        if len(self._events) < 20:
            self._events += batch.events
        return batch.more

    def _told(self, took: float) -> Result:
        config, digest, now = self._config, self._digest, self._clock.now()
        rows = findings(config, digest, now)
        status, text, reason = sentence(digest, rows, now)
        # A log that nobody has begun yet is no target that does not answer: it is UNKNOWN alone.
        up = digest.readable or reason == "missing"
        to = self._target.sampler.builder()
        add_samples(to, digest, up=digest.readable)
        rate = shown_rate(digest, now)
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
            events=tuple(self._events),
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
