"""When the alerts' state is written to its file: soon after it changed, and at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from checks.alerts.memory import REFRESHED, AlertMemory, Recalled, Rules
from checks.errors import NO_THREADS, NoThreadsError
from checks.lanes import LaneBusyError, Lanes

if TYPE_CHECKING:
    from checks.alerts.model import Alert

__all__ = ["Remembering"]

_APART: Final = 1.0
"""Seconds between two writings at least."""
_LANE: Final = "alerts"


class Remembering:
    """The file at ``path``, written in a lane: whatever hangs there holds up no rule."""

    def __init__(self, path: Path, lanes: Lanes) -> None:
        self.path = path
        self._memory = AlertMemory(path)
        self._lanes = lanes
        self._dirty = False
        self._kept_at: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._said = ""
        self._problem = ""

    def follow(self, other: Remembering) -> None:
        """Go on with what ``other`` knows of the same file."""
        if other.path == self.path:
            self._memory, self._kept_at, self._said = other._memory, other._kept_at, other._said

    async def begin(self, tell: Callable[[str], None]) -> None:
        """Wait for a thread; ``tell`` is told where there is none yet."""
        await self._lanes.insist(_LANE, lambda: None, tell)

    async def recall(self) -> Recalled:
        """What is remembered."""
        return await self._lanes.run(_LANE, self._memory.recall)

    def changed(self) -> None:
        """Have the state written soon."""
        self._dirty = True

    def keep(self, remember: Callable[[], dict[str, list[Alert]]], now: float) -> str:
        """Begin to write what ``remember`` returns where that is due at ``now`` (seconds).

        Returns a sentence about an earlier attempt that failed, once.
        """
        waited = None if self._kept_at is None else now - self._kept_at
        due = waited is None or waited >= REFRESHED / 1000 or (self._dirty and waited >= _APART)
        if due and (self._task is None or self._task.done()):
            self._dirty, self._kept_at = False, now
            self._task = asyncio.create_task(self._write(remember(), now), name="keep alerts")
        problem, self._problem = self._problem, ""
        return problem

    async def _write(self, rules: Rules, now: float) -> None:
        try:
            problem = await self._lanes.run(
                _LANE, partial(self._memory.keep, rules, round(now * 1000))
            )
        except (LaneBusyError, NoThreadsError) as error:
            busy = isinstance(error, LaneBusyError)
            why = f"{self.path} does not answer" if busy else NO_THREADS
            problem = f"the state of the alerts is not saved: {why}"
            self._dirty = True
        # Said once, until it works again or something else is wrong.
        self._problem = problem if problem != self._said else ""
        self._said = problem

    async def finish(self, remember: Callable[[], dict[str, list[Alert]]], now: float) -> None:
        """Write a last time, after what is under way."""
        if self._task is not None:
            await asyncio.wait({self._task})
        await self._write(remember(), now)
