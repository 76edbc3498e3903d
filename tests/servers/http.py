"""A real HTTP(S) server whose answers tests change while it runs, and servers that misbehave.

They run in threads of their own, so that a test may block, be synchronous, or run the
engine in another thread.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

import pytest
import trustme

__all__ = ["Answer", "HttpServer", "RawServer", "Request", "full_backlog", "full_socket"]

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answers; a Content-Length is added unless ``raw`` is the whole answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    close: bool = False

    def encode(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {_PHRASES.get(self.status, 'Because')}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


@dataclass(frozen=True, slots=True)
class Request:
    """What the server was asked; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class HttpServer:
    """HTTP/1.1 with keep-alive on a free port of 127.0.0.1; a thread for each connection.

    ``requests`` are those seen so far, ``connections`` how many were accepted.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._answers: dict[str, Answer] = {}
        self._server: RawServer | None = None
        self._open: set[socket.socket] = set()
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        """The server's root, without the last slash."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def answer(
        self,
        path: str = "/",
        body: bytes | str | object = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        delay: float = 0.0,
        close: bool = False,
    ) -> str:
        """Answer ``path`` so from now on; its url. What is neither text nor bytes goes as JSON."""
        sent = dict(headers or {})
        if isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        self._answers[path] = Answer(status, body, sent, delay, close)
        return self.url + path

    def start(self, listener: socket.socket | None = None) -> None:
        """Listen, on a socket of the test's own if given; on the same port after :meth:`stop`."""
        if listener is None:
            listener = socket.create_server(("127.0.0.1", self.port))
            self.port = listener.getsockname()[1]
        self._server = RawServer(self._serve, listener)

    def stop(self) -> None:
        """Close the port and every connection."""
        server, self._server = self._server, None
        if server is not None:
            server.ending.set()
            self.drop_connections()
            server.close()

    def drop_connections(self) -> None:
        """Close the connections there are, as a server does that tidies up its idle ones."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, connection: socket.socket) -> None:
        self.connections += 1
        self._open.add(connection)
        try:
            if self._tls is None:
                self._talk(connection)
                return
            # A second handle: the one that is wrapped is taken over by the wrapping.
            with self._tls.wrap_socket(connection.dup(), server_side=True) as secure:
                self._talk(secure)
        finally:
            self._open.discard(connection)

    def _talk(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while (request := _read(stream)) is not None:
                self.requests.append(request)
                path = request.path.partition("?")[0]
                answer = self._answers.get(path, Answer(404, b"no such page"))
                server = self._server
                if answer.delay and server is not None and server.ending.wait(answer.delay):
                    return
                data = answer.encode()
                if request.method == "HEAD":
                    data = data[: len(data) - len(answer.body)]
                connection.sendall(data)
                if answer.close:
                    return


def _read(stream: BinaryIO) -> Request | None:
    first = stream.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Request(first[0], first[1], headers, body)


class RawServer:
    """Runs ``talk(connection)`` in a thread for each connection; for servers that misbehave."""

    def __init__(
        self, talk: Callable[[socket.socket], None], listener: socket.socket | None = None
    ) -> None:
        self._talk = talk
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        unix = self._listener.family == socket.AF_UNIX
        self.port: int = 0 if unix else self._listener.getsockname()[1]
        self.ending = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Stop listening and wait for every talk to end."""
        self.ending.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _run(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(30)
            self._talk(connection)


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """A port where a connection attempt is neither answered nor refused: its queue is full."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port: int = listener.getsockname()[1]
    fillers = []
    try:
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        yield port
    finally:
        for sock in (*fillers, listener):
            sock.close()


@contextlib.contextmanager
def full_socket(path: Path) -> Iterator[None]:
    """The same of a unix socket at ``path``, where an attempt is told so (EAGAIN)."""
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as filler:
        listener.bind(str(path))
        listener.listen(0)
        filler.connect(str(path))
        yield


@pytest.fixture
def http_server() -> Iterator[HttpServer]:
    """A plain HTTP server; its ``/`` answers 200 with an empty body."""
    server = HttpServer()
    server.start()
    server.answer("/")
    yield server
    server.stop()


@pytest.fixture
def raw_server() -> Iterator[Callable[[Callable[[socket.socket], None]], RawServer]]:
    """Starts servers that do with each connection what they are told; all end with the test."""
    servers: list[RawServer] = []

    def start(talk: Callable[[socket.socket], None]) -> RawServer:
        servers.append(RawServer(talk))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that nobody trusts unless told to."""
    return trustme.CA()


@pytest.fixture
def https_server(
    authority: trustme.CA,
) -> Iterator[Callable[[trustme.LeafCert | None], HttpServer]]:
    """Starts HTTPS servers, with a certificate of ``authority`` for 127.0.0.1 or a given one."""
    servers: list[HttpServer] = []

    def start(certificate: trustme.LeafCert | None = None) -> HttpServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (certificate or authority.issue_cert("127.0.0.1")).configure_cert(context)
        server = HttpServer(context)
        server.start()
        server.answer("/")
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
