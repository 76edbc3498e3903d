"""When checks run: a task a check, never two runs of one, nothing waits for anything else.

First runs are spread over at most a second; then a check runs every interval at an
offset derived from its name, so that a restart does not change the pattern and a
thousand checks do not fire at once. A run that is still going when the next is due
makes that one skipped, and counted.

After the process has stood still (Ctrl-Z, a machine that slept) everything is due. Runs are
then spread as first ones are, and one that failed is run again before it counts: what was
under way had its time pass unused, and connections were closed meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from checks.clock import STOOD_STILL, Clock
from checks.model import Result, Status
from checks.runner import Runner
from checks.turns import Turns

__all__ = ["LATE", "LEFT_OUT", "Counts", "Scheduler", "next_due"]

log = logging.getLogger("onwatch.scheduler")

LATE = "%s began %.3f s late"
LEFT_OUT = "%s: runs left out: %d"
"""What is logged of single runs that are counted so."""

FIRST_RUNS_APART = 0.005
"""Seconds between first runs, as long as all of them fit into a second."""


SECOND_RUN_AFTER = 0.3
"""Seconds after its first run that a check which counts things runs again, for a first figure."""


@dataclass(slots=True)
class Counts:
    """Since the start: runs begun, runs begun late, and runs left out."""

    runs: int = 0
    late: int = 0
    skipped: int = 0


def next_due(name: str, interval: float, after: float) -> float:
    """The first moment later than ``after`` at which the check ``name`` is due (seconds)."""
    offset = zlib.crc32(name.encode()) / 2**32 * interval
    periods = (after - offset) // interval + 1
    return offset + periods * interval


class Scheduler:
    """Runs ``runners`` until cancelled, and hands over each result as it comes.

    At most ``at_once`` runs hold descriptors at any moment. Checks that hang share a
    part of these, so that however many hang, the others find one free.
    """

    def __init__(
        self,
        runners: Sequence[Runner],
        clock: Clock,
        on_result: Callable[[Runner, float, Result], None],
        at_once: int = 10_000,
    ) -> None:
        self.counts = Counts()
        self._runners = runners
        self._clock = clock
        self._on_result = on_result
        self._turns = Turns(at_once) if at_once < len(runners) else None
        # Not their names: one that is taken away may still end while its successor begins.
        self._running: set[Runner] = set()
        self._group: asyncio.TaskGroup | None = None
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._extra: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Run until cancelled."""
        start = self._clock.now()
        async with asyncio.TaskGroup() as self._group:
            for at, runner in enumerate(self._runners):
                spread = min(runner.spec.interval, 1.0, FIRST_RUNS_APART * len(self._runners))
                self.add(runner, start + spread * at / len(self._runners))
            # Others may be added later, also to none.
            await asyncio.get_running_loop().create_future()

    def add(self, runner: Runner, first: float | None = None) -> None:
        """Run ``runner`` too, from ``first`` on, or now. Before :meth:`run` there is no need to."""
        if self._group is not None:
            at = self._clock.now() if first is None else first
            name = runner.spec.name
            task = self._group.create_task(self._serve(runner, at), name=f"check {name}")
            self._serving[name] = task

    def remove(self, name: str) -> None:
        """End the runs of the check ``name``, the one under way included."""
        task = self._serving.pop(name, None)
        if task is not None:
            task.cancel()

    async def _serve(self, runner: Runner, first: float) -> None:
        spec, due = runner.spec, first
        while not _is_over(runner):
            await self._clock.sleep_until(due)
            began = self._clock.now()
            resumed = began - due > STOOD_STILL
            if resumed:
                await self._clock.sleep_until(next_due(spec.name, min(spec.interval, 1.0), began))
            elif began - due > 0.1 * spec.interval:
                self.counts.late += 1
                log.debug(LATE, spec.name, began - due)
            await self._once(runner, resumed=resumed)
            ended = self._clock.now()
            following = next_due(spec.name, spec.interval, due)
            if due == first and runner.kind.counters:
                following = min(following, ended + SECOND_RUN_AFTER)
            if following <= ended:
                missed = int((ended - following) // spec.interval) + 1
                self.counts.skipped += missed
                log.debug(LEFT_OUT, spec.name, missed)
                following = next_due(spec.name, spec.interval, ended)
            due = following

    async def _once(self, runner: Runner, *, resumed: bool = False) -> None:
        name = runner.spec.name
        if runner.closed:
            return
        if runner in self._running:
            self.counts.skipped += 1
            log.debug(LEFT_OUT, name, 1)
            return
        self._running.add(runner)
        try:
            began, result = await self._run(runner)
            took = self._clock.now() - began
            if not result.up and (resumed or took > runner.spec.timeout + STOOD_STILL):
                began, result = await self._run(runner)
            if not _is_over(runner):
                self._on_result(runner, began, result)
        finally:
            self._running.discard(runner)

    async def _run(self, runner: Runner) -> tuple[float, Result]:
        self.counts.runs += 1
        return await (self._in_turn(self._turns, runner) if self._turns else runner.run())

    async def _in_turn(self, turns: Turns, runner: Runner) -> tuple[float, Result]:
        """Run it as soon as it may hold descriptors; where that takes too long, say why."""
        waits_since, hung = self._clock.now(), None
        try:
            async with asyncio.timeout(runner.spec.timeout):
                turn = await turns.take(runner.spec.name)
        except TimeoutError:
            return waits_since, _not_asked(turns.at_once)
        try:
            began, result = await runner.run()
            hung = result.reason == "timeout"
        finally:
            turns.end(turn, hung=hung)
        return began, result

    async def fresh(self, runner: Runner) -> None:
        """Run ``runner`` once more, after the run that is under way."""
        while runner in self._running:
            await self._clock.sleep_until(self._clock.now() + 0.05)
        await self._once(runner)

    def poll_now(self) -> None:
        """Run every check that is not running at this moment."""
        for runner in self._runners:
            if runner not in self._running:
                task = asyncio.create_task(self._once(runner), name=f"poll {runner.spec.name}")
                self._extra.add(task)
                task.add_done_callback(self._extra.discard)

    async def once(self, wanted: Callable[[Runner], bool] = lambda _: True) -> None:
        """Run every check that is ``wanted`` a single time, all at once."""
        await asyncio.gather(*(self._once(one) for one in self._runners if wanted(one)))


def _is_over(runner: Runner) -> bool:
    """Whether its check was taken away, or this run was to end: its probe may have made nothing of
    being cancelled.
    """
    task = asyncio.current_task()
    return runner.closed or (task is not None and task.cancelling() > 0)


def _not_asked(at_once: int) -> Result:
    sentence = (
        f"not asked: the {at_once} checks that may run at once are all under way and some hang; "
        "raise the limit of open files (ulimit -n)"
    )
    return Result.failed("limit", sentence, status=Status.UNKNOWN)
