"""``ALERTS`` and ``ALERTS_FOR_STATE``: the series that Prometheus keeps of its alerts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.alerts.model import Alert, Pairs

__all__ = ["alert_series"]


def alert_series(
    name: str, rule_labels: Pairs, alerts: Iterable[Alert]
) -> Iterator[tuple[Pairs, float]]:
    """The samples of the ``alerts`` of the rule ``name`` that are pending or firing.

    ``rule_labels`` are as they are written: as in Prometheus, one whose template came to
    nothing stands here with its text (``promtool test rules`` shows the same).
    """
    for alert in alerts:
        if not alert.active:
            continue
        labels = {**dict(rule_labels), **dict(alert.labels), "alertname": name}
        state = {**labels, "__name__": "ALERTS", "alertstate": str(alert.state)}
        yield _pairs(state), 1.0
        since = {**labels, "__name__": "ALERTS_FOR_STATE"}
        yield _pairs(since), float(alert.active_at // 1000)


def _pairs(labels: dict[str, str]) -> Pairs:
    return tuple(sorted((key, value) for key, value in labels.items() if value))
