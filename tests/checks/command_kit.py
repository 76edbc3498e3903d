"""What the tests of the command check share: scripts, and whether something still runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from checks.probes.command.guard import GUARD
from tests.patience import PATIENCE

__all__ = ["Scripts", "descriptors", "gone", "runs", "until", "watch_over"]


class Scripts:
    """Scripts in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, text: str, name: str = "probe.sh", mode: int = 0o755) -> str:
        """A shell script with the lines ``text``; its path."""
        path = self.folder / name
        path.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}\n")
        path.chmod(mode)
        return str(path)

    async def number(self, name: str) -> int:
        """The process number that a script writes down in ``name``, once it has."""
        path = self.folder / name
        await until(lambda: path.exists() and path.read_text().endswith("\n"))
        return int(path.read_text())


def runs(pid: int) -> bool:
    """Whether the process lives; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


async def until(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def gone(pid: int) -> None:
    """Wait until the process has ended."""
    await until(lambda: not runs(pid))


def watch_over() -> None:
    """Wait until the shell that has watched over programs is gone: it is told to end, and on a
    busy machine not waited for until it has.
    """
    deadline = time.monotonic() + PATIENCE
    while any(shell.poll() is None for shell in GUARD._leaving):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def descriptors() -> int:
    """How many this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
