"""The `http` check: an address must answer as expected; see `docs/checks/http.md`."""

from checks.probes.http.config import HttpConfig
from checks.probes.http.kind import KIND, METRICS

__all__ = ["KIND", "METRICS", "HttpConfig"]
