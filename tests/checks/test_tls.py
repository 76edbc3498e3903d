"""The tls check: what is measured, what is wrong with a certificate, and what to do about it."""

from __future__ import annotations

import asyncio
import gc
import random
import socket
import ssl
import weakref
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from pydantic import ValidationError

from checks.certificates import read_certificate
from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Status
from checks.probe import ProbeEnv
from checks.probes.tls import KIND
from checks.probes.tls.config import TlsConfig
from checks.probes.tls.contexts import strict_context
from checks.probes.tls.details import _addresses, _extensions, detailed
from checks.registry import kind
from checks.resolver import Resolver
from checks.secrets import Masker
from tests.checks.http_kit import ask
from tests.patience import PATIENCE
from tests.servers.tls import StartRaw, StartTls, lasting, secured, server_context


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
    assert "does not accept the client certificate (unknown ca): give one whose" in wrong.message


async def test_a_client_certificate_that_servers_in_go_call_bad(
    raw_server: StartRaw, authority: trustme.CA, tmp_path: Path
) -> None:
    """They send the same alert where there is none and where it is no good."""
    authority.issue_cert("me.example").private_key_and_cert_chain_pem.write_to_path(
        str(tmp_path / "mine.pem")
    )

    def talk(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(bytes.fromhex("1503030002022a"))

    address = f"127.0.0.1:{raw_server(talk).port}"
    without = await ask("tls", address)
    assert without.message.endswith("wants a client certificate: give tls.cert and tls.key")
    wrong = await ask("tls", {"address": address, "cert": "mine.pem"}, base_dir=tmp_path)
    assert "does not accept the client certificate (bad certificate): see its log" in wrong.message


async def test_contexts_go_with_their_configuration(ca_file: str) -> None:
    """Each takes most of a megabyte, and a configuration may be reloaded all day."""
    lanes, clock = Lanes(), FakeClock()
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, Masker(), Path())
    config = TlsConfig.model_validate({"address": "shop.example", "ca": ca_file})
    made = await strict_context(config, env)
    assert await strict_context(config, env) is made
    seen = weakref.ref(made)
    lanes.close()
    del env, lanes, made
    async with asyncio.timeout(PATIENCE):
        # Once its thread has ended.
        while seen() is not None:
            gc.collect()
            await asyncio.sleep(0.01)


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


@pytest.mark.parametrize("oldest", ["1.2", "1.0"])
@pytest.mark.parametrize("verify", ["full", "none"])
async def test_a_server_without_a_certificate_is_not_trusted(
    tls_server: StartTls, verify: str, oldest: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("aNULL:@SECLEVEL=0")
    port = tls_server(context)
    config = {"address": f"127.0.0.1:{port}", "verify": verify, "minimum_version": oldest}
    result = await ask("tls", config)
    assert (result.status, result.reason) == (Status.CRITICAL, "tls")
    assert result.message == (
        f"127.0.0.1:{port} has no certificate, it offers anonymous ciphers alone: give it one"
    )


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


def test_certificates_that_lack_what_they_begin_are_passed_over() -> None:
    def element(tag: int, *parts: bytes) -> bytes:
        content = b"".join(parts)
        return bytes([tag, len(content)]) + content

    when = element(0x17, b"240101000000Z")
    names = element(0x30, element(0x06, bytes.fromhex("551d11")), element(0x04))
    for extensions in (element(0xA3), element(0xA3, element(0x30, names))):
        fields = (element(0x02, b"\1"), element(0x30), element(0x30), element(0x30, when, when))
        body = element(0x30, *fields, element(0x30), element(0x30), extensions)
        der = element(0x30, body)
        assert detailed([der]) == ()
        with pytest.raises(ValueError, match="missing"):
            read_certificate(der)


def test_extensions_of_nothing_are_no_error_of_ours() -> None:
    """A generator that ends by another's end would raise what nobody expects."""
    with pytest.raises(ValueError, match="missing"):
        list(_extensions([b""]))
    assert list(_addresses(b"\x30\x00")) == []
