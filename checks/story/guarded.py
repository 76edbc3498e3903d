"""A file that is its owner's alone: made so, and refused where it is not."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from checks.story.errors import JournalError

__all__ = ["identity", "look_at", "size"]


def look_at(path: Path, *, create: bool) -> tuple[int, int]:
    """Make the folder and the file where they are not there; what :func:`identity` says of it.

    What is there already is not opened: to close it again would drop the locks that this process
    has on it.

    Raises:
        JournalError: they are somebody else's, others can write to them, or it is no file.
        OSError: it cannot be opened.
    """
    folder = path.parent
    if create:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _ours(folder.stat(), folder)
    if create:
        with contextlib.suppress(FileExistsError):
            path.touch(mode=0o600, exist_ok=False)
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise JournalError(f"{path} is no file")
    _ours(found, path)
    if stat.S_IMODE(found.st_mode) != 0o600 and found.st_uid == os.geteuid():
        path.chmod(0o600)
    return found.st_dev, found.st_ino


def _ours(found: os.stat_result, path: Path) -> None:
    if found.st_uid not in {0, os.geteuid()}:
        raise JournalError(f"{path} belongs to somebody else: nothing is kept there")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise JournalError(f"others can write to {path}: nothing is kept there")


def identity(path: Path) -> tuple[int, int] | None:
    """The device and the inode of ``path``; None where there is nothing."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def size(path: Path) -> int:
    """Its bytes; 0 where there is nothing."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
