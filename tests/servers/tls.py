"""Servers that speak TLS with whatever certificate a test gives them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
import trustme

from tests.servers.http import RawServer

__all__ = ["StartRaw", "StartTls", "lasting", "secured", "server_context"]

StartTls: TypeAlias = Callable[..., int]
StartRaw: TypeAlias = Callable[[Callable[[socket.socket], None]], RawServer]


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def secured(
    context: ssl.SSLContext, before: Callable[[socket.socket], bool] = lambda _: True
) -> Callable[[socket.socket], None]:
    """What a TLS server does: ``before`` says whether TLS follows."""

    def talk(connection: socket.socket) -> None:
        if not before(connection):
            return
        # The second handle keeps the socket open after a refusal: closing it with the request
        # unread would reset the connection and take the alert with it.
        with connection.dup() as lingering:
            try:
                with context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(65_536)
            except ssl.SSLError:
                while lingering.recv(65_536):
                    pass

    return talk


@pytest.fixture
def tls_server(authority: trustme.CA, raw_server: StartRaw) -> StartTls:
    """Starts a TLS server with a certificate, or a context; its port."""

    def start(
        shown: trustme.LeafCert | ssl.SSLContext | None = None,
        before: Callable[[socket.socket], bool] = lambda _: True,
    ) -> int:
        if not isinstance(shown, ssl.SSLContext):
            shown = server_context(shown or authority.issue_cert("127.0.0.1", "shop.example"))
        return raw_server(secured(shown, before)).port

    return start


def lasting(
    authority: trustme.CA, begin: float, end: float, name: str = "127.0.0.1"
) -> trustme.LeafCert:
    """A certificate valid from ``begin`` to ``end`` days from now."""
    now = datetime.now(UTC)
    return authority.issue_cert(
        name, not_before=now + timedelta(days=begin), not_after=now + timedelta(days=end)
    )
