"""The tls check: what is measured, what is wrong with a certificate, and what to do about it."""

from __future__ import annotations

import random
import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from pydantic import ValidationError

from checks.model import Status
from checks.probes.tls import KIND
from checks.probes.tls.details import detailed
from checks.registry import kind
from tests.checks.http_kit import ask
from tests.servers.http import RawServer, full_backlog

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


async def test_a_trusted_certificate_is_measured(
    tls_server: StartTls, authority: trustme.CA, ca_file: str
) -> None:
    end = datetime(2037, 6, 1, 12, 34, 56, tzinfo=UTC)
    certificate = authority.issue_cert("127.0.0.1", "shop.example", not_after=end)
    port = tls_server(certificate)
    result = await ask("tls", {"address": f"127.0.0.1:{port}", "ca": ca_file})
    assert result.status is Status.OK, result.message
    assert result.message.startswith(f"TLS 1.3 with 127.0.0.1:{port} after ")
    assert result.message.endswith(", to 2037-06-01")
    assert "the certificate for 127.0.0.1 lasts " in result.message
    assert [name for name, _ in result.phases] == ["dns", "connect", "tls"]
    samples = result.samples
    assert samples.get("probe_ssl_earliest_cert_expiry") == end.timestamp()
    assert samples.get("probe_ssl_last_chain_expiry_timestamp_seconds") == end.timestamp()
    assert samples.get("probe_tls_version_info", version="TLS 1.3") == 1
    assert samples.get("probe_tls_cipher_info", cipher="TLS_AES_256_GCM_SHA384") == 1
    assert {series.name for series in samples.series} <= {m.name for m in KIND.metrics}
    facts = dict(result.facts)
    assert facts["certificate for"] == "shop.example, 127.0.0.1"
    assert facts["certificate ends"] == "2037-06-01 12:34 UTC"
    assert facts["trusted"] == "yes"


async def test_what_a_certificate_says_is_what_a_library_reads_in_it(
    tls_server: StartTls, authority: trustme.CA, ca_file: str
) -> None:
    for key in (trustme.KeyType.ECDSA, trustme.KeyType.RSA):
        certificate = authority.issue_cert("127.0.0.1", common_name="shop", key_type=key)
        truth = load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes())
        address = f"127.0.0.1:{tls_server(certificate)}"
        result = await ask("tls", {"address": address, "ca": ca_file})
        facts = dict(result.facts)
        assert facts["certificate serial"] == f"{truth.serial_number:x}"
        assert facts["certificate key"] == ("RSA 2048" if key.name == "RSA" else "EC P-256")
        der = truth.public_bytes(Encoding.DER)
        info = next(s for s in result.samples.series if s.name == "probe_ssl_last_chain_info")
        assert info.label("subject") == truth.subject.rfc4514_string()
        assert info.label("issuer") == truth.issuer.rfc4514_string()
        assert info.label("fingerprint_sha256") == sha256(der).hexdigest()
        assert info.label("subjectalternative") == "127.0.0.1"


async def test_the_whole_chain_counts(
    tls_server: StartTls, authority: trustme.CA, ca_file: str
) -> None:
    middle = authority.create_child_ca()
    end = datetime(3400, 1, 1, tzinfo=UTC)
    port = tls_server(middle.issue_cert("127.0.0.1", not_after=end))
    result = await ask("tls", {"address": f"127.0.0.1:{port}", "ca": ca_file})
    assert result.status is Status.OK, result.message
    assert "its CA's certificate for 127.0.0.1 lasts" in result.message
    earliest = result.samples.get("probe_ssl_earliest_cert_expiry")
    assert earliest is not None
    assert earliest < end.timestamp()
    assert [len(table.rows) for table in result.tables] == [2]


@pytest.mark.parametrize(
    ("days", "bounds", "status"),
    [
        (20, None, Status.OK),
        (10, None, Status.WARNING),
        (2, None, Status.CRITICAL),
        (40, {"warning": "60d", "critical": "3d"}, Status.WARNING),
        (10, {"warning": "5d"}, Status.OK),
    ],
)
async def test_the_end_draws_near(  # noqa: PLR0917 - fixtures and cases
    tls_server: StartTls,
    authority: trustme.CA,
    ca_file: str,
    days: int,
    bounds: dict[str, str] | None,
    status: Status,
) -> None:
    port = tls_server(lasting(authority, days - 365, days))
    config = {"address": f"127.0.0.1:{port}", "ca": ca_file, "certificate_expiry": bounds}
    result = await ask("tls", config)
    assert result.status is status
    assert result.value == f"{days} d" or days == 2
    if status is not Status.OK:
        assert result.reason == "tls"
        assert "the certificate ends in " in result.message
        assert result.message.endswith(": renew it")


def self_signed(tmp_path: Path) -> ssl.SSLContext:
    alone = trustme.CA()
    pem = tmp_path / "alone.pem"
    pem.write_bytes(alone.private_key_pem.bytes() + alone.cert_pem.bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def chain_of(tmp_path: Path, leaf: trustme.LeafCert, *more: trustme.Blob) -> ssl.SSLContext:
    """A server that sends ``leaf`` and ``more``, and no more than that."""
    pem = tmp_path / "chain.pem"
    parts = [leaf.private_key_pem, leaf.cert_chain_pems[0], *more]
    pem.write_bytes(b"".join(part.bytes() for part in parts))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_what_cannot_be_trusted_says_why_and_is_shown_all_the_same(
    tls_server: StartTls, authority: trustme.CA, ca_file: str, tmp_path: Path
) -> None:
    day = (datetime.now(UTC) - timedelta(days=5)).strftime("%Y-%m-%d")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
    middle = authority.create_child_ca()
    below = middle.issue_cert("127.0.0.1")
    stranger = trustme.CA()
    cases: list[tuple[Any, str]] = [
        (
            lasting(authority, -30, -5),
            f"the certificate of 127.0.0.1 has expired on {day}, 5 d ago: renew it",
        ),
        (
            lasting(authority, 1, 90),
            f"the certificate of 127.0.0.1 is not valid yet until {tomorrow}: "
            "check the clocks here and there",
        ),
        (
            authority.issue_cert("shop.example", "192.0.2.1"),
            "the certificate is not for 127.0.0.1 but for shop.example, 192.0.2.1: "
            "have the server present the right one, or set tls.server_name",
        ),
        (
            self_signed(tmp_path),
            "the certificate of 127.0.0.1 is self-signed: give it as tls.ca, or get one from a CA",
        ),
        (stranger.issue_cert("127.0.0.1"), "which is not trusted here: give that CA as tls.ca"),
        (
            chain_of(tmp_path, below),
            "or have the server send its intermediate certificates",
        ),
        (
            chain_of(tmp_path, below, stranger.cert_pem),
            "the chain of 127.0.0.1 is broken: trustme",
        ),
    ]
    for shown, sentence in cases:
        port = tls_server(shown)
        result = await ask("tls", {"address": f"127.0.0.1:{port}", "ca": ca_file})
        assert sentence in result.message
        assert (result.status, result.reason, result.up) == (Status.CRITICAL, "tls", True)
        assert result.samples.get("probe_ssl_earliest_cert_expiry") is not None, sentence
        assert result.samples.get("probe_ssl_last_chain_expiry_timestamp_seconds") is None
        facts = dict(result.facts)
        assert facts["trusted"] == "not verified"
        assert "certificate ends" in facts
    assert "expired" in (await expired_value(tls_server, authority, ca_file))


async def expired_value(tls_server: StartTls, authority: trustme.CA, ca_file: str) -> str:
    port = tls_server(lasting(authority, -30, -5))
    return (await ask("tls", {"address": f"127.0.0.1:{port}", "ca": ca_file})).value


async def test_less_than_full_verification(tls_server: StartTls, authority: trustme.CA) -> None:
    port = tls_server(authority.issue_cert("shop.example"))
    result = await ask("tls", {"address": f"127.0.0.1:{port}", "verify": "none"})
    assert result.status is Status.OK
    assert "its trust is not verified in full" in result.message
    assert dict(result.facts)["trusted"] == "not verified"
    ended = tls_server(lasting(authority, -30, -5))
    result = await ask("tls", {"address": f"127.0.0.1:{ended}", "verify": "none"})
    assert result.status is Status.CRITICAL
    assert "the certificate ended on " in result.message


async def test_another_name_is_asked_for(
    raw_server: StartRaw, authority: trustme.CA, ca_file: str
) -> None:
    context = server_context(authority.issue_cert("shop.example"))
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    port = raw_server(secured(context)).port
    config = {"address": f"127.0.0.1:{port}", "ca": ca_file, "server_name": "shop.example"}
    result = await ask("tls", config)
    assert result.status is Status.OK, result.message
    assert asked == ["shop.example"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_certificate(
    authority: trustme.CA,
    ca_file: str,
    tmp_path: Path,
    tls_server: StartTls,
    version: ssl.TLSVersion,
) -> None:
    context = server_context(authority.issue_cert("127.0.0.1"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = version
    authority.configure_trust(context)
    mine = authority.issue_cert("onwatch.example")
    mine.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "mine.pem"))
    other = trustme.CA().issue_cert("onwatch.example")
    other.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "other.pem"))
    address = f"127.0.0.1:{tls_server(context)}"
    config = {"address": address, "ca": ca_file}
    without = await ask("tls", config)
    wrong = await ask("tls", {**config, "cert": "other.pem"}, base_dir=tmp_path)
    right = await ask("tls", {**config, "cert": "mine.pem"}, base_dir=tmp_path)
    assert right.status is Status.OK, right.message
    assert (without.status, without.reason) == (Status.CRITICAL, "tls")
    assert "client certificate" in without.message
    assert "does not accept the client certificate (unknown ca)" in wrong.message


async def test_the_oldest_version_that_will_do(
    tls_server: StartTls, authority: trustme.CA, ca_file: str
) -> None:
    context = server_context(authority.issue_cert("127.0.0.1"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    config = {"address": f"127.0.0.1:{tls_server(context)}", "ca": ca_file}
    assert (await ask("tls", config)).status is Status.OK
    result = await ask("tls", {**config, "minimum_version": "1.3"})
    assert (result.status, result.reason) == (Status.CRITICAL, "expectation")
    assert result.message.startswith("TLS 1.2 with ")
    assert result.message.endswith("expected TLS 1.3 or newer: enable it there")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_a_server_of_long_ago(
    tls_server: StartTls, authority: trustme.CA, ca_file: str
) -> None:
    context = server_context(authority.issue_cert("127.0.0.1"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    port = tls_server(context)
    config = {"address": f"127.0.0.1:{port}", "ca": ca_file}
    result = await ask("tls", config)
    assert result.message == (
        f"127.0.0.1:{port} speaks TLS 1.0 at most, expected TLS 1.2 or newer: enable it there"
    )
    assert result.samples.get("probe_tls_version_info", version="TLS 1.0") == 1
    assert "certificate ends" in dict(result.facts)
    assert (await ask("tls", {**config, "minimum_version": "1.0"})).status is Status.OK


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
    result = await ask("tls", f"127.0.0.1:{port}", timeout=0.3)
    assert (result.status, result.reason) == (Status.CRITICAL, "timeout")
    assert result.message.startswith(f"no answer from 127.0.0.1:{port} within 300 ms: connected")
    assert result.message.endswith("then silence in the TLS handshake; is it a TLS port?")
    smtp = {"address": f"127.0.0.1:{port}", "starttls": "smtp"}
    result = await ask("tls", smtp, timeout=0.3)
    assert result.message.endswith("then silence before TLS; does it speak smtp?")
    with full_backlog() as busy:
        result = await ask("tls", f"127.0.0.1:{busy}", timeout=0.3)
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
    result = await ask("tls", {"address": address, "ca": ca_file}, timeout=0.6)
    assert result.message == "the certificate of 127.0.0.1 has expired: renew it"
    assert len(seen) == 2


async def test_a_server_that_says_no_good_bye_costs_a_moment(
    raw_server: StartRaw, authority: trustme.CA, ca_file: str
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
    late = await ask("tls", config, timeout=0.57)
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


def test_a_certificate_of_any_bytes_is_read_or_left_out(authority: trustme.CA) -> None:
    pem = authority.issue_cert("shop.example", "192.0.2.1").cert_chain_pems[0].bytes()
    der = load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    (whole,) = detailed([der])
    assert whole.names == ("shop.example", "192.0.2.1")
    dice = random.Random(3)
    for _ in range(2000):
        broken = bytearray(der[: dice.randint(1, len(der))] if dice.random() < 0.3 else der)
        for _ in range(dice.randint(1, 8)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        assert len(detailed([bytes(broken), der])) in {1, 2}


@pytest.mark.parametrize(
    ("content", "said"), [(None, "a file of tls is missing"), ("nonsense", "tls cannot be used")]
)
async def test_files_that_cannot_be_used(
    tls_server: StartTls, tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    result = await ask("tls", {"address": f"127.0.0.1:{tls_server()}", "ca": str(path)})
    assert (result.status, result.reason) == (Status.UNKNOWN, "config")
    assert said in result.message


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("https://shop.example", "expected host, host:port"),
        ("shop.example:0", "expected host, host:port"),
        ({"address": "shop.example", "key": "k.pem"}, "key is given without cert"),
        ({"address": "a:1", "starttls": "mysql"}, "Input should be 'smtp', 'imap'"),
    ],
)
def test_a_wrong_configuration(config: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        kind("tls").config.model_validate(config)


@pytest.mark.parametrize(
    ("config", "instance"),
    [
        ("shop.example", "shop.example:443"),
        ("::1", "[::1]:443"),
        ("[::1]:8443", "[::1]:8443"),
        ({"address": "mail.example", "starttls": "smtp"}, "mail.example:25"),
        ({"address": "mail.example:587", "starttls": "smtp"}, "mail.example:587"),
    ],
)
def test_the_usual_ports(config: object, instance: str) -> None:
    assert kind("tls").config.model_validate(config).instance() == instance
