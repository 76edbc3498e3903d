"""The processes that use the most CPU and memory.

A scan reads `/proc/<pid>/stat` of every process (some 6 µs each) and user and command line
of those alone that are shown.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Final, NamedTuple

from checks.model import Table
from checks.probes.host.files import Roots, read
from checks.wording import size

__all__ = ["COLUMNS", "Process", "Scan", "Scanner", "parse_process", "table", "top"]

COLUMNS: Final = ("pid", "name", "user", "cpu %", "memory", "state", "command")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MOST: Final = 20_000
_KERNEL_THREAD: Final = 0x0020_0000
_STATES: Final = {
    "R": "running",
    "S": "sleeping",
    "D": "waiting for disk",
    "Z": "zombie",
    "T": "stopped",
    "t": "traced",
    "I": "idle",
    "X": "dead",
}


class Process(NamedTuple):
    """One process. ``time`` is the CPU seconds it has used, ``memory`` resident bytes.

    ``cpu`` is the ratio of one core since the previous scan, None in the first. ``key``
    (id and start) tells it from a later process with the same id. A tuple, because a scan
    makes one for each process there is.
    """

    pid: int
    name: str
    state: str
    time: float
    memory: float
    key: tuple[int, int]
    kernel: bool = False
    cpu: float | None = None
    user: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan brought. ``note`` says what could not be seen, empty where all was."""

    processes: tuple[Process, ...]
    count: int
    note: str = ""


def parse_process(text: bytes, ticks: int = _TICKS, page: int = _PAGE) -> Process | None:
    """Reads `/proc/<pid>/stat`; the name stands in brackets and may hold any character."""
    start, end = text.find(b"("), text.rfind(b")")
    columns = text[end + 2 :].split(None, 22)
    if start < 1 or end < start or len(columns) < 22:
        return None
    try:
        pid = int(text[:start])
        return Process(
            pid=pid,
            name=text[start + 1 : end].decode("utf-8", "replace"),
            state=columns[0].decode("ascii", "replace"),
            time=(int(columns[11]) + int(columns[12])) / ticks,
            memory=float(int(columns[21]) * page),
            key=(pid, int(columns[19])),
            kernel=bool(int(columns[6]) & _KERNEL_THREAD),
        )
    except ValueError:
        return None


def top(processes: Iterable[Process], count: int) -> list[Process]:
    """Those that matter: by CPU, then by memory."""
    return nlargest(count, processes, key=lambda one: (one.cpu or 0.0, one.memory))


def table(processes: Sequence[Process]) -> Table:
    """The rows for the screen; CPU as percent of one core, empty until it is known."""
    rows = tuple(
        (
            str(one.pid),
            one.name,
            one.user,
            "" if one.cpu is None else f"{one.cpu * 100:.1f}",
            size(one.memory),
            _STATES.get(one.state, one.state),
            one.command or one.name,
        )
        for one in processes
    )
    return Table("processes", COLUMNS, rows, frozenset({"pid", "cpu %", "memory"}))


class Scanner:
    """Scans `/proc`; keeps CPU times from one scan to the next. Belongs to one thread."""

    def __init__(self, roots: Roots, count: int) -> None:
        self._proc = roots.proc
        self._count = count
        self._times: dict[tuple[int, int], float] = {}
        self._then: float | None = None
        self._users: dict[int, str] = {}

    def scan(self, now: float) -> Scan | None:
        """The top processes at ``now``; None where there is no `/proc`."""
        pids, note = self._pids()
        if pids is None:
            return None
        found = [one for pid in pids if (one := self._read(pid)) is not None]
        used = self._meter(now)
        ranked = nlargest(self._count, found, key=lambda one: (used(one) or 0.0, one.memory))
        shown = tuple(self._described(one._replace(cpu=used(one))) for one in ranked)
        self._times = {one.key: one.time for one in found}
        self._then = now
        return Scan(shown, len(found), note)

    def _pids(self) -> tuple[list[str] | None, str]:
        try:
            with os.scandir(self._proc) as entries:
                pids = [entry.name for entry in entries if entry.name.isdigit()]
        except OSError:
            return None, ""
        if not pids:
            return None, ""
        if read(f"{self._proc}/1/stat", 4_096) is None:
            return pids[:_MOST], "the kernel shows only this user's own (hidepid)"
        if len(pids) > _MOST:
            return pids[:_MOST], f"only the first {_MOST} of {len(pids)} were looked at"
        return pids, ""

    def _read(self, pid: str) -> Process | None:
        try:
            descriptor = os.open(f"{self._proc}/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            return parse_process(os.read(descriptor, 4_096))
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def _meter(self, now: float) -> Callable[[Process], float | None]:
        """What a process has used since the previous scan, as a ratio of one core; a new one
        in all its life."""
        before, most = self._times, float(os.cpu_count() or 1)
        if self._then is None or now <= self._then:
            return lambda _: None
        span = now - self._then
        return lambda one: min(most, max(0.0, one.time - before.get(one.key, 0.0)) / span)

    def _described(self, one: Process) -> Process:
        words = read(f"{self._proc}/{one.pid}/cmdline", 4_096) or ""
        command = f"[{one.name}]" if one.kernel else words.replace("\0", " ").strip()
        return one._replace(user=self._user(one.pid), command=command)

    def _user(self, pid: int) -> str:
        try:
            uid = os.stat(f"{self._proc}/{pid}").st_uid  # noqa: PTH116 - one of many a scan
        except OSError:
            return ""
        name = self._users.get(uid)
        if name is None:
            try:
                name = pwd.getpwuid(uid).pw_name
            except KeyError:
                name = str(uid)
            self._users[uid] = name
        return name
