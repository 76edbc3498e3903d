"""The alerts of rules as they stand among those of checks."""

from __future__ import annotations

from collections.abc import Iterator

from checks.alerts.model import State
from checks.rules.views import RuleAlertView, RulesView
from checks.views import AlertView

__all__ = ["alert_view", "rule_alerts"]


def rule_alerts(rules: RulesView | None) -> tuple[AlertView, ...]:
    """Those that fire or are pending; of several thresholds of one thing the worst alone."""
    return tuple(_shown(rules)) if rules is not None else ()


def _shown(rules: RulesView) -> Iterator[AlertView]:
    for rule in rules.rules:
        for alert in rule.alerts:
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
