"""What a user may say of a dns check."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from checks.address import host_port
from checks.dial import place
from checks.expectations import LatencyBounds, Pattern, Texts
from checks.settings import KindConfig

__all__ = ["DnsConfig", "Rcode", "RecordType"]

RecordType = Literal["A", "AAAA", "CNAME", "MX", "TXT", "NS", "SRV", "SOA", "PTR", "CAA"]
Rcode = Literal["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]
Rcodes = Annotated[
    tuple[Rcode, ...],
    Field(min_length=1),
    BeforeValidator(lambda v: v if isinstance(v, list | tuple) else [v]),
]

PORT: Final = 53
_LABEL: Final = re.compile(r"[\w*](?:[\w-]{0,61}[\w])?")


class DnsConfig(KindConfig):
    """A question that name servers must answer."""

    shorthand: ClassVar[str] = "name"

    name: str
    """The name to ask for; with `type: PTR` also an address."""
    type: RecordType = "A"
    """The type of record to ask for."""
    server: Annotated[Texts, Field(max_length=16)] = ()
    """The name server, or a list of them, all of which are asked: `host`, `host:port` or
    `[address]:port`. Without it those of /etc/resolv.conf."""
    transport: Literal["udp", "tcp"] = "udp"
    """How to ask; `udp` asks by TCP again where the answer was cut off."""
    recursion: bool = True
    """Whether the server is asked to look further than what it knows itself."""
    valid: Rcodes = ("NOERROR",)
    """Response codes that are well."""
    answers: Texts = ()
    """Values that must all be among the answers."""
    exact: bool = False
    """Whether there may be no other answers than `answers`."""
    match: Pattern = ""
    """A regular expression that must match within every answer."""
    minimum: int = Field(default=1, ge=0, le=1000)
    """How many answers of the type there must be at least where the code is NOERROR."""
    authoritative: bool = False
    """Whether the answers must come from a server of the zone itself."""
    same_serial: bool = True
    """With `type: SOA` and several servers: whether differing serials are a warning."""
    latency: LatencyBounds | None = None
    """Bounds of the time from the look-up of the server's name to the answer."""

    @field_validator("name")
    @classmethod
    def _usable_name(cls, value: str) -> str:
        value = value.strip()
        if value == "." or _address(value) is not None:
            return value
        labels = value.removesuffix(".").split(".")
        if len(value) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
            raise ValueError("not a domain name")
        return value

    @field_validator("server")
    @classmethod
    def _usable_servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            host_port(each, PORT)
        return tuple(each.strip() for each in value)

    @model_validator(mode="after")
    def _fits(self) -> DnsConfig:
        if _address(self.name) is not None and self.type != "PTR":
            raise ValueError("name is an address: give type: PTR to ask for the name it has")
        if self.exact and not self.answers:
            raise ValueError("exact is given without answers")
        return self

    @property
    def reverse_of(self) -> str:
        """The address whose name is asked for; empty where a name is asked for."""
        return self.name if _address(self.name) is not None else ""

    @property
    def servers(self) -> tuple[tuple[str, int], ...]:
        """Host and port of each server that is named."""
        return tuple(host_port(each, PORT) for each in self.server)

    def instance(self) -> str:
        servers = self.servers
        return place(*servers[0]) if len(servers) == 1 else self.name

    def address(self) -> str:
        at = f" at {', '.join(place(*server) for server in self.servers)}" if self.server else ""
        return f"{self.type} of {self.name}{at}"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
