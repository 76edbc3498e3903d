"""Pages of metrics that are wrong, endless, cut, slow or of ever-changing labels."""

from __future__ import annotations

import gc
import gzip
import itertools
import socket
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, cast

import pytest

from checks.clock import FakeClock
from checks.model import Result, Status
from checks.probes.metrics.probe import MetricsProbe
from checks.store.store import Store
from tests.checks.http_kit import ask, probing
from tests.reliability import UserSees
from tests.servers.http import HttpServer, RawServer

Start = Callable[[Callable[[socket.socket], None]], RawServer]

TEXT = {"Content-Type": "text/plain; version=0.0.4"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"


async def scrape(server: RawServer, **config: Any) -> Result:
    return await ask("metrics", {"url": f"http://127.0.0.1:{server.port}/metrics", **config})


def lines_of(start: Start, head: bytes) -> RawServer:
    """Sends lines of metrics, each with another series, for as long as somebody reads."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(head + b"\r\n")
        for first in itertools.count(step=500):
            page = b"".join(b'a{id="%d"} 1\n' % n for n in range(first, first + 500))
            chunk = b"%x\r\n%b\r\n" % (len(page), page) if b"chunked" in head else page
            connection.sendall(chunk)

    return start(talk)


@pytest.mark.parametrize("how", [b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n"])
async def test_an_endless_page_is_cut_and_told(
    raw_server: Start, how: bytes, user_sees: UserSees
) -> None:
    tracemalloc.start()
    try:
        result = await scrape(lines_of(raw_server, HEAD + how), max_bytes="1MB")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.status is Status.UNKNOWN
    assert result.reason == "limit"
    assert not result.up
    assert result.message == (
        "the page is longer than 1.0 MB: raise metrics.max_bytes, or have the exporter tell less"
    )
    user_sees("a page without end", result)
    assert result.samples.get("scrape_samples_scraped") == 0
    assert peak < 12_000_000


async def test_a_page_of_a_million_series(http_server: HttpServer, user_sees: UserSees) -> None:
    page = "".join(f'a{{id="{n}"}} 1\n' for n in range(1_000_000))
    url = http_server.answer("/metrics", page, headers=TEXT)
    sent = len(page)
    del page
    async with probing("metrics", {"url": url, "max_bytes": "50MB"}, timeout=10.0) as probe:
        tracemalloc.start()
        began = time.process_time()
        result = await probe.run()
        took = time.process_time() - began
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert result.status is Status.UNKNOWN
    assert result.reason == "limit"
    assert result.message == (
        "the page has more than 10,000 series: raise metrics.max_series, "
        "or leave some out with metrics.keep and metrics.drop"
    )
    user_sees("a page of a million series", result)
    assert took < 3.0
    assert held - sent < 10_000_000  # the server holds what it sent
    refused = await ask("metrics", url)
    assert refused.message.startswith("the page is longer than 8.0 MB: raise metrics.max_bytes")


async def test_a_gzip_bomb_is_not_blown_up(http_server: HttpServer) -> None:
    bomb = gzip.compress(b"a 1\n" * 25_000_000)
    headers = {**TEXT, "Content-Encoding": "gzip"}
    url = http_server.answer("/metrics", bomb, headers=headers)
    tracemalloc.start()
    try:
        result = await ask("metrics", {"url": url, "max_bytes": "2MB"})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.status is Status.UNKNOWN
    assert result.message.startswith("the page is longer than 2.0 MB: raise metrics.max_bytes")
    assert peak < 12_000_000


async def test_a_page_that_is_not_gzip_after_all(http_server: HttpServer) -> None:
    headers = {**TEXT, "Content-Encoding": "gzip"}
    result = await ask("metrics", http_server.answer("/metrics", b"a 1\n", headers=headers))
    assert result.status is Status.CRITICAL
    assert result.message == "HTTP 200, but the body is not the gzip it says it is"


async def test_a_page_that_trickles_is_given_up_in_time(raw_server: Start) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        while not server.ending.wait(0.05):
            connection.sendall(b"a")

    server = raw_server(talk)
    began = time.monotonic()
    config = {"url": f"http://127.0.0.1:{server.port}/metrics"}
    result = await ask("metrics", config, timeout=1.0)
    assert time.monotonic() - began < 10
    assert result.status is Status.CRITICAL
    assert result.reason == "timeout"
    assert "of 100000 bytes of its body had come" in result.message


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain"])
async def test_a_login_page_is_called_what_it_is(http_server: HttpServer, kind: str) -> None:
    page = "<!DOCTYPE html>\n<title>Log in</title>"
    result = await ask(
        "metrics", http_server.answer("/metrics", page, headers={"Content-Type": kind})
    )
    assert result.status is Status.CRITICAL
    assert result.reason == "protocol"
    assert not result.up
    assert "a web page came instead of metrics: a login, or a wrong path?" in result.message
    assert "Log in" in result.raw


async def test_json_is_no_page_of_metrics(http_server: HttpServer) -> None:
    result = await ask("metrics", http_server.answer("/metrics", {"requests": 5}))
    assert result.message == "HTTP 200, but its content is application/json, not a page of metrics"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "there is no such page; correct metrics.url (http://127.0.0.1:"),
        (503, "expected 200 with a page of metrics"),
        (204, "expected 200 with a page of metrics"),
    ],
)
async def test_other_statuses(http_server: HttpServer, status: int, said: str) -> None:
    result = await ask("metrics", http_server.answer("/metrics", "a 1\n", status=status))
    assert result.status is Status.CRITICAL
    assert not result.up
    assert result.value == str(status)
    assert result.message.startswith(f"HTTP {status} after ")
    assert said in result.message
    assert result.samples.get("a") is None


async def test_redirects_name_the_key_of_this_kind(http_server: HttpServer) -> None:
    url = http_server.answer("/metrics", "", status=302, headers={"Location": "/login"})
    http_server.answer("/login", "<html>", headers={"Content-Type": "text/html"})
    assert "a web page came" in (await ask("metrics", url)).message
    result = await ask("metrics", {"url": url, "redirects": 0})
    assert "it redirects elsewhere; correct metrics.url" in result.message
    http_server.answer("/login", "", status=302, headers={"Location": "/deeper"})
    result = await ask("metrics", {"url": url, "redirects": 1})
    assert "raise metrics.redirects if that is meant" in result.message


async def test_one_bad_line_spoils_the_page(http_server: HttpServer) -> None:
    config = {"url": http_server.answer("/metrics", "a 1\nb one\nc 3\n", headers=TEXT)}
    async with probing("metrics", config) as probe:
        result = await probe.run()
        assert result.status is Status.CRITICAL
        assert result.reason == "protocol"
        assert not result.up
        assert result.message == (
            "the page cannot be read, so that none of it counts: line 2: "
            'the value of b, "one", is no number'
        )
        assert result.samples.get("a") is None
        http_server.answer("/metrics", "a 1\nb 2\n", headers=TEXT)
        assert (await probe.run()).status is Status.OK


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (b"Content-Length: 100\r\n\r\na 1\nb 22", "closed the connection after 8 of 100 bytes"),
        (
            b"Transfer-Encoding: chunked\r\n\r\n8\r\na 1\nb 22\r\n",
            "closed the connection within the body",
        ),
        (b"Connection: close\r\n\r\na 1\nb 22", "the page ends within line 2, without a line"),
    ],
)
async def test_a_page_that_is_cut_counts_for_nothing(
    raw_server: Start, rest: bytes, said: str
) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(HEAD + rest)

    result = await scrape(raw_server(talk))
    assert result.status is Status.CRITICAL
    assert said in result.message
    assert result.samples.get("a") is None


async def test_the_last_line_feed_may_lack_where_the_length_is_told(
    http_server: HttpServer,
) -> None:
    result = await ask("metrics", http_server.answer("/metrics", "a 1\nb 22", headers=TEXT))
    assert result.samples.get("b") == 22


async def test_labels_that_never_stay_are_bounded(
    http_server: HttpServer, user_sees: UserSees
) -> None:
    """200 scrapes of a page each of whose series is new; and a series that stays, is read."""
    scrapes, series = 200, 60
    clock, store = FakeClock(), Store()
    config = {"url": http_server.url + "/metrics", "max_series": 100}
    sizes: list[int] = []
    async with probing("metrics", config, clock=clock) as probe:
        made = cast("MetricsProbe", probe)
        tracemalloc.start()
        try:
            for number in range(scrapes):
                page = f"stays_total {number}\n" + "".join(
                    f'request_seconds{{id="{number}-{n}"}} 1\n' for n in range(series)
                )
                http_server.answer("/metrics", page, headers=TEXT)
                http_server.requests.clear()
                result = await probe.run()
                store.append("test", 15.0, clock.now(), result.samples)
                store.expire(clock.now())
                await clock.advance(15)
                assert made._maker.alive <= made._maker.room == 300
                assert store.series_count <= 300 + 10
                assert len(made._reader.known) <= 1.25 * series + 101
                assert result.samples.get("stays_total") == number
                if number % 50 == 49:
                    gc.collect()
                    sizes.append(tracemalloc.get_traced_memory()[0])
        finally:
            tracemalloc.stop()
    assert result.status is Status.WARNING
    assert result.reason == "limit"
    assert "its series keep changing: 300 of the last hour are remembered, and " in result.message
    assert "most of them request_seconds" in result.message
    user_sees("labels that change at every scrape", result)
    assert "leave it out with metrics.drop, or raise metrics.max_series" in result.message
    assert sizes[-1] - sizes[1] < 400_000, sizes


async def test_a_check_made_anew_counts_what_the_store_keeps_of_the_one_before(
    http_server: HttpServer,
) -> None:
    """As at each reload of a configuration: the bound is one on memory, whoever reads."""
    clock, store = FakeClock(), Store()
    config = {"url": http_server.url + "/metrics", "max_series": 100}
    for number in range(8):
        lines = (f'request_seconds{{id="{number}-{n}"}} 1' for n in range(80))
        page = "stays 1\n" + "\n".join(lines) + "\n"
        http_server.answer("/metrics", page, headers=TEXT)
        async with probing("metrics", config, clock=clock) as probe:
            result = await probe.run()
        store.append("test", 15.0, clock.now(), result.samples)
        await clock.advance(15)
    assert store.series_count <= 300 + 10
    assert result.samples.get("stays") == 1
    assert "300 of the last hour are remembered" in result.message


async def test_what_was_refused_is_taken_once_there_is_room(http_server: HttpServer) -> None:
    clock, store = FakeClock(), Store(retention=600)
    config = {"url": http_server.url + "/metrics", "max_series": 10}
    async with probing("metrics", config, clock=clock) as probe:
        for number in range(200):
            page = f'late{{n="{min(number, 20)}"}} 1\n' if number >= 4 else ""
            page += "".join(f'a{{id="{min(number, 4)}-{n}"}} 1\n' for n in range(8))
            http_server.answer("/metrics", page, headers=TEXT)
            result = await probe.run()
            store.append("test", 15.0, clock.now(), result.samples)
            store.expire(clock.now())
            await clock.advance(15)
            if number == 20:
                assert result.samples.get("late") is None
                assert "leave it out with metrics.drop" in result.message
    assert result.status is Status.OK
    assert result.samples.get("late") == 1
