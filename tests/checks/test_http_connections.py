"""Connections are kept, replaced when they are stale or old, and closed in the end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TypeAlias

import pytest

from checks.clock import FakeClock
from checks.model import Status
from checks.probes.http.probe import HttpProbe
from checks.resolver import TTL, Address
from tests.checks.http_kit import ask, probing
from tests.servers.http import HttpServer, RawServer, full_backlog

StartRaw: TypeAlias = Callable[[Callable[[socket.socket], None]], RawServer]


async def test_one_connection_serves_many_runs(http_server: HttpServer) -> None:
    async with probing("http", http_server.answer("/", "ok")) as probe:
        first = await probe.run()
        later = [await probe.run() for _ in range(5)]
    assert http_server.connections == 1
    assert "connect" in dict(first.phases)
    assert [list(dict(result.phases)) for result in later] == [["first byte", "transfer"]] * 5
    assert later[-1].samples.get("probe_http_duration_seconds", phase="connect") == 0


async def test_a_connection_the_server_closed_is_replaced_silently(
    http_server: HttpServer,
) -> None:
    async with probing("http", http_server.answer("/", "ok")) as probe:
        await probe.run()
        http_server.drop_connections()
        for _ in range(3):
            assert (await probe.run()).status is Status.OK
    assert http_server.connections == 2


async def test_a_connection_that_dies_under_the_request_is_retried_once(
    raw_server: StartRaw,
) -> None:
    asked = []

    def once(connection: socket.socket) -> None:
        asked.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        # Closes on the second request, as a server does whose keep-alive just ran out.
        asked.append(connection.recv(65_536))

    url = f"http://127.0.0.1:{raw_server(once).port}/"
    async with probing("http", url) as probe:
        results = [await probe.run() for _ in range(3)]
    assert [result.status for result in results] == [Status.OK] * 3
    assert len([request for request in asked if request]) == 5
    async with probing("http", {"url": url, "method": "POST", "body": "x"}) as probe:
        del asked[:]
        results = [await probe.run() for _ in range(3)]
    assert [result.status for result in results] == [Status.OK] * 3
    assert len([request for request in asked if request]) == 3


async def test_a_fresh_connection_that_dies_is_not_retried(raw_server: StartRaw) -> None:
    asked = []

    def hang_up(connection: socket.socket) -> None:
        asked.append(connection.recv(65_536))

    result = await ask("http", f"http://127.0.0.1:{raw_server(hang_up).port}/")
    assert result.reason == "protocol"
    assert len(asked) == 1


async def test_a_restarted_server_is_seen_at_the_next_run(http_server: HttpServer) -> None:
    async with probing("http", http_server.answer("/", "ok")) as probe:
        assert (await probe.run()).status is Status.OK
        http_server.stop()
        down = await probe.run()
        assert (down.status, down.reason) == (Status.CRITICAL, "refused")
        http_server.start()
        assert (await probe.run()).status is Status.OK


async def test_an_old_connection_is_made_anew(http_server: HttpServer) -> None:
    clock = FakeClock()
    config = {"url": http_server.answer("/", "ok"), "keep_alive": "60s"}
    async with probing("http", config, clock=clock) as probe:
        for _ in range(9):
            await probe.run()
            await clock.advance(5)
        assert http_server.connections == 1
        await clock.advance(60)
        result = await probe.run()
    assert http_server.connections == 2
    assert "connect" in dict(result.phases)


async def test_keep_alive_can_be_turned_off(http_server: HttpServer) -> None:
    config = {"url": http_server.answer("/", "ok"), "keep_alive": 0}
    async with probing("http", config) as probe:
        for _ in range(3):
            await probe.run()
    assert http_server.connections == 3


async def test_what_follows_an_answer_unasked_is_not_taken_for_the_next(
    raw_server: StartRaw,
) -> None:
    def smuggle(connection: socket.socket) -> None:
        while connection.recv(65_536):
            good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            connection.sendall(good + b"HTTP/1.1 500 Evil\r\nContent-Length: 0\r\n\r\n")

    url = f"http://127.0.0.1:{raw_server(smuggle).port}/"
    async with probing("http", url) as probe:
        results = [await probe.run() for _ in range(4)]
    assert [result.value for result in results] == ["200"] * 4


async def test_a_cancelled_run_leaves_nothing_behind(http_server: HttpServer) -> None:
    async with probing("http", http_server.answer("/", "ok", delay=0.2)) as probe:
        run = asyncio.create_task(probe.run())
        await asyncio.sleep(0.05)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        http_server.answer("/", "ok")
        result = await probe.run()
    assert result.status is Status.OK
    assert http_server.connections == 2


async def test_a_close_that_is_cut_short_leaves_no_connection(http_server: HttpServer) -> None:
    """A redirect leads to another origin, whose connection is kept as well."""
    there = f"http://localhost:{http_server.port}/there"
    http_server.answer("/there", "ok")
    url = http_server.answer("/", "", status=302, headers={"Location": there})
    async with probing("http", url) as probe:
        assert (await probe.run()).status is Status.OK
        assert isinstance(probe, HttpProbe)
        links = [one._connection for one in probe._asking._transports.values()]
        assert [link is not None and link.idle for link in links] == [True, True]
        closing = asyncio.create_task(probe.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait({closing})
        assert not any(link is not None and link.idle for link in links)


async def test_the_next_address_is_tried(http_server: HttpServer) -> None:
    def lookup(host: str) -> list[Address]:
        return [(socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")]

    result = await ask("http", f"http://two.example:{http_server.port}/", lookup=lookup)
    assert result.status is Status.OK
    assert ("address", "127.0.0.1") in result.facts


async def test_an_address_that_hangs_is_overtaken(raw_server: StartRaw) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with full_backlog() as port:
        listener = socket.create_server(("127.0.0.2", port))
        server = RawServer(serve, listener=listener)

        def lookup(host: str) -> list[Address]:
            return [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.2")]

        result = await ask("http", f"http://two.example:{port}/", lookup=lookup)
        server.close()
    assert result.status is Status.OK
    assert ("address", "127.0.0.2") in result.facts
    assert 0.2 < dict(result.phases)["connect"] < 1.8


async def test_when_no_address_answers_the_first_ones_error_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    def lookup(host: str) -> list[Address]:
        return [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.0.0.3")]

    result = await ask("http", f"http://two.example:{port}/", lookup=lookup)
    assert result.message == f"connection to two.example:{port} refused: is the server running?"


@pytest.mark.parametrize("kind_name", ["http", "tcp"])
async def test_an_old_name_look_up_is_used_and_told(
    http_server: HttpServer, kind_name: str
) -> None:
    clock = FakeClock()
    broken = False

    def lookup(host: str) -> list[Address]:
        if broken:
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        return [(socket.AF_INET, "127.0.0.1")]

    where = f"name.example:{http_server.port}"
    config = {"url": f"http://{where}/", "keep_alive": 0} if kind_name == "http" else where
    async with probing(kind_name, config, lookup=lookup, clock=clock) as probe:
        assert (await probe.run()).status is Status.OK
        broken = True
        await clock.advance(TTL + 10)
        result = await probe.run()
    assert (result.status, result.reason) == (Status.WARNING, "dns")
    assert "the name look-up fails (the name server does not answer" in result.message
    assert "its answer from 40 s ago is used" in result.message
