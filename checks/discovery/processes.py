"""Which processes run here, whose sockets are whose, and which files they hold open.

Read from ``/proc`` without help, since it is done for all processes at once and within a
bound of time. What other accounts' processes hold open is closed to us unless we are root;
their names and arguments are not, except where ``/proc`` is mounted with ``hidepid``.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from checks.discovery.model import Process
from checks.discovery.programs import Role, program_of

__all__ = ["Scan", "scan", "session_of", "unit_of"]

MOST_FILES: Final = 2_000
"""Open files of one process that are looked at."""

_KERNEL_THREAD: Final = 0x00200000
"""``PF_KTHREAD`` in a process's flags."""
_ENDED: Final = (b"Z", b"X")
_SOCKET: Final = "socket:["
_ELSEWHERE: Final = ("/dev/", "/proc/", "/sys/", "/memfd:", "/run/user/", "/SYSV", "/anon_hugepage")
_UNIT: Final = re.compile(r"/(?:[^/]+\.slice/)+([^/]+\.service)(?:/|$)")
_SESSION: Final = re.compile(r"/user\.slice/.*/(session-[^/]+\.scope|app-[^/]+\.scope)(?:/|$)")
"""A login, or a terminal's window on a desktop."""
_LONGEST: Final = 4096
"""Bytes that are read of what ``/proc`` says of a process."""


@dataclass(slots=True)
class Scan:
    """What a look at the processes brought; filled in as it goes on.

    ``owners`` maps the inodes of the sockets that were asked for to the processes that hold
    them, ``files`` a process to the paths of what it holds open. ``closed`` are those whose
    descriptors we may not see or have not seen; ``hidden`` says that other accounts' processes
    cannot be seen at all, ``cut`` that there was no time to look at all of them.
    """

    processes: dict[int, Process] = field(default_factory=dict)
    owners: dict[int, list[int]] = field(default_factory=dict)
    files: dict[int, list[str]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    hidden: bool = False
    cut: bool = False

    def copy(self) -> Scan:
        """What is known at this moment, of a scan that goes on in another thread."""
        processes = dict(self.processes)
        owners = {inode: list(pids) for inode, pids in list(self.owners.items())}
        looked = {pid for pids in owners.values() for pid in pids}
        return Scan(
            processes, owners, dict(self.files), set(processes) - looked, self.hidden, cut=True
        )

    def owner(self, inode: int) -> Process | None:
        """Who serves the socket: of a server and the workers it shared it with, the oldest."""
        found = [self.processes[pid] for pid in self.owners.get(inode, ())]
        # Where systemd holds a socket for a server, it is the server's all the same.
        own = [one for one in found if one.pid != 1] or found
        return min(own, key=lambda one: (one.started, one.pid), default=None)


def scan(proc: Path, inodes: Iterable[int], deadline: float, me: int, into: Scan) -> Scan:
    """Look at all processes but ``me`` until ``deadline`` (``time.monotonic``), for ``inodes``."""
    sockets = {f"{_SOCKET}{inode}]": inode for inode in inodes}
    pids = sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdigit())
    into.hidden = _is_hidden(proc)
    for pid in pids:
        process = _process(proc, pid)
        if process is not None and pid != me:
            into.processes[pid] = process
    waiting = sorted(into.processes, key=lambda pid: not _is_server(into.processes[pid]))
    while waiting and time.monotonic() < deadline:
        _look_into(proc, waiting.pop(0), sockets, into)
    # What there was no time for is as if it were closed to us.
    into.closed.update(waiting)
    into.cut = bool(waiting)
    return into


def _is_server(process: Process) -> bool:
    """Whether it is known for serving somebody, and is looked at before others."""
    known = program_of(process)
    return known is not None and known.role is not Role.NONE


def _is_hidden(proc: Path) -> bool:
    """Whether ``/proc`` keeps other accounts' processes from us."""
    try:
        (proc / "1/stat").read_bytes()
    except OSError:
        return True
    return False


def _process(proc: Path, pid: int) -> Process | None:
    """The process; None for a thread of the kernel and for one that has gone."""
    folder = f"{proc}/{pid}"
    try:
        name, _, rest = _read(f"{folder}/stat").partition(b"(")[2].rpartition(b")")
        fields = rest.split()
        if len(fields) < 20 or int(fields[6]) & _KERNEL_THREAD or fields[0] in _ENDED:
            return None
        given = _read(f"{folder}/cmdline")
        uid = os.stat(folder).st_uid  # noqa: PTH116 - a path object costs more than all else here
    except OSError:
        return None
    argv = given.rstrip(b"\0").decode("utf-8", "replace").split("\0") if given else []
    return Process(
        pid=pid,
        name=name.decode("utf-8", "replace"),
        argv=tuple(argv),
        uid=uid,
        parent=int(fields[1]),
        started=int(fields[19]),
        terminal=int(fields[4]) != 0,
    )


def _read(path: str) -> bytes:
    """The beginning of a file, in as few calls as there can be."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)


def _look_into(proc: Path, pid: int, sockets: dict[str, int], into: Scan) -> None:
    folder = f"{proc}/{pid}/fd"
    files: list[str] = []
    try:
        numbers = os.listdir(folder)  # noqa: PTH208 - as above: thousands of them
    except PermissionError:
        into.closed.add(pid)
        return
    except OSError:
        return
    for number in numbers[:MOST_FILES]:
        try:
            target = os.readlink(f"{folder}/{number}")  # noqa: PTH115
        except OSError:
            continue
        if target.startswith("/"):
            if not target.startswith(_ELSEWHERE):
                files.append(target)
        elif target in sockets:
            into.owners.setdefault(sockets[target], []).append(pid)
    if files:
        into.files[pid] = list(dict.fromkeys(files))


def unit_of(proc: Path, pid: int) -> str:
    """The systemd service that the process belongs to; empty where there is none.

    Services of users' own managers are theirs to care for, and count as none.
    """
    for path in _groups(proc, pid):
        found = _UNIT.match(path)
        if found and path.startswith("/system.slice/"):
            return found[1]
    return ""


def session_of(proc: Path, pid: int) -> str:
    """The login session that the process was started in; empty where there is none."""
    found = (_SESSION.match(path) for path in _groups(proc, pid))
    return next((match[1] for match in found if match), "")


def _groups(proc: Path, pid: int) -> list[str]:
    """The control groups that the process is in."""
    try:
        text = (proc / str(pid) / "cgroup").read_text(errors="replace")
    except OSError:
        return []
    return [line.split(":", 2)[-1] for line in text.splitlines()]
