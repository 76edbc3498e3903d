"""Rounds of ICMP echoes over one socket, on the event loop, without a thread."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Final

from checks.dial import socket_address
from checks.errors import TargetError
from checks.probes.ping.packet import TOKEN, echo_request, read_reply

__all__ = ["NotPermittedError", "Round", "echoes", "open_socket", "said_by"]

_LINUX: Final = sys.platform == "linux"
_SO_TIMESTAMPNS: Final = 35
_IP_RECVTTL: Final = 12 if _LINUX else 24
_AT_ONCE: Final = 64
"""Datagrams read in one go: a flood must not hold up everybody else."""
_TRANSIENT: Final = {errno.ENOBUFS, errno.EAGAIN}
_UNREACHABLE: Final = {
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "the network is unreachable",
    errno.ECONNREFUSED: "it refuses ICMP",
    errno.EADDRNOTAVAIL: "there is no such network here",
    errno.ENETDOWN: "the network is down",
    errno.EHOSTDOWN: "the host is down",
    errno.EPERM: "this machine's firewall forbids it",
    errno.EACCES: "this machine's firewall forbids it",
    errno.EMSGSIZE: "a packet of that size does not pass; lower ping.size",
}


class NotPermittedError(Exception):
    """This machine permits us no ICMP."""


@dataclass(slots=True, eq=False)
class Round:
    """What came of the packets of a run: seconds of each round trip, None where none came yet.

    ``hops`` is the hop limit that a reply arrived with; ``error`` what the network said.
    """

    trips: list[float | None] = field(default_factory=list)
    hops: int | None = None
    error: str = ""

    @property
    def answered(self) -> list[float]:
        """The round trips that there were."""
        return [trip for trip in self.trips if trip is not None]


def open_socket(family: int) -> socket.socket:
    """A socket for ICMP: a datagram one, else a raw one.

    Raises:
        NotPermittedError: neither is permitted.
        OSError: there are none left, or no such protocol.
    """
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        with contextlib.suppress(PermissionError):
            sock = socket.socket(family, kind, protocol)
            sock.setblocking(False)
            _ask_for_more(sock, family)
            return sock
    raise NotPermittedError


def _ask_for_more(sock: socket.socket, family: int) -> None:
    """Have the kernel tell hop limit and time of arrival along, where it can."""
    with contextlib.suppress(OSError):
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
    if _LINUX:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def said_by(error: OSError) -> str:
    """What the network or the system said, in words."""
    known = _UNREACHABLE.get(error.errno or 0)
    return known or error.strerror or str(error) or type(error).__name__


async def echoes(
    sock: socket.socket, address: str, size: int, pace: tuple[int, float, float], done: Round
) -> None:
    """Send packets to ``address`` and gather the replies in ``done``.

    ``pace`` is how many, the seconds between them, and the seconds after which those that
    have not come back are lost.

    Raises:
        TargetError: reason unreachable, where not one could be sent.
    """
    volley = _Volley(sock, size, done)
    loop = asyncio.get_running_loop()
    count, spacing, patience = pace
    ending = loop.time() + patience
    try:
        sock.connect(socket_address(sock.family, address, 0))
        loop.add_reader(sock.fileno(), volley.receive)
        try:
            for number in range(count):
                volley.send(number)
                if number + 1 < count:
                    await asyncio.sleep(spacing)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(ending):
                    await volley.wait(count)
        finally:
            loop.remove_reader(sock.fileno())
    except OSError as error:
        done.trips.extend([None] * (count - len(done.trips)))
        raise TargetError("unreachable", said_by(error)) from None


class _Volley:
    """The packets of one run on their way."""

    def __init__(self, sock: socket.socket, size: int, done: Round) -> None:
        self._sock = sock
        self._version = 6 if sock.family == socket.AF_INET6 else 4
        self._size = size
        self._done = done
        self._token = os.urandom(TOKEN)
        self._identifier = int.from_bytes(self._token[:2])
        self._sent: list[tuple[float, float]] = []
        self._news = asyncio.Event()

    def send(self, number: int) -> None:
        """Send the packet of that number; OSError where the network will not have it."""
        packet = echo_request(self._version, self._identifier, number, self._token, self._size)
        self._sent.append((time.perf_counter(), time.time()))
        self._done.trips.append(None)
        try:
            self._sock.send(packet)
        except OSError as error:
            if error.errno in _TRANSIENT:
                return
            self._failed(error)
            if number == 0:
                raise

    async def wait(self, count: int) -> None:
        """Return once all of ``count`` have come back."""
        while len(self._done.answered) < count:
            self._news.clear()
            await self._news.wait()

    def receive(self) -> None:
        """Called by the event loop when something has come."""
        for _ in range(_AT_ONCE):
            try:
                data, extras, _, _ = self._sock.recvmsg(70_000, 512)
            except BlockingIOError:
                return
            except OSError as error:
                self._failed(error)
                return
            self._take(data, extras)

    def _failed(self, error: OSError) -> None:
        self._done.error = self._done.error or said_by(error)

    def _take(self, data: bytes, extras: list[tuple[int, int, bytes]]) -> None:
        now = time.perf_counter()
        number = read_reply(self._version, data, self._token)
        # A reply may come twice; the first counts.
        if number is None or number >= len(self._sent) or self._done.trips[number] is not None:
            return
        sent, sent_wall = self._sent[number]
        trip = now - sent
        for level, kind, content in extras:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(content) >= 16:
                whole, parts = struct.unpack("@qq", content[:16])
                arrived = whole + parts / 1e9 - sent_wall
                # The kernel's time is not ours to have waited for; a clock that was set is.
                trip = arrived if 0 < arrived < trip else trip
            elif level in {socket.IPPROTO_IP, socket.IPPROTO_IPV6} and len(content) >= 4:
                (self._done.hops,) = struct.unpack("@i", content[:4])
        self._done.trips[number] = trip
        self._news.set()
