"""What the engine's loop does while it comes to nothing else, and who had the processor."""

from __future__ import annotations

import gc
import sys
import threading
import time
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

__all__ = ["Watched"]

LOOK = 0.05
"""Seconds between two looks."""
STUCK = 0.1
"""Seconds without an answer from which on the loop is stuck."""
KEPT = 30.0
"""Seconds of looks that are kept: a run may be late by as many."""
COLLECTED = 0.05
"""Seconds of a collection of garbage from which on it is told of."""
FRAMES = 8


class Watched:
    """Asks a loop whether it turns, and how long its thread ran and waited for a processor.

    The kernel counts that for each thread: seconds on a processor, and seconds on the queue
    of one (Documentation/scheduler/sched-stats.rst: the first two figures of schedstat).
    """

    def __init__(self) -> None:
        self._loop: AbstractEventLoop | None = None
        self._thread = 0
        self._native = 0
        self._answered = threading.Event()
        self._looks: deque[tuple[float, float, float]] = deque(maxlen=int(KEPT / LOOK))
        self._lock = threading.Lock()
        self._found: deque[dict[str, object]] = deque(maxlen=100)
        self._began: dict[int, float] = {}
        gc.callbacks.append(self._collecting)

    def _collecting(self, phase: str, info: Mapping[str, int]) -> None:
        """Called by the collector, in whatever thread it works: it holds up all of them."""
        thread, now = threading.get_ident(), time.monotonic()
        if phase == "start":
            self._began[thread] = now
            return
        took = now - self._began.pop(thread, now)
        if took >= COLLECTED:
            name = threading.current_thread().name
            found = {"what": "collection", "time": time.time(), "seconds": took, "thread": name}
            self._found.append({**found, "generation": info["generation"]})

    def follow(self, loop: AbstractEventLoop) -> None:
        """Watch ``loop`` from now on."""
        self._loop = loop

    def taken(self) -> list[dict[str, object]]:
        """What was found since the last call: when the loop was stuck, for how long, and where;
        when the process stood still, and long collections of garbage.
        """
        return [self._found.popleft() for _ in range(len(self._found))]

    def run(self) -> None:
        """Look until the process ends."""
        while True:
            self._rest()
            loop = self._loop
            if loop is None:
                continue
            self._answered.clear()
            try:
                loop.call_soon_threadsafe(self._answer)
            except RuntimeError:  # closed
                self._loop = None
                continue
            self._wait()
            look = (time.monotonic(), *self._schedstat())
            with self._lock:
                self._looks.append(look)

    def _rest(self) -> None:
        """Sleep, and tell where that took longer: then no thread of the process got on, or one
        kept Python's lock to itself, which shows in what the process ran meanwhile.
        """
        began, ran = time.monotonic(), time.process_time()
        time.sleep(LOOK)
        more = time.monotonic() - began - LOOK
        if more >= STUCK:
            found = {"what": "still", "time": time.time(), "seconds": more}
            self._found.append({**found, "ran": time.process_time() - ran})

    def spent(self, late: float) -> tuple[float, float]:
        """Seconds that the thread ran, and waited for a processor, since ``late`` seconds ago."""
        ran, waited = self._schedstat()
        since = time.monotonic() - late - LOOK
        with self._lock:
            before = next((look for look in reversed(self._looks) if look[0] <= since), None)
        if before is None:
            return 0.0, 0.0
        return ran - before[1], waited - before[2]

    def _answer(self) -> None:
        self._thread, self._native = threading.get_ident(), threading.get_native_id()
        self._answered.set()

    def _wait(self) -> None:
        began = time.monotonic()
        if self._answered.wait(STUCK):
            return
        # There is no other way to learn what another thread does.
        where = _innermost(sys._current_frames().get(self._thread))  # noqa: SLF001
        self._answered.wait(KEPT)
        took = time.monotonic() - began
        self._found.append({"what": "stuck", "time": time.time(), "seconds": took, "where": where})

    def _schedstat(self) -> tuple[float, float]:
        try:
            text = Path(f"/proc/self/task/{self._native}/schedstat").read_text()
        except OSError:
            return 0.0, 0.0
        ran, waited, *_ = text.split()
        return int(ran) / 1e9, int(waited) / 1e9


def _innermost(frame: FrameType | None) -> list[str]:
    """The calls that ``frame`` is in, the innermost first."""
    where: list[str] = []
    while frame is not None and len(where) < FRAMES:
        code = frame.f_code
        where.append(f"{Path(code.co_filename).name}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return where
