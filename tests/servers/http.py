"""A real HTTP(S) server whose answers tests change while it runs, and servers that misbehave.

Each runs in a thread of its own, so that a test may block, be synchronous, or run the
engine in another thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
import trustme

__all__ = ["Answer", "HttpServer", "RawServer", "Request", "full_backlog"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answers; a Content-Length is added unless ``raw`` is the whole answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    close: bool = False

    def encode(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Because"]
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
    """HTTP/1.1 with keep-alive on a free port of 127.0.0.1.

    ``requests`` are those seen so far, ``connections`` how many were accepted.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._answers: dict[str, Answer] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
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

    def start(self) -> None:
        """Listen; again on the same port after :meth:`stop`."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(5), "the test server did not start"

    def stop(self) -> None:
        """Close the port and every connection."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(5)
            assert not self._thread.is_alive()
            self._loop = None

    def drop_connections(self) -> None:
        """Close the connections there are, as a server does that tidies up its idle ones."""
        assert self._loop is not None
        done = threading.Event()

        def drop() -> None:
            for writer in list(self._writers):
                writer.close()
            done.set()

        self._loop.call_soon_threadsafe(drop)
        assert done.wait(5)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.run(self._main(ready))

    async def _main(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(lambda _loop, _context: None)
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", self.port, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while (request := await self._read(reader)) is not None:
                self.requests.append(request)
                path = request.path.partition("?")[0]
                answer = self._answers.get(path, Answer(404, b"no such page"))
                if answer.delay:
                    await asyncio.sleep(answer.delay)
                data = answer.encode()
                writer.write(data[: -len(answer.body)] if request.method == "HEAD" else data)
                await writer.drain()
                if answer.close:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            # A polite end of TLS would wait for the other side's.
            if self._tls:
                writer.transport.abort()
            else:
                writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Request | None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            method, path, _ = first.split(" ")
            pairs = (line.split(": ", 1) for line in lines if line)
            headers = {name.lower(): value for name, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            return Request(method, path, headers, body)
        return None


class RawServer:
    """Runs ``talk(connection)`` in a thread for each connection; for servers that misbehave."""

    def __init__(
        self, talk: Callable[[socket.socket], None], listener: socket.socket | None = None
    ) -> None:
        self._talk = talk
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
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
            connection.settimeout(10)
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
