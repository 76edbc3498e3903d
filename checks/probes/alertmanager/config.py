"""What a user may say of an alertmanager check."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from checks.model import Status
from checks.probes.http.config import Endpoint
from checks.settings import Duration, Model, Size

__all__ = ["AlertmanagerConfig", "Alerts"]

SeverityName = Annotated[str, Field(min_length=1, max_length=60)]
Meaning = Literal["ok", "warning", "critical"]


class Alerts(Model):
    """What alerts mean for the check."""

    judge: bool = True
    """Whether an active alert makes the check as ill as it is; with `false` alerts are rows that
    say how bad they are, and the check is as well as the server itself."""
    severities: dict[SeverityName, Meaning] = Field(default={})
    """What a value of the label `severity` means, where that is unusual: `{oncall: critical}`."""

    def status_of(self, severity: str) -> Status | None:
        """What is said here of ``severity``; None where nothing is."""
        found = self.severities.get(severity)
        return Status(found) if found is not None else None


class AlertmanagerConfig(Endpoint):
    """A server with Alertmanager's HTTP API (version 2)."""

    alerts: Alerts = Alerts()
    """What its alerts mean for the check."""
    expiring: Duration = 3600.0
    """Silences that end sooner than this are named, if they hide an alert."""
    members: Annotated[int, Field(ge=1)] | None = None
    """Members that its cluster must have: WARNING where there are fewer."""
    max_bytes: Size = Field(default=8_000_000, gt=0)
    """Bytes of an answer that are read, before and after decompression."""
