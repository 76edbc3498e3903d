"""What single checks are asked and told between their runs, on behalf of whoever looks at them.

Each is a task of its own, so that an answer that takes its time holds up nobody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Final

from checks.clock import Clock
from checks.model import clean
from checks.runner import Runner
from checks.scheduler import Scheduler
from checks.views import EventView

__all__ = ["ANSWER_TIMEOUT", "Errands"]

log = logging.getLogger("onwatch.errands")

ANSWER_TIMEOUT: Final = 600.0
"""Seconds that a question to a check may take: the integrity of a large file."""


class Errands:
    """Errands to ``runners``, which may change; what comes of them is handed to ``tell``.

    With ``acts`` False nothing is done to a target.
    """

    def __init__(
        self,
        runners: Sequence[Runner],
        scheduler: Scheduler,
        clock: Clock,
        tell: Callable[[EventView], None],
        *,
        acts: bool,
    ) -> None:
        self._runners = runners
        self._scheduler = scheduler
        self._clock = clock
        self._tell = tell
        self._acts = acts
        self._under_way: set[asyncio.Task[None]] = set()

    def ask(self, check: str, question: str) -> None:
        """Put ``question`` to ``check``; the answer becomes an event, and a new run shows it."""
        runner = self._runner(check)
        if runner is not None:
            self._begin(self._told(runner, _answer(runner, question)), f"ask {check}")

    def again(self, check: str) -> None:
        """Run ``check`` once more at once: its probe has something to tell."""
        runner = self._runner(check)
        if runner is not None:
            self._begin(self._scheduler.fresh(runner), f"run {check} again")

    def attend(self, check: str | None) -> None:
        """Tell all who is looked at; the on-demand tier of ``check`` runs meanwhile."""
        for runner in self._runners:
            watched = runner.spec.name == check
            if runner.attend(watched) and watched:
                self._begin(self._scheduler.fresh(runner), f"look at {check}")

    def inspect(self, check: str, subject: str) -> None:
        """Have ``check``, which is watched, look at ``subject`` too; at none where empty."""
        runner = self._runner(check)
        if runner is not None and runner.inspect(subject):
            self._begin(self._scheduler.fresh(runner), f"inspect {check}")

    def act(self, check: str, action: str, subject: str) -> None:
        """Do ``action`` of ``check``'s kind to its session ``subject``; said as an event."""
        runner = self._runner(check)
        if runner is None or not self._acts:
            return
        for known in runner.kind.actions:
            if known.id == action:
                self._begin(self._told(runner, runner.act(known, subject)), f"act on {check}")

    async def settled(self) -> None:
        """Wait for those that are under way."""
        await asyncio.gather(*self._under_way)

    def _runner(self, check: str) -> Runner | None:
        return next((one for one in self._runners if one.spec.name == check), None)

    def _begin(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _told(self, runner: Runner, saying: Coroutine[None, None, str]) -> None:
        """Make an event of what ``saying`` comes to, and run the check again."""
        try:
            answer = await saying
        except Exception as error:
            # The rim, as in the runner: a bug in one probe is a sentence.
            log.exception("the %s check %s failed inside", runner.spec.kind, runner.spec.name)
            answer = f"internal error: {type(error).__name__}: {clean(error)}"
        self._tell(EventView(self._clock.now(), runner.spec.name, answer, answer=True))
        await self._scheduler.fresh(runner)


async def _answer(runner: Runner, question: str) -> str:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT):
            return await runner.ask(question)
    except TimeoutError:
        return f"no answer to {question} within {ANSWER_TIMEOUT:.0f} s"
