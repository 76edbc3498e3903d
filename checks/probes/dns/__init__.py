"""``dns``: name servers must answer a question, and as expected."""

from checks.probes.dns.kind import KIND

__all__ = ["KIND"]
