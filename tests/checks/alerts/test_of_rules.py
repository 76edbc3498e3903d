"""Alerts of rules among those of checks, from picture to picture."""

from __future__ import annotations

from dataclasses import replace

from checks.alerts.model import State
from checks.alerts.of_rules import RuleAlerts
from checks.model import Status
from checks.rules.views import RuleAlertView, RulesView, RuleView


def alert(name: str, **more: object) -> RuleAlertView:
    made = RuleAlertView(
        id=name,
        rule="r",
        name=name,
        labels=(("alertname", name),),
        status=Status.WARNING,
        state=State.FIRING,
        value=1.0,
        annotations=(),
        sentence=f"{name} says so",
        since=1.0,
        active_at=1.0,
        seen_at=2.0,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def rule(key: str, *alerts: RuleAlertView) -> RuleView:
    return RuleView(
        *(key, "g", key, "rules.yml", 1), False, "up == 0", 0.0, 0.0, (), (), 15.0, alerts=alerts
    )


def test_of_rules_whose_alerts_are_the_same_the_same_objects_come_again() -> None:
    made = RuleAlerts()
    calm, lively = rule("calm", alert("A"), alert("B")), rule("lively", alert("C"))
    before = made.of(RulesView(rules=(calm, lively)))
    assert [one.name for one in before] == ["A", "B", "C"]
    later = rule("lively", alert("C", value=2.0))
    after = made.of(RulesView(rules=(replace(calm, duration=0.1), later)))
    assert after[:2] == before[:2]
    assert (before[2].value, after[2].value) == (1.0, 2.0)
    assert made.of(RulesView(rules=(rule("calm"), later))) == after[2:]
    assert made.of(None) == ()


def test_what_is_over_and_what_a_worse_one_speaks_for_is_not_among_them() -> None:
    over = alert("Over", state=State.RESOLVED)
    hidden = alert("Hidden", hidden_by="Worse")
    pending = alert("Soon", state=State.PENDING)
    (found,) = RuleAlerts().of(RulesView(rules=(rule("r", over, hidden, pending),)))
    assert (found.name, found.firing) == ("Soon", False)
