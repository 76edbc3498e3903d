"""A real HTTP proxy: it forwards requests and makes tunnels, or refuses to as it is told."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from tests.servers.http import RawServer

__all__ = ["HttpProxy"]


class HttpProxy:
    """On a free port of 127.0.0.1. Every name leads to 127.0.0.1: nobody else need know it.

    ``asked`` are the first lines of the requests, ``heads`` the whole ones up to their ends.
    ``credentials`` (``user:password``) are wanted where they are not empty; ``offers`` is what
    a 407 asks for; ``refuses`` a status to answer with in place of everything.
    """

    def __init__(self) -> None:
        self.credentials = ""
        self.offers = "Basic"
        self.refuses = 0
        self.asked: list[str] = []
        self.heads: list[str] = []
        self._server = RawServer(self._talk)
        self.port = self._server.port

    @property
    def place(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """What ``http.proxy`` takes."""
        return f"http://{self.place}"

    def close(self) -> None:
        """End it, and what goes through it."""
        self._server.close()

    def _talk(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while head := _head(stream):
                first = head[0].split()
                self.asked.append(head[0])
                self.heads.append("\n".join(head))
                if status := self._refusal(head):
                    connection.sendall(self._refused(status))
                elif first[0] == "CONNECT":
                    self._tunnel(connection, first[1])
                    return
                else:
                    self._forward(connection, head)

    def _refusal(self, head: list[str]) -> int:
        wanted = base64.b64encode(self.credentials.encode()).decode()
        if self.credentials and f"Proxy-Authorization: Basic {wanted}" not in head:
            return 407
        return self.refuses

    def _refused(self, status: int) -> bytes:
        lines = [f"HTTP/1.1 {status} No", "Content-Length: 0"]
        lines += [f"Proxy-Authenticate: {self.offers}"] if status == 407 else []
        lines += ["X-Squid-Error: ERR_CONNECT_FAIL 111"] if status == 503 else []
        return "\r\n".join([*lines, "", ""]).encode()

    def _forward(self, connection: socket.socket, head: list[str]) -> None:
        method, url, _ = head[0].split()
        place, _, path = url.removeprefix("http://").partition("/")
        target = http.client.HTTPConnection("127.0.0.1", _port(place), timeout=10)
        with contextlib.closing(target):
            target.putrequest(method, f"/{path}", skip_host=True, skip_accept_encoding=True)
            for line in head[1:]:
                name, _, value = line.partition(": ")
                if not name.startswith("Proxy-"):
                    target.putheader(name, value)
            target.endheaders()
            answer = target.getresponse()
            lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
            lines += [f"{name}: {value}" for name, value in answer.getheaders()]
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + answer.read())

    def _tunnel(self, connection: socket.socket, place: str) -> None:
        with _reach(place) as target:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pour, args=(target, connection), daemon=True)
            back.start()
            _pour(connection, target)
            back.join(5)


def _head(stream: BinaryIO) -> list[str]:
    lines = []
    while line := stream.readline().decode("latin-1").strip():
        lines.append(line)
    return lines


def _reach(place: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", _port(place)), 10)


def _port(place: str) -> int:
    return int(place.rpartition(":")[2])


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def http_proxy() -> Iterator[HttpProxy]:
    """A proxy that forwards whatever it is asked to."""
    proxy = HttpProxy()
    yield proxy
    proxy.close()
