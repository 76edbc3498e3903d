"""Kind ``process``: processes of this machine, whether they run and what they use."""

from checks.probes.process.probe import KIND

__all__ = ["KIND"]
