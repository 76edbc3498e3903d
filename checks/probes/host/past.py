"""What is remembered of processes from scan to scan: whose memory grew, what ended or restarted.

By name, since a service's processes come and go. Bounded: some hundred names, a point a minute.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from checks.hosts.model import Growth, Happening
from checks.model import clean

if TYPE_CHECKING:
    from checks.processes.scan import Process

__all__ = ["Past"]

SPAN: Final = 600.0
_STEP: Final = 60.0
_NAMES: Final = 200
"""Names whose memory is remembered: those with the most."""
_MOST: Final = 8
_SETTLED: Final = 600.0
"""Seconds for which something must have run before its end is worth a word."""
_KEPT: Final = 3600.0
_EVENTS: Final = 30
_BURST: Final = 3
"""Ends that are told by name in one scan; more are a logout or a shutdown."""
_TOLD: Final = 4_000
"""Processes beyond which starts and ends are not followed: nobody could read them."""


class Past:
    """Takes every scan in. Pure: what it is told, and when."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, dict[str, float]]] = deque()
        self._lives: dict[str, set[tuple[int, int]]] = {}
        self._happened: deque[tuple[float, Happening]] = deque(maxlen=_EVENTS)
        self._now: dict[str, float] = {}

    def note(
        self,
        now: float,
        found: Sequence[Process],
        age: Callable[[tuple[int, int]], float | None],
        wall: float,
    ) -> tuple[Happening, ...]:
        """Take in the processes ``found`` at ``now``, of which ``age`` says for how many seconds
        they had run; returns what happened of late. ``wall`` is the time of day."""
        memory: dict[str, float] = {}
        lives: dict[str, set[tuple[int, int]]] = {}
        follow = len(found) <= _TOLD
        for one in found:
            if one.kernel:
                continue
            memory[one.name] = memory.get(one.name, 0.0) + one.memory
            if follow:
                lives.setdefault(one.name, set()).add(one.key)
        self._now = memory
        self._remember(now, memory)
        self._happened.extend((now, Happening(wall, text)) for text in self._ended(lives, age))
        self._lives = lives
        while self._happened and now - self._happened[0][0] > _KEPT:
            self._happened.popleft()
        return tuple(each for _, each in self._happened)

    def growth(self, now: float) -> tuple[Growth, ...]:
        """By how much the memory of a name's processes grew or shrank, the most first."""
        if not self._points or now - self._points[0][0] < 2 * _STEP:
            return ()
        then, before = self._points[0]
        names = before.keys() | self._now.keys()
        by = [
            Growth(clean(name, 80), before.get(name, 0.0), self._now.get(name, 0.0), now - then)
            for name in names
            # A name that had too little to be remembered may have had some.
            if name in before or len(before) < _NAMES
        ]
        return tuple(sorted(by, key=lambda one: -abs(one.now - one.then))[:_MOST])

    def _remember(self, now: float, memory: dict[str, float]) -> None:
        points = self._points
        if points and now - points[-1][0] < _STEP:
            return
        if len(memory) > _NAMES:
            memory = dict(sorted(memory.items(), key=lambda pair: -pair[1])[:_NAMES])
        points.append((now, memory))
        while len(points) > 1 and points[1][0] <= now - SPAN:
            points.popleft()

    def _ended(
        self,
        lives: dict[str, set[tuple[int, int]]],
        age: Callable[[tuple[int, int]], float | None],
    ) -> list[str]:
        """Sentences on the names of which nothing that had run long is left."""
        ended = []
        for name, before in self._lives.items() if lives else ():
            after = lives.get(name, set())
            if not before.isdisjoint(after):
                continue
            if max((age(key) or 0.0 for key in before), default=0.0) < _SETTLED:
                continue
            shown = clean(name, 80)
            if after:
                pids = sorted(pid for pid, _ in after)
                ended.append(f"{shown} was started anew: it is process {pids[0]} now")
            else:
                ended.append(f"{shown} has ended: no process of that name is left")
        if len(ended) > _BURST:
            more = len(ended) - _BURST
            return [*ended[:_BURST], f"{more} more programs that had run long have ended"]
        return ended
