"""The tls check: protocols that begin in plain text, servers that are none, and those that hang."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
import trustme

from checks.model import Status
from tests.checks.http_kit import ask
from tests.servers.http import full_backlog
from tests.servers.tls import StartRaw, StartTls, lasting, secured, server_context

# Protocols that begin in plain text.


def replying(greeting: bytes, *replies: tuple[bytes, bytes]) -> Callable[[socket.socket], bool]:
    """Greets, expects each command and answers it; TLS follows."""

    def before(connection: socket.socket) -> bool:
        connection.sendall(greeting)
        for expected, answer in replies:
            asked = b""
            while not asked.endswith(b"\r\n"):
                asked += connection.recv(1)
            assert asked == expected + b"\r\n", asked
            connection.sendall(answer)
        return True

    return before


def postgres(answer: bytes) -> Callable[[socket.socket], bool]:
    def before(connection: socket.socket) -> bool:
        assert connection.recv(8) == bytes.fromhex("0000000804d2162f")
        connection.sendall(answer)
        return answer == b"S"

    return before


EHLO = (b"EHLO onwatch.invalid", b"250-mail\r\n250-SIZE 100\r\n250 STARTTLS\r\n")


@pytest.mark.parametrize(
    ("protocol", "before"),
    [
        ("smtp", replying(b"220-hello\r\n220 mail\r\n", EHLO, (b"STARTTLS", b"220 go\r\n"))),
        ("imap", replying(b"* OK hi\r\n", (b"a STARTTLS", b"* NOOP\r\na OK begin\r\n"))),
        ("pop3", replying(b"+OK hi\r\n", (b"STLS", b"+OK begin\r\n"))),
        ("ftp", replying(b"220 hi\r\n", (b"AUTH TLS", b"234 begin\r\n"))),
        ("postgres", postgres(b"S")),
    ],
)
async def test_starttls(
    tls_server: StartTls,
    ca_file: str,
    protocol: str,
    before: Callable[[socket.socket], bool],
) -> None:
    port = tls_server(None, before)
    config = {"address": f"127.0.0.1:{port}", "starttls": protocol, "ca": ca_file}
    result = await ask("tls", config)
    assert result.status is Status.OK, result.message
    assert [name for name, _ in result.phases] == ["dns", "connect", "starttls", "tls"]
    # A certificate that is refused is looked at over a second connection: the same way.
    refused = await ask("tls", {**config, "ca": None})
    assert "which is not trusted here" in refused.message
    assert refused.samples.get("probe_ssl_earliest_cert_expiry") is not None


@pytest.mark.parametrize(
    ("protocol", "before", "sentence"),
    [
        (
            "smtp",
            replying(b"220 mail\r\n", (EHLO[0], b"250 mail\r\n")),
            '(smtp) refuses STARTTLS: "it is not among what EHLO offers"',
        ),
        (
            "smtp",
            replying(b"220 mail\r\n", EHLO, (b"STARTTLS", b"454 no key\r\n")),
            'refuses STARTTLS: "454 no key"; enable TLS in its settings',
        ),
        ("smtp", replying(b"554 go away\r\n"), '(smtp) does not greet in SMTP: "554 go away"'),
        ("imap", replying(b"+OK\r\n"), '(imap) does not greet in IMAP: "+OK"'),
        (
            "imap",
            replying(b"* OK\r\n", (b"a STARTTLS", b"a BAD what\x1b[2J\r\n")),
            'refuses STARTTLS: "a BAD what\\u001b[2J"',
        ),
        ("pop3", replying(b"+OK\r\n", (b"STLS", b"-ERR\r\n")), 'refuses STLS: "-ERR"'),
        ("ftp", replying(b"220 hi\r\n", (b"AUTH TLS", b"502 no\r\n")), "refuses AUTH TLS"),
        ("postgres", postgres(b"N"), 'refuses TLS: "ssl is off"; enable TLS in its settings'),
        ("postgres", postgres(b"H"), 'answers "H" where PostgreSQL says S or N'),
        ("smtp", lambda _: False, "(smtp) closed the connection before TLS began"),
        ("imap", replying(b"x" * 9000), "(imap) sends no end of lines"),
    ],
)
async def test_a_server_that_does_not_begin_tls(
    tls_server: StartTls,
    protocol: str,
    before: Callable[[socket.socket], bool],
    sentence: str,
) -> None:
    port = tls_server(None, lambda connection: before(connection) and False)
    result = await ask("tls", {"address": f"127.0.0.1:{port}", "starttls": protocol})
    assert sentence in result.message
    assert (result.status, result.up) == (Status.CRITICAL, False)


# Servers that are none, or hang.


@pytest.mark.parametrize(
    ("greeting", "hint"),
    [
        (b"220 mail.example ESMTP\r\n", ", or give tls.starttls: smtp or ftp"),
        (b"* OK IMAP4\r\n", ", or give tls.starttls: imap"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ""),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ""),
    ],
)
async def test_a_port_that_speaks_no_tls(raw_server: StartRaw, greeting: bytes, hint: str) -> None:
    def greet(connection: socket.socket) -> None:
        connection.sendall(greeting)
        connection.recv(10_000)

    port = raw_server(greet).port
    result = await ask("tls", f"127.0.0.1:{port}")
    shown = greeting.decode().replace("\r\n", "\\r\\n")
    assert result.message == (
        f'127.0.0.1:{port} does not speak TLS, it says "{shown}": use its TLS port{hint}'
    )
    assert (result.status, result.reason, result.up) == (Status.CRITICAL, "tls", False)


async def test_a_server_that_hangs_up(raw_server: StartRaw) -> None:
    port = raw_server(one_look).port
    result = await ask("tls", f"127.0.0.1:{port}")
    assert result.reason == "tls"
    assert "closed the connection within the TLS handshake: is it a TLS port" in result.message


async def test_a_handshake_that_hangs_or_never_begins(raw_server: StartRaw) -> None:
    port = raw_server(server_silent).port
    result = await ask("tls", f"127.0.0.1:{port}", timeout=0.9)
    assert (result.status, result.reason) == (Status.CRITICAL, "timeout")
    assert result.message.startswith(f"no answer from 127.0.0.1:{port} within 900 ms: connected")
    assert result.message.endswith("then silence in the TLS handshake; is it a TLS port?")
    smtp = {"address": f"127.0.0.1:{port}", "starttls": "smtp"}
    result = await ask("tls", smtp, timeout=0.9)
    assert result.message.endswith("then silence before TLS; does it speak smtp?")
    with full_backlog() as busy:
        result = await ask("tls", f"127.0.0.1:{busy}", timeout=0.9)
    assert "the connection attempt is not answered" in result.message


def one_look(connection: socket.socket) -> None:
    connection.recv(10_000)


def server_silent(connection: socket.socket) -> None:
    while connection.recv(10_000):
        pass


async def test_a_look_that_hangs_does_not_cost_the_sentence(
    raw_server: StartRaw, authority: trustme.CA, ca_file: str
) -> None:
    context = server_context(lasting(authority, -30, -5))
    seen: list[int] = []

    def once(connection: socket.socket) -> None:
        seen.append(1)
        (secured(context) if len(seen) == 1 else server_silent)(connection)

    address = f"127.0.0.1:{raw_server(once).port}"
    result = await ask("tls", {"address": address, "ca": ca_file}, timeout=1.5)
    assert result.message == "the certificate of 127.0.0.1 has expired: renew it"
    assert len(seen) == 2


async def test_a_server_that_says_no_good_bye_costs_a_moment(
    raw_server: StartRaw, authority: trustme.CA, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = server_context(authority.issue_cert("127.0.0.1"))
    context.num_tickets = 0

    delay = 0.0

    def deaf(connection: socket.socket) -> None:
        server.ending.wait(delay)
        with context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True):
            server.ending.wait(5)

    server = raw_server(deaf)
    config = {"address": f"127.0.0.1:{server.port}", "ca": ca_file}
    began = time.perf_counter()
    result = await ask("tls", config)
    took = time.perf_counter() - began
    # Also where that moment is longer than the time that is left.
    delay = 0.3
    monkeypatch.setattr("checks.probes.tls.handshake._FAREWELL", 9.0)
    late = await ask("tls", config, timeout=2.0)
    server.ending.set()
    assert result.status is Status.OK, result.message
    assert result.duration is not None
    assert result.duration < took - 0.24
    assert late.status is Status.OK, late.message


async def test_an_endless_greeting_is_read_to_a_bound(raw_server: StartRaw) -> None:
    def pour(connection: socket.socket) -> None:
        while not server.ending.is_set():
            connection.sendall(b"\x16\x03\x03\x3f\xff" + bytes(0x3FFF))

    server = raw_server(pour)
    result = await ask("tls", f"127.0.0.1:{server.port}")
    server.ending.set()
    assert (result.status, result.reason) == (Status.CRITICAL, "tls")
