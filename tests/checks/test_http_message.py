"""The shortcut for plain answers says what h11 says, or says nothing."""

from __future__ import annotations

import random
import time

import h11
import pytest

from checks.probes.http.message import Sendable, read_plain

HEAD = b"HTTP/1.1 200 OK\r\n"
BOUND = 1000
PLAIN = [
    HEAD + b"Content-Length: 2\r\n\r\nok",
    HEAD + b"Content-Length:0\r\nX-Empty:\r\nX-Padded: \t a b \t\r\nX-Latin: \xe9\r\n\r\n",
    b"HTTP/1.1 503 \r\nServer: x\r\nContent-Length: 4\r\nConnection: keep-alive\r\n\r\nbusy",
    b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    HEAD + b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\n\r\nhello",
]
LEFT_TO_H11 = [
    b"",
    HEAD,
    HEAD + b"Content-Length: 2\r\n\r\no",
    HEAD + b"Content-Length: 2\r\n\r\nokHTTP/1.1 500 Evil\r\n",
    HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    HEAD + b"Content-Length: 2, 2\r\n\r\nok",
    HEAD + b"Content-Length: +2\r\n\r\nok",
    HEAD + b"Content-Length: " + b"0" * 5000 + b"2\r\n\r\nok",
    HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nok",
    HEAD + b"Content-Length: 2\r\n folded: x\r\n\r\nok",
    HEAD + b"Content-Length : 2\r\n\r\nok",
    HEAD + b"Content-Length: 2\r\nX: a\x00b\r\n\r\nok",
    HEAD + b"\r\nok",
    HEAD + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001,
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
]


def sendable() -> Sendable:
    request = h11.Request(method="GET", target="/", headers=[("Host", "h")])
    return Sendable(request, b"")


def by_h11(data: bytes) -> tuple[int, bytes, list[tuple[bytes, bytes]], bytes]:
    """What h11 makes of a whole answer after which the connection may be used again."""
    machine = sendable().machine()
    machine.receive_data(data)
    body = b""
    response = machine.next_event()
    assert isinstance(response, h11.Response)
    while not isinstance(event := machine.next_event(), h11.EndOfMessage):
        assert isinstance(event, h11.Data)
        body += event.data
    assert machine.their_state is h11.DONE
    assert machine.our_state is h11.DONE
    assert not machine.trailing_data[0]
    return response.status_code, response.reason, response.headers.raw_items(), body


@pytest.mark.parametrize("data", PLAIN)
def test_a_plain_answer_reads_as_h11_reads_it(data: bytes) -> None:
    plain = read_plain(data, BOUND)
    assert plain is not None
    assert (plain.status, plain.reason, plain.headers, plain.body) == by_h11(data)


@pytest.mark.parametrize("data", LEFT_TO_H11)
def test_anything_else_is_left_to_h11(data: bytes) -> None:
    assert read_plain(data, BOUND) is None


def test_no_mutation_is_read_otherwise_than_by_h11() -> None:
    chance = random.Random(1)
    pieces = [b"\r\n", b"\r", b"\n", b":", b" ", b"\t", b"0", b"2", b"\x00", b"\x0b", b"\xff", b","]
    read = 0
    for _ in range(5000):
        data = bytearray(chance.choice(PLAIN))
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 2)] = chance.choice(pieces)
        plain = read_plain(bytes(data), BOUND)
        if plain is not None:
            read += 1
            found = (plain.status, plain.reason, plain.headers, plain.body)
            assert found == by_h11(bytes(data)), bytes(data)
    assert read > 100


@pytest.mark.parametrize("filler", [b" ", b"\t", b"a", b"a:", b"a: \r\n", b":"])
def test_hostile_heads_take_linear_time(filler: bytes) -> None:
    began = time.process_time()
    read_plain(HEAD + b"X: " + filler * (250_000 // len(filler)), BOUND)
    assert time.process_time() - began < 0.5


def test_what_is_sent_is_what_h11_would_send() -> None:
    request = h11.Request(
        method="POST", target="/x?y=1", headers=[("Host", "h"), ("Content-Length", "2")]
    )
    sent = Sendable(request, b"hi").wire
    assert sent == b"POST /x?y=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
    assert not Sendable(h11.Request(method="HEAD", target="/", headers=[("Host", "h")]), b"").plain
