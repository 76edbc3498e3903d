"""From rules at work to what panes show of them; pure, each view made anew where it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from checks.alerts.model import Alert, Evidence, Pairs, State, Transition
from checks.alerts.severity import severity_of
from checks.alerts.wording import shown_series
from checks.model import Status, clean, clean_lines
from checks.promql.literals import format_float
from checks.rules.evaluate import AlertRun, GroupRun, RecordRun
from checks.rules.model import AlertRule, RuleGroup
from checks.rules.outcome import GroupOutcome
from checks.rules.selectors import comparison
from checks.rules.ties import Tie
from checks.rules.views import GroupView, RuleAlertView, RuleView, TransitionView

__all__ = [
    "MOST_SHOWN",
    "alert_id",
    "alert_views",
    "evidence_words",
    "group_view",
    "rule_view",
    "told",
]

MOST_SHOWN: Final = 500
"""Alerts of one rule that are shown: firing ones first."""
_SAID: Final = ("summary", "description", "message")
"""Annotations that say in a sentence what is wrong; the first that there is counts."""
_RANKS: Final = {State.FIRING: 0, State.PENDING: 1, State.RESOLVED: 2}
_LONG: Final = 2_000


def rule_view(key: str, group: RuleGroup, run: AlertRun | RecordRun, interval: int) -> RuleView:
    """A rule before its first evaluation; ``interval`` of its group in milliseconds."""
    rule = run.rule
    compares = comparison(rule.expression.root, rule.expression.text)
    alerting = rule if isinstance(rule, AlertRule) else None
    return RuleView(
        key=key,
        group=clean(group.name),
        name=clean(rule.name),
        file=clean(group.file),
        line=rule.line,
        records=alerting is None,
        expression=clean_lines(rule.expression.text.strip()),
        hold=alerting.hold / 1000 if alerting else 0.0,
        keep=alerting.keep / 1000 if alerting else 0.0,
        labels=_cleaned(rule.labels),
        annotations=_cleaned(alerting.annotations) if alerting else (),
        interval=interval / 1000,
        compared=compares.left.strip() if compares else "",
        operator=compares.operator if compares else "",
        limit=compares.limit if compares else None,
        gives_way=tuple(map(str, alerting.gives_way)) if alerting else (),
    )


def group_view(run: GroupRun, outcome: GroupOutcome | None, missed: int) -> GroupView:
    """A group after its last evaluation; None before the first one."""
    group = run.group
    return GroupView(
        name=clean(group.name),
        file=clean(group.file),
        rules=len(group.rules),
        interval=run.interval / 1000,
        evaluated=outcome.at / 1000 if outcome is not None else None,
        duration=outcome.seconds if outcome is not None else 0.0,
        missed=missed,
    )


def alert_views(
    key: str, name: str, alerts: Iterable[Alert], ties: Mapping[str, Tie]
) -> tuple[RuleAlertView, ...]:
    """The alerts of the rule ``key``: firing ones first, each kind from old to new.

    ``ties`` are those that are known, by the alerts' ids.
    """
    ranked = sorted(alerts, key=lambda one: (_RANKS.get(one.state, 3), _since(one)))
    return tuple(_alert_view(key, name, one, ties) for one in ranked[:MOST_SHOWN])


def _alert_view(key: str, name: str, alert: Alert, ties: Mapping[str, Tie]) -> RuleAlertView:
    annotations = _cleaned(alert.annotations)
    texts = dict(annotations)
    id_, labels, status = _identity(key, alert.labels, alert.begun)
    tie = ties.get(id_, Tie())
    return RuleAlertView(
        id=id_,
        rule=key,
        name=clean(name),
        labels=labels,
        status=status,
        state=alert.state,
        value=alert.value,
        annotations=annotations,
        sentence=_sentence(texts, alert),
        since=_since(alert) / 1000,
        active_at=alert.active_at / 1000,
        seen_at=alert.seen_at / 1000,
        fired_at=_seconds(alert.fired_at),
        resolved_at=_seconds(alert.resolved_at),
        missing_since=_seconds(alert.missing_since),
        no_data_since=_seconds(alert.no_data_since),
        no_history=alert.no_history,
        flapping=alert.flapping,
        why=clean(alert.why),
        evidence=_cleaned_evidence(alert.evidence),
        runbook=texts.get("runbook_url", ""),
        check=tie.check,
        cause=tie.cause,
        hidden_by=tie.hidden_by,
    )


def alert_id(key: str, alert: Alert) -> str:
    """What an alert of the rule ``key`` is known by for as long as it lasts."""
    return _identity(key, alert.labels, alert.begun)[0]


@lru_cache(maxsize=4096)
def _identity(key: str, labels: Pairs, begun: int) -> tuple[str, Pairs, Status]:
    """What stays the same of an alert while it lasts: its id, its clean labels, its status."""
    id_ = f"{key}@{begun}{shown_series(labels)}"
    # Octets that are no text are lone surrogates here, which no file and no database takes.
    id_ = id_.encode("utf-8", "backslashreplace").decode()
    return id_, _cleaned(labels), severity_of(dict(labels)).status


def told(
    key: str, name: str, transition: Transition, alerts: Mapping[Pairs, Alert]
) -> TransitionView:
    """``transition`` of an alert of the rule ``key``, whose ``alerts`` are those now."""
    alert = alerts.get(transition.labels)
    return TransitionView(
        time=transition.at / 1000,
        rule=key,
        alert=alert_id(key, alert) if alert is not None else "",
        name=clean(name),
        labels=transition.labels,
        status=severity_of(dict(transition.labels)).status,
        before=transition.before,
        after=transition.after,
        why=clean(transition.why),
        evidence=_cleaned_evidence(transition.evidence),
    )


def evidence_words(evidence: Evidence) -> str:
    """``node_load1{job="web"} is 8.2, > 4``; empty where there is nothing to show."""
    if evidence.value is None:
        return ""
    compared = f", {evidence.threshold}" if evidence.threshold else ""
    return f"{evidence.series or 'the value'} is {format_float(evidence.value)}{compared}"


def _sentence(texts: Mapping[str, str], alert: Alert) -> str:
    said = next((texts[name] for name in _SAID if texts.get(name)), "")
    if said:
        return clean(said, 300)
    labels = [pair for pair in alert.labels if pair[0] not in {"alertname", "severity"}]
    return clean(f"{shown_series(labels)} is {format_float(alert.value)}", 300)


def _since(alert: Alert) -> int:
    """Milliseconds since 1970 from which on it is in its state."""
    if alert.state is State.RESOLVED and alert.resolved_at is not None:
        return alert.resolved_at
    if alert.state is State.FIRING and alert.fired_at is not None:
        return alert.fired_at
    return alert.active_at


def _seconds(moment: int | None) -> float | None:
    return None if moment is None else moment / 1000


def _cleaned(pairs: Pairs) -> Pairs:
    return tuple((name, clean(text, _LONG)) for name, text in pairs)


def _cleaned_evidence(evidence: Evidence) -> Evidence:
    series = clean(evidence.series)
    same = series == evidence.series
    return evidence if same else Evidence(evidence.value, evidence.threshold, series)
