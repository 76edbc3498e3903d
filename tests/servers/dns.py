"""A real name server on loopback, UDP and TCP on one port, whose answers tests change.

It keeps a zone as text, answers in the real wire format (dnspython), and can be told to
misbehave by a function that makes the bytes.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from checks.model import Result
from tests.checks.http_kit import ask
from tests.servers.http import RawServer

__all__ = ["DnsServer", "Replies", "asked"]

Replies: TypeAlias = Callable[[dns.message.Message, bool], list[bytes]]
"""From a question, and whether it came by TCP, to the datagrams (or messages) sent for it."""


class DnsServer:
    """``asked`` are the questions so far: name, type and ``udp`` or ``tcp``.

    ``rcode`` is what it says to everything; ``limit`` the bytes above which an answer by UDP is
    cut off; ``replies`` replaces all of it.
    """

    def __init__(self, address: str = "127.0.0.1", port: int = 0) -> None:
        self._records: dict[tuple[str, str], list[str]] = {}
        self.address = address
        self.asked: list[tuple[str, str, str]] = []
        self.rcode = dns.rcode.NOERROR
        self.limit = 1232
        self.replies: Replies = self.well
        self._socket, listener = _pair(address, port)
        self.port: int = self._socket.getsockname()[1]
        self._tcp = RawServer(self._talk, listener)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def where(self) -> str:
        return f"{self.address}:{self.port}"

    def add(self, name: str, kind: str, *values: str) -> None:
        """Answer so when asked for ``name``, from now on."""
        self._records[name, kind] = list(values)

    def well(self, query: dns.message.Message, tcp: bool) -> list[bytes]:
        """The right answer."""
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        response.set_rcode(self.rcode)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower() or "."
        kind = dns.rdatatype.to_text(question.rdtype)
        alias = self._records.get((name, "CNAME"), [])
        for found_name, found_kind in ((name, kind), *((a.rstrip("."), kind) for a in alias)):
            values = self._records.get((found_name, found_kind))
            if values:
                owner = dns.name.from_text(found_name)
                response.answer.append(dns.rrset.from_text(owner, 60, "IN", kind, *values))
        if alias and kind != "CNAME":
            response.answer.insert(0, dns.rrset.from_text(question.name, 60, "IN", "CNAME", *alias))
        if not response.answer and not self.rcode:
            known = {known_name for known_name, _ in self._records}
            response.set_rcode(dns.rcode.NOERROR if name in known else dns.rcode.NXDOMAIN)
        wire = response.to_wire(max_size=65_535)
        if not tcp and len(wire) > self.limit:
            response.answer.clear()
            response.flags |= dns.flags.TC
            wire = response.to_wire()
        return [wire]

    def close(self) -> None:
        """Stop listening."""
        self._ending.set()
        # A datagram wakes the thread that waits for one.
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()
        self._tcp.close()

    def _serve(self) -> None:
        while True:
            data, address = self._socket.recvfrom(65_535)
            if self._ending.is_set():
                return
            for reply in self._answers(data, tcp=False):
                self._socket.sendto(reply, address)

    def _talk(self, connection: socket.socket) -> None:
        """Serve one TCP connection."""
        with connection.makefile("rb") as stream:
            data = stream.read(int.from_bytes(stream.read(2)))
            for reply in self._answers(data, tcp=True):
                connection.sendall(len(reply).to_bytes(2) + reply)

    def _answers(self, data: bytes, *, tcp: bool) -> list[bytes]:
        query = dns.message.from_wire(data)
        asked = query.question[0]
        kind = dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((asked.name.to_text(), kind, "tcp" if tcp else "udp"))
        return self.replies(query, tcp)


def _pair(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A UDP and a listening TCP socket on the same port; on a free one where it is 0."""
    while True:
        tcp = socket.create_server((address, port))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
            if port:
                raise
        else:
            return udp, tcp


async def asked(server: DnsServer, name: str = "shop.example", **config: Any) -> Result:
    """The result of one run that asks ``server`` for ``name``."""
    timeout = config.pop("timeout", 2.0)
    return await ask("dns", {"name": name, "server": server.where, **config}, timeout=timeout)


@pytest.fixture
def dns_server() -> Iterator[DnsServer]:
    """A name server that knows no name yet."""
    server = DnsServer()
    yield server
    server.close()


@pytest.fixture
def dns_servers() -> Iterator[Callable[[], DnsServer]]:
    """Starts name servers; all end with the test."""
    servers: list[DnsServer] = []

    def start() -> DnsServer:
        servers.append(DnsServer())
        return servers[-1]

    yield start
    for server in servers:
        server.close()
