"""What keeps an SQLite file from being read, in sentences."""

from __future__ import annotations

import grp
import os
import pwd
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from checks.errors import TargetError

__all__ = ["beside", "lock_holders", "opening_error", "translate", "write_error"]


def opening_error(path: Path, error: OSError) -> TargetError:
    """The file itself could not be opened."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return TargetError("missing", f"{path} does not exist: was it moved or deleted?")
    if isinstance(error, PermissionError):
        return TargetError("permission", f"cannot read {path}: {_denied(path)}")
    return TargetError("unreachable", f"cannot read {path}: {error.strerror}")


def translate(path: Path, error: sqlite3.Error, waited: float) -> TargetError:
    """SQLite could not do what was asked. ``waited`` is the seconds the statement took."""
    code = str(getattr(error, "sqlite_errorname", ""))
    for prefixes, reason, sentence in _SENTENCES:
        if code.startswith(prefixes):
            return TargetError(reason, sentence(path, error, waited))
    return TargetError("config", str(error))


def write_error(error: sqlite3.Error) -> TargetError | None:
    """What is wrong with a query that does more than read; None of other errors."""
    code = str(getattr(error, "sqlite_errorname", ""))
    if code == "SQLITE_READONLY":
        return TargetError("config", "it tries to write; queries must only read (one SELECT)")
    if code == "SQLITE_ERROR" and "attached databases" in str(error):
        return TargetError("config", "it attaches or copies a database; queries must only read")
    return None


def beside(path: Path, suffix: str) -> Path:
    """The file that SQLite keeps beside the database ``path``: where that is a link, beside what
    it leads to."""
    return Path(os.path.realpath(path) + suffix)


def lock_holders(path: Path) -> list[str]:
    """Name and pid of other processes that hold a write lock on the database.

    Read from ``/proc/locks``; empty where the system does not tell.
    """
    found = {}
    for pid in _writers({_identity(path), _identity(beside(path, "-shm"))} - {None}):
        if pid > 0 and pid != os.getpid():
            found[pid] = f"{_command(pid)} (pid {pid})"
    return list(found.values())


def _writers(files: set[str | None]) -> Iterator[int]:
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        # 1: POSIX  ADVISORY  WRITE 1234 08:01:131 0 EOF
        fields = line.split()
        if len(fields) >= 8 and fields[3] == "WRITE" and fields[5] in files:
            yield int(fields[4])


def _identity(path: Path) -> str | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a process"


def _by(path: Path) -> str:
    holders = lock_holders(path)
    return f" by {', '.join(holders[:3])}" if holders else " by another process"


def _locked(path: Path, _: sqlite3.Error, waited: float) -> str:
    return f"{path} is locked{_by(path)}; waited {waited:.1f} s for it"


def _refused(path: Path, error: sqlite3.Error, _: float) -> str:
    if not _may(path, os.R_OK):
        return f"cannot read {path}: {_denied(path)}"
    if beside(path, "-journal").exists():
        return (
            f"{path} was left amid a transaction; only a writer can roll it back:"
            " open it once with its application"
        )
    wal = beside(path, "-wal")
    if wal.exists() and not _may(wal.parent, os.W_OK):
        return (
            f"cannot read {path}: it has a write-ahead log, and reading that wants write access"
            f" to {wal.parent} ({_mode(wal.parent)}); give user {_me()} that access"
        )
    return f"cannot read {path}: {error}"


def _denied(path: Path) -> str:
    """Which file or directory on the way denies what, to whom."""
    for part in (*reversed(path.absolute().parents), path):
        try:
            found = part.stat()
        except PermissionError:
            return f"user {_me()} may not look into {part.parent} ({_mode(part.parent)})"
        except OSError:
            continue
        if stat.S_ISDIR(found.st_mode) and not _may(part, os.X_OK):
            return f"user {_me()} may not look into {part} ({_mode(part)})"
    return f"permission denied ({_mode(path)}); let user {_me()} read it"


def _may(path: Path, what: int) -> bool:
    return os.access(path, what, effective_ids=os.access in os.supports_effective_ids)


def _mode(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "mode unknown"
    return f"mode {stat.S_IMODE(found.st_mode):04o}, owner {_owner(found)}"


def _owner(found: os.stat_result) -> str:
    try:
        user = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        user = str(found.st_uid)
    try:
        group = grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        group = str(found.st_gid)
    return f"{user}:{group}"


def _me() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


_Sentence = Callable[[Path, sqlite3.Error, float], str]

_SENTENCES: Final[tuple[tuple[tuple[str, ...], str, _Sentence], ...]] = (
    (("SQLITE_BUSY", "SQLITE_LOCKED"), "timeout", _locked),
    (
        ("SQLITE_INTERRUPT",),
        "timeout",
        lambda _path, _error, waited: f"stopped after {waited:.1f} s without an answer",
    ),
    (
        ("SQLITE_NOTADB",),
        "protocol",
        lambda path, *_: f"{path} is not an SQLite database, or it is encrypted",
    ),
    (
        ("SQLITE_CORRUPT",),
        "protocol",
        lambda path, error, _: f"{path} is damaged ({error}): restore a backup",
    ),
    (
        ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"),
        "permission",
        _refused,
    ),
    (
        ("SQLITE_TOOBIG",),
        "limit",
        lambda *_: "a value is longer than 1 MB; select a part of it",
    ),
    (
        ("SQLITE_IOERR",),
        "unreachable",
        lambda path, error, _: f"cannot read {path}: {error}; look at its disk",
    ),
)
"""What the names of SQLite's result codes begin with, the reason, and the sentence."""
