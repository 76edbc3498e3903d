"""What is kept of a group of processes from one run to the next. Pure: listings in, figures out."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from checks.probes.process.details import Details
from checks.processes.scan import Process
from checks.wording import span

__all__ = ["Figures", "Group", "Key", "Member"]

Key = tuple[int, int]
_MOST_KEPT: Final = 1_000
_SLACK: Final = 2.0
"""Seconds by which a process that was started since the last look may seem older than that: times
of starts are rounded, and a scan is shared for a moment."""
_MOST_AWAY: Final = 500
"""Processes that were not seen at the last look and may be again: a pid file is not there for a
moment, or cannot be read."""
_NAMED: Final = 4
"""Process ids that are named in a sentence."""
COUNTERS: Final = (
    "user", "system", "minor", "major", "read", "written", "voluntary", "involuntary"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A living process of the group; ``started`` is seconds since 1970, ``stuck`` for how many
    seconds every look has found it waiting for a disk."""

    process: Process
    details: Details
    started: float
    stuck: float = 0.0

    @property
    def full(self) -> float | None:
        """Ratio of its descriptors that are open."""
        count, limit = self.details.descriptors, self.details.limit
        return count / limit if count is not None and limit else None


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of the group now.

    ``counters`` never run back, whoever comes and goes. ``cpu`` is the ratio of one core over
    the interval, ``cpu_mean`` over ``cpu_span`` seconds; None until known. ``restarts`` is how
    often it was started anew since this check began, ``recent`` how often within the window.
    """

    members: tuple[Member, ...] = ()
    zombies: tuple[Process, ...] = ()
    lasting_zombies: int = 0
    counters: Mapping[str, float] = field(default_factory=dict)
    cpu: float | None = None
    cpu_mean: float | None = None
    cpu_span: float = 0.0
    restarts: int = 0
    recent: int = 0
    gone_for: float | None = None
    last_pids: tuple[int, ...] = ()
    events: tuple[str, ...] = ()

    @property
    def memory(self) -> float:
        return sum(one.process.memory for one in self.members)

    @property
    def threads(self) -> int:
        return sum(one.process.threads for one in self.members)

    @property
    def descriptors(self) -> int | None:
        """Open descriptors of all; None where one of them does not tell."""
        counts = [one.details.descriptors for one in self.members]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    @property
    def fullest(self) -> Member | None:
        """The one that is nearest to its limit of descriptors, of those that tell."""
        telling = [one for one in self.members if one.full is not None]
        return max(telling, key=lambda one: one.full or 0.0, default=None)

    @property
    def oldest(self) -> float | None:
        """When the first of them was started."""
        return min((one.started for one in self.members), default=None)

    @property
    def states(self) -> Mapping[str, int]:
        """How many are in each state, by the kernel's letter."""
        return Counter(one.state for one in self._all())

    def _all(self) -> Iterable[Process]:
        return (*(one.process for one in self.members), *self.zombies)


class Group:
    """Compares each look with the one before. ``window`` is how far back restarts count."""

    def __init__(self, cpu_window: float, window: float) -> None:
        self._cpu_window = cpu_window
        self._window = window
        self._each: dict[Key, dict[str, float]] = {}
        self._away: dict[Key, dict[str, float]] = {}
        self._sums = dict.fromkeys(COUNTERS, 0.0)
        self._lost: set[str] = set()
        self._points: deque[tuple[float, float]] = deque()
        self._roots: dict[Key, Process] | None = None
        self._gone: dict[Key, tuple[float, Process]] = {}
        self._gone_at: float | None = None
        self._restarts = 0
        self._restarted: deque[float] = deque()
        self._stuck: dict[Key, float] = {}
        self._zombies: frozenset[Key] = frozenset()
        self._looked = -math.inf

    def note(
        self,
        now: float,
        members: Sequence[Member],
        zombies: Sequence[Process],
        wall: float | None = None,
    ) -> Figures:
        """Takes in what is there at ``now``; ``wall`` is that in seconds since 1970, where it is
        not the same.
        """
        events = self._changes(now, members)
        self._count(now, members, now if wall is None else wall)
        self._looked = now
        cpu, mean, covered = self._used(now)
        while self._restarted and self._restarted[0] < now - self._window:
            self._restarted.popleft()
        dead = frozenset(one.key for one in zombies)
        lasting, self._zombies = len(dead & self._zombies), dead
        return Figures(
            members=self._timed(now, members),
            zombies=tuple(zombies),
            lasting_zombies=lasting,
            counters={k: v for k, v in self._sums.items() if k not in self._lost},
            cpu=cpu,
            cpu_mean=mean,
            cpu_span=covered,
            restarts=self._restarts,
            recent=len(self._restarted),
            gone_for=None if self._gone_at is None else now - self._gone_at,
            last_pids=tuple(one.pid for _, one in self._gone.values()),
            events=tuple(events),
        )

    def unseen(self, now: float, members: Iterable[Member], wall: float) -> frozenset[Key]:
        """Those of ``members``, not yet noted, that ran at the last look and were not in it."""
        return frozenset(
            one.process.key
            for one in members
            if one.process.key in self._away
            or (one.process.key not in self._each and not self._is_new(one, now, wall))
        )

    def _is_new(self, one: Member, now: float, wall: float) -> bool:
        """Whether it was started since the last look. Of the first look all are."""
        return wall - one.started <= now - self._looked + _SLACK

    def _count(self, now: float, members: Iterable[Member], wall: float) -> None:
        """Adds what each has used since it was last seen. At the first look, and of one that was
        started since the look before, that is all it ever has; one that ran by then and was not of
        the group counts from now on.
        """
        each: dict[Key, dict[str, float]] = {}
        self._lost = set()
        for one in members:
            own, key = _counters(one), one.process.key
            before = self._each.get(key) or self._away.pop(key, None)
            if before is None:
                before = {} if self._is_new(one, now, wall) else own
            for name in COUNTERS:
                value = own.get(name)
                if value is None:
                    self._lost.add(name)
                else:
                    self._sums[name] += max(0.0, value - before.get(name, 0.0))
            each[key] = {**before, **own}
        self._away |= {key: own for key, own in self._each.items() if key not in each}
        for key in list(self._away)[:-_MOST_AWAY]:
            del self._away[key]
        self._each = each

    def _used(self, now: float) -> tuple[float | None, float | None, float]:
        """CPU as a ratio of one core, between the last two looks and over the window."""
        points = self._points
        points.append((now, self._sums["user"] + self._sums["system"]))
        while len(points) > 2 and points[1][0] <= now - self._cpu_window:
            points.popleft()
        if len(points) < 2 or now <= points[-2][0]:
            return None, None, 0.0
        covered = now - points[0][0]
        last = (points[-1][1] - points[-2][1]) / (now - points[-2][0])
        mean = (points[-1][1] - points[0][1]) / covered
        return last, mean if covered >= self._cpu_window * 0.9 else None, covered

    def _timed(self, now: float, members: Iterable[Member]) -> tuple[Member, ...]:
        """With the time that each has been found waiting for a disk."""
        stuck: dict[Key, float] = {}
        found = []
        for one in members:
            key = one.process.key
            if one.process.state == "D":
                stuck[key] = self._stuck.get(key, now)
                found.append(Member(one.process, one.details, one.started, now - stuck[key]))
            else:
                found.append(one)
        self._stuck = stuck
        return tuple(found)

    def _changes(self, now: float, members: Sequence[Member]) -> list[str]:
        """What became of those that no other of the group has started: workers come and go."""
        present = {one.process.key for one in members}
        pids = {one.process.pid for one in members}
        roots = {m.process.key: m.process for m in members if m.process.parent not in pids}
        before, self._roots = self._roots, roots
        if before is None:
            self._gone_at = None if members else now
            return []
        known = self._each.keys() | self._away.keys()
        new = [one for key, one in roots.items() if key not in known]
        left = {key: one for key, one in before.items() if key not in present}
        empty_for = None if self._gone_at is None else now - self._gone_at
        self._forget(now, empty_for is not None)
        self._gone.update((key, (now, one)) for key, one in left.items())
        self._gone = {key: one for key, one in self._gone.items() if key not in present}
        self._gone_at = None if members else now if empty_for is None else self._gone_at
        return self._replaced(now, new, empty_for)

    def _forget(self, now: float, empty: bool) -> None:
        """One that left long ago, while others stayed, was not wanted any more."""
        if not empty:
            since = now - self._window
            self._gone = {key: one for key, one in self._gone.items() if one[0] >= since}

    def _replaced(self, now: float, new: Sequence[Process], empty_for: float | None) -> list[str]:
        if not new:
            return []
        old = [one for _, one in self._gone.values()][: len(new)]
        if not old:
            return [] if empty_for is None else [f"started: pid {_pids(new)}"]
        for one in old:
            del self._gone[one.key]
        self._restarts += len(old)
        self._restarted.extend([now] * min(len(old), _MOST_KEPT - len(self._restarted)))
        change = f"pid {_pids(old)} → {_pids(new)}"
        if empty_for is not None:
            return [f"started again after some {span(empty_for)}: {change}"]
        return [f"restarted: {change}"]


def _pids(processes: Sequence[Process]) -> str:
    shown = ", ".join(str(one.pid) for one in processes[:_NAMED])
    more = len(processes) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _counters(one: Member) -> dict[str, float]:
    process, details = one.process, one.details
    found: dict[str, float] = {
        "user": process.time - process.system,
        "system": process.system,
        "minor": float(process.minor_faults),
        "major": float(process.major_faults),
    }
    if details.read is not None and details.written is not None:
        found |= {"read": float(details.read), "written": float(details.written)}
    if details.switches is not None:
        own, forced = details.switches
        found |= {"voluntary": float(own), "involuntary": float(forced)}
    return found
