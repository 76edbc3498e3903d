"""When an app under test has nothing left to do, told by its event loop.

Textual's pilot sleeps 20 ms or more after every key and in every pause, in which the app may go
on. Where its loop has nothing due and neither a thread nor a worker could hand it anything, they
need not pass.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from time import monotonic, process_time
from typing import Any, Final

import pytest
from textual._context import active_app

from tests.patience import PATIENCE

__all__ = ["idle_told_by_the_loop", "wait_for_idle"]

_FULL: Final = 0.02
"""Seconds that Textual sleeps."""
_SLICE: Final = 0.004
_BUSY: Final = 0.05
"""The part of a core from which on the process is at work: Textual's own bound."""
_always: set[threading.Thread] = set()
"""Threads of whoever runs the tests."""


@pytest.fixture(autouse=True, scope="session")
def idle_told_by_the_loop() -> Iterator[None]:
    _always.update(threading.enumerate())
    with pytest.MonkeyPatch.context() as patch:
        for module in ("textual.app", "textual.pilot"):
            patch.setattr(f"{module}.wait_for_idle", wait_for_idle)
        yield


async def wait_for_idle(min_sleep: float = _FULL, max_sleep: float = 1.0) -> None:
    """Return when the process has had nothing to do for a moment, and has nothing due in the next.

    ``min_sleep`` and ``max_sleep`` bound it, in seconds, as they do in Textual, but whatever waits
    for its turn is let have it: where a busy machine has given the process none, it has hardly
    worked and is not idle.
    """
    loop = asyncio.get_running_loop()
    began = monotonic()
    while True:
        before, worked = monotonic(), process_time()
        await asyncio.sleep(_SLICE)
        now = monotonic()
        rests = not loop._ready or now - began >= PATIENCE  # type: ignore[attr-defined]
        if rests and now - began >= max_sleep:
            return
        idle = process_time() - worked < _BUSY * (now - before)
        waited = now - began >= min_sleep
        if rests and idle and waited and (now - began > _FULL or not (_due(loop) or _under_way())):
            return


def _due(loop: Any) -> bool:
    """Whether ``loop`` has anything to run now or within what Textual would sleep."""
    if loop._ready:
        return True
    soon = loop.time() + _FULL
    return any(not timer.cancelled() and timer.when() < soon for timer in loop._scheduled)


def _under_way() -> bool:
    """Whether a thread or a worker of the app might give it something to do, sooner or later."""
    app = active_app.get(None)
    if app is not None and any(not worker.is_finished for worker in app.workers):
        return True
    return any(thread not in _always for thread in threading.enumerate())
