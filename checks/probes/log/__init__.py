"""The `log` check: log files or the journal, followed, searched and counted.

See `docs/checks/log.md`.
"""

from checks.probes.log.kind import KIND

__all__ = ["KIND"]
