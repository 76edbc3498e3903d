"""Kind ``systemd``: its units, timers and the state of the whole."""

from checks.probes.systemd.probe import KIND

__all__ = ["KIND"]
