"""What a user may say of a tls check."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from pydantic import Field, field_validator, model_validator

from checks.address import host_port
from checks.dial import place
from checks.expectations import LatencyBounds, RemainingBounds
from checks.settings import KindConfig
from checks.tls import Tls

__all__ = ["StartTls", "TlsConfig", "Version"]

StartTls = Literal["smtp", "imap", "pop3", "ftp", "postgres"]
Version = Literal["1.0", "1.1", "1.2", "1.3"]

_PORTS: Final[dict[str | None, int]] = {
    None: 443,
    "smtp": 25,
    "imap": 143,
    "pop3": 110,
    "ftp": 21,
    "postgres": 5432,
}


class TlsConfig(Tls, KindConfig):
    """A port that must speak TLS with a certificate that can be trusted."""

    shorthand: ClassVar[str] = "address"

    address_: str = Field(alias="address")
    """What to connect to: ``host:port``, ``[::1]:port``; without a port it is the usual one, 443
    or that of `starttls`."""
    starttls: StartTls | None = None
    """The protocol in which TLS is asked for, where it does not begin at once."""
    certificate_expiry: RemainingBounds | None = None
    """Time that must remain to every certificate of the chain; otherwise 14d and 3d, less for
    short-lived ones."""
    minimum_version: Version = "1.2"
    """The oldest version of TLS that the server may choose; below 1.2 weak ciphers pass, too."""
    latency: LatencyBounds | None = None
    """Bounds of the time from the name look-up to the end of the handshake."""

    @field_validator("address_")
    @classmethod
    def _usable(cls, value: str) -> str:
        host_port(value, 443)
        return value.strip()

    @model_validator(mode="after")
    def _key_has_certificate(self) -> TlsConfig:
        if self.key and not self.cert:
            raise ValueError("key is given without cert")
        return self

    @property
    def host(self) -> str:
        """The host's name or address, without brackets."""
        return host_port(self.address_, 443)[0]

    @property
    def port(self) -> int:
        """The port's number."""
        return host_port(self.address_, _PORTS[self.starttls])[1]

    def instance(self) -> str:
        return place(self.host, self.port)
