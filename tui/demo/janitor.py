"""Sweeps up after the supervisor, by whatever death it died: ``janitor GROUP FOLDER``.

Standard input is a pipe that only the supervisor holds. At its end the janitor kills the
supervisor's process group and what is left of PostgreSQL, and removes the demo's folder with
the shared memory that belongs to it. It is run as a file by a bare interpreter (it imports
nothing of ours), in a session of its own, so that it is light and outlives the group it
kills.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["sweep", "sweep_folder"]

_TRIES = 20
_IPC_RMID = 0


def sweep(group: int, folder: str) -> None:
    """Kill the process group, then :func:`sweep_folder`."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    sweep_folder(folder)


def sweep_folder(folder: str) -> None:
    """Kill what is left of its PostgreSQL and remove it; one still in use is tried again."""
    segments = _segments(folder)
    for _ in range(_TRIES):
        _kill_backends(folder)
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.lexists(folder):
            break
        time.sleep(0.05)
    for segment in segments:
        _remove_segment(segment)


def _kill_backends(folder: str) -> None:
    """PostgreSQL's processes have sessions of their own; one that computes goes on for a while."""
    for pid in _backends(folder):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _backends(folder: str) -> Iterator[int]:
    """PostgreSQL's processes that work in a data directory in the folder. Linux alone tells."""
    inside = f"{os.path.realpath(folder)}/"
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (
                str((entry / "cwd").readlink()).startswith(inside)
                and (entry / "comm").read_text().strip() == "postgres"
            ):
                yield int(entry.name)


def _segments(folder: str) -> list[int]:
    """The shared memory that a killed PostgreSQL leaves behind, by its pid file."""
    found = []
    for pid_file in Path(folder).glob("*/data/postmaster.pid"):
        with suppress(OSError, ValueError, IndexError):
            found.append(int(pid_file.read_text().splitlines()[6].split()[1]))
    return found


def _remove_segment(number: int) -> None:
    """``ipcrm -m``; one that is gone is fine."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).shmctl(number, _IPC_RMID, None)


def _wait_for_the_end() -> None:
    while os.read(0, 1024):
        pass


if __name__ == "__main__":
    _wait_for_the_end()
    sweep(int(sys.argv[1]), sys.argv[2])
