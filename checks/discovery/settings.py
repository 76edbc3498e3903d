"""At which port a server that does not run would listen: read from its own settings.

Only what tells where it would be found is read. What cannot be read is at its usual place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Cluster", "Place", "clusters", "mysql_place", "redis_place"]

_BOUND: Final = 200_000
_MYSQL_FILES: Final = (
    "etc/my.cnf",
    "etc/mysql/my.cnf",
    "etc/my.cnf.d/*.cnf",
    "etc/mysql/conf.d/*.cnf",
    "etc/mysql/mysql.conf.d/*.cnf",
    "etc/mysql/mariadb.conf.d/*.cnf",
)
_MYSQL_SECTION: Final = re.compile(r"^\[(mysqld|mariadbd?|server|mysqld[-_]\d.*|mariadb-\d.*)\]$")
_REDIS_FILES: Final = (
    "etc/redis/redis.conf",
    "etc/redis.conf",
    "etc/valkey/valkey.conf",
    "etc/keydb/keydb.conf",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server listens: a port, 0 for none, and a Unix socket, empty for none."""

    port: int = 0
    path: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A PostgreSQL server as Debian's packages keep them, ``version``-``name``.

    ``starts`` says whether it is started with the machine.
    """

    version: str
    name: str
    place: Place
    starts: bool

    @property
    def unit(self) -> str:
        """Its systemd unit."""
        return f"postgresql@{self.version}-{self.name}.service"


def clusters(root: Path) -> list[Cluster]:
    """The PostgreSQL servers that ``/etc/postgresql`` knows."""
    found = []
    for folder in sorted(root.glob("etc/postgresql/*/*")):
        version, name = folder.parent.name, folder.name
        settings = dict(_pairs(_text(folder / "postgresql.conf"), "="))
        data = settings.get("data_directory", f"/var/lib/postgresql/{version}/{name}")
        sockets = settings.get("unix_socket_directories", "/var/run/postgresql")
        place = Place(_port(settings.get("port"), 5432), sockets.split(",")[0].strip(), data)
        starts = "auto" in _text(folder / "start.conf", "auto").split()
        found.append(Cluster(version, name, place, starts))
    return found


def mysql_place(root: Path) -> Place:
    """Where MySQL or MariaDB listens by its option files."""
    settings: dict[str, str] = {}
    for path in _existing(root, _MYSQL_FILES):
        ours = False
        for line in _text(path).splitlines():
            stripped = line.strip()
            if stripped.startswith("["):
                ours = bool(_MYSQL_SECTION.match(stripped))
            elif ours:
                settings |= {k.replace("_", "-"): v for k, v in _pairs(line, "=")}
    silent = "skip-networking" in settings and settings["skip-networking"].lower() not in _OFF
    return Place(
        0 if silent else _port(settings.get("port"), 3306),
        settings.get("socket", ""),
        settings.get("datadir", "/var/lib/mysql").rstrip("/"),
    )


def redis_place(root: Path, instance: str = "") -> Place:
    """Where Redis, or the instance of it that a template's unit names, listens."""
    named = (f"etc/redis/redis-{instance}.conf", f"etc/redis/{instance}.conf")
    for path in _existing(root, named if instance else _REDIS_FILES):
        settings = dict(_pairs(_text(path), " "))
        return Place(
            _port(settings.get("port"), 6379),
            settings.get("unixsocket", ""),
            settings.get("dir", "/var/lib/redis"),
        )
    return Place(6379, "", "/var/lib/redis")


_OFF: Final = {"0", "off", "false"}


def _existing(root: Path, patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(root.glob(pattern))


def _text(path: Path, otherwise: str = "") -> str:
    """The beginning of the file; ``otherwise`` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_BOUND).decode("utf-8", "replace")
    except OSError:
        return otherwise


def _pairs(text: str, separator: str) -> Iterator[tuple[str, str]]:
    """Keys in lower case with their values, without comments and quotes."""
    for line in text.splitlines():
        stripped = line.partition("#")[0].strip()
        key, _, value = stripped.partition(separator)
        if key:
            yield key.strip().lower(), value.strip().strip("'\"")


def _port(text: str | None, usual: int) -> int:
    if not text or not (text.isascii() and text.isdigit()) or len(text) > 5:
        return usual
    return int(text) if int(text) < 65_536 else usual
