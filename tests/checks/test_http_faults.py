"""Whatever a target does, an http check ends in time with a sentence that says what happened."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import socket
import threading
import time
import zlib
from collections.abc import Callable
from typing import TypeAlias

import pytest

from checks.model import Result, Status
from checks.resolver import Address
from tests.checks.http_kit import ask, probing
from tests.patience import PATIENCE
from tests.reliability import UserSees
from tests.servers.http import HttpServer, RawServer, full_backlog

Talk: TypeAlias = Callable[[socket.socket], None]
StartRaw: TypeAlias = Callable[[Talk], RawServer]

HEAD = b"HTTP/1.1 200 OK\r\n"


def answering(data: bytes) -> Talk:
    """Reads the request, sends ``data`` and closes."""

    def talk(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(data)

    return talk


async def fault(raw_server: StartRaw, data: bytes, **config: object) -> Result:
    port = raw_server(answering(data)).port
    result = await ask("http", {"url": f"http://127.0.0.1:{port}/", **config})
    assert result.status is not Status.OK, result.message
    return result


async def test_a_page_in_a_codec_that_is_no_charset_is_read_as_utf_8(raw_server: StartRaw) -> None:
    body = b"-" + b"a" * 100_000
    head = b"Content-Type: text/html; charset=punycode\r\nContent-Length: %d\r\n\r\n" % len(body)
    port = raw_server(answering(HEAD + head + body)).port
    began = time.process_time()
    expected = {"url": f"http://127.0.0.1:{port}/", "expect": {"text": "-aaa"}}
    result = await ask("http", expected)
    assert result.status is Status.OK, result.message
    assert "\n\n-aaa" in result.raw
    assert time.process_time() - began < 1


async def test_refused(user_sees: UserSees) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    result = await ask("http", f"http://127.0.0.1:{port}/")
    assert result.message == f"connection to 127.0.0.1:{port} refused: is the server running?"
    assert (result.status, result.reason) == (Status.CRITICAL, "refused")
    assert not result.up
    assert result.value == "down"
    assert result.samples.get("probe_http_status_code") == 0
    user_sees("nobody listens", result)


async def test_an_attempt_that_nobody_answers(user_sees: UserSees) -> None:
    with full_backlog() as port:
        began = time.monotonic()
        result = await ask("http", f"http://127.0.0.1:{port}/", timeout=0.4)
        assert time.monotonic() - began < 10
    assert result.message == (
        f"no answer from 127.0.0.1:{port} within 400 ms: the connection attempt is not answered; "
        "is the host up, does a firewall drop it?"
    )
    assert result.reason == "timeout"
    user_sees("a packet filter swallows the attempt", result)


async def test_silence_after_the_connection(http_server: HttpServer) -> None:
    url = http_server.answer("/", "late", delay=30)
    result = await ask("http", url, timeout=1.0)
    assert result.message.startswith(f"no answer from 127.0.0.1:{http_server.port} within 1 s")
    assert ": connected after " in result.message
    assert result.message.endswith(", then silence; is it stuck or overloaded?")
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "timeout", False)


async def test_silence_within_the_tls_handshake(user_sees: UserSees) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = await ask("http", f"https://127.0.0.1:{port}/", timeout=1.0)
    assert result.message.endswith(", then silence in the TLS handshake; is it a TLS port?")
    user_sees("silence in the TLS handshake", result)


async def test_a_name_that_does_not_exist() -> None:
    def lookup(host: str) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    result = await ask("http", "http://nosuch.example/", lookup=lookup)
    assert (result.status, result.reason) == (Status.CRITICAL, "dns")
    assert result.message.startswith("cannot resolve nosuch.example: no such name")


async def test_a_look_up_that_hangs_holds_up_nobody_else(http_server: HttpServer) -> None:
    release = threading.Event()

    def lookup(host: str) -> list[Address]:
        if host.startswith("hung"):
            release.wait(PATIENCE)
        return [(socket.AF_INET, "127.0.0.1")]

    hung = {"url": f"http://hung.example:{http_server.port}/"}
    well = {"url": f"http://well.example:{http_server.port}/"}
    try:
        async with asyncio.timeout(PATIENCE - 5):
            failed, *fine = await asyncio.gather(
                ask("http", hung, lookup=lookup, timeout=0.4),
                *(ask("http", well, lookup=lookup, timeout=20) for _ in range(10)),
            )
    finally:
        release.set()
    assert {result.status for result in fine} == {Status.OK}
    assert failed.message.endswith(
        "the name look-up hangs; is the name server in /etc/resolv.conf up?"
    )


async def test_a_byte_a_second_ends_at_the_timeout(
    raw_server: StartRaw, user_sees: UserSees
) -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        while not server.ending.wait(0.05):
            connection.sendall(b"x")

    server = raw_server(drip)
    began = time.monotonic()
    result = await ask("http", f"http://127.0.0.1:{server.port}/", timeout=1.0)
    assert time.monotonic() - began < 10
    assert result.message.startswith(f"HTTP 200 from 127.0.0.1:{server.port}, but after ")
    assert result.message.endswith(" of 1000 bytes of its body had come")
    user_sees("an answer that trickles", result)
    assert result.reason == "timeout"


async def test_headers_that_drip_end_at_the_timeout(raw_server: StartRaw) -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65_536)
        while not server.ending.wait(0.05):
            connection.sendall(b"H")

    server = raw_server(drip)
    result = await ask("http", f"http://127.0.0.1:{server.port}/", timeout=1.0)
    assert "bytes of its headers came" in result.message


async def test_a_gigabyte_is_read_to_the_bound_only(raw_server: StartRaw) -> None:
    sent = 0

    def pour(connection: socket.socket) -> None:
        nonlocal sent
        connection.recv(65_536)
        connection.sendall(HEAD + b"Content-Length: 1000000000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(bytes(1_000_000))
            sent += 1

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    server = raw_server(pour)
    result = await ask("http", {"url": f"http://127.0.0.1:{server.port}/", "max_body": "1MB"})
    assert result.status is Status.OK
    assert result.samples.get("probe_http_content_length") == 1e9
    assert result.samples.get("probe_http_uncompressed_body_length") == 1e6
    server.close()
    assert sent < 50
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


async def test_what_is_expected_beyond_the_bound_says_so(http_server: HttpServer) -> None:
    url = http_server.answer("/", "x" * 5000 + "needle")
    result = await ask("http", {"url": url, "max_body": 1000, "expect": {"text": "needle"}})
    assert result.status is Status.CRITICAL
    assert "only the first http.max_body bytes were read" in result.message
    url = http_server.answer("/", {"pad": "x" * 5000})
    result = await ask("http", {"url": url, "max_body": 1000, "expect": {"json": {"pad": "x"}}})
    assert "the body is longer than http.max_body" in result.message


async def test_a_gzip_bomb_is_opened_to_the_bound_only(http_server: HttpServer) -> None:
    packer = zlib.compressobj(level=1, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()
    url = http_server.answer("/", bomb, headers={"Content-Encoding": "gzip"})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = await ask("http", {"url": url, "expect": {"text": "x"}}, timeout=5)
    assert result.status is Status.CRITICAL
    assert result.samples.get("probe_http_uncompressed_body_length") == 1e6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


@pytest.mark.parametrize(
    "body", [b'{"status": "ok"', b"", b"[" * 100_000, b'{"a":' + b"9" * 10_000]
)
async def test_broken_json_where_json_is_expected(http_server: HttpServer, body: bytes) -> None:
    url = http_server.answer("/", body)
    result = await ask("http", {"url": url, "expect": {"json": {"status": "ok"}}})
    assert result.status is Status.CRITICAL
    assert result.message.startswith("HTTP 200 after ")
    assert "the body is" in result.message or "status is missing" in result.message


async def test_json_that_breaks_off_tells_where(http_server: HttpServer) -> None:
    url = http_server.answer("/", b'{"status": ', headers={"Content-Type": "application/json"})
    result = await ask("http", url)
    assert (result.status, result.reason) == (Status.WARNING, "protocol")
    assert "the body is not JSON (line 1 column 12), though its Content-Type" in result.message


async def test_broken_utf8(http_server: HttpServer) -> None:
    url = http_server.answer("/", b'{"status": "\xff\xfe ok"}')
    result = await ask("http", {"url": url, "expect": {"json": {"status": "ok"}}})
    assert "the body is not UTF-8 text (byte 13)" in result.message
    result = await ask("http", {"url": url, "expect": {"text": "ok"}})
    assert result.status is Status.OK


async def test_escape_sequences_and_markup_are_neutral(raw_server: StartRaw) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07[bold red]x[/]\u202e"
    document = {"status": "down", "error": evil, "version": evil, "checks": {evil: "down"}}
    body = json.dumps(document).encode()
    head = HEAD.replace(b"OK", b"\x1b[31mOK") + b"X-Evil: [bold]\xff\xc2\x9b31m\r\n"
    result = await fault(raw_server, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    shown = [result.message, result.raw, *(part.name + part.message for part in result.parts)]
    shown += [text for fact in result.facts for text in fact]
    for text in shown:
        assert all(c.isprintable() or c == "\n" for c in text), text
    assert result.parts[0].name == "[bold red]x[/]"
    assert "[bold red]x[/]" in result.message
    assert "HTTP/1.1 200 OK" in result.raw


async def test_a_server_that_greets_first_is_not_waited_for(raw_server: StartRaw) -> None:
    def greet(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example ESMTP\r\n")
        server.ending.wait(5)

    server = raw_server(greet)
    result = await ask("http", f"http://127.0.0.1:{server.port}/", timeout=5)
    assert result.message == (
        f"127.0.0.1:{server.port} does not answer in HTTP/1.1: "
        'it begins with "220 mail.example ESMTP "'
    )


async def test_a_redirect_loop_is_named(http_server: HttpServer) -> None:
    http_server.answer("/a", status=302, headers={"Location": "/b"})
    http_server.answer("/b", status=302, headers={"Location": "/a"})
    url = http_server.url
    result = await ask("http", url + "/a")
    assert result.message.startswith(f"redirect loop: {url}/a to {url}/b to {url}/a; correct ")
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "protocol", True)


async def test_an_endless_chain_of_redirects_ends(http_server: HttpServer) -> None:
    for step in range(20):
        http_server.answer(f"/{step}", status=302, headers={"Location": f"/{step + 1}"})
    result = await ask("http", {"url": http_server.url + "/0", "redirects": 3})
    assert "redirected more than 3 times, last to" in result.message
    assert len(http_server.requests) == 4


async def test_a_redirect_loop_over_two_hosts(user_sees: UserSees) -> None:
    one, two = HttpServer(), HttpServer()
    one.start()
    two.start()
    there = f"http://b.example:{two.port}/there"
    back = f"http://a.example:{one.port}/here"
    one.answer("/here", status=301, headers={"Location": there})
    two.answer("/there", status=307, headers={"Location": back})
    result = await ask("http", back, lookup=lambda _: [(socket.AF_INET, "127.0.0.1")])
    one.stop()
    two.stop()
    assert result.message == (
        f"redirect loop: {back} to {there} to {back}; correct where they lead, or judge the first "
        "with http.redirects: 0"
    )
    user_sees("redirects in a circle, over two hosts", result)
    assert (len(one.requests), len(two.requests)) == (1, 1)


@pytest.mark.parametrize(
    "where",
    [
        "ftp://host/",
        "javascript:alert(1)",
        "http://[::1",
        "file:///etc/passwd",
        "data:text/plain,ok",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:0/",
        "http://\x1b[31mx/",
    ],
)
async def test_a_redirect_to_nowhere(http_server: HttpServer, where: str) -> None:
    url = http_server.answer("/", status=302, headers={"Location": where})
    result = await ask("http", url)
    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
    assert "redirected to" in result.message
    assert "\x1b" not in result.message
    assert len(http_server.requests) == 1


async def test_a_redirect_to_a_file(http_server: HttpServer, user_sees: UserSees) -> None:
    url = http_server.answer("/", status=302, headers={"Location": "file:///etc/passwd"})
    result = await ask("http", url)
    user_sees("a redirect to `file://`", result)
    assert result.message == (
        "redirected to 'file:///etc/passwd'; only http and https are followed"
    )
    assert "root:" not in result.raw


async def test_a_redirect_from_https_to_http_takes_no_credentials_along(
    http_server: HttpServer, https_server: Callable[[None], HttpServer]
) -> None:
    secure = https_server(None)
    plain = http_server.answer("/plain", "here")
    secure.answer("/", status=302, headers={"Location": plain})
    config = {
        "url": secure.url + "/",
        "tls": {"verify": False},
        "auth": {"basic": {"username": "bob", "password": "opensesame"}},
        "headers": {"X-Api-Key": "abcdefgh", "Cookie": "session=1"},
    }
    result = await ask("http", config)
    assert result.status is Status.OK, result.message
    assert {"authorization", "x-api-key", "cookie"} < set(secure.requests[0].headers)
    assert not {"authorization", "x-api-key", "cookie"} & set(http_server.requests[0].headers)


async def test_a_flood_of_headers(raw_server: StartRaw, user_sees: UserSees) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = await fault(raw_server, HEAD + b"X-Pad: 0123456789\r\n" * 100_000)
    assert result.message.endswith("sends more than 64 kB of headers; have it send less")
    user_sees("100,000 headers", result)
    again = await fault(raw_server, b"HTTP/1.1 100 Continue\r\n\r\n" * 100_000)
    assert again.message.endswith("sends more than 64 kB of headers; have it send less")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


async def test_a_header_of_ten_megabytes(raw_server: StartRaw, user_sees: UserSees) -> None:
    sent = 0

    def pour(connection: socket.socket) -> None:
        nonlocal sent
        connection.recv(65_536)
        connection.sendall(HEAD + b"X-Big: ")
        for _ in range(100):
            connection.sendall(b"x" * 100_000)
            sent += 1
        connection.sendall(b"\r\nContent-Length: 2\r\n\r\nok")

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    server = raw_server(pour)
    result = await ask("http", f"http://127.0.0.1:{server.port}/")
    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
    user_sees("a header of 10 MB", result)
    server.close()
    assert sent < 100, "all of it was read"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


async def test_a_flood_of_tiny_chunks_is_cut(raw_server: StartRaw) -> None:
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100_000
    port = raw_server(answering(data)).port
    began = time.process_time()
    result = await ask("http", f"http://127.0.0.1:{port}/")
    assert result.status is Status.OK
    assert result.samples.get("probe_http_uncompressed_body_length") == 2048
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "closed the connection without an answer; does it expect TLS (https://)?"),
        (b"HTTP/1.1 20", "closed the connection within its answer"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", 'does not answer in HTTP/1.1: it begins with "SSH-2.0-Open'),
        (b"-ERR wrong\x1b[0m\r\n", "does not answer in HTTP/1.1"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "answers in TLS: write https:// in the url"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18), "speaks HTTP/2 only"),
        (HEAD + b"Content-Length: 100\r\n\r\n0123456789", "connection after 10 of 100 bytes"),
        (
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "closed the connection within the body (5 bytes)",
        ),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", "HTTP 200, then a broken body from"),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", "does not answer in HTTP/1.1"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\nhello", "does not answer in HTTP/1.1"),
    ],
)
async def test_answers_that_are_no_http(raw_server: StartRaw, data: bytes, said: str) -> None:
    result = await fault(raw_server, data)
    assert said in result.message
    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")


async def test_a_body_that_ends_with_the_connection_is_whole(raw_server: StartRaw) -> None:
    port = raw_server(answering(b"HTTP/1.0 200 OK\r\n\r\nall of it")).port
    config = {"url": f"http://127.0.0.1:{port}/", "expect": {"regex": "^all of it$"}}
    async with probing("http", config) as probe:
        for _ in range(2):
            assert (await probe.run()).status is Status.OK


@pytest.mark.parametrize(
    ("coding", "body", "said"),
    [
        ("br", b"\x0b\x02\x80", "compressed as br, which was not asked for"),
        ("gzip", b"not gzip", "not the gzip it says it is"),
        ("gzip", gzip.compress(b"x" * 1000, mtime=0)[:-9], "the gzip body ends too early"),
    ],
)
async def test_broken_compression(
    http_server: HttpServer, coding: str, body: bytes, said: str
) -> None:
    url = http_server.answer("/", body, headers={"Content-Encoding": coding})
    result = await ask("http", {"url": url, "expect": {"text": "x"}})
    assert (result.status, result.reason) == (Status.CRITICAL, "protocol")
    assert said in result.message
    assert (await ask("http", url)).status is Status.OK
