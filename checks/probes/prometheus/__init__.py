"""``prometheus``: a Prometheus server and what it has to say of its targets and rules."""

from checks.probes.prometheus.kind import KIND

__all__ = ["KIND"]
