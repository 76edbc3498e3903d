"""What steps have in common that are waited for on the loop: SQL and HTTP."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Final

from checks.expectations import seconds
from checks.runbooks.running.model import Ended
from checks.runbooks.views import RunState

__all__ = ["TOOK", "Awaited"]

TOOK: Final = "\0"
"""Stands in a sentence for how long it took, which is known at its end."""
_ENDING: Final = 3.0


class Awaited(ABC):
    """One run, in a task of its own, so that it can be cancelled without who waits for it."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Ended] | None = None
        self.stopped = False
        """Whether somebody cancelled it."""

    @abstractmethod
    async def work(self) -> Ended:
        """Do it. CancelledError comes with :attr:`stopped` where the step is to end."""

    def cancel(self, within: float | None = None) -> None:
        """Have it end."""
        del within
        if not self.stopped:
            self.stopped = True
            if self._task is not None:
                self._task.cancel()

    async def go(self) -> Ended:
        """Run it to its end."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._task = asyncio.ensure_future(self.work())
        try:
            ended = await asyncio.shield(self._task)
        except asyncio.CancelledError:
            if not (self.stopped and self._task.cancelled()):
                # Not the step was cancelled, but who waits for it.
                self._task.cancel()
                await asyncio.wait({self._task}, timeout=_ENDING)
                raise
            ended = Ended(RunState.CANCELLED, None, "cancelled before it began")
        took = loop.time() - began
        return replace(ended, said=ended.said.replace(TOOK, seconds(took)), seconds=took)
