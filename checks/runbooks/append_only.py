"""A file of lines that are only ever added, and that are on the disk when that returns.

Several processes may add to it. Everything here blocks, and raises OSError where it fails.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

__all__ = ["AppendOnly", "spare_file"]

T = TypeVar("T")

SIZE: Final = 4_000_000
"""Bytes of a file, after which another one is begun."""
KEPT: Final = 5
"""Files that are kept."""
PATIENCE: Final = 3.0
"""Seconds that another process' writing is waited for."""
_LOOK: Final = 0.01


def spare_file(path: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where lines go that ``path`` has no room for: a folder of this user's in memory.

    Root's is where nobody else can have made it before.
    """
    if os.geteuid() == 0:
        return Path("/run/onwatch") / path.name
    folder = environ.get("XDG_RUNTIME_DIR", "")
    runtime = Path(folder) if folder else Path(f"/dev/shm/onwatch-{os.geteuid()}")  # noqa: S108
    return runtime / "onwatch" / path.name


class AppendOnly:
    """Lines that are added to one file, which another one takes the place of once it is full.

    What goes wrong is an OSError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> list[Path]:
        """The files that there may be, the oldest first."""
        return [*(self._older(number) for number in range(KEPT - 1, 0, -1)), self._path]

    def alone(self, call: Callable[[], T]) -> T:
        """``call()`` while no other onwatch writes or begins another file."""
        folder = self._path.parent
        for made in (folder.parent, folder):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Where it is made others may make some, too.
            if os.geteuid() != 0 and made.stat().st_uid not in (0, os.geteuid()):
                raise OSError(0, f"the folder {made} is another user's")
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        lock = os.open(self._path.with_suffix(".lock"), flags, 0o600)
        try:
            _locked(lock)
            return call()
        finally:
            os.close(lock)

    def write(self, line: bytes) -> None:
        """Add ``line``, and return when the disk has it."""
        self._begin_another(len(line))
        new = not self._path.exists()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        try:
            size = _checked(descriptor, self._path).st_size
            # A line that was cut off by the machine's end must not spoil the next one.
            whole = not size or os.pread(descriptor, 1, size - 1) == b"\n"
            try:
                _write_all(descriptor, line if whole else b"\n" + line)
                os.fsync(descriptor)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        if new:
            _sync_folder(self._path.parent)

    def _begin_another(self, more: int) -> None:
        """Put the file aside once it is full, and the oldest away."""
        try:
            if self._path.stat().st_size + more <= SIZE:
                return
        except FileNotFoundError:
            return
        for number in range(KEPT - 1, 0, -1):
            younger = self._older(number - 1) if number > 1 else self._path
            if younger.exists():
                younger.replace(self._older(number))

    def _older(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")


def _locked(descriptor: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise OSError(0, "another onwatch has held it for seconds") from None
            time.sleep(_LOOK)


def _checked(descriptor: int, path: Path) -> os.stat_result:
    """The state of the file, if nobody else can write to it. Raises OSError."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "it is no file")
    if os.geteuid() not in (0, status.st_uid):
        raise OSError(0, f"it is another user's; run: sudo chown {os.geteuid()} {path}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise OSError(0, f"others can write to it; run: chmod 600 {path}")
    return status


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _sync_folder(folder: Path) -> None:
    """Have the disk know of a new file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
