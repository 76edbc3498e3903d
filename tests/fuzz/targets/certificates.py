"""Certificates in their DER form."""

from __future__ import annotations

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from checks.certificates import _readable
from checks.probes.tls.details import detailed
from tests.fuzz.oracle import check_finite
from tests.fuzz.target import Target

__all__ = ["TARGETS"]


def _seeds() -> tuple[bytes, ...]:
    authority = trustme.CA()
    leaf = authority.issue_cert("example.org", "127.0.0.1", "::1")
    pems = (authority.cert_pem.bytes(), leaf.cert_chain_pems[0].bytes())
    return tuple(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) for pem in pems)


TOKENS = (
    *(b"\x30\x80", b"\x30\x82\xff\xff", b"\x30\x00", b"\x30\xff" + b"\xff" * 127),
    *(b"\x06\x03\x55\x1d\x11",),
    *(b"\xa3\x02\x30\x00", b"\xa3\x00", b"\x82\x01\x1b", b"\x17\x0d", b"\x18\x0f99991231235959Z"),
    *(b"\x05\0",),
    *(b"\x87\x04\1\2\3\4", b"\x0c\x01x", b"\x13\x02US", b"\0", b"\xff", b"\x02\x01\x01"),
    *(b"\x03\x01\0",),
)  # fmt: skip


def run(data: bytes) -> None:
    for certificate in _readable([data]):
        check_finite([certificate.not_before, certificate.not_after, certificate.lifetime])
    for more in detailed([data]):
        assert isinstance(more.self_issued, bool)
        assert more.fingerprint


TARGETS = (Target("certificate", run, _seeds(), TOKENS, bound=65_536),)
