"""What a certificate says beside its dates: names, key, serial, fingerprint. RFC 5280, 4.1."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from checks.certificates import Certificate, der_first, der_items, read_certificate

__all__ = ["Detailed", "detailed"]

_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
_IP_NAME: Final = 0x87
_ALT_NAMES: Final = bytes.fromhex("551d11")
_ACCESS: Final = bytes.fromhex("2b06010505070101")
_RSA: Final = bytes.fromhex("2a864886f70d010101")
_KEYS: Final = {
    bytes.fromhex("2b6570"): "Ed25519",
    bytes.fromhex("2b6571"): "Ed448",
    bytes.fromhex("2a8648ce3d030107"): "EC P-256",
    bytes.fromhex("2b81040022"): "EC P-384",
    bytes.fromhex("2b81040023"): "EC P-521",
}
_ATTRIBUTES: Final = {
    bytes.fromhex("550403"): "CN",
    bytes.fromhex("550405"): "SERIALNUMBER",
    bytes.fromhex("550406"): "C",
    bytes.fromhex("550407"): "L",
    bytes.fromhex("550408"): "ST",
    bytes.fromhex("55040a"): "O",
    bytes.fromhex("55040b"): "OU",
}


@dataclass(frozen=True, slots=True)
class Detailed:
    """A certificate. ``issuer_der`` and ``subject_der`` are the names as they are compared.

    ``names`` are the DNS names and addresses it is for. ``public`` says that it tells where
    its issuer's certificate is to be had, as those of public CAs do.
    """

    certificate: Certificate
    subject: str
    issuer: str
    names: tuple[str, ...]
    key: str
    serial: str
    fingerprint: str
    issuer_der: bytes
    subject_der: bytes
    public: bool

    @property
    def self_issued(self) -> bool:
        """Whether it names itself as its issuer."""
        return self.issuer_der == self.subject_der


def detailed(chain: Iterable[bytes]) -> tuple[Detailed, ...]:
    """The certificates of ``chain`` that can be read."""
    read = []
    for der in chain:
        try:
            read.append(_read(der))
        except (ValueError, IndexError, StopIteration):
            continue
    return tuple(read)


def _read(der: bytes) -> Detailed:
    plain = read_certificate(der)
    _, certificate = next(der_items(der))
    _, body = next(der_items(certificate))
    fields = [item for item in der_items(body) if item[0] != _VERSION]
    (_, serial), _, (_, issuer), _, (_, subject), (_, key) = fields[:6]
    extensions = dict(_extensions([value for tag, value in fields if tag == _EXTENSIONS]))
    return Detailed(
        plain,
        _distinguished(subject),
        _distinguished(issuer),
        (*plain.names, *_addresses(extensions.get(_ALT_NAMES, b""))),
        _key(key),
        f"{int.from_bytes(serial):x}",
        sha256(der).hexdigest(),
        issuer,
        subject,
        _ACCESS in extensions,
    )


def _extensions(found: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Identifier and content of each extension."""
    for data in found[:1]:
        for _, extension in der_items(der_first(data)):
            fields = list(der_items(extension))
            yield fields[0][1], fields[-1][1]


def _addresses(data: bytes) -> Iterator[str]:
    if not data:
        return
    for tag, value in der_items(der_first(data)):
        if tag == _IP_NAME and len(value) in {4, 16}:
            yield str(ipaddress.ip_address(value))


def _distinguished(name: bytes) -> str:
    """A distinguished name as RFC 2253 and Go's exporters write it: ``CN=R3,O=…,C=US``."""
    parts = []
    for _, attributes in der_items(name):
        for _, attribute in der_items(attributes):
            (_, oid), (_, value) = list(der_items(attribute))[:2]
            if label := _ATTRIBUTES.get(oid):
                parts.append(f"{label}={value.decode('utf-8', 'replace')}")
    return ",".join(reversed(parts))


def _key(data: bytes) -> str:
    (_, algorithm), (_, bits) = list(der_items(data))[:2]
    identifiers = [value for _, value in der_items(algorithm)]
    if identifiers[0] == _RSA:
        _, numbers = next(der_items(bits[1:]))
        _, modulus = next(der_items(numbers))
        return f"RSA {int.from_bytes(modulus).bit_length()}"
    return next((_KEYS[each] for each in identifiers if each in _KEYS), "")
