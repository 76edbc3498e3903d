"""``ALERTS`` and ``ALERTS_FOR_STATE``: the series that Prometheus keeps of its alerts."""

from __future__ import annotations

from collections.abc import Iterable

from checks.alerts.model import Alert, Pairs, State
from checks.model import Series

__all__ = ["AlertSeries"]


class AlertSeries:
    """The series of the alerts of the rule ``name``.

    ``rule_labels`` are as they are written: as in Prometheus, one whose template came to
    nothing stands here with its text (``promtool test rules`` shows the same).
    """

    def __init__(self, name: str, rule_labels: Pairs) -> None:
        self._name = name
        self._labels = dict(rule_labels)
        self._made: dict[tuple[Pairs, State], tuple[Series, Series]] = {}

    def row(self, alerts: Iterable[Alert]) -> dict[Series, float]:
        """The samples of those of ``alerts`` that are pending or firing.

        Of two alerts whose series would be the same the first counts.
        """
        row: dict[Series, float] = {}
        made: dict[tuple[Pairs, State], tuple[Series, Series]] = {}
        for alert in alerts:
            if alert.active:
                key = (alert.labels, alert.state)
                state, since = made[key] = self._made.get(key) or self._make(*key)
                row.setdefault(state, 1.0)
                row.setdefault(since, float(alert.active_at // 1000))
        self._made = made
        return row

    def _make(self, labels: Pairs, state: State) -> tuple[Series, Series]:
        given = {**self._labels, **dict(labels), "alertname": self._name}
        since = Series.of("ALERTS_FOR_STATE", given)
        return Series.of("ALERTS", {**given, "alertstate": str(state)}), since
