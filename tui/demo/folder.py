"""The folder that everything of one demo lives in, and who removes it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pwd
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Final

from tui.demo.children import DemoError
from tui.demo.janitor import sweep_folder

__all__ = ["Janitor", "let_in", "new_folder", "sweep_stale"]

_PREFIX: Final = "onwatch-demo-"
_LOCK: Final = "lock"
_LONGEST_PARENT: Final = 56
"""Bytes; with PostgreSQL's socket in our folder they stay below the 104 that macOS allows."""
_LOOK: Final = 0.2
"""Seconds between two looks at whether the janitor is still there."""


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
    """The process that sweeps up after this one; one that is killed is followed by another.

    It is not asyncio's: from Python 3.14 on that kills what still runs when its loop is gone.
    """

    name = "janitor"

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process = self._hired()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process.poll() is None else None

    def _hired(self) -> Popen[bytes]:
        """One that acts when this process ends, whatever ends it."""
        return Popen(
            [
                *(sys.executable, "-I", "-S", str(Path(__file__).with_name("janitor.py"))),
                *(str(os.getpgrp()), self._folder),
            ],
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    async def keep(self) -> None:
        """See to it that there always is one, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            if self._process.poll() is not None:
                self._process = self._hired()
