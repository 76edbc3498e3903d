"""When the processes are looked at: seldom, oftener while somebody looks, never too often.

A machine that starves is the one that is looked at most: the next scan waits in proportion to
what the last one cost, so that scans never take more than a share of a core.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from time import thread_time, time
from typing import TYPE_CHECKING, Final

from checks.lanes import LaneBusyError, Lanes
from checks.probes.host.inspect import inspected
from checks.probes.host.listing import LISTED, Listing
from checks.probes.host.past import Past
from checks.processes.usage import Usage
from checks.processes.users import Users

if TYPE_CHECKING:
    from checks.hosts.model import Growth, Happening, ProcessDetail, ProcessRow
    from checks.probes.host.processes import Scan
    from checks.processes.scan import Table

__all__ = ["Everyone", "Look", "ProcessWatch"]

SHARE: Final = 0.02
"""Of one core, that scans take at most while somebody looks; half of it while nobody does."""
_SOONEST: Final = 2.0
_SETTLES: Final = 1.0
"""Seconds. First looks that are closer together give but an estimate of who uses the CPU, so that
another follows soon."""
_LONGEST: Final = 120.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SAME: Final = 1.0
"""Seconds within which a scan is the one that the ranking was made of."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one look at the processes brought.

    ``listed`` is every process, None where nobody asked for them; ``took`` the seconds of CPU
    that it cost, ``at`` the clock's time of it.
    """

    scan: Scan
    at: float
    listed: tuple[ProcessRow, ...] | None = None
    left_out: int = 0
    growth: tuple[Growth, ...] = ()
    happenings: tuple[Happening, ...] = ()
    inspected: ProcessDetail | None = None
    took: float = 0.0


class Everyone:
    """Ranks the processes, and lists all of them while ``watched``. Belongs to one thread."""

    def __init__(
        self,
        proc: str,
        table: Table,
        rank: Callable[[float], Scan | None],
        mask: Callable[[str], str],
        *,
        portable: bool = False,
    ) -> None:
        self.watched = False
        self.subject = ""
        self._proc = proc
        self._table = table
        self._rank = rank
        self._mask = mask
        self._portable = portable
        self._past = Past()
        self._usage = Usage()
        self._listing = Listing(proc, mask, Users(proc).of_process)

    def look(self, now: float) -> Look | None:
        """Look at the processes at ``now``; None where the system shows none."""
        began = thread_time()
        scan = self._rank(now)
        listing = self._table.look(now, _SAME)
        if scan is None or listing is None:
            return None
        found = listing.processes
        if self._portable:
            # Only of those that are ranked does psutil tell more at a bearable price.
            known = {one.key: one for one in scan.processes}
            found = tuple(known.get(one.key, one) for one in found)
        listed, used = None, self._usage.since(listing.at, lambda one: one.cpu)
        if self.watched:
            listed = self._listing.rows(listing.at, found, used, self._usage.times)
        else:
            self._listing.forget()
        happenings = self._past.note(listing.at, found, self._age(), time())
        self._usage.remember(found, listing.at)
        return Look(
            scan,
            now,
            listed,
            max(0, len(found) - LISTED) if listed is not None else 0,
            self._past.growth(listing.at),
            happenings,
            inspected(self._proc, self.subject, self._mask) if self.subject else None,
            thread_time() - began,
        )

    def _age(self) -> Callable[[tuple[int, int]], float | None]:
        """For how many seconds a process has been running, by its key."""
        if self._portable:
            now = time()
            return lambda key: now - key[1] / 100
        uptime = self._listing.uptime()
        return lambda key: None if uptime is None else uptime - key[1] / _TICKS


class ProcessWatch:
    """Looks in a lane of its own; keeps the last look.

    ``every`` is the seconds between two, ``stuck`` those for which one has been hanging.
    """

    def __init__(
        self, lanes: Lanes, lane: str, interval: float, look: Callable[[float], Look | None]
    ) -> None:
        self.value: Look | None = None
        self.stuck = 0.0
        self.watched = False
        self._lanes = lanes
        self._lane = lane
        self._interval = interval
        self._look = look
        self._due = 0.0
        self._looks = 0
        self._began = 0.0

    def hurry(self) -> None:
        """The next look is due at once."""
        self._due = 0.0

    @property
    def every(self) -> float:
        return self._rests(_SOONEST if self.watched else self._interval)

    def _rests(self, least: float) -> float:
        """Seconds to the next look: ``least``, more where the last one was costly."""
        share = SHARE if self.watched else SHARE / 2
        took = self.value.took if self.value is not None else 0.0
        return min(_LONGEST, max(least, took / share))

    async def refresh(self, now: float, patience: float) -> None:
        """Look anew where that is due; waits at most ``patience`` seconds for it."""
        if now < self._due:
            return
        loop = asyncio.get_running_loop()
        self._looks += 1
        try:
            await asyncio.wait_for(self._lanes.run(self._lane, lambda: self._keep(now)), patience)
        except LaneBusyError as busy:
            self.stuck = loop.time() - busy.since
            return
        except TimeoutError:
            # It may come to an end yet: whether it hangs is seen at the next run.
            return
        self.stuck = 0.0
        self._due = now + self._pause(now)

    def _pause(self, now: float) -> float:
        # The second look follows as soon as it can: CPU use needs two.
        if self._looks == 1:
            self._began = now
            return 0.0
        if self._looks == 2 and now - self._began < _SETTLES:
            return min(self.every, self._rests(_SETTLES))
        return self.every

    def _keep(self, now: float) -> None:
        self.value = self._look(now)
