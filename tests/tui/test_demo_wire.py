"""The demo's own HTTP, from both ends, and what it makes of nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tui.demo.endpoints import free_ports
from tui.demo.exposition import Counter, Histogram, render
from tui.demo.wire import Client, Request, Response, json_response, serve


async def echo(request: Request) -> Response:
    return json_response({"method": request.method, "path": request.path, "n": len(request.body)})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    (port,) = free_ports(1)
    server = await serve(echo, "127.0.0.1", port)
    yield port
    server.close()
    await conversations_end()


async def conversations_end() -> None:
    while len(asyncio.all_tasks()) > 1:
        await asyncio.sleep(0.001)


async def say(port: int, text: bytes) -> bytes:
    """Everything that is answered to ``text``, until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_two_requests_on_one_connection(port: int) -> None:
    answer = await say(port, b"GET /a?x=1 HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert b'"path": "/a"' in answer
    assert b'"path": "/b"' in answer


async def test_head_has_the_head_alone(port: int) -> None:
    answer = await say(port, b"HEAD /a HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.endswith(b"Connection: close\r\n\r\n")
    assert b"Content-Length: 4" in answer


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"400"),
        (b"PING\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"501"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", b"431"),
    ],
)
async def test_nonsense_is_refused_and_the_connection_closed(
    port: int, text: bytes, status: bytes
) -> None:
    assert (await say(port, text)).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    "text", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"]
)
async def test_a_request_broken_off_gets_no_answer(port: int, text: bytes) -> None:
    assert await say(port, text) == b""


async def test_a_client_comes_back_after_its_server_was_away() -> None:
    (port,) = free_ports(1)
    client = Client("127.0.0.1", port)
    with pytest.raises(ConnectionRefusedError):
        await client.ask("GET", "/")
    connections: list[asyncio.StreamWriter] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    server = await asyncio.start_server(once, "127.0.0.1", port)
    assert await client.ask("GET", "/") == (200, b"")
    for writer in connections:
        writer.close()
        await writer.wait_closed()
    server.close()
    await server.wait_closed()

    server = await serve(echo, "127.0.0.1", port)
    with pytest.raises((OSError, EOFError)):
        await client.ask("GET", "/old")
    status, body = await client.ask("POST", "/new", b"abc")
    assert (status, body) == (200, b'{"method": "POST", "path": "/new", "n": 3}')
    client.close()
    server.close()
    await conversations_end()


def test_the_page_escapes_what_labels_hold() -> None:
    counter = Counter("hits_total", "Hits.", ("who",))
    counter.add('a"b\\c\nd', by=2)
    assert r'hits_total{who="a\"b\\c\nd"} 2' in render((counter,), {}).splitlines()


def test_buckets_count_what_is_at_or_below_their_bound() -> None:
    histogram = Histogram("seconds", "Seconds.", ("handler",))
    for seconds in (0.005, 0.0051, 9.0):
        histogram.observe(seconds, "/")
    lines: dict[str, Any] = dict(
        line.rsplit(" ", 1) for line in histogram.lines() if not line.startswith("#")
    )
    assert lines['seconds_bucket{handler="/",le="0.005"}'] == "1"
    assert lines['seconds_bucket{handler="/",le="0.01"}'] == "2"
    assert lines['seconds_bucket{handler="/",le="+Inf"}'] == "3"
    assert float(lines['seconds_sum{handler="/"}']) == pytest.approx(9.0101)
