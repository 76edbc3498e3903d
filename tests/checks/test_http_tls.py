"""TLS: what is measured, what is wrong with a certificate, and what to do about it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
import trustme

from checks.clock import FakeClock
from checks.model import Status
from tests.checks.http_kit import ask, probing
from tests.servers.http import HttpServer, RawServer

StartHttps: TypeAlias = Callable[[trustme.LeafCert | None], HttpServer]
StartRaw: TypeAlias = Callable[[Callable[[socket.socket], None]], RawServer]


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def lasting(
    authority: trustme.CA, begin: float, end: float, name: str = "127.0.0.1"
) -> trustme.LeafCert:
    """A certificate valid from ``begin`` to ``end`` days from now."""
    now = datetime.now(UTC)
    return authority.issue_cert(
        name, not_before=now + timedelta(days=begin), not_after=now + timedelta(days=end)
    )


async def test_a_trusted_certificate_is_measured(https_server: StartHttps, ca_file: str) -> None:
    server = https_server(None)
    result = await ask("http", {"url": server.url, "tls": {"ca": ca_file}})
    assert result.status is Status.OK, result.message
    assert list(dict(result.phases)) == ["dns", "connect", "tls", "first byte", "transfer"]
    assert result.samples.get("probe_http_ssl") == 1
    assert result.samples.get("probe_tls_version_info", version="TLS 1.3") == 1
    facts = dict(result.facts)
    assert facts["TLS"].startswith("TLSv1.3 TLS_")
    assert "certificate ends" in facts


async def test_expiry_is_measured_to_the_second(
    https_server: StartHttps, authority: trustme.CA, ca_file: str
) -> None:
    end = datetime(2037, 6, 1, 12, 34, 56, tzinfo=UTC)
    certificate = authority.issue_cert("127.0.0.1", "shop.example", not_after=end)
    server = https_server(certificate)
    for tls in ({"ca": ca_file}, {"verify": False}):
        result = await ask("http", {"url": server.url, "tls": tls})
        assert result.samples.get("probe_ssl_earliest_cert_expiry") == end.timestamp()
        verified = result.samples.get("probe_ssl_last_chain_expiry_timestamp_seconds")
        assert verified == (end.timestamp() if "ca" in tls else None)
        assert ("certificate ends", "2037-06-01 12:34 UTC") in result.facts
        assert ("certificate", "shop.example") in result.facts


async def test_an_intermediate_that_ends_first_counts(
    https_server: StartHttps, authority: trustme.CA, ca_file: str
) -> None:
    middle = authority.create_child_ca()
    end = datetime(3400, 1, 1, tzinfo=UTC)
    server = https_server(middle.issue_cert("127.0.0.1", not_after=end))
    result = await ask("http", {"url": server.url, "tls": {"ca": ca_file}})
    assert result.status is Status.OK, result.message
    earliest = result.samples.get("probe_ssl_earliest_cert_expiry")
    assert earliest is not None
    assert earliest < end.timestamp()
    assert ("certificate ends", "3400-01-01 00:00 UTC") in result.facts


@pytest.mark.parametrize(
    ("life", "status"),
    [
        ((10, 365), Status.WARNING),
        ((2, 365), Status.CRITICAL),
        ((20, 365), Status.OK),
        # Six days in all, renewed by the hour: its end is never two weeks away.
        ((3, 6), Status.OK),
        ((0.9, 6), Status.WARNING),
    ],
)
async def test_the_end_draws_near(
    https_server: StartHttps,
    authority: trustme.CA,
    ca_file: str,
    life: tuple[float, float],
    status: Status,
) -> None:
    days, lifetime = life
    server = https_server(lasting(authority, days - lifetime, days))
    result = await ask("http", {"url": server.url, "tls": {"ca": ca_file}})
    assert result.status is status
    if status is not Status.OK:
        assert result.reason == "tls"
        assert "the certificate ends in " in result.message
        assert result.message.endswith(": renew it")


async def test_bounds_of_the_end_can_be_set(
    https_server: StartHttps, authority: trustme.CA, ca_file: str
) -> None:
    server = https_server(lasting(authority, -300, 40))
    bounds = {"warning": "60d", "critical": "3d"}
    config = {"url": server.url, "tls": {"ca": ca_file}, "expect": {"certificate_expiry": bounds}}
    result = await ask("http", config)
    assert result.status is Status.WARNING
    assert "the certificate ends in 40 d, on " in result.message


async def test_expired(https_server: StartHttps, authority: trustme.CA, ca_file: str) -> None:
    server = https_server(lasting(authority, -30, -5))
    result = await ask("http", {"url": server.url, "tls": {"ca": ca_file}})
    day = (datetime.now(UTC) - timedelta(days=5)).strftime("%Y-%m-%d")
    assert result.message == (
        f"the certificate of 127.0.0.1 has expired on {day}, 5 d ago: renew it"
    )
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "tls", False)
    expiry = result.samples.get("probe_ssl_earliest_cert_expiry")
    assert expiry is not None
    assert expiry < datetime.now(UTC).timestamp()
    assert server.requests == []


async def test_not_valid_yet(https_server: StartHttps, authority: trustme.CA, ca_file: str) -> None:
    server = https_server(lasting(authority, 1, 5))
    result = await ask("http", {"url": server.url, "tls": {"ca": ca_file}})
    assert "is not valid yet: check the clocks here and there" in result.message


async def test_an_authority_that_is_not_trusted(https_server: StartHttps) -> None:
    server = https_server(None)
    result = await ask("http", server.url)
    assert result.reason == "tls"
    assert result.message.startswith("the certificate of 127.0.0.1 is signed by trustme")
    assert "give that CA as http.tls.ca" in result.message


async def test_self_signed(https_server: StartHttps, tmp_path: Path) -> None:
    alone = trustme.CA()
    server = https_server(None)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pem = tmp_path / "alone.pem"
    pem.write_bytes(alone.private_key_pem.bytes() + alone.cert_pem.bytes())
    context.load_cert_chain(pem)
    server = HttpServer(context)
    server.start()
    result = await ask("http", server.url)
    server.stop()
    assert result.message == (
        "the certificate of 127.0.0.1 is self-signed: give it as http.tls.ca, or get one from a CA"
    )


async def test_a_certificate_for_somebody_else(
    https_server: StartHttps, authority: trustme.CA, ca_file: str
) -> None:
    server = https_server(authority.issue_cert("shop.example", "www.shop.example"))
    config = {"url": server.url, "tls": {"ca": ca_file}}
    result = await ask("http", config)
    assert result.message == (
        "the certificate is not for 127.0.0.1 but for shop.example, www.shop.example: "
        "correct the url, or set http.tls.server_name"
    )
    named = {"url": server.url, "tls": {"ca": ca_file, "server_name": "shop.example"}}
    assert (await ask("http", named)).status is Status.OK


async def test_verification_can_be_turned_off(https_server: StartHttps) -> None:
    result = await ask("http", {"url": https_server(None).url, "tls": {"verify": False}})
    assert result.status is Status.OK


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_certificate(
    authority: trustme.CA, ca_file: str, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = version
    authority.configure_trust(context)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    mine = authority.issue_cert("onwatch.example")
    mine.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "mine.pem"))

    def serve(connection: socket.socket) -> None:
        # The second handle keeps the socket open after a refusal: closing it with the request
        # unread would reset the connection and take the alert with it.
        with connection.dup() as lingering:
            try:
                with context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(65_536)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            except ssl.SSLError:
                while lingering.recv(65_536):
                    pass

    server = RawServer(serve)
    url = f"https://127.0.0.1:{server.port}/"
    without = await ask("http", {"url": url, "tls": {"ca": ca_file}})
    tls = {"ca": ca_file, "cert": "mine.pem"}
    result = await ask("http", {"url": url, "tls": tls}, base_dir=tmp_path)
    server.close()
    assert result.status is Status.OK, result.message
    assert (without.status, without.reason) == (Status.CRITICAL, "tls")
    assert "client certificate" in without.message


async def test_a_connection_closed_within_the_handshake(raw_server: StartRaw) -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.recv(10_000)

    result = await ask("http", f"https://127.0.0.1:{raw_server(hang_up).port}/")
    assert result.reason == "tls"
    assert "closed the connection within the TLS handshake" in result.message


@pytest.mark.parametrize(
    ("content", "said"), [(None, "http.tls: cannot read "), ("nonsense", "is no PEM")]
)
async def test_files_that_cannot_be_used(
    https_server: StartHttps, tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    result = await ask("http", {"url": https_server(None).url, "tls": {"ca": str(path)}})
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert said in result.message


async def test_a_renewed_certificate_is_seen(authority: trustme.CA, ca_file: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    lasting(authority, -90, 2).configure_cert(context)
    server = HttpServer(context)
    server.start()
    url = server.answer("/", "ok")
    clock = FakeClock(datetime.now(UTC).timestamp())
    async with probing("http", {"url": url, "tls": {"ca": ca_file}}, clock=clock) as probe:
        assert (await probe.run()).status is Status.CRITICAL
        lasting(authority, 0, 90).configure_cert(context)
        await clock.advance(80)
        result = await probe.run()
    server.stop()
    assert result.status is Status.OK, result.message


async def test_plain_http_where_tls_was_meant(raw_server: StartRaw) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    port = raw_server(refuse).port
    result = await ask("http", f"https://127.0.0.1:{port}/")
    assert result.message == (
        f"127.0.0.1:{port} does not speak TLS: write http:// in the url, or use its TLS port"
    )
