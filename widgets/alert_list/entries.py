"""The rows of the alerts screen: what fires, what may, what is over, and rules that cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.alerts.model import State
from checks.alerts.severity import Severity, severity_of
from checks.model import Status
from checks.rules.views import RuleHealth
from widgets.handling import handled_of

if TYPE_CHECKING:
    from checks.rules.views import RuleAlertView, RuleView
    from checks.story.views import Handled
    from checks.views import AlertView, Snapshot

__all__ = [
    "DEAD",
    "ERRORS",
    "FIRING",
    "HISTORY",
    "PENDING",
    "RESOLVED",
    "SECTIONS",
    "Entry",
    "calm_rules",
    "entries_of",
    "entry_at",
    "entry_of",
    "severity_rank",
    "severity_word",
    "thing_of",
]

FIRING: Final = "firing"
PENDING: Final = "pending"
RESOLVED: Final = "resolved"
ERRORS: Final = "errors"
HISTORY: Final = "insufficient history"
DEAD: Final = "dead rules"
SECTIONS: Final = (FIRING, PENDING, ERRORS, RESOLVED, HISTORY, DEAD)
"""In the order in which they matter at three in the morning."""

_OF_STATE: Final = {State.FIRING: FIRING, State.PENDING: PENDING, State.RESOLVED: RESOLVED}
_OF_HEALTH: Final = {
    RuleHealth.ERROR: ERRORS,
    RuleHealth.NO_HISTORY: HISTORY,
    RuleHealth.DEAD: DEAD,
}
_WORDS: Final[Mapping[str, str]] = {
    ERRORS: "error",
    HISTORY: "waiting",
    DEAD: "dead",
    RuleHealth.WAITING: "waiting",
    RuleHealth.IDLE: "idle",
}
_NO_THING: Final = frozenset({"alertname", "severity", "priority", "job", "instance"})
_RULE: Final = "rule/"
"""What the identity of a rule's own row begins with."""
_LAST: Final = 1_000_000
"""The place of what the picture does not list among what is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A row. One of ``alert``, of a rule's, and ``own``, of a check's, where it is an alert; else
    it is the ``rule`` itself.

    ``place`` is where the picture has it among what is wrong, ``worse`` the name of the alert
    that speaks for it, ``handled`` how it is dealt with.
    """

    key: str
    section: str
    name: str
    thing: str
    status: Status
    since: float | None
    sentence: str
    place: int = _LAST
    rule: RuleView | None = None
    alert: RuleAlertView | None = None
    own: AlertView | None = None
    worse: str = ""
    handled: Handled | None = None

    @property
    def check(self) -> str:
        """The check that it is of; empty for none."""
        if self.own is not None:
            return self.own.check
        return self.alert.check if self.alert is not None else ""

    @property
    def value(self) -> float | None:
        """The value of its last evaluation; None of what has none."""
        return self.alert.value if self.alert is not None else None


def severity_word(entry: Entry) -> str:
    """How bad it is, in a word: ``critical``, ``high``, ``warning``, ``info``; a rule's health."""
    if entry.alert is not None:
        return severity_of(dict(entry.alert.labels)).name.lower()
    if entry.own is not None:
        return entry.own.status.value
    return _WORDS.get(entry.section, entry.section)


def thing_of(alert: RuleAlertView, rule: RuleView, *, instance: str = "") -> str:
    """What an alert is about: its check or its target, and the labels that tell it from others.

    ``instance`` is the one that the check has itself: it says nothing more than its name.
    """
    labels = dict(alert.labels)
    own = {name for name, _ in rule.labels}
    target = labels.get("instance", "")
    first = [alert.check or target or labels.get("job", "")]
    if alert.check and target not in ("", instance, alert.check):
        first.append(target)
    rest = [value for name, value in alert.labels if name not in _NO_THING and name not in own]
    return " ".join(one for one in (*first, *rest) if one)


def entries_of(snapshot: Snapshot) -> tuple[Entry, ...]:
    """Every row of the screen for ``snapshot``, in no particular order within a section."""
    places = {alert.id: place for place, alert in enumerate(snapshot.alerts)}
    return (*_of_checks(snapshot), *_of_rules(snapshot, places))


def calm_rules(snapshot: Snapshot) -> tuple[Entry, ...]:
    """A row for each rule of which :func:`entries_of` has none: there is nothing to tell of it."""
    rules = snapshot.rules.rules if snapshot.rules is not None else ()
    return tuple(
        _of_rule(rule) for rule in rules if not rule.alerts and rule.health not in _OF_HEALTH
    )


def _of_checks(snapshot: Snapshot) -> Iterator[Entry]:
    """What fires, and what was over of late: of that the timeline knows."""
    kinds = {check.name: f"{check.kind} check" for check in snapshot.checks}
    for place, alert in enumerate(snapshot.alerts):
        if not alert.rule:
            yield Entry(
                alert.id,
                FIRING,
                alert.name,
                kinds.get(alert.check, alert.check),
                alert.status,
                alert.since,
                alert.sentence,
                place,
                own=alert,
                handled=handled_of(snapshot, alert.id),
            )
    for alert in snapshot.story.over if snapshot.story is not None else ():
        yield Entry(
            alert.id,
            RESOLVED,
            alert.name,
            kinds.get(alert.check, alert.check),
            Status.OK,
            alert.since,
            alert.sentence,
            own=alert,
        )


def _of_rules(snapshot: Snapshot, places: Mapping[str, int]) -> Iterator[Entry]:
    rules = snapshot.rules.rules if snapshot.rules is not None else ()
    names = {one.id: one.name for rule in rules for one in rule.alerts}
    instances = {check.name: check.instance for check in snapshot.checks}
    for rule in rules:
        for alert in rule.alerts:
            if alert.state in _OF_STATE:
                place, worse = places.get(alert.id, _LAST), names.get(alert.hidden_by, "")
                thing = thing_of(alert, rule, instance=instances.get(alert.check, ""))
                handled = handled_of(snapshot, alert.id)
                yield _of_alert(rule, alert, thing, place, worse=worse, handled=handled)
        if rule.health in _OF_HEALTH:
            yield _of_rule(rule)


def _of_alert(
    rule: RuleView,
    alert: RuleAlertView,
    thing: str,
    place: int = _LAST,
    *,
    worse: str = "",
    handled: Handled | None = None,
) -> Entry:
    section = _OF_STATE.get(alert.state, RESOLVED)
    return Entry(
        alert.id,
        section,
        alert.name,
        thing,
        Status.OK if section == RESOLVED else alert.status,
        alert.since,
        alert.sentence,
        place,
        rule=rule,
        alert=alert,
        worse=worse,
        handled=handled,
    )


def _of_rule(rule: RuleView) -> Entry:
    """The row of a rule: one that fails cannot be judged, of all others there is nothing to say
    or nothing yet.
    """
    section = _OF_HEALTH.get(rule.health, str(rule.health))
    known = {ERRORS: Status.UNKNOWN, RuleHealth.OK: Status.OK}
    return Entry(
        _RULE + rule.key,
        section,
        rule.name,
        f"{rule.file}:{rule.line}",
        known.get(section, Status.WAITING),
        None,
        rule.sentence,
        rule=rule,
    )


def entry_at(snapshot: Snapshot, key: str) -> Entry | None:
    """The row with the identity ``key``, as :func:`entries_of` or :func:`calm_rules` has it but
    for its place; None where there is none.
    """
    own = next((entry for entry in _of_checks(snapshot) if entry.key == key), None)
    if own is not None or snapshot.rules is None:
        return own
    if key.startswith(_RULE):
        rule = snapshot.rules.rule(key.removeprefix(_RULE))
        told = rule is not None and (rule.health in _OF_HEALTH or not rule.alerts)
        return _of_rule(rule) if rule is not None and told else None
    found = snapshot.rules.alert(key)
    shown = found is not None and found[1].state in _OF_STATE
    return entry_of(snapshot, *found) if found is not None and shown else None


def entry_of(snapshot: Snapshot, rule: RuleView, alert: RuleAlertView | None) -> Entry:
    """The row of one alert of ``rule``, or of that itself."""
    if alert is None:
        return _of_rule(rule)
    check = snapshot.check(alert.check)
    thing = thing_of(alert, rule, instance=check.instance if check is not None else "")
    found = snapshot.rules.alert(alert.hidden_by) if snapshot.rules and alert.hidden_by else None
    worse = found[1].name if found is not None else ""
    handled = handled_of(snapshot, alert.id)
    return _of_alert(rule, alert, thing, worse=worse, handled=handled)


def severity_rank(entry: Entry) -> int:
    """The worse, the smaller."""
    if entry.alert is not None:
        return -severity_of(dict(entry.alert.labels))
    if entry.own is not None and entry.own.status is Status.CRITICAL:
        return -Severity.CRITICAL
    return -Severity.WARNING
