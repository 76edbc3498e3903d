"""The tcp check against real sockets."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TypeAlias

import pytest
from pydantic import ValidationError

from checks.model import Status
from checks.probes.tcp import KIND, TcpConfig
from checks.registry import kind
from tests.checks.http_kit import ask
from tests.servers.http import HttpServer, RawServer, full_backlog

StartRaw: TypeAlias = Callable[[Callable[[socket.socket], None]], RawServer]


async def test_a_port_that_accepts(http_server: HttpServer) -> None:
    address = f"127.0.0.1:{http_server.port}"
    result = await ask("tcp", address)
    assert result.status is Status.OK
    assert result.message.startswith(f"{address} accepts connections after ")
    assert (result.value, result.up) == ("up", True)
    assert [name for name, _ in result.phases] == ["dns", "connect"]
    assert result.samples.get("probe_ip_protocol") == 4
    assert result.samples.get("probe_dns_lookup_time_seconds") is not None
    assert {series.name for series in result.samples.series} <= {m.name for m in KIND.metrics}


async def test_localhost_finds_a_server_on_either_family() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        port = listener.getsockname()[1]
        result = await ask("tcp", f"localhost:{port}")
        assert result.status is Status.OK
        assert result.samples.get("probe_ip_protocol") == 6
        assert (await ask("tcp", f"[::1]:{port}")).status is Status.OK


async def test_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    result = await ask("tcp", f"127.0.0.1:{port}")
    assert result.message == f"connection to 127.0.0.1:{port} refused: is the server running?"
    assert (result.status, result.reason) == (Status.CRITICAL, "refused")
    assert (result.value, result.up) == ("down", False)


async def test_an_attempt_that_nobody_answers() -> None:
    with full_backlog() as port:
        result = await ask("tcp", f"127.0.0.1:{port}", timeout=0.3)
    assert result.reason == "timeout"
    assert "within 300 ms: the connection attempt is not answered" in result.message


async def test_latency(raw_server: StartRaw) -> None:
    def banner(connection: socket.socket) -> None:
        server.ending.wait(0.05)
        connection.sendall(b"220 ready\r\n")

    server = raw_server(banner)
    address = f"127.0.0.1:{server.port}"
    latency = {"warning": "10ms", "critical": "5s"}
    result = await ask("tcp", {"address": address, "expect": "^220", "latency": latency})
    assert (result.status, result.reason) == (Status.WARNING, "latency")
    assert result.message.endswith("slower than the warning bound of 10 ms")
    # The server may have waited a little before the connection was noticed here.
    assert dict(result.phases)["answer"] >= 0.03


async def test_send_and_expect(raw_server: StartRaw) -> None:
    def echo(connection: socket.socket) -> None:
        for byte in b"+" + connection.recv(100):
            connection.sendall(bytes([byte]))

    address = f"127.0.0.1:{raw_server(echo).port}"
    result = await ask("tcp", {"address": address, "send": "PING\r\n", "expect": r"\+PING\r\n"})
    assert result.status is Status.OK
    assert result.message.startswith(f"{address} answered as expected after ")
    assert result.samples.get("probe_failed_due_to_regex") == 0
    result = await ask("tcp", {"address": address, "send": "PING\r\n", "expect": "PONG"})
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "expectation", True)
    assert result.message == (
        f'{address} answered "+PING\\r\\n" and closed the connection, expected "PONG"'
    )
    assert result.samples.get("probe_failed_due_to_regex") == 1


async def test_a_connection_closed_without_a_word(raw_server: StartRaw) -> None:
    address = f"127.0.0.1:{raw_server(lambda _connection: None).port}"
    result = await ask("tcp", {"address": address, "expect": "220"})
    assert "closed the connection without a word" in result.message


async def test_an_answer_that_does_not_come(raw_server: StartRaw) -> None:
    def mute(connection: socket.socket) -> None:
        connection.sendall(b"wait\x1b[2J")
        server.ending.wait(5)

    server = raw_server(mute)
    address = f"127.0.0.1:{server.port}"
    result = await ask("tcp", {"address": address, "expect": "220"}, timeout=1.0)
    assert result.reason == "timeout"
    assert result.message.startswith(f"no answer from {address} within 1 s: connected after ")
    assert result.message.endswith('then only "wait\\u001b[2J", expected "220"')
    assert "\x1b" not in result.raw


async def test_an_endless_answer_is_read_to_the_bound(raw_server: StartRaw) -> None:
    def pour(connection: socket.socket) -> None:
        while not server.ending.is_set():
            connection.sendall(b"x" * 10_000)

    server = raw_server(pour)
    config = {"address": f"127.0.0.1:{server.port}", "expect": "220", "max_answer": 20_000}
    result = await ask("tcp", config)
    assert "and more than 20000 bytes" in result.message


@pytest.mark.parametrize(
    "address", ["host", "host:", ":80", "host:0", "host:70000", "http://h:80", "::1:80", "a b:1"]
)
def test_a_wrong_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="expected host:port"):
        kind("tcp").config.model_validate(address)


def test_the_parts_of_an_address() -> None:
    config = TcpConfig.model_validate("[fe80::1%eth0]:6379")
    assert (config.host, config.port) == ("fe80::1%eth0", 6379)
    assert config.instance() == "[fe80::1%eth0]:6379"
