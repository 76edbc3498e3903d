"""``alertmanager``: an Alertmanager, its alerts, silences and cluster."""

from checks.probes.alertmanager.kind import KIND

__all__ = ["KIND"]
