"""A clock that the test moves while the checks ask real servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from checks.clock import FakeClock

__all__ = ["StepClock"]

_PATIENCE = 10.0
"""Seconds of the machine's own time that the runs of one moment may take."""
_GRACE = 0.3
"""Seconds of it for what goes on besides runs: a statement on a second connection."""
_PAUSE = 0.0005


class StepClock(FakeClock):
    """Time goes on once what is under way has come to its end, however long that really takes.

    ``runs`` tells whether checks are being run, ``more`` whether anything else is under way that
    waits for a server and not for time.
    """

    def __init__(self, start: float | None = None) -> None:
        super().__init__(time.time() if start is None else start)
        self.runs: Callable[[], bool] = lambda: False
        self.more: Callable[[], bool] = lambda: False

    async def _settle(self) -> None:  # type: ignore[override]
        began = time.monotonic()
        await _turns()
        while self.runs() or (self.more() and time.monotonic() - began < _GRACE):
            assert time.monotonic() - began < _PATIENCE, "a check does not come to its end"
            await asyncio.sleep(_PAUSE)
            await _turns()


async def _turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
