"""What the tests of the demo share: waiting for something outside, and seeing what is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.patience import PATIENCE
from tui.demo import mariadb_server
from tui.demo.stack import Stack

__all__ = ["DATABASES", "MARIADB", "Traces", "settled", "until"]

MARIADB = mariadb_server.find() is not None
"""Whether this machine has a MariaDB server."""
DATABASES = frozenset({"postgres", "shop", *(("mariadb", "gateway") if MARIADB else ())})
"""The children that the demo's databases consist of."""


def until(true: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether ``true`` comes to hold within ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return bool(true())


def settled(stack: Stack) -> Stack:
    """``stack``, once its databases are founded."""
    assert set(stack.control.missing()) <= (set() if MARIADB else {"MariaDB"})
    assert until(lambda: stack.control.ready() >= DATABASES, 40)
    return stack


class Traces:
    """Everything one demo has on the machine: processes, folder, shared memory."""

    def __init__(self, stack: Stack) -> None:
        supervisor = psutil.Process(stack.pid)
        self.processes = [supervisor, *supervisor.children(recursive=True)]
        self.folder = Path(stack.endpoints.folder)
        self.segments = set(_segments()) & set(_segments_of(self.folder))

    def left(self) -> list[str]:
        """What is still there."""
        alive = [str(process) for process in self.processes if _lives(process)]
        segments = [f"shared memory {number}" for number in self.segments & set(_segments())]
        return [*alive, *segments, *([str(self.folder)] if self.folder.exists() else [])]

    def vanish(self, seconds: float = PATIENCE) -> bool:
        """Whether nothing is left within ``seconds``."""
        return until(lambda: not self.left(), seconds)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _segments() -> list[str]:
    """The numbers of all shared memory segments on the machine."""
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return [line.split()[1] for line in lines]


def _segments_of(folder: Path) -> list[str]:
    pid_file = folder / "postgres" / "data" / "postmaster.pid"
    if not pid_file.exists():
        return []
    return pid_file.read_text().splitlines()[6].split()[1:]
