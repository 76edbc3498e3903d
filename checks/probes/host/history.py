"""What is kept from one reading to the next, and the events that two of them make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from checks.hosts.model import Outlook
from checks.probes.host.cpu import CpuWindow
from checks.probes.host.filesystems import Filesystem
from checks.probes.host.forecast import Forecast
from checks.probes.host.reader import Reading
from checks.probes.host.seen import Seen
from checks.wording import span

__all__ = ["History"]

_RECENT: Final = 600.0


class History:
    """Compares each reading with the one before.

    ``lost`` are the mounts that were writable and no longer are; ``killed`` how many
    processes were killed for want of memory since the first reading, the last of them
    noticed at ``killed_at``. ``full_in`` is the seconds until a mount is full, ``outlooks``
    what is known of that at all.
    """

    def __init__(self, cpu: CpuWindow) -> None:
        self.cpu = cpu
        self.lost: frozenset[str] = frozenset()
        self.killed = 0
        self.killed_at: float | None = None
        self.full_in: dict[str, float] = {}
        self.outlooks: dict[str, Outlook] = {}
        self._seen = Seen()
        self._forecast = Forecast()
        self._contained: bool | None = None
        self._kills: float | None = None
        self._uptime: float | None = None
        self._writable: set[str] = set()

    def note(self, now: float, reading: Reading, filesystems: Sequence[Filesystem]) -> list[str]:
        """Takes a reading in; returns what happened since the one before, in sentences."""
        if reading.contained is not self._contained:
            self.cpu = CpuWindow(self.cpu.span)
            self._contained = reading.contained
        if reading.cpu:
            self.cpu.add(now, sum(reading.cpu.values()))
        self._foresee(now, filesystems)
        return [
            *self._boots(reading.kernel.uptime),
            *self._deaths(now, reading.oom_kills),
            *self._losses(filesystems),
            *self._seen.mounts(one.mount for one in filesystems if not one.missing),
        ]

    def links(self, up: Mapping[str, bool]) -> list[str]:
        """What interfaces have done since they were last looked at: ``up`` says by name."""
        return self._seen.links(up)

    def _foresee(self, now: float, filesystems: Sequence[Filesystem]) -> None:
        left = {one.mount.point: one.available for one in filesystems if not one.error}
        silent = {one.mount.point for one in filesystems if one.error and not one.missing}
        self._forecast.add(now, left, silent)
        self.full_in = {
            point: seconds
            for point, available in left.items()
            if (seconds := self._forecast.full_in(point, available)) is not None
        }
        self.outlooks = {
            point: self._forecast.outlook(point, available) for point, available in left.items()
        }

    def _boots(self, uptime: float | None) -> list[str]:
        before, self._uptime = self._uptime, uptime
        if uptime is None:
            return []
        if before is None:
            return [f"the machine was started {span(uptime)} ago"] if uptime < _RECENT else []
        if uptime < before:
            self._kills = None
            return [f"rebooted: uptime fell from {span(before)} to {span(uptime)}"]
        return []

    def _deaths(self, now: float, kills: float | None) -> list[str]:
        before, self._kills = self._kills, kills
        if kills is None or before is None or kills <= before:
            return []
        new = int(kills - before)
        self.killed += new
        self.killed_at = now
        many = "a process" if new == 1 else f"{new} processes"
        return [f"out of memory: the kernel killed {many}"]

    def _losses(self, filesystems: Iterable[Filesystem]) -> list[str]:
        lost = set()
        filesystems = tuple(filesystems)
        # What is mounted where another one was may be read-only from the start.
        self._writable &= {one.mount.point for one in filesystems}
        for filesystem in filesystems:
            point = filesystem.mount.point
            if filesystem.error:
                lost |= {point} & self.lost
            elif not filesystem.readonly:
                self._writable.add(point)
            elif filesystem.broken or point in self._writable:
                lost.add(point)
        new = lost - self.lost
        self.lost = frozenset(lost)
        return [f"disk {point} has become read-only" for point in sorted(new)]
