"""Whose socket is whose: by descriptor where we may look, else by account, port and container."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checks.discovery.listeners import listening
from checks.discovery.model import Listener, Process
from checks.discovery.processes import Scan
from checks.discovery.programs import DEFAULT_PORTS, Role, program_of

__all__ = ["Endpoint", "endpoints"]

_PROXY: Final = "docker-proxy"
_CONTAINER_PORT: Final = "-container-port"
_CONTAINER_IP: Final = "-container-ip"
_LOCAL_ADDRESS: Final = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A port, or a Unix socket of its own, and who serves it as far as that can be seen.

    ``contained`` says that the process was found in a container behind a relay: its port and
    its socket's path are not those of this machine.
    """

    port: int
    listeners: tuple[Listener, ...]
    process: Process | None = None
    contained: bool = False

    @property
    def role(self) -> Role | None:
        """What becomes of it by who serves it; None where that says nothing."""
        known = program_of(self.process) if self.process else None
        if known is None:
            return None
        return known.role if self.contained else known.role_at(self.port)


def endpoints(listeners: Iterable[Listener], scan: Scan, proc: Path) -> list[Endpoint]:
    """The TCP ports there are, each with its process, in the order of their numbers."""
    grouped: dict[tuple[int, int], list[Listener]] = {}
    servers: dict[int, Process] = {}
    for listener in listeners:
        if not listener.port:
            continue
        process = scan.owner(listener.inode) or _by_account(listener, scan)
        pid = process.pid if process else 0
        if process:
            servers[pid] = process
        grouped.setdefault((listener.port, pid), []).append(listener)
    found = [
        _behind(Endpoint(port, tuple(group), servers.get(pid)), scan, proc)
        for (port, pid), group in grouped.items()
    ]
    return sorted(_once(found), key=lambda one: (one.port, one.process.pid if one.process else 0))


def _once(found: Iterable[Endpoint]) -> Iterable[Endpoint]:
    """One of those that workers of one program share (``SO_REUSEPORT``) or that repeat IPv4."""
    merged: dict[tuple[int, str], Endpoint] = {}
    for one in found:
        key = one.port, one.process.name if one.process else ""
        first = merged.get(key)
        if first is None:
            merged[key] = one
        else:
            listeners = first.listeners + one.listeners
            merged[key] = Endpoint(one.port, listeners, first.process, first.contained)
    return merged.values()


def _by_account(listener: Listener, scan: Scan) -> Process | None:
    """The one server of the socket's account that it can be of.

    Of several, the one that names the port in its arguments, or whose usual port it is.
    """
    if listener.uid is None:
        return None
    servers: dict[str, Process] = {}
    for pid in sorted(scan.closed, key=lambda pid: scan.processes[pid].started):
        process = scan.processes[pid]
        if process.uid == listener.uid:
            servers.setdefault(process.name, process)
    port = re.compile(rf"(?<!\d){listener.port}(?!\d)")
    naming = [one for one in servers.values() if any(port.search(word) for word in one.argv)]
    usual = [one for one in servers.values() if _usual(one, listener.port)]
    # An account of its own, such as mysql, has one server; root has many.
    alone = [one for one in servers.values() if _is_database(one)] if listener.uid else []
    for candidates in (naming, usual, alone):
        if len(candidates) == 1:
            return candidates[0]
    return None


def _is_database(process: Process) -> bool:
    known = program_of(process)
    return known is not None and known.role.is_database


def _usual(process: Process, port: int) -> bool:
    known = program_of(process)
    if known is None:
        return False
    return port in known.ports or port in known.web or DEFAULT_PORTS.get(known.role) == port


def _behind(endpoint: Endpoint, scan: Scan, proc: Path) -> Endpoint:
    """With the server in a container in place of the proxy that passes its port on."""
    proxy = endpoint.process
    if proxy is None or proxy.name != _PROXY:
        return endpoint
    port, address = _option(proxy.argv, _CONTAINER_PORT), _option(proxy.argv, _CONTAINER_IP)
    if not port.isdigit():
        return endpoint
    inside = [one for one in _servers(scan) if _listens(proc, one, int(port), address)]
    roles = {known.role for one in inside if (known := program_of(one))}
    if len(roles) != 1:
        return endpoint
    oldest = min(inside, key=lambda one: one.started)
    return Endpoint(endpoint.port, endpoint.listeners, oldest, contained=True)


def _option(argv: Sequence[str], name: str) -> str:
    at = argv.index(name) + 1 if name in argv else len(argv)
    return argv[at] if at < len(argv) else ""


def _servers(scan: Scan) -> list[Process]:
    """The programs that are known for what they serve."""
    return [
        one
        for one in scan.processes.values()
        if one.name != _PROXY and (known := program_of(one)) and known.role is not Role.NONE
    ]


def _listens(proc: Path, process: Process, port: int, address: str) -> bool:
    """Whether the process's own network has ``address``, and somebody listens on ``port`` there."""
    folder = proc / str(process.pid)
    try:
        known = _LOCAL_ADDRESS.findall((folder / "net/fib_trie").read_text())
        return address in known and any(one.port == port for one in listening(folder))
    except OSError:
        return False
