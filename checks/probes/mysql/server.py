"""What answers: the product, its version, and since when. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from checks.wording import span

__all__ = ["Boot", "Server", "server_of", "texts"]

_NUMBER = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")
_NEW_NAMES: Final = (8, 0, 22)
"""From here on MySQL says replica, and has performance_schema.processlist."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server as it introduced itself. ``account`` is who we are to it (``name@host``)."""

    version: str
    comment: str
    account: str
    hostname: str
    performance_schema: bool

    @property
    def mariadb(self) -> bool:
        """Whether it is MariaDB rather than MySQL or a fork of that."""
        return "mariadb" in f"{self.version} {self.comment}".lower()

    @property
    def product(self) -> str:
        return "MariaDB" if self.mariadb else "MySQL"

    @property
    def number(self) -> tuple[int, int, int]:
        """The version to compare."""
        found = _NUMBER.search(self.version)
        if found is None:
            return (0, 0, 0)
        return (int(found[1]), int(found[2]), int(found[3] or 0))

    @property
    def short_version(self) -> str:
        """``10.11.19``, without the build."""
        found = _NUMBER.search(self.version)
        return found[0] if found else self.version

    @property
    def flavours(self) -> tuple[str, ...]:
        """Which statements are for it, the best first."""
        if self.mariadb:
            return ("mariadb",)
        modern = self.number >= _NEW_NAMES and self.performance_schema
        return ("mysql",) if modern else ("mysql-old", "mysql")

    @property
    def user(self) -> str:
        """Our account as a GRANT takes it."""
        name, _, host = self.account.rpartition("@")
        quoted = ("'" + part.replace("'", "''") + "'" for part in (name, host))
        return "@".join(quoted)


def server_of(row: Mapping[str, Any], variables: Mapping[str, str]) -> Server:
    """The server that answered ``row`` to the statement ``server``."""
    return Server(
        version=_text(row["version"]),
        comment=_text(row["comment"]),
        account=_text(row["account"]),
        hostname=_text(row["hostname"]),
        performance_schema=variables.get("performance_schema", "").upper() in ("ON", "1"),
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)


@dataclass(slots=True)
class Boot:
    """Which life of the server this is: numbers of sessions are given out anew in each.

    ``life`` names it; 0 before it is known. ``uptime`` and ``connections`` are those of the
    last run.
    """

    life: int = 0
    uptime: float = 0.0
    connections: float = 0.0

    def see(self, started: int, uptime: float, connections: float) -> str:
        """Take in what a new connection says: the second in which the server was started, and
        its figures; the sentence for a restart, or for another server, empty for neither."""
        before = self.life
        if before // 10 != started:
            self.life = started * 10
        elif connections < self.connections:
            # Twice in a second.
            self.life += 1
        if before in (0, self.life):
            return ""
        if started < before // 10:
            return f"another server answers: it has been up for {span(uptime)}"
        if uptime >= self.uptime:
            # Nobody looked for longer than it was up before.
            return f"restarted: it has been up for {span(uptime)}"
        return f"restarted: uptime fell from {span(self.uptime)} to {span(uptime)}"


def texts(names: Sequence[str]) -> str:
    """``names`` as the inside of an IN (…)."""
    return ", ".join(f"'{name}'" for name in names)
