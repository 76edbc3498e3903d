"""The alerts of rules as they stand among those of checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.alerts.model import State
from checks.rules.views import RuleAlertView, RulesView
from checks.views import AlertView

__all__ = ["RuleAlerts", "alert_view", "rule_alerts"]


def rule_alerts(rules: RulesView | None) -> tuple[AlertView, ...]:
    """Those that fire or are pending; of several thresholds of one thing the worst alone."""
    return RuleAlerts().of(rules)


class RuleAlerts:
    """As :func:`rule_alerts`, from picture to picture: of rules whose alerts are the same as before
    it gives the same.
    """

    def __init__(self) -> None:
        self._made: dict[str, tuple[tuple[RuleAlertView, ...], tuple[AlertView, ...]]] = {}

    def of(self, rules: RulesView | None) -> tuple[AlertView, ...]:
        """Those of ``rules``."""
        before, self._made = self._made, {}
        for rule in rules.rules if rules is not None else ():
            if rule.alerts:
                known = before.get(rule.key)
                if known is None or known[0] is not rule.alerts:
                    known = rule.alerts, tuple(_shown(rule.alerts))
                self._made[rule.key] = known
        return tuple(one for _, views in self._made.values() for one in views)


def _shown(alerts: Iterable[RuleAlertView]) -> Iterator[AlertView]:
    for alert in alerts:
        if alert.state is not State.RESOLVED and not alert.hidden_by:
            yield alert_view(alert)


def alert_view(alert: RuleAlertView) -> AlertView:
    """A rule's alert as it stands among those of checks, in whatever state it is."""
    return AlertView(
        id=alert.id,
        name=alert.name,
        check=alert.check,
        status=alert.status,
        since=alert.since,
        sentence=alert.sentence,
        cause=alert.cause,
        runbook=alert.runbook,
        rule=alert.rule,
        firing=alert.state is State.FIRING,
        labels=alert.labels,
        annotations=alert.annotations,
        value=alert.value,
        no_data_since=alert.no_data_since,
        no_history=alert.no_history,
        flapping=alert.flapping,
    )
