"""One scan of `/proc`, shared by all checks that ask at nearly the same moment.

A whole scan reads `/proc/<pid>/stat` of every process, some 13 µs each: 2,000 processes take
27 ms. So that ten checks do not take ten times as long, a scan serves whoever comes within a short
time after it; and who wants to know only which processes there are gets those of the last whole
scan with what came and went since then, which takes 1 ms. What costs more (command lines,
descriptors) is read of those alone that are wanted.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol
from weakref import WeakKeyDictionary

from checks.lanes import Lanes

__all__ = [
    "HIDDEN",
    "STATES",
    "Listing",
    "Process",
    "ProcessTable",
    "Table",
    "parse_process",
    "shared",
]

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MOST: Final = 20_000
_KERNEL_THREAD: Final = 0x0020_0000

STATES: Final = {
    "R": "running",
    "S": "sleeping",
    "D": "waiting for disk",
    "Z": "zombie",
    "T": "stopped",
    "t": "traced",
    "I": "idle",
    "X": "dead",
}
"""What the kernel's letters mean."""
HIDDEN: Final = (
    "the kernel shows only this user's own (/proc is mounted with hidepid): run onwatch as root, "
    "or in the group that the mount's gid= names"
)
"""What is said where other accounts' processes cannot be seen."""


class Process(NamedTuple):
    """One process. ``time`` is the CPU seconds it has used, ``memory`` resident bytes.

    ``cpu`` is the ratio of one core since the previous scan, None in the first. ``key``
    (id and start, in the clock ticks of the system) tells it from a later process with the same
    id. ``system`` is the part of ``time`` spent in the kernel, ``virtual`` bytes of address
    space. A tuple, because a scan makes one for each process there is.
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
    parent: int = 0
    system: float = 0.0
    virtual: float = 0.0
    threads: int = 0
    minor_faults: int = 0
    major_faults: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """All processes at the moment ``at`` (the clock of whoever asked).

    ``note`` says what could not be seen, empty where all was; ``hidden`` that it is the
    processes of other accounts. ``refused`` is how many were seen but not let themselves be read.
    """

    at: float
    processes: tuple[Process, ...]
    note: str = ""
    hidden: bool = False
    refused: int = 0


def parse_process(text: bytes, ticks: int = _TICKS, page: int = _PAGE) -> Process | None:
    """Reads `/proc/<pid>/stat`; the name stands in brackets and may hold any character."""
    start, end = text.find(b"("), text.rfind(b")")
    columns = text[end + 2 :].split(None, 22)
    if start < 1 or end < start or len(columns) < 22:
        return None
    try:
        pid = int(text[:start])
        system = int(columns[12])
        return Process(
            pid=pid,
            name=text[start + 1 : end].decode("utf-8", "replace"),
            state=columns[0].decode("ascii", "replace"),
            time=(int(columns[11]) + system) / ticks,
            memory=float(int(columns[21]) * page),
            key=(pid, int(columns[19])),
            kernel=bool(int(columns[6]) & _KERNEL_THREAD),
            parent=int(columns[1]),
            system=system / ticks,
            virtual=float(columns[20]),
            threads=int(columns[17]),
            minor_faults=int(columns[7]),
            major_faults=int(columns[9]),
        )
    except (ValueError, OverflowError):
        return None


class Table(Protocol):
    """Something that knows all processes."""

    def look(self, now: float, age: float) -> Listing | None:
        """All processes, as seen at most ``age`` seconds before ``now``; None for no answer.

        May be called from several threads; whoever comes while a scan is made gets that one.

        Raises:
            OSError: where the system refuses the scan as a whole (no descriptors left, say).
        """

    def glance(self, now: float, age: float) -> Listing | None:
        """As :meth:`look`, but figures, and names of those that run for long, may be older
        (:data:`SETTLED`): ask for those that matter :meth:`again`."""

    def again(self, one: Process) -> Process | None:
        """The process as it is now; None where it has gone."""


SETTLED: Final = 10.0
"""Seconds that a glance believes what a process was that has run for longer than ``_YOUNG``."""
_YOUNG: Final = 5.0


class ProcessTable:
    """The processes below one `/proc`; the last scan serves all who ask soon after it."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc
        self._lock = threading.Lock()
        self._last: Listing | None = None
        self._whole = 0.0
        self._known: dict[str, tuple[float, Process]] = {}

    def look(self, now: float, age: float) -> Listing | None:
        """All processes; None where there is no `/proc`."""
        with self._lock:
            last = self._last
            # A clock other than the last one's, in tests: then nothing is known of the age.
            if last is None or last.at != self._whole or not 0.0 <= now - last.at <= age:
                last = self._last = self._scan(now, {})
                self._whole = now
            return last

    def glance(self, now: float, age: float) -> Listing | None:
        """All processes; of those that were there before, as they were."""
        with self._lock:
            last = self._last
            if last is None or not 0.0 <= now - self._whole <= SETTLED:
                last = self._last = self._scan(now, {})
                self._whole = now
            elif not 0.0 <= now - last.at <= age:
                last = self._last = self._scan(now, self._known)
            return last

    def again(self, one: Process) -> Process | None:
        """The process as it is now; None where it has gone, or another one has its id."""
        found = self._read(str(one.pid))
        if found is None or found.key != one.key:
            with self._lock:
                self._known.pop(str(one.pid), None)
            return None
        return found

    def _scan(self, now: float, known: Mapping[str, tuple[float, Process]]) -> Listing | None:
        """All processes; those in ``known`` are read again while they are young."""
        try:
            with os.scandir(self._proc) as entries:
                pids = [entry.name for entry in entries if entry.name.isdigit()]
        except FileNotFoundError:
            return None
        if not pids:
            return None
        found: dict[str, tuple[float, Process]] = {}
        for pid in pids[:_MOST]:
            before = known.get(pid)
            if before is not None and now - before[0] > _YOUNG:
                found[pid] = before
            elif (one := self._read(pid)) is not None:
                since = before[0] if before is not None and before[1].key == one.key else now
                found[pid] = (since, one)
        if not known:
            found = {pid: self._dated(pid, one, now) for pid, (_, one) in found.items()}
        self._known = found
        hidden = is_hidden(self._proc)
        note = HIDDEN if hidden else ""
        if len(pids) > _MOST:
            note = note or f"only the first {_MOST} of {len(pids)} were looked at"
        return Listing(now, tuple(one for _, one in found.values()), note, hidden)

    def _dated(self, pid: str, one: Process, now: float) -> tuple[float, Process]:
        """With the time since when it is known, from the scan before."""
        before = self._known.get(pid)
        same = before is not None and before[1].key == one.key
        return (before[0] if same and before is not None else now), one

    def _read(self, pid: str) -> Process | None:
        try:
            descriptor = os.open(f"{self._proc}/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                # That none can be opened must not read as if none were there.
                raise
            return None
        try:
            return parse_process(os.read(descriptor, 4_096))
        except OSError:
            return None
        finally:
            os.close(descriptor)


def is_hidden(proc: str) -> bool:
    """Whether ``proc`` keeps other accounts' processes from us: the first one cannot be read."""
    try:
        descriptor = os.open(f"{proc}/1/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        return error.errno in (errno.ENOENT, errno.EACCES, errno.EPERM)
    os.close(descriptor)
    return False


_SHARED: Final[WeakKeyDictionary[Lanes, Table]] = WeakKeyDictionary()


def shared(lanes: Lanes, make: Callable[[], Table] | None = None) -> Table:
    """The one table for all checks of an engine, which ``lanes`` belong to."""
    found = _SHARED.get(lanes)
    if found is None:
        found = _SHARED[lanes] = (make or _of_this_system)()
    return found


def _of_this_system() -> Table:
    """`/proc`, or psutil where there is none."""
    if os.path.exists("/proc/stat") or os.path.exists("/proc/1"):  # noqa: PTH110 - quick
        return ProcessTable()
    from checks.processes.portable import PortableTable  # noqa: PLC0415 - psutil: rarely

    return PortableTable()
