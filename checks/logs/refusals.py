"""Why a log file cannot be read, in words that say what to do."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from checks.errors import NO_DESCRIPTORS, NONE_LEFT

__all__ = ["why_not"]

_WORDS: Final = {
    errno.ELOOP: "it is a link that leads back to itself",
    errno.ENOTDIR: "what stands before its name is no folder",
    errno.ESTALE: "its file system was mounted anew on the server (stale handle)",
}


def why_not(path: Path, error: OSError | ValueError) -> str:
    """A sentence's end: what keeps ``path`` from being read."""
    if not isinstance(error, OSError):
        return f"it is {error}"
    if error.errno in NONE_LEFT:
        return NO_DESCRIPTORS
    if isinstance(error, PermissionError):
        return _forbidden(path)
    if isinstance(error, FileNotFoundError):
        return _absent(path)
    return _WORDS.get(error.errno or 0, f"it cannot be read: {error.strerror or error}")


def _absent(path: Path) -> str:
    with suppress(OSError):
        if path.is_symlink():
            return f"it is a link to {path.readlink()}, which is not there"
        if not path.parent.exists():
            return f"it is not there, and neither is its folder {path.parent}"
    return "it is not there"


def _forbidden(path: Path) -> str:
    who = _name(os.geteuid(), group=False)
    try:
        state = path.stat()
    except OSError:
        folder = _closed_folder(path)
        return f"{who} may not enter the folder {folder}: it needs x there (ls -ld {folder})"
    owner, group = _name(state.st_uid, group=False), _name(state.st_gid, group=True)
    mode = stat.S_IMODE(state.st_mode)
    text = f"{who} may not read it: it belongs to {owner}:{group}, mode {mode:04o}"
    if mode & stat.S_IRGRP:
        return f"{text}; the group {group} may (usermod -aG {group} {who}, then start onwatch anew)"
    return (
        f"{text}; give its group the right to read it (in logrotate: create 0640 {owner} {group})"
    )


def _closed_folder(path: Path) -> Path:
    """The outermost folder above ``path`` that may not be entered."""
    for folder in reversed(path.parents):
        if not os.access(folder, os.X_OK):
            return folder
    return path.parent


def _name(number: int, *, group: bool) -> str:
    try:
        return grp.getgrgid(number).gr_name if group else pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
