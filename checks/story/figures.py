"""Figures that are kept while an incident lasts: requests by the minute, values of its alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from checks.story.identities import identity
from checks.story.incidents import Incidents
from checks.story.model import Figure, Incident

if TYPE_CHECKING:
    from checks.views import AlertView, Snapshot

__all__ = ["ALERT", "REQUESTS", "Figures"]

REQUESTS: Final = "requests "
ALERT: Final = "alert "
_LONGEST: Final = 24 * 3600.0
"""Seconds of an incident for which requests are kept by the minute."""
_DENSE: Final = 15.0
"""Seconds between two values of an alert at least."""
_POINTS: Final = 240
"""Values of an alert that are kept of an incident's length so far, about."""
_MOST: Final = 8
"""Alerts, and sources of requests, of one incident whose figures are kept."""


class Figures:
    """Remembers of each incident what was kept last."""

    def __init__(self) -> None:
        self._last: dict[tuple[int, str], float] = {}

    def take(self, snapshot: Snapshot, incidents: Incidents) -> tuple[Figure, ...]:
        """What is to be kept of this picture."""
        lasting = incidents.lasting
        if not lasting:
            self._last.clear()
            return ()
        alive = {one.id for one in lasting}
        kept = {
            (one.id, ALERT + identity(alert)) for one in lasting for alert in one.alerts[-_MOST:]
        }
        self._last = {
            key: at
            for key, at in self._last.items()
            if key in kept or (key[0] in alive and key[1].startswith(REQUESTS))
        }
        # Once for all incidents: where much is down there are as many of them as alerts.
        told: dict[str, AlertView] = {}
        for alert in snapshot.alerts:
            if alert.firing and alert.value is not None:
                told.setdefault(identity(alert.id), alert)
        found: list[Figure] = []
        for incident in lasting:
            if snapshot.requests:
                found += self._requests(incident, snapshot)
            if told:
                found += self._values(incident, told, snapshot.time)
        return tuple(found)

    def _requests(self, incident: Incident, snapshot: Snapshot) -> Iterator[Figure]:
        """The full minutes that are new, of the ten minutes before the incident too."""
        if snapshot.time - incident.began > _LONGEST:
            return
        for view in snapshot.requests[:_MOST]:
            minutes, series = view.stats.minutes, REQUESTS + view.check
            last = self._last.get((incident.id, series), -1.0)
            if not minutes or minutes[0].start <= last:
                continue
            self._last[incident.id, series] = minutes[0].start
            for minute in reversed(minutes):
                if minute.start > last:
                    yield Figure(
                        incident.id, series, minute.start, minute.p95, minute.count, minute.errors
                    )

    def _values(
        self, incident: Incident, told: Mapping[str, AlertView], now: float
    ) -> Iterator[Figure]:
        """The values of those of its alerts that are ``told``: the longer it lasts, the fewer."""
        apart = max(_DENSE, (now - incident.began) / _POINTS)
        for alert in incident.alerts[-_MOST:]:
            key = identity(alert)
            if key not in told:
                continue
            series = ALERT + key
            if now - self._last.get((incident.id, series), 0.0) >= apart:
                self._last[incident.id, series] = now
                yield Figure(incident.id, series, now, told[key].value)
