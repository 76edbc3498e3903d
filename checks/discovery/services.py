"""From ports and sockets with their processes to services: one for each server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from checks.discovery.lasting import Lasting
from checks.discovery.machine import Machine
from checks.discovery.model import Listener, Process, Service, Web, local_host
from checks.discovery.owners import Endpoint
from checks.discovery.processes import Scan
from checks.discovery.programs import Role, app_name, program_of

__all__ = ["ServiceMaker", "main_ports"]

_POSTGRES_SOCKET: Final = re.compile(r"/\.s\.PGSQL\.(\d{1,5})$")
_SOCKETS: Final = (
    (Role.POSTGRES, _POSTGRES_SOCKET),
    (Role.MYSQL, re.compile(r"/(mysqld?|mariadb)(?!x)[^/]*\.sock$")),
    (Role.REDIS, re.compile(r"/(redis|valkey|keydb)[^/]*\.sock$")),
)
_MYSQL_X: Final = 33060
_KEEPS_FAMILIES_APART: Final = {Role.POSTGRES, Role.REDIS}
"""Servers that bind ``::`` for IPv6 alone."""
_GENERIC_UNITS: Final = re.compile(
    r"^(docker|containerd|crio|podman|crond?|atd|sshd?|supervisord?|rc-local|init|getty|user)\b"
    r"|^systemd-|^session-"
)


class ServiceMaker:
    """Knows one look at the machine: its processes and its Unix sockets."""

    def __init__(self, scan: Scan, listeners: Iterable[Listener], machine: Machine) -> None:
        self._scan = scan
        self._proc = machine.proc
        self._lasting = Lasting(machine)
        self._paths = [one for one in listeners if one.path]

    def port(
        self, endpoint: Endpoint, role: Role, host: str = "", web: Web | None = None
    ) -> Service:
        """The service at a port; ``host`` is where it was reached, if it was asked."""
        process = endpoint.process
        path = "" if endpoint.contained else self._socket_beside(endpoint, role)
        return self._complete(
            Service(
                kind=role.value,
                host=host or local_host(endpoint.listeners, apart=role in _KEEPS_FAMILIES_APART),
                port=endpoint.port,
                path=path,
                process=process,
                web=web,
            )
        )

    def sockets(self, served: Iterable[Service]) -> list[Service]:
        """Database servers that have a Unix socket and none of ``served``'s ports."""
        taken = {service.path for service in served}
        pids = {service.process.pid for service in served if service.process}
        found = []
        for listener in self._paths:
            role = self._role(listener)
            process = self._scan.owner(listener.inode)
            if role is None or listener.path in taken or (process and process.pid in pids):
                continue
            named = _POSTGRES_SOCKET.search(listener.path)
            port = int(named[1]) if named else 0
            if port and any(s.kind == role.value and s.port == port for s in served):
                continue
            service = Service(role.value, port=port, path=listener.path, process=process)
            found.append(self._complete(service))
        return found

    def _complete(self, service: Service) -> Service:
        process = service.process
        if process is None:
            return service
        service = self._lasting.judged(service)
        return replace(service, program=self._called(process, service.unit))

    def _called(self, process: Process, unit: str) -> str:
        known = program_of(process)
        if known is not None and known.name not in _RUNNERS:
            return known.name
        stem = unit.removesuffix(".service")
        if stem and not _GENERIC_UNITS.match(stem):
            return stem
        try:
            folder = str((self._proc / str(process.pid) / "cwd").readlink())
        except OSError:
            folder = ""
        return app_name(process, folder) or (known.name if known else "")

    def _role(self, listener: Listener) -> Role | None:
        """Whose socket it is: by its process, else by its name."""
        process = self._scan.owner(listener.inode)
        known = program_of(process) if process else None
        for role, name in _SOCKETS:
            if name.search(listener.path) and (process is None or (known and known.role is role)):
                return role
        # Redis and MySQL may call their socket anything; MySQL has a second one.
        named = known is not None and known.role in {Role.REDIS, Role.MYSQL}
        return known.role if known and named and "mysqlx" not in listener.path else None

    def _socket_beside(self, endpoint: Endpoint, role: Role) -> str:
        """The Unix socket of the server at a port; empty where it has none or none is known."""
        if not role.is_database:
            return ""
        own = [one for one in self._paths if self._role(one) is role]
        pid = endpoint.process.pid if endpoint.process else 0
        held = [one for one in own if pid in self._scan.owners.get(one.inode, ())]
        if role is Role.POSTGRES:
            number = f".{endpoint.port}"
            held = [one for one in held or own if one.path.endswith(number)]
        elif not held and not any(one.inode in self._scan.owners for one in own):
            held = own if len(own) == 1 else []
        return min((one.path for one in held), key=_tidy, default="")


_RUNNERS: Final = frozenset(
    {"gunicorn", "uvicorn", "hypercorn", "daphne", "puma", "unicorn", "uwsgi", "php", "dotnet"}
)
"""Programs that say little: what they run has a name."""


def _tidy(path: str) -> tuple[bool, int, str]:
    """Orders the places of one server's sockets: that of the system before others."""
    return (not path.startswith(("/run/", "/var/run/")), len(path), path)


def main_ports(endpoints: Sequence[tuple[Endpoint, Role]]) -> list[tuple[Endpoint, Role]]:
    """Of each database server one port: that of its protocol, not its bus or its X protocol."""
    best: dict[tuple[int, Role], Endpoint] = {}
    alone: list[tuple[Endpoint, Role]] = []
    for endpoint, role in endpoints:
        if not role.is_database or endpoint.process is None or endpoint.contained:
            alone.append((endpoint, role))
            continue
        key = endpoint.process.pid, role
        best[key] = min(best.get(key, endpoint), endpoint, key=_preference)
    return alone + [(endpoint, role) for (_, role), endpoint in best.items()]


def _preference(endpoint: Endpoint) -> tuple[bool, bool, int]:
    """Orders the ports of one server: one that its arguments name, none of MySQL's X protocol."""
    argv = endpoint.process.argv if endpoint.process else ()
    named = re.compile(rf"(?<!\d){endpoint.port}(?!\d)")
    return (
        not any(named.search(word) for word in argv),
        endpoint.port == _MYSQL_X,
        endpoint.port,
    )
