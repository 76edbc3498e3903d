"""``tls``: a server must present a certificate that can be trusted, and lasts."""

from checks.probes.tls.kind import KIND

__all__ = ["KIND"]
