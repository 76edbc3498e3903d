"""Runs of steps, several side by side, and what is shown of them, also after their end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from checks.clock import Clock
from checks.runbooks.running.model import Around, Ended, Job, Who
from checks.runbooks.running.output import Output
from checks.runbooks.running.start import Run
from checks.runbooks.views import RunState, RunView
from checks.source import InFront

if TYPE_CHECKING:
    from checks.runbooks.offering import Offered

__all__ = ["AT_ONCE", "KEPT", "Begun", "Runs"]

AT_ONCE: Final = 8
"""Steps that run at the same time, at most."""
KEPT: Final = 20
"""Runs that are shown, those that have ended among them."""
SIZE: Final = 8_000_000
"""Characters that those which have ended may have put out together, the latest counted first."""
PICTURES: Final = 0.25
"""Seconds between two pictures for the sake of what a step puts out."""
_LOOK: Final = 0.05
_OVER: Final = 1.0
"""Seconds within which all have ended when onwatch does, which has little more itself."""

log = logging.getLogger("onwatch.runbooks")


class Way(Protocol):
    """What runs a step: :class:`~checks.runbooks.running.start.Run`, or the terminal."""

    async def go(self) -> Ended:
        """Run it to its end."""

    def cancel(self) -> None:
        """Have it end."""

    def hurry(self, within: float) -> None:
        """Have it end ``within`` so many seconds."""


class OnTerminal:
    """A step that has the terminal for itself, which somebody else gives it: ``in_front`` is
    handed what runs it there.
    """

    def __init__(self, job: Job, around: Around, in_front: InFront) -> None:
        self._job = job
        self._around = around
        self._in_front = in_front
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[Ended] = self._loop.create_future()

    async def go(self) -> Ended:
        self._in_front(self._run)
        return await self._ended

    def _run(self) -> str:
        """Called in the main thread, with the terminal free for it; a sentence on how it ended."""
        from checks.runbooks.running.foreground import run_foreground  # noqa: PLC0415 - seldom

        ended = Ended(RunState.FAILED, None, "internal error: it was not run to its end")
        try:
            ended = run_foreground(self._job, self._around)
        except Exception:
            # The rim: what fails inside must not cost the terminal.
            log.exception("the step %s failed inside", self._job.step.name)
        finally:
            with contextlib.suppress(RuntimeError):
                # The engine may have ended meanwhile.
                self._loop.call_soon_threadsafe(self._settle, ended)
        how = ended.said if ended.exit_code is None else f"exit code {ended.exit_code}"
        return f"{self._job.step.name}: {how}"

    def _settle(self, ended: Ended) -> None:
        if not self._ended.done():
            self._ended.set_result(ended)

    def cancel(self) -> None:
        """Nothing: who could ask for it has the terminal no more."""

    def hurry(self, within: float) -> None:
        del within
        self._settle(Ended(RunState.CANCELLED, None, "onwatch ended while it had the terminal"))


@dataclass(slots=True, eq=False)
class Begun:
    """A run, and what was shown of it last."""

    job: Job
    offered: Offered
    output: Output
    run: Way
    began: float
    task: asyncio.Task[None] | None = None
    ended: Ended | None = None
    ended_at: float | None = None
    view: RunView | None = None


class Runs:
    """The runs of this session. Used from the engine's loop.

    Args:
        stir: asks for a picture soon.
        told: is told of each run that has begun, and of each that has ended.
    """

    def __init__(
        self, clock: Clock, *, stir: Callable[[], None], told: Callable[[Begun], None]
    ) -> None:
        self._clock = clock
        self._stir = stir
        self._told = told
        self._begun: list[Begun] = []
        self._watching: asyncio.Task[None] | None = None
        self._views: tuple[RunView, ...] = ()

    def hand_to(self, *, stir: Callable[[], None], told: Callable[[Begun], None]) -> None:
        """Ask and tell others from now on: another configuration is in force."""
        self._stir, self._told = stir, told

    @property
    def running(self) -> list[Begun]:
        """Those that have not ended."""
        return [one for one in self._begun if one.ended is None]

    def start(
        self,
        offered: Offered,
        who: Who,
        around: Around,
        in_front: InFront | None = None,
    ) -> str:
        """Run the step of ``offered`` as it was shown, on the terminal where ``in_front`` gives
        it that; why not, empty where it does.
        """
        if len(self.running) >= AT_ONCE:
            return f"{AT_ONCE} steps run already: wait for one, or end one"
        alert = offered.situation.alert
        job = Job(
            id=secrets.token_hex(6),
            runbook=offered.runbook,
            step=offered.step,
            variables=dict(offered.view.variables),
            who=who,
            target=offered.target,
            subject=offered.situation.subject,
            alert=alert.name if alert is not None else "",
            file=offered.file,
        )
        output = Output(around.env.masker)
        way = Run(job, output, around) if in_front is None else OnTerminal(job, around, in_front)
        begun = Begun(job, offered, output, way, self._clock.now())
        self._begun.append(begun)
        self._forget_old()
        begun.task = asyncio.create_task(self._go(begun), name=f"step {job.step.name}")
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch(), name="steps' output")
        self._told(begun)
        return ""

    def _forget_old(self) -> None:
        """Keep as many as are shown, and as much of what they put out as there is room for; none
        that runs is forgotten.
        """
        room = SIZE
        for place, one in enumerate(reversed([*self._begun])):
            if one.ended is not None:
                room -= sum(map(len, one.output.lines))
                if place >= KEPT or room < 0:
                    self._begun.remove(one)

    async def _go(self, begun: Begun) -> None:
        try:
            ended = await begun.run.go()
        except asyncio.CancelledError:
            ended = Ended(RunState.CANCELLED, None, "ended with onwatch")
            raise
        except Exception as error:
            # The rim: a step that fails inside is a run that failed, and says so.
            log.exception("the step %s failed inside", begun.job.step.name)
            ended = Ended(RunState.FAILED, None, f"internal error: {type(error).__name__}")
        finally:
            begun.output.close()
            # What it took is said once: without the time that its begin and its end were noted in.
            took = ended.seconds or self._clock.now() - begun.began
            begun.ended, begun.ended_at = ended, begun.began + took
            self._told(begun)
            self._stir()

    async def _watch(self) -> None:
        """Have a picture made while there is new output, not more often than is seen."""
        seen, last = 0, 0.0
        loop = asyncio.get_running_loop()
        while self.running:
            total = sum(one.output.total for one in self._begun)
            if total != seen and loop.time() - last >= PICTURES:
                seen, last = total, loop.time()
                self._stir()
            await asyncio.sleep(_LOOK)

    def cancel(self, run: str) -> None:
        """End the run with this id."""
        for one in self.running:
            if one.job.id == run:
                one.run.cancel()

    async def close(self) -> None:
        """End all that runs."""
        running = self.running
        if running:
            for one in running:
                one.run.hurry(_OVER)
            tasks = [one.task for one in running if one.task is not None]
            _, late = await asyncio.wait(tasks, timeout=_OVER)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_OVER / 4)
        if self._watching is not None:
            self._watching.cancel()

    def views(self) -> tuple[RunView, ...]:
        """What is shown of them, the latest last; the same object while nothing changed."""
        views = tuple(_view(one) for one in self._begun)
        same = len(views) == len(self._views) and all(
            one is other for one, other in zip(views, self._views, strict=True)
        )
        if not same:
            self._views = views
        return self._views


def _view(begun: Begun) -> RunView:
    lines, ended, known = begun.output.lines, begun.ended, begun.view
    if known is not None and known.lines is lines and (known.ended is None) == (ended is None):
        return known
    job = begun.job
    begun.view = RunView(
        id=job.id,
        runbook=job.runbook.name,
        step=job.step.name,
        title=begun.offered.view.title,
        subject=job.subject,
        state=RunState.RUNNING if ended is None else ended.state,
        began=begun.began,
        ended=begun.ended_at,
        exit_code=ended.exit_code if ended is not None else None,
        lines=lines,
        dropped=begun.output.dropped,
        said=ended.said if ended is not None else "",
        captured=ended.captured if ended is not None else None,
        text=begun.offered.view.text,
        variables=begun.offered.view.variables,
        interactive=job.step.interactive,
    )
    return begun.view
