"""Every process with all that the host screen shows of it; read only while somebody looks.

Of processes that did nothing since the scan before, what was read then still holds: only those
that used CPU, run, or wait for a disk are read anew. A scan of thousands stays cheap that way,
and how often it happens follows from what it costs (:mod:`.watch`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from time import clock_gettime, time
from typing import TYPE_CHECKING, Final, NamedTuple

from checks.command_lines import command_line
from checks.hosts.model import ProcessRow
from checks.model import clean
from checks.probes.host.files import fields, number, pairs, read
from checks.secrets import CREDENTIAL_WORDS, MASK

if TYPE_CHECKING:
    from checks.processes.scan import Process

__all__ = ["LISTED", "Listing", "shown_command"]

LISTED: Final = 5_000
"""Most processes of which a row is made: those with most CPU and memory."""
_ACTIVE: Final = 800
"""Most processes that are read anew in one scan."""
_COUNTED: Final = 64
"""Most folders of descriptors that are listed in one scan, where the kernel does not count."""
_TURN: Final = 200
"""Idle processes that are read anew all the same, in turn: titles change, files are opened."""
_COMMAND: Final = 600
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SECRET = re.compile(
    rf"(?P<key>(?:^|\s)(?:-{{1,2}}|[A-Z_]*)[\w-]{{0,30}}?(?:{CREDENTIAL_WORDS})"
    r"[\w-]{0,30}[= ])(?P<value>[^\s-]\S*)",
    re.IGNORECASE,
)


def shown_command(raw: str) -> str:
    """The words of `/proc/<pid>/cmdline` as one line, what looks like a secret masked: by word,
    and also within a word that holds several, as that of `sh -c`."""
    line = command_line(raw.rstrip("\0").split("\0")).strip()
    return _SECRET.sub(rf"\g<key>{MASK}", line) if " " in line else line


class _Known(NamedTuple):
    """What was read of a process, and when."""

    at: float
    user: str
    command: str
    read_bytes: float | None
    written_bytes: float | None
    descriptors: int | None
    read_rate: float | None
    written_rate: float | None


class Listing:
    """Makes the rows; keeps what it read of each process. Belongs to one thread."""

    def __init__(self, proc: str, mask: Callable[[str], str], user: Callable[[int], str]) -> None:
        self._proc = proc
        self._mask = mask
        self._user = user
        self._known: dict[tuple[tuple[int, int], str], _Known] = {}
        self._counts = _kernel_counts(proc)
        self._turn = 0
        self._may_list = 0

    def forget(self) -> None:
        """Nobody looks any more."""
        self._known.clear()

    def rows(
        self,
        now: float,
        found: Sequence[Process],
        used: Callable[[Process], float | None],
        before: Mapping[tuple[int, int], float],
    ) -> tuple[ProcessRow, ...]:
        """A row for each of ``found``; ``before`` holds their CPU seconds at the last scan."""
        if len(found) > LISTED:
            found = sorted(found, key=lambda one: (-(used(one) or 0.0), -one.memory))[:LISTED]
        known, booted = self._known, self._booted()
        fresh: dict[tuple[tuple[int, int], str], _Known] = {}
        self._may_list = _COUNTED
        due = self._due(found, before)
        made = []
        for one in found:
            name = (one.key, one.name)
            had = known.get(name)
            if had is None or one.pid in due:
                had = self._look(now, one, had)
            elif had.read_rate:
                had = had._replace(read_rate=0.0, written_rate=0.0)
            elif had.written_rate:
                had = had._replace(written_rate=0.0)
            fresh[name] = had
            made.append(_row(one, used(one), had, booted))
        self._known = fresh
        return tuple(made)

    def _due(self, found: Sequence[Process], before: Mapping[tuple[int, int], float]) -> set[int]:
        """The processes to be read anew: those that did something, and some of the others."""
        busy = (
            one.pid
            for one in found
            if one.state in ("R", "D") or one.time != before.get(one.key, -1.0)
        )
        due = set(islice(busy, _ACTIVE))
        start = self._turn % max(1, len(found))
        self._turn = start + _TURN
        due.update(one.pid for one in found[start : start + _TURN])
        return due

    def _look(self, now: float, one: Process, had: _Known | None) -> _Known:
        folder = f"{self._proc}/{one.pid}"
        count = self._descriptors(folder, None if had is None else had.descriptors)
        io = pairs((read(f"{folder}/io", 1_024) or "").replace(":", ""), _IO)
        reading, writing = io.get("read_bytes"), io.get("write_bytes")
        if had is None:
            return _Known(
                now,
                one.user or self._user(one.pid),
                self._command(one),
                reading,
                writing,
                count,
                None,
                None,
            )
        span = now - had.at
        return _Known(
            now,
            had.user or one.user or self._user(one.pid),
            self._command(one),
            reading,
            writing,
            count,
            _rate(had.read_bytes, reading, span),
            _rate(had.written_bytes, writing, span),
        )

    def _command(self, one: Process) -> str:
        if one.kernel:
            return f"[{clean(one.name, 80)}]"
        words = one.command or read(f"{self._proc}/{one.pid}/cmdline", 4_096) or ""
        return self._mask(clean(shown_command(words), _COMMAND)) or clean(one.name, 80)

    def _descriptors(self, folder: str, had: int | None) -> int | None:
        """How many are open; None where this user may not see them."""
        try:
            if self._counts:
                return os.stat(f"{folder}/fd").st_size  # noqa: PTH116 - thousands a scan
            if self._may_list <= 0:
                return had
            self._may_list -= 1
            with os.scandir(f"{folder}/fd") as entries:
                return sum(1 for _ in entries)
        except OSError:
            return None

    def uptime(self) -> float | None:
        """Seconds since the machine was started, also those that it slept."""
        if self._proc == "/proc" and _BOOTTIME is not None:
            return clock_gettime(_BOOTTIME)
        words = fields(f"{self._proc}/uptime")
        return number(words[0]) if words else None

    def _booted(self) -> float | None:
        """When the machine was started, seconds since 1970."""
        uptime = self.uptime()
        return None if uptime is None else time() - uptime


_IO: Final = frozenset({"read_bytes", "write_bytes"})
_BOOTTIME: Final[int | None] = getattr(__import__("time"), "CLOCK_BOOTTIME", None)


def _kernel_counts(proc: str) -> bool:
    """Whether the size of a folder of descriptors is their number (Linux 6.2 and later)."""
    folder = f"{proc}/self/fd"
    try:
        with os.scandir(folder) as entries:
            listed = sum(1 for _ in entries)
        # Listing it took a descriptor of its own; other threads open and close some.
        return 0 < os.stat(folder).st_size <= listed + 16 and proc == "/proc"  # noqa: PTH116
    except OSError:
        return False


def _rate(then: float | None, now: float | None, span: float) -> float | None:
    if then is None or now is None or span <= 0:
        return None
    return max(0.0, now - then) / span


def _row(one: Process, cpu: float | None, known: _Known, booted: float | None) -> ProcessRow:
    return ProcessRow(
        key=f"{one.pid}.{one.key[1]}",
        pid=one.pid,
        parent=one.parent,
        name=clean(one.name, 80),
        user=known.user,
        state=one.state,
        cpu=cpu,
        memory=one.memory,
        read=known.read_rate,
        written=known.written_rate,
        descriptors=known.descriptors,
        threads=one.threads,
        started=None if booted is None else booted + one.key[1] / _TICKS,
        time=one.time,
        command=known.command,
        kernel=one.kernel,
    )
