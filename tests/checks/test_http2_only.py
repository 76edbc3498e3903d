"""Servers that speak HTTP/2 and nothing else: what is there is named, and no bytes are shown."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
import trustme

from checks.model import Result, Status
from tests.checks.http_kit import ask
from tests.patience import PATIENCE
from tests.reliability import UserSees
from tests.servers.http import RawServer
from tests.servers.redis import free_port

StartRaw: TypeAlias = Callable[[Callable[[socket.socket], None]], RawServer]

SETTINGS = b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)
GOAWAY = b"\x00\x00\x08\x07\x00\x00\x00\x00\x00" + bytes(7) + b"\x01"
ADVICE = (
    "speaks HTTP/2 only (gRPC?): ask its HTTP/1.1 listener, have it offer http/1.1, "
    "or watch it with a tls or tcp check"
)


def judged(result: Result, port: int) -> None:
    assert result.message == f"127.0.0.1:{port} {ADVICE}"
    assert result.status is Status.CRITICAL
    assert not result.up


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.mark.parametrize("kind", ["http", "metrics"])
@pytest.mark.parametrize("first", ["server", "client"])
async def test_over_tls_by_a_server_that_ignores_what_we_offer(  # noqa: PLR0917 - servers
    authority: trustme.CA,
    ca_file: str,
    raw_server: StartRaw,
    first: str,
    kind: str,
    user_sees: UserSees,
) -> None:
    """Such a server sends its settings with the handshake, so perhaps before we ask."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection.dup(), server_side=True) as tls:
            if first == "client":
                tls.recv(65_536)
            tls.sendall(SETTINGS)
            tls.recv(65_536)
            tls.sendall(GOAWAY)

    port = raw_server(talk).port
    for _ in range(5):
        config = {"url": f"https://127.0.0.1:{port}/", "tls": {"ca": ca_file}}
        result = await ask(kind, config, timeout=5)
        judged(result, port)
        assert result.reason == "protocol"
    user_sees("a server that speaks HTTP/2 only", result)


@pytest.fixture
def strict(authority: trustme.CA, tmp_path: Path) -> Iterator[int]:
    """The port of OpenSSL's own server, which breaks off where no protocol is shared."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("not installed: openssl")
    file = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(file))
    port = free_port()
    argv = [openssl, "s_server", "-accept", str(port), "-cert", str(file), "-alpn", "h2", "-quiet"]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield port
        server.kill()


async def test_over_tls_by_a_server_that_refuses_what_we_offer(strict: int, ca_file: str) -> None:
    result = await ask("http", {"url": f"https://127.0.0.1:{strict}/", "tls": {"ca": ca_file}})
    judged(result, strict)
    assert result.reason == "tls"


@pytest.mark.parametrize(
    "said",
    [SETTINGS, SETTINGS + GOAWAY, GOAWAY, b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"],
    ids=["settings", "settings, good-bye", "good-bye", "empty settings"],
)
@pytest.mark.parametrize("first", ["server", "client"])
async def test_in_clear_to_who_knows_of_it_beforehand(
    raw_server: StartRaw, said: bytes, first: str
) -> None:
    def talk(connection: socket.socket) -> None:
        if first == "client":
            connection.recv(65_536)
        connection.sendall(said)
        connection.recv(65_536)

    port = raw_server(talk).port
    for _ in range(3):
        judged(await ask("http", f"http://127.0.0.1:{port}/"), port)
