"""What discovery sees of this machine: sockets that take connections, processes, services."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Listener", "Process", "Service", "local_host"]

_ANY_4: Final = "0.0.0.0"  # noqa: S104 - compared with, never bound
_ANY_6: Final = "::"


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that takes connections: ``host`` and ``port`` as bound, or a Unix ``path``.

    ``inode`` is what a process's descriptor points to; ``uid`` the account that made the
    socket, None where the system does not tell.
    """

    inode: int
    host: str = ""
    port: int = 0
    path: str = ""
    uid: int | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """A process as everybody may see it.

    ``started`` is in clock ticks since boot; ``terminal`` says that it belongs to one, as
    what somebody started in a shell does.
    """

    pid: int
    name: str
    argv: tuple[str, ...] = ()
    uid: int = 0
    parent: int = 0
    started: int = 0
    terminal: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """Something that runs here and is worth a check.

    Attributes:
        kind: the kind of check that it gets.
        host: the address to reach it at; empty where it has only a Unix socket.
        port: its TCP port; of PostgreSQL also the number of its Unix socket; 0 for none.
        path: its Unix socket, or the file of a database.
        program: what it is called, for the names of checks that have no name by their kind.
        unit: the systemd unit that it runs in, empty where it runs in none.
        process: who serves it; None where that could not be seen.
        web: of HTTP what was found out by asking, None where nobody was asked.
        lasting: whether it is missed when it is gone: it belongs to no terminal, no session of
            somebody's, and lives in no temporary folder.
        transient: where it lives, if that is in a temporary folder.
        young: whether it has not run for long enough to be missed when it is gone.
        advice: what helps where it refuses us, besides what its kind of check says.
    """

    kind: str
    host: str = ""
    port: int = 0
    path: str = ""
    program: str = ""
    unit: str = ""
    process: Process | None = field(default=None, compare=False)
    web: Web | None = None
    lasting: bool = True
    transient: str = field(default="", compare=False)
    young: bool = field(default=False, compare=False)
    advice: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str, int | str]:
        """What stays the same about it for as long as it is the same service."""
        return self.kind, self.port or self.path


@dataclass(frozen=True, slots=True)
class Web:
    """How an HTTP server is to be asked: the path that tells most, and the status it had.

    ``metrics`` says that its page is one that Prometheus would scrape.
    """

    path: str = "/"
    tls: bool = False
    status: int = 0
    metrics: bool = False


def local_host(listeners: Sequence[Listener], *, apart: bool = False) -> str:
    """The address at which to reach a port that ``listeners`` are bound to.

    IPv4's loopback where it will do: a socket bound to ``::`` takes IPv4 as well, unless it
    is of a server that keeps the two ``apart``.
    """
    hosts = {listener.host for listener in listeners}
    if _ANY_4 in hosts or "127.0.0.1" in hosts:
        return "127.0.0.1"
    loopback = sorted(host for host in hosts if _is_loopback(host))
    if loopback:
        return loopback[0]
    if _ANY_6 in hosts:
        return "::1" if apart else "127.0.0.1"
    # Sorted as numbers would be no better: one is as good as the other, and must stay the same.
    return min(hosts)


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback
