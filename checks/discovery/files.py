"""Which of the files that processes hold open are SQLite databases of a service."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from checks.discovery.lasting import Lasting
from checks.discovery.machine import Machine
from checks.discovery.model import Process, Service
from checks.discovery.processes import Scan
from checks.discovery.programs import Role, program_of

__all__ = ["databases"]

MOST: Final = 12
"""Databases that are shown; a machine with more has a program that makes them in masses."""
MOST_READ: Final = 400
"""Files whose first bytes are read in search of one, in all passes together."""

_MAGIC: Final = b"SQLite format 3\x00"
_BESIDE: Final = ("-wal", "-shm", "-journal")
_OTHERS: Final = (
    ".log .so .py .pyc .jar .js .txt .out .err .lock .pid .sock .gz .zst .zip .ibd .MYI .MYD .frm "
    ".mmap .ttf .png .jpg .svg .mo .html .css .json .yaml .yml .conf .cfg .pem .key .crt .journal "
    ".rdb .aof .tmp"
)
_NO_DATABASE: Final = frozenset(_OTHERS.split())
_NOBODYS: Final = re.compile(
    r"/\.|/snap/|^/usr/|^/etc/|^/root/\.|^/var/cache/|^/var/lib/(PackageKit|rpm|dnf|apt|dpkg|fwupd|"
    r"colord|NetworkManager|systemd|command-not-found|snapd|flatpak|polkit|docker|containerd|fail2ban|"
    r"sss|swcatalog|app-info|man-db|plocate|mlocate|tpm2|usbguard|libvirt)/|^/lib|^/run/"
)
"""Places of programs' own books, caches and the system itself."""
_NOT_SERVERS: Final = re.compile(
    r"^(firefox|chrom|brave|opera|vivaldi|msedge|thunderbird|evolution|gnome|kde|plasma|tracker|"
    r"baloo|zeitgeist|akonadi|packagekit|fwupd|colord|code|cursor|electron|slack|discord|signal|"
    r"spotify|dropbox|nextcloud$|syncthing|sqlite3|sqlitebrowser|onwatch|apt|dpkg|dnf|yum|rpm)",
    re.IGNORECASE,
)


def databases(scan: Scan, machine: Machine, known: dict[str, bool]) -> list[Service]:
    """The databases, by path. Files of containers, deleted and private ones are left out.

    ``known`` says of paths whether they are databases and is added to: a file is opened once,
    since closing it drops all POSIX locks that this process has on it, a check's included.
    """
    found: dict[str, Service] = {}
    lasting = Lasting(machine)
    for process, path in _candidates(scan):
        if path not in known and len(known) < MOST_READ and path.startswith(machine.files):
            known[path] = _is_database(path) and _is_ours(path, process, machine.proc)
        if known.get(path) and len(found) < MOST:
            made = lasting.judged(Service("sqlite", path=path, process=process))
            # A file needs nobody to hold it open, its unit neither.
            found[path] = replace(made, unit="")
    return [found[path] for path in sorted(found)]


def _candidates(scan: Scan) -> Iterator[tuple[Process, str]]:
    seen: set[str] = set()
    for pid, paths in scan.files.items():
        process = scan.processes[pid]
        known = program_of(process)
        if _NOT_SERVERS.match(process.name) or (known and known.role in _OWN_FORMATS):
            continue
        for opened in paths:
            path = opened
            for suffix in _BESIDE:
                path = path.removesuffix(suffix)
            if path not in seen and not path.endswith(" (deleted)"):
                seen.add(path)
                if PurePosixPath(path).suffix not in _NO_DATABASE and not _NOBODYS.search(path):
                    yield process, path


_OWN_FORMATS: Final = {Role.POSTGRES, Role.MYSQL, Role.REDIS}


def _is_database(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode) and os.read(descriptor, 16) == _MAGIC
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _is_ours(path: str, process: Process, proc: Path) -> bool:
    """Whether the path means the same file here as for the process, which may be in a container."""
    try:
        inside = (proc / str(process.pid) / "root" / path.lstrip("/")).stat()
        here = Path(path).stat()
    except OSError:
        return False
    return (inside.st_dev, inside.st_ino) == (here.st_dev, here.st_ino)
