"""The worker of an alertmanager check: is it ready, which alerts and silences does it hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeVar

from checks.errors import TargetError
from checks.model import Result, Status
from checks.probe import Target
from checks.probes.alertmanager.config import AlertmanagerConfig
from checks.probes.alertmanager.judge import verdict_of
from checks.probes.alertmanager.reading import (
    about_of,
    alerts_of,
    receivers_of,
    silences_of,
)
from checks.probes.alertmanager.report import Known, facts_of, own_samples, tables_of
from checks.probes.http.api import Api, NotToldError, Reply
from checks.probes.http.asking import OURS
from checks.probes.http.report import peer_facts

__all__ = ["AlertmanagerProbe"]

_SLOW: Final = 60.0
"""Seconds between looks at version, cluster and receivers."""
_LEAST: Final = 0.05
"""Seconds that must be left for something to be asked."""
T = TypeVar("T")


class AlertmanagerProbe:
    """Asks one server."""

    def __init__(self, config: AlertmanagerConfig, target: Target) -> None:
        self._config = config
        self._clock = target.env.clock
        self._sampler = target.sampler
        self._api = Api("alertmanager", config, target, config.max_bytes)
        self._known = Known()
        self._slow_at = -math.inf
        # A little before the scheduler's own timeout, which knows of no phases.
        self._patience = target.timeout - min(0.15, target.timeout * 0.05)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def run(self) -> Result:
        """Ask once, at most for the target's timeout."""
        until = self._clock.now() + self._patience
        try:
            ready = await self._api.get("/-/ready", self._left(until))
            await self._identify(until)
        except TargetError as error:
            return self._failed(error)
        known = self._known
        known.alerts = await self._part("alerts", "/api/v2/alerts", alerts_of, until)
        known.silences = await self._part("silences", "/api/v2/silences", silences_of, until)
        return self._told(ready)

    def _left(self, until: float) -> float:
        return until - self._clock.now()

    async def _identify(self, until: float) -> None:
        """Its version and its cluster. Raises TargetError where this is no Alertmanager."""
        now = self._clock.now()
        if now < self._slow_at:
            return
        try:
            document = await self._api.document("/api/v2/status", self._left(until))
            self._known.take_about(about_of(document))
        except NotToldError:
            raise TargetError(
                "protocol",
                "what answers here has no API v2 of Alertmanager's (0.16 or later): correct "
                "alertmanager.url (with the path before /api)",
            ) from None
        self._known.receivers = await self._part(
            "receivers", "/api/v2/receivers", receivers_of, until
        )
        self._slow_at = now + _SLOW - 0.5

    async def _part(self, name: str, path: str, read: Callable[[Any], T], until: float) -> T | None:
        """What ``path`` tells; None, and why, where it tells nothing."""
        known = self._known
        known.troubles.pop(name, None)
        try:
            return await self._api.told(path, self._enough(until), read)
        except TargetError as error:
            known.troubles[name] = error
        return None

    def _enough(self, until: float) -> float:
        """The seconds that are left for something besides. Raises TargetError where none are."""
        left = self._left(until)
        if left < _LEAST:
            raise TargetError("timeout", "no time was left to ask for them: raise timeout")
        return left

    def _told(self, ready: Reply) -> Result:
        known, now = self._known, self._clock.wall()
        status, reason, message, parts = verdict_of(self._config, known, ready, now)
        is_ready = ready.status < 300
        news, known.news = known.news, ()
        peer = peer_facts(self._api.peer) if self._api.peer else ()
        return Result(
            status,
            message,
            reason=reason,
            value=known.headline if is_ready else str(ready.status),
            duration=ready.took,
            samples=own_samples(self._sampler, known, ready=is_ready),
            parts=parts,
            phases=ready.phases,
            tables=tables_of(known, now),
            facts=(*facts_of(known), *peer),
            raw=ready.answer.raw(),
            events=news,
        )

    def _failed(self, error: TargetError) -> Result:
        """A run that met no Alertmanager; what was known of it counts no longer."""
        self._known = Known(about=self._known.about)
        self._slow_at = -math.inf
        builder = self._sampler.builder()
        builder.add("alertmanager_ready", 0.0)
        return Result.failed(
            error.reason,
            str(error),
            status=Status.UNKNOWN if error.reason in OURS else Status.CRITICAL,
            samples=builder.build(),
            answered=self._api.answered,
        )
