"""A look at what runs here: sockets first, then their processes, then, of the rest, answers."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from checks.discovery.asking import Answered, Asker
from checks.discovery.files import databases
from checks.discovery.listeners import listening
from checks.discovery.machine import Machine
from checks.discovery.model import Listener, Service, Web
from checks.discovery.owners import Endpoint, endpoints
from checks.discovery.processes import Scan, scan
from checks.discovery.programs import WEB_PORTS, Role, is_interpreter
from checks.discovery.roles import role_of
from checks.discovery.services import ServiceMaker, main_ports
from checks.lanes import LaneBusyError, Lanes

__all__ = ["Seen", "Survey"]

SCAN_SHARE: Final = 0.6
"""What part of the time there is goes into looking at all processes."""

_ASKED: Final = {Role.HTTP, Role.RELAY}
_LANE: Final = "discovery: processes"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look brought.

    ``warnings`` say what could not be looked at at all, ``remarks`` what was left out and
    why. ``settled`` is False while something has yet to say what it is.
    """

    services: tuple[Service, ...] = ()
    warnings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    settled: bool = True


@dataclass(slots=True, eq=False)
class _Ground:
    """What ``/proc`` holds; ``scan`` fills while it is read."""

    listeners: list[Listener] = field(default_factory=list)
    scan: Scan = field(default_factory=Scan)
    ports: list[Endpoint] = field(default_factory=list)
    files: list[Service] = field(default_factory=list)


class Survey:
    """Looks again and again; asks a socket that it has recognised only once."""

    def __init__(self, machine: Machine, lanes: Lanes) -> None:
        self._machine = machine
        self._lanes = lanes
        self._asker = Asker()
        self._files: dict[str, bool] = {}

    async def look(
        self,
        until: float,
        recalled: Mapping[int, str],
        early: Callable[[frozenset[str]], None] = lambda kinds: None,
    ) -> Seen:
        """What runs here, by ``until`` (of ``time.monotonic``).

        ``recalled`` maps ports to the kind that was found there before: what is not known by
        its process needs not be asked for its protocol again. ``early`` is told the kinds of
        checks that there will be before anybody is waited for.
        """
        ground = _Ground()
        warnings = await self._read(ground, until)
        maker = ServiceMaker(ground.scan, ground.listeners, self._machine)
        ephemeral = self._machine.ephemeral()
        roles = [(port, role_of(port, recalled, ephemeral)) for port in ground.ports]
        known = main_ports([(port, role) for port, role in roles if role])
        kinds = {role.value for _, role in known if role not in _ASKED}
        early(frozenset(kinds | ({"sqlite"} if ground.files else set())))
        asked = [(port, role) for port, role in known if role in _ASKED]
        answers = await self._asker.ask(asked, until)
        services = [
            maker.port(port, role) for port, role in known if role.is_database or role is Role.TCP
        ]
        for (port, _), answer in zip(asked, answers, strict=True):
            role, web = _judged(port, answer)
            if role is not None:
                services.append(maker.port(port, role, answer.host, web))
        services += maker.sockets(services)
        return Seen(
            (*services, *ground.files),
            tuple(warnings),
            tuple(_remarks(ground, [port.port for port, role in roles if role is None])),
            not ground.scan.cut and all(answer.settled for answer in answers),
        )

    async def _read(self, ground: _Ground, until: float) -> list[str]:
        """Fill ``ground``, in a lane: one process that hangs may hang whoever looks at it."""
        budget = SCAN_SHARE * (until - time.monotonic())
        deadline = time.monotonic() + budget
        try:
            async with asyncio.timeout(budget + 0.05):
                await self._lanes.run(_LANE, lambda: self._fill(ground, deadline))
        except (TimeoutError, LaneBusyError):
            # What has been read so far counts; containers would have to be read about.
            ground.scan = ground.scan.copy()
            ground.ports = endpoints(ground.listeners, ground.scan, Path("/nonexistent"))
            return ["reading /proc takes its time: what runs is only partly known"]
        except OSError as error:
            return [f"discovery needs {self._machine.proc}/net/tcp: {error.strerror}"]
        return list(_limits(ground.scan))

    def _fill(self, ground: _Ground, deadline: float) -> None:
        proc, me = self._machine.proc, self._machine.me
        ground.listeners = [one for one in listening(proc) if self._machine.wanted(one)]
        inodes = (one.inode for one in ground.listeners)
        found = scan(proc, inodes, deadline, me, ground.scan)
        ground.ports = endpoints(ground.listeners, found, proc)
        ground.files = databases(found, self._machine, self._files)


def _judged(port: Endpoint, answer: Answered) -> tuple[Role | None, Web | None]:
    """What an asked port is taken for; None while it is unknown or where it is nobody's concern."""
    role = answer.role
    if role is None and answer.connected:
        role = _silent(port, answer.tries)
    if role is Role.HTTP:
        return role, answer.web or Web()
    return (None if role is Role.TCP and _is_private(port) else role), None


def _silent(port: Endpoint, tries: int) -> Role | None:
    """What takes connections and says nothing: what is known to serve pages hangs."""
    if port.role is Role.HTTP:
        return Role.HTTP
    if tries < 2:
        return None
    pages = port.port in WEB_PORTS or (port.process and is_interpreter(port.process))
    return Role.HTTP if pages else Role.TCP


def _is_private(port: Endpoint) -> bool:
    """Whether only this machine can reach it."""
    return all(ipaddress.ip_address(one.host).is_loopback for one in port.listeners)


def _limits(found: Scan) -> Iterable[str]:
    if found.hidden:
        yield "/proc hides other accounts' processes: what is not known by its answer is left out"
    if found.cut:
        yield (
            f"not all of {len(found.processes)} processes could be looked at in time: SQLite "
            "files of some are not seen yet"
        )


def _remarks(ground: _Ground, unseen: list[int]) -> Iterable[str]:
    if ground.scan.closed and os.geteuid() != 0:
        yield "not root: SQLite files that other accounts' processes hold open are not seen"
    if unseen:
        ports = ", ".join(str(port) for port in sorted(set(unseen)))
        yield f"left alone, since it cannot be seen who listens there: port {ports}"
