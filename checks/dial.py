"""TCP connections for probes: our own name look-ups, several addresses, each phase timed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import math
import socket
from dataclasses import dataclass
from itertools import zip_longest
from time import perf_counter
from typing import Final

from checks.errors import TargetError
from checks.resolver import Address, Addresses, Resolver

__all__ = [
    "Dialled",
    "Phases",
    "connection_error",
    "dial",
    "dial_socket",
    "place",
    "socket_address",
    "unix_socket",
]

STAGGER: Final = 0.25
"""Seconds an address is given before the next is tried beside it (RFC 8305, section 5)."""

FULL_PAUSE: Final = 0.02
"""Seconds between two attempts at a unix socket whose queue is full."""
FULL_PATIENCE: Final = 1.0
"""Seconds for which a full queue may be a burst rather than a server that hangs."""

_TIMED_OUT: Final = "connection to {where} timed out: is the host up, does a firewall drop it?"
_SENTENCES: Final = (
    (
        {errno.ECONNREFUSED},
        "refused",
        "connection to {where} refused: is the server running?",
    ),
    ({errno.ETIMEDOUT}, "timeout", _TIMED_OUT),
    (
        {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN},
        "unreachable",
        "no route to {where}: check the network and the address",
    ),
    (
        {errno.EMFILE, errno.ENFILE},
        "limit",
        "cannot connect to {where}: too many open files here; raise the limit (ulimit -n)",
    ),
    (
        {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED},
        "protocol",
        "{where} closed the connection; its log may say why",
    ),
    (
        {errno.EPERM, errno.EACCES},
        "permission",
        "this machine forbids connecting to {where}: a firewall?",
    ),
)


class Phases:
    """Which phase a run is in, and how many seconds those before it took.

    A phase entered again (a redirect) adds up.
    """

    __slots__ = ("_entered", "current", "seconds", "started")

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.current = ""
        self.started = self._entered = perf_counter()

    def enter(self, name: str) -> None:
        """End the present phase and begin the phase ``name``."""
        self.end()
        self.current = name

    def end(self) -> None:
        """End the present phase."""
        now = perf_counter()
        if self.current:
            self.seconds[self.current] = self.seconds.get(self.current, 0.0) + now - self._entered
        self.current = ""
        self._entered = now

    @property
    def total(self) -> float:
        """Seconds of all phases that ended."""
        return sum(self.seconds.values())


@dataclass(frozen=True, slots=True, eq=False)
class Dialled:
    """A connected, non-blocking socket, and how its address was come by.

    The address of a unix socket is its path.
    """

    sock: socket.socket
    family: int
    address: str
    addresses: Addresses


def place(host: str, port: int) -> str:
    """``host:port`` as people write it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def connection_error(error: OSError, where: str) -> TargetError:
    """What kept us from reaching ``where``, with what to do about it."""
    for errors, reason, sentence in _SENTENCES:
        if error.errno in errors:
            return TargetError(reason, sentence.format(where=where))
    if isinstance(error, TimeoutError):
        return TargetError("timeout", _TIMED_OUT.format(where=where))
    said = error.strerror or str(error) or type(error).__name__
    return TargetError("unreachable", f"cannot connect to {where}: {said}")


async def dial(host: str, port: int, resolver: Resolver, phases: Phases) -> Dialled:
    """A connection to ``host``; the phases ``dns`` and ``connect``.

    Addresses are tried in the system's order with the families taking turns, the next as
    soon as one failed or has kept us waiting.

    Raises:
        TargetError: reason dns, refused, unreachable, timeout, limit or permission.
    """
    phases.enter("dns")
    addresses = await resolver.addresses(host)
    phases.enter("connect")
    ordered = _interleaved(addresses.found)
    try:
        sock, (family, address) = await _first(ordered, port)
    except OSError as error:
        where = place(host, port)
        if len(ordered) == 1 and ordered[0][1] != host:
            where = f"{where} ({ordered[0][1]})"
        raise connection_error(error, where) from None
    phases.end()
    return Dialled(sock, family, address, addresses)


async def dial_socket(path: str, phases: Phases) -> Dialled:
    """A connection to the unix socket at ``path``; the phase ``connect``.

    Raises:
        TargetError: reason refused, permission or unreachable.
    """
    phases.enter("connect")
    try:
        sock = await unix_socket(path, math.inf)
    except OSError as error:
        raise _socket_error(error, path) from None
    phases.end()
    return Dialled(sock, sock.family, path, Addresses(()))


async def unix_socket(path: str, patience: float = FULL_PATIENCE) -> socket.socket:
    """A connection to the unix socket at ``path``, non-blocking; whoever takes it closes it.

    Raises:
        OSError: there is none; EAGAIN where its queue was full for ``patience`` seconds.
    """
    until = perf_counter() + patience
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        while True:
            # Not by the loop: it takes a full queue for an attempt under way, and that for a
            # connection as soon as the socket can be written to, which is at once.
            try:
                sock.connect(path)
            except BlockingIOError:
                if perf_counter() >= until:
                    raise
                await asyncio.sleep(FULL_PAUSE)
            else:
                return sock
    except BaseException:
        # Cancelled too: nobody else could close it.
        sock.close()
        raise


def _socket_error(error: OSError, path: str) -> TargetError:
    where = f"the socket {path}"
    if isinstance(error, FileNotFoundError):
        return TargetError(
            "refused", f"there is no socket {path}: is the server running, and the path right?"
        )
    if isinstance(error, ConnectionRefusedError):
        return TargetError(
            "refused", f"nobody listens on {where}: is the server running, and the path right?"
        )
    if isinstance(error, PermissionError):
        return TargetError(
            "permission", f"this user may not use {where}: join its group, or have its mode changed"
        )
    return connection_error(error, where)


def _interleaved(found: tuple[Address, ...]) -> list[Address]:
    if len(found) < 2:
        return list(found)
    first = [a for a in found if a[0] == found[0][0]]
    other = [a for a in found if a[0] != found[0][0]]
    return [a for pair in zip_longest(first, other) for a in pair if a is not None]


async def _first(addresses: list[Address], port: int) -> tuple[socket.socket, Address]:
    """The connection that is there first; else the error of the first address."""
    if len(addresses) == 1:
        return await _connect(addresses[0], port), addresses[0]
    attempts: dict[asyncio.Task[socket.socket], Address] = {}
    errors: dict[Address, OSError] = {}
    waiting = list(addresses)
    try:
        while waiting or len(errors) < len(addresses):
            if waiting:
                address = waiting.pop(0)
                attempts[asyncio.create_task(_connect(address, port))] = address
            done, _ = await asyncio.wait(
                [task for task, address in attempts.items() if address not in errors],
                timeout=STAGGER if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                error = task.exception()
                if error is None:
                    return task.result(), attempts.pop(task)
                if not isinstance(error, OSError):
                    raise error
                errors[attempts[task]] = error
        raise errors[addresses[0]]
    finally:
        await _abandon(attempts)


async def _abandon(attempts: dict[asyncio.Task[socket.socket], Address]) -> None:
    for task in attempts:
        task.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()


async def _connect(address: Address, port: int) -> socket.socket:
    family, text = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, socket_address(family, text, port))
    except BaseException:
        # Cancelled too: nobody else could close it.
        sock.close()
        raise
    return sock


def socket_address(family: int, text: str, port: int) -> tuple[str | int, ...]:
    """What a socket of ``family`` connects to; ``%eth0`` names an IPv6 address's interface.

    Raises OSError where there is no such interface.
    """
    if family != socket.AF_INET6:
        return (text, port)
    address, _, scope = text.partition("%")
    if not scope:
        return (address, port, 0, 0)
    return (address, port, 0, int(scope) if scope.isdigit() else socket.if_nametoindex(scope))
