"""Reading a pid file: a number, or the sentence that says why there is none."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checks.expectations import quoted
from checks.model import Status

__all__ = ["PidFile", "Refusal", "read_pid_file"]

_LONGEST: Final = 64
_LARGEST: Final = 2**22


@dataclass(frozen=True, slots=True)
class PidFile:
    """The id that stands in the file, and when it was written (seconds since 1970)."""

    pid: int
    written: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a pid file names nobody."""

    status: Status
    reason: str
    text: str


def read_pid_file(path: Path) -> PidFile | Refusal:
    """What ``path`` says. May block on a hung mount."""
    try:
        # Opening a named pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return _refused(path, error)
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            return Refusal(Status.UNKNOWN, "config", f"the pid file {path} is no regular file")
        text = os.read(descriptor, _LONGEST).decode("utf-8", "replace")
    except OSError as error:
        return _refused(path, error)
    finally:
        os.close(descriptor)
    return _parsed(path, text, about.st_mtime)


def _parsed(path: Path, text: str, written: float) -> PidFile | Refusal:
    """The number in its first line; PostgreSQL, say, writes more below it."""
    first = text.strip().partition("\n")[0].strip()
    if not first:
        # Some daemons write it in two steps: it may be there at the next run.
        return Refusal(
            Status.CRITICAL,
            "missing",
            f"the pid file {path} is empty: has the start failed, or is the disk full?",
        )
    if not (first.isascii() and first.isdigit() and 0 < int(first) <= _LARGEST):
        return Refusal(
            Status.UNKNOWN,
            "config",
            f"the pid file {path} holds {quoted(first)}, which is no process id: "
            "is it the right file?",
        )
    return PidFile(int(first), written)


def _refused(path: Path, error: OSError) -> Refusal:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Refusal(
            Status.CRITICAL,
            "missing",
            f"the pid file {path} is not there: it does not run, or writes another one",
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return Refusal(
            Status.UNKNOWN,
            "permission",
            f"the pid file {path} may not be read by this user: "
            "grant it, or choose the process by name",
        )
    return Refusal(
        Status.UNKNOWN, "permission", f"cannot read the pid file {path}: {error.strerror}"
    )
