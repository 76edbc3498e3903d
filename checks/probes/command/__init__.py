"""``command``: a program whose exit code says how something is, as Monitoring Plugins do."""

from checks.probes.command.kind import KIND

__all__ = ["KIND"]
