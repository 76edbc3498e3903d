"""The `host` check: this machine, or the container that onwatch runs in.

Figures come from `/proc` and `/sys` under node_exporter's names; see `docs/checks/host.md`.
"""

from checks.probes.host.config import HostConfig
from checks.probes.host.probe import KIND, HostProbe

__all__ = ["KIND", "HostConfig", "HostProbe"]
