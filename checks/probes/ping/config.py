"""What a user may say of a ping check."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from checks.address import host_port
from checks.bounds import Rising
from checks.expectations import LatencyBounds
from checks.settings import Duration, KindConfig
from checks.shares import Percent

__all__ = ["LossBounds", "PingConfig"]


class LossBounds(Rising):
    """Shares of lost packets at which a way is ill, or as good as cut."""

    warning: Percent | None = 10.0
    """From here on it is a WARNING; null for never."""
    critical: Percent | None = 50.0
    """From here on it is CRITICAL; null for never."""


class PingConfig(KindConfig):
    """A host that must answer."""

    shorthand: ClassVar[str] = "host"

    host: str
    """Name or address of the host."""
    count: int = Field(default=3, ge=1, le=100)
    """Packets a run."""
    spacing: Duration = Field(default=0.2, ge=0.01)
    """Time from one packet to the next; shortened where they would not fit the timeout."""
    size: int = Field(default=56, ge=16, le=65_000)
    """Bytes that a packet carries; with its headers 28 more, in IPv6 48."""
    family: Literal["any", "ipv4", "ipv6"] = "any"
    """Which addresses of the host are used; `any`: the first in the system's order."""
    loss: LossBounds = LossBounds()
    """Bounds of the share of packets that were lost."""
    loss_over: int = Field(default=20, ge=1, le=1000)
    """How many of the last packets the share of lost ones is of."""
    latency: LatencyBounds | None = None
    """Bounds of a run's mean round trip."""
    tcp_port: int | None = Field(default=None, ge=1, le=65_535)
    """Port that is connected to where this machine permits no ICMP; otherwise whichever of 443,
    80 and 22 answers, by accepting or refusing."""

    @field_validator("host")
    @classmethod
    def _usable(cls, value: str) -> str:
        value = value.strip()
        try:
            host, port = host_port(value, 1)
        except ValueError:
            raise ValueError("expected the name or address of a host") from None
        if port != 1 or (":" in value and value.count(":") == 1):
            raise ValueError("expected a host without a port; the tcp check watches ports")
        return host

    def instance(self) -> str:
        return self.host
