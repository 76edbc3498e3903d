"""HTTP answers: the shortcut and h11 behind it, in pieces; bodies."""

from __future__ import annotations

import gzip

import h11

from checks.dial import Phases
from checks.errors import TargetError
from checks.probes.http.answer import Answer, BodyError
from checks.probes.http.connection import Connection, Exchange, StaleConnectionError
from checks.probes.http.message import Sendable
from tests.fuzz.oracle import check_told
from tests.fuzz.target import Target
from tests.fuzz.targets.loop import Deaf, finished

__all__ = ["TARGETS"]

_BOUND = 200_000
_OK = b"HTTP/1.1 200 OK\r\n"
SEEDS = (
    _OK + b"Content-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
    _OK + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nConnection: close\r\n\r\nno",
    b"HTTP/1.0 204 None\r\nSet-Cookie: sid=abc; Path=/\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nPRI",
    _OK + b"Content-Encoding: gzip\r\nContent-Length: 21\r\n\r\n" + gzip.compress(b"x", mtime=0),
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"\x15\x03\x01\0\x02\x02\x46",
)
TOKENS = (
    *(b"\r\n", b"\r\n\r\n", b"HTTP/1.1 ", b" 200 ", b"Content-Length: ", b"Content-Length: 2\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"chunked", b"0\r\n\r\n", b"1\r\na\r\n", b"ffffffff\r\n"),
    *(b"Connection: close\r\n", b"X: y\r\n", b":", b"\n", b"\r", b"\0", b"\xff", b" ", b"\t"),
    *(b"Content-Type: text/plain; charset=", b"utf-7", b"idna", b"rot13", b"utf-16", b"punycode"),
    *(b"9" * 5000, b"HTTP/1.1 100 C\r\n\r\n", b"Content-Encoding: deflate\r\n", b"\x1b[2J"),
)
_REQUEST = h11.Request(method="GET", target="/", headers=[("Host", "h")])


def run(data: bytes) -> None:
    """In one piece, byte by byte, in larger pieces: what is taken is the same."""
    whole = finished(_exchange([data]))
    step = max(1, len(data) // 200)
    pieces = finished(_exchange([data[at : at + step] for at in range(0, len(data), step)]))
    if whole[0] and pieces[0] and not (whole[3] or pieces[3]):
        assert whole[:3] == pieces[:3], "it depends on how the answer is cut into pieces"


async def _exchange(pieces: list[bytes]) -> tuple[int, object, bytes, bool]:
    connection = Connection("web:80")
    transport = Deaf()
    connection.connection_made(transport)
    exchange = Exchange(Phases(), _BOUND)
    sent = _Sent(connection, pieces)
    transport.heard = sent.write
    try:
        await connection.send(Sendable(_REQUEST, b""), exchange)
    except (TargetError, StaleConnectionError) as error:
        return 0, str(error), b"", False
    assert 100 <= exchange.status <= 999
    assert len(exchange.body) <= _BOUND
    answer = Answer(exchange)
    for what in ("text", "document"):
        try:
            getattr(answer, what)
        except BodyError as error:
            check_told(error)
    answer.raw()
    return exchange.status, exchange.headers, exchange.body, exchange.cut


class _Sent:
    """Answers a request as soon as it is written."""

    def __init__(self, connection: Connection, pieces: list[bytes]) -> None:
        self._connection = connection
        self._pieces = pieces

    def write(self) -> None:
        for piece in self._pieces:
            if piece:
                self._connection.data_received(piece)
        self._connection.eof_received()
        self._connection.connection_lost(None)


_KINDS = (b"application/json", b"text/html; charset=utf-16", b"text/plain; charset=x-unknown")
_CODINGS = (b"", b"gzip", b"deflate")
BODIES = (
    b'{"status":"ok"}',
    gzip.compress(b'{"a":1}', mtime=0),
    b"\x78\x9c\xab\x56\x4a\x54\xb2\x32\xac\x05\x00",
    b"\xff\xfe{\0}\0",
)
BODY_TOKENS = (
    b"[",
    b"{",
    b'"',
    b"\\u",
    b"9" * 5000,
    b"1e999",
    b"NaN",
    b"\x1f\x8b\x08",
    b"\0",
    b"\xff",
)


def body(data: bytes) -> None:
    for kind in _KINDS:
        for coding in _CODINGS:
            headers = [(b"Content-Type", kind), (b"Content-Encoding", coding)]
            exchange = Exchange(Phases(), _BOUND, status=200, headers=headers, pieces=[data])
            answer = Answer(exchange)
            for what in ("text", "document"):
                try:
                    getattr(answer, what)
                except BodyError as error:
                    check_told(error)
            answer.raw()


TARGETS = (
    Target("http", run, SEEDS, TOKENS),
    Target("http-body", body, BODIES, BODY_TOKENS, bound=200_000),
)
