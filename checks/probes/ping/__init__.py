"""``ping``: a host must answer ICMP echo requests, without losing many, and soon."""

from checks.probes.ping.kind import KIND

__all__ = ["KIND"]
