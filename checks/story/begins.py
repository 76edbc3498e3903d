"""Since when checks are ill, where the story knows that from before onwatch began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from operator import is_

from checks.story.tables import Lasting
from checks.story.things import rank_of, thing_of
from checks.views import AlertView

__all__ = ["Begins"]


class Begins:
    """Alerts of checks with their true begin; they keep their ids, which each session has of its
    own. From picture to picture the same objects, where nothing has changed.
    """

    def __init__(self) -> None:
        self._made: dict[str, tuple[AlertView, AlertView]] = {}
        self._told: tuple[AlertView, ...] = ()

    def of(
        self, alerts: tuple[AlertView, ...], lasting: Mapping[str, Lasting], began: float
    ) -> tuple[AlertView, ...]:
        """``alerts``, those of checks since they are as bad as now by ``lasting``, where that is
        from before this session ``began``: what came later its checks have seen themselves.
        """
        earlier = {thing: one for thing, one in lasting.items() if one[0] < began}
        if not earlier:
            return alerts
        known, self._made = self._made, {}
        told = tuple(self._begun(alert, earlier, known) for alert in alerts)
        if len(told) != len(self._told) or not all(map(is_, told, self._told)):
            self._told = told
        return self._told if self._made else alerts

    def _begun(
        self,
        alert: AlertView,
        earlier: Mapping[str, Lasting],
        known: Mapping[str, tuple[AlertView, AlertView]],
    ) -> AlertView:
        if alert.rule:
            return alert
        since, rank = earlier.get(thing_of(alert), (alert.since, 0))
        if since >= alert.since or rank != rank_of(alert):
            return alert
        before = known.get(alert.id)
        if before is None or before[0] is not alert or before[1].since != since:
            before = (alert, replace(alert, since=since))
        self._made[alert.id] = before
        return before[1]
