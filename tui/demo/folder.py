"""The folder that everything of one demo lives in, and who removes it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pwd
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui.demo.children import DemoError
from tui.demo.janitor import sweep_folder

__all__ = ["Janitor", "let_in", "new_folder", "sweep_stale"]

_PREFIX: Final = "onwatch-demo-"
_LOCK: Final = "lock"
_LONGEST_PARENT: Final = 56
"""Bytes; with PostgreSQL's socket in our folder they stay below the 104 that macOS allows."""


def new_folder() -> tuple[str, int]:
    """A folder of our own, and the descriptor of the lock in it that says that we live.

    Raises DemoError where a socket in it could not have a name.
    """
    parent = tempfile.gettempdir()
    if len(os.fsencode(parent)) > _LONGEST_PARENT:
        raise DemoError(
            f"the path of the temporary directory {parent} is too long for a socket in it: "
            "set TMPDIR=/tmp"
        )
    folder = tempfile.mkdtemp(prefix=_PREFIX)
    lock = os.open(Path(folder) / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def let_in(folder: Path) -> None:
    """Let nobody's group through the folder, for servers that refuse to run as root.

    Through it alone: who wants something in it has to know its name and be allowed to.
    """
    if os.geteuid() != 0:
        return
    with suppress(KeyError):
        os.chown(folder, -1, pwd.getpwnam("nobody").pw_gid)
        folder.chmod(0o710)


def sweep_stale() -> None:
    """Remove this user's folders whose supervisor and janitor were killed at one blow."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if not folder.is_symlink() and folder.lstat().st_uid == os.getuid():
                _sweep_unlocked(folder)


def _sweep_unlocked(folder: Path) -> None:
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sweep_folder(str(folder))
    finally:
        os.close(lock)


class Janitor:
    """The process that sweeps up after this one; one that is killed is followed by another."""

    name = "janitor"

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def hire(self) -> Process:
        """Start it. It acts when this process ends, whatever ends it."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(Path(__file__).with_name("janitor.py"))),
            *(str(os.getpgrp()), self._folder),
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        return self._process

    async def keep(self) -> None:
        """See to it that there always is one, until cancelled; :meth:`hire` comes first."""
        process = self._process or await self.hire()
        while True:
            await process.wait()
            process = await self.hire()
