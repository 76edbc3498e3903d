"""Asking one name server: by UDP with repetitions, by TCP where it does not fit."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from dataclasses import dataclass, field
from typing import Final

from checks.dial import Phases, connection_error, dial, place, socket_address
from checks.errors import TargetError
from checks.expectations import seconds
from checks.probe import ProbeEnv
from checks.probes.dns.config import DnsConfig
from checks.probes.dns.wire import (
    LARGE,
    Question,
    Reply,
    is_answer,
    is_cut,
    is_misunderstood,
)
from checks.resolver import Addresses

__all__ = ["Asked", "ask"]

_ATTEMPTS: Final = 3
"""Times a question is sent by UDP within a run: datagrams get lost."""
_STRAYS: Final = 64
"""Datagrams that answer something else before we give up: a flood would hold up everybody."""


@dataclass(slots=True, eq=False)
class Asked:
    """What came of asking one server, filled in as it goes: readable also when it hangs.

    ``error`` is set where there is no ``reply``. ``sent`` counts the datagrams, ``strays`` what
    came back and answered nothing.
    """

    host: str
    port: int
    phases: Phases = field(default_factory=Phases)
    reply: Reply | None = None
    error: TargetError | None = None
    family: int = 0
    addresses: Addresses | None = None
    sent: int = 0
    strays: int = 0
    by_tcp: bool = False

    @property
    def where(self) -> str:
        return place(self.host, self.port)


async def ask(
    asked: Asked, config: DnsConfig, question: Question, env: ProbeEnv, limit: float
) -> None:
    """Ask the server of ``asked``, so as to be done a little before ``limit`` seconds."""
    patience = limit - min(0.15, limit * 0.05)
    try:
        async with asyncio.timeout(patience):
            wire = await _Errand(asked, config, question, env, patience).run()
            asked.phases.end()
            asked.reply = await _read(question, wire, asked, env)
    except TimeoutError:
        asked.error = TargetError("timeout", _silence(asked, limit))
    except TargetError as error:
        asked.error = error
    finally:
        asked.phases.end()


class _Errand:
    """The way of one question to one server and back."""

    def __init__(
        self, asked: Asked, config: DnsConfig, question: Question, env: ProbeEnv, patience: float
    ) -> None:
        self._asked = asked
        self._udp = config.transport == "udp"
        self._question = question
        self._resolver = env.resolver
        self._patience = patience
        self._address = ""

    async def run(self) -> bytes:
        """The answer as it came."""
        asked = self._asked
        asked.phases.enter("dns")
        asked.addresses = await self._resolver.addresses(asked.host)
        asked.family, self._address = asked.addresses.found[0]
        extended = True
        while True:
            message = self._question.message(extended=extended)
            wire = message.to_wire()
            by_udp = self._udp and not asked.by_tcp
            said = await (self._by_udp if by_udp else self._by_tcp)(wire, message.id)
            if extended and is_misunderstood(said):
                extended = False
            elif by_udp and is_cut(said):
                asked.by_tcp = True
            else:
                return said

    async def _by_udp(self, wire: bytes, number: int) -> bytes:
        asked = self._asked
        asked.phases.enter("connect")
        try:
            with socket.socket(asked.family, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                # Connected, a socket takes datagrams of this server alone, and hears that its
                # port is closed.
                sock.connect(socket_address(asked.family, self._address, asked.port))
                asked.phases.enter("request")
                return await self._repeatedly(sock, wire, number)
        except TimeoutError:
            raise
        except OSError as error:
            raise _udp_error(error, asked.where) from None

    async def _repeatedly(self, sock: socket.socket, wire: bytes, number: int) -> bytes:
        for attempt in range(1, _ATTEMPTS + 1):
            await asyncio.get_running_loop().sock_sendall(sock, wire)
            self._asked.sent += 1
            patience = self._patience / _ATTEMPTS if attempt < _ATTEMPTS else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    return await self._answer(sock, number)
        raise TimeoutError

    async def _answer(self, sock: socket.socket, number: int) -> bytes:
        asked, loop = self._asked, asyncio.get_running_loop()
        while asked.strays < _STRAYS:
            data = await loop.sock_recv(sock, 65_535)
            if is_answer(data, number, self._question.section):
                return data
            asked.strays += 1
        raise TargetError(
            "protocol",
            f"{asked.where} sends datagrams that answer nothing we asked ({asked.strays} of "
            "them): is it a name server?",
        )

    async def _by_tcp(self, wire: bytes, number: int) -> bytes:
        asked, loop = self._asked, asyncio.get_running_loop()
        asked.phases.enter("connect")
        dialled = await dial(self._address, asked.port, self._resolver, Phases())
        with dialled.sock as sock:
            asked.phases.enter("request")
            try:
                await loop.sock_sendall(sock, len(wire).to_bytes(2) + wire)
                length = int.from_bytes(await _exactly(sock, 2, asked.where))
                said = await _exactly(sock, length, asked.where)
            except OSError as error:
                raise connection_error(error, asked.where) from None
        if not is_answer(said, number, self._question.section):
            raise TargetError(
                "protocol", f"{asked.where} answers something else by TCP: is it a name server?"
            )
        return said


async def _exactly(sock: socket.socket, count: int, where: str) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = await asyncio.get_running_loop().sock_recv(sock, count - len(data))
        if not piece:
            raise TargetError(
                "protocol", f"{where} closed the TCP connection within its answer; see its log"
            )
        data += piece
    return bytes(data)


async def _read(question: Question, wire: bytes, asked: Asked, env: ProbeEnv) -> Reply:
    if len(wire) < LARGE:
        return question.read(wire, asked.where)
    # A lane for each answer: other checks may have one of the same server at the same moment.
    lane = f"dns answer of {asked.where} {id(asked):x}"
    try:
        return await env.lanes.run(lane, lambda: question.read(wire, asked.where))
    finally:
        env.lanes.drop(lane)


def _udp_error(error: OSError, where: str) -> TargetError:
    if error.errno == errno.ECONNREFUSED:
        return TargetError(
            "refused",
            f"nothing listens on UDP port {where}: is the name server running, on that address?",
        )
    return connection_error(error, where)


def _silence(asked: Asked, limit: float) -> str:
    within = f"no answer from the name server {asked.where} within {seconds(limit)}"
    if asked.phases.current == "dns":
        return f"{within}: the look-up of its own name hangs; give its address"
    if asked.by_tcp:
        return (
            f"{within}: its answer by UDP was cut off, and by TCP it is silent; "
            "does a firewall drop TCP port 53?"
        )
    if not asked.sent:
        return f"{within}: it is silent by TCP; is it up, does a firewall drop TCP?"
    times = f"asked {asked.sent} times" if asked.sent > 1 else "asked once"
    if asked.strays:
        return f"{within}: {times}, and {asked.strays} datagrams came that answer something else"
    return f"{within}: {times}; is it up, does a firewall drop UDP, may we ask it?"
