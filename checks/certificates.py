"""What a server's certificate says, read from its DER form.

Python decodes a certificate only once it has verified it; the ones that do not verify are
those an operator must hear about. Structure: RFC 5280, section 4.1.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

__all__ = [
    "Certificate",
    "der_first",
    "der_items",
    "peer_chain",
    "read_certificate",
    "sent_chain",
    "verified_chain",
    "verified_until",
]

_ENCODING_DER: Final = 2
"""Python's ``_ssl.ENCODING_DER``."""
_VERSION: Final = 0xA0
_EXTENSIONS: Final = 0xA3
_OID: Final = 0x06
_UTC_TIME: Final = 0x17
_DNS_NAME: Final = 0x82
_COMMON_NAME: Final = bytes.fromhex("550403")
_ORGANISATION: Final = bytes.fromhex("55040a")
_ALT_NAMES: Final = bytes.fromhex("551d11")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Times are seconds since 1970; ``names`` the DNS names it is valid for."""

    subject: str
    issuer: str
    not_before: float
    not_after: float
    names: tuple[str, ...]

    @property
    def lifetime(self) -> float:
        """Seconds from its beginning to its end."""
        return self.not_after - self.not_before


def peer_chain(tls: ssl.SSLObject) -> tuple[Certificate, ...]:
    """The certificates the server sent, its own first; those we cannot read are left out."""
    return _readable(sent_chain(tls))


def sent_chain(tls: ssl.SSLObject) -> list[bytes]:
    """The DER forms of the certificates the server sent, its own first."""
    own = tls.getpeercert(binary_form=True)
    return _chain(tls, "get_unverified_chain") or ([own] if own else [])


def verified_chain(tls: ssl.SSLObject) -> list[bytes]:
    """The DER forms of the chain that was verified, up to its root; none where none was."""
    if tls.context.verify_mode is ssl.CERT_NONE:
        return []
    return _chain(tls, "get_verified_chain")


def verified_until(tls: ssl.SSLObject) -> float | None:
    """Seconds since 1970 at which the verified chain ends; None where none was verified."""
    chain = _readable(verified_chain(tls))
    return min((certificate.not_after for certificate in chain), default=None)


def _readable(chain: list[bytes]) -> tuple[Certificate, ...]:
    read = []
    for der in chain:
        try:
            read.append(read_certificate(der))
        except (ValueError, IndexError, StopIteration):
            continue
    return tuple(read)


def _chain(tls: ssl.SSLObject, which: str) -> list[bytes]:
    if hasattr(tls, which):
        return list(getattr(tls, which)() or ())
    # Before Python 3.13 only the inner object tells of the certificates beyond the first;
    # an intermediate that ends before the leaf is what expiry checks are for.
    inner: Any = getattr(tls, "_sslobj", None)
    if not hasattr(inner, which):
        return []
    # None where the server has shown no certificate at all.
    chain = getattr(inner, which)() or ()
    return [certificate.public_bytes(_ENCODING_DER) for certificate in chain]


def read_certificate(der: bytes) -> Certificate:
    """The certificate in ``der``; ValueError, IndexError or StopIteration where it is none."""
    _, certificate = next(der_items(der))
    _, body = next(der_items(certificate))
    fields = [item for item in der_items(body) if item[0] != _VERSION]
    (_, _), (_, _), (_, issuer), (_, validity), (_, subject) = fields[:5]
    begin, end = (_time(tag, value) for tag, value in der_items(validity))
    extensions = [value for tag, value in fields if tag == _EXTENSIONS]
    return Certificate(
        _name(subject),
        _name(issuer),
        begin,
        end,
        tuple(_alt_names(extensions[0])) if extensions else (),
    )


def der_items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each DER element in ``data``."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[at : at + count])
            at += count
        if at + length > len(data):
            raise ValueError("a DER element ends beyond its data")
        yield tag, data[at : at + length]
        at += length


def der_first(data: bytes) -> bytes:
    """The content of the first element; not by ``next``, whose end a generator may not raise."""
    for _, content in der_items(data):
        return content
    raise ValueError("a DER element is missing")


def _time(tag: int, value: bytes) -> float:
    text = value.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _name(data: bytes) -> str:
    """The common name of a distinguished name; else its organisation."""
    found = {}
    for _, attributes in der_items(data):
        for _, attribute in der_items(attributes):
            (_, oid), (_, value) = list(der_items(attribute))[:2]
            found[oid] = value.decode("utf-8", "replace")
    return found.get(_COMMON_NAME) or found.get(_ORGANISATION) or ""


def _alt_names(data: bytes) -> Iterator[str]:
    for _, extension in der_items(der_first(data)):
        fields = list(der_items(extension))
        if fields[0] == (_OID, _ALT_NAMES):
            names = der_first(fields[-1][1])
            yield from (v.decode("ascii", "replace") for t, v in der_items(names) if t == _DNS_NAME)
