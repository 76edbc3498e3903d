"""How alerts of rules hang together, with each other and with the checks that they are of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from checks.alerts.folding import LATER, CheckFinder, Subject, causes
from checks.alerts.model import Pairs, State
from checks.alerts.severity import LABEL, severity_of
from checks.model import Status
from checks.promql.literals import format_float
from checks.rules.views import RuleAlertView
from checks.views import CheckView

__all__ = ["Tie", "ill", "ties"]

_ILL: Final = (Status.CRITICAL, Status.UNKNOWN, Status.STALE, Status.WARNING)
_NO_PART: Final = frozenset({"alertname", LABEL, "priority"})
"""Labels that differ between the thresholds of one thing."""
_DEGREE: Final = re.compile(
    r"(?:very|too)?(?:high|low)?(?:warn(?:ing)?|crit(?:ical)?|info|severe|page|ticket|p[1-4]|sev[1-4])",
    re.IGNORECASE,
)
"""What the names of several thresholds of one thing differ in."""

_COMMON: Final = frozenset({"alertname", "job", "instance", LABEL, "priority"})
_WORD: Final = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{3,}(?![a-z])")
"""``Host``, ``Cpu`` and ``High`` of ``HostCpuHigh``."""
_SAYING_NOTHING: Final = frozenset(
    (
        *("high", "low", "very", "too", "full", "the", "and", "for", "not", "warning", "critical"),
        *("host", "http", "mysql", "postgres", "redis"),
    )
)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Tie:
    """What one alert has to do with others, as :class:`RuleAlertView` has it."""

    check: str = ""
    cause: str = ""
    hidden_by: str = ""


def ill(checks: Iterable[CheckView]) -> tuple[CheckView, ...]:
    """Those of ``checks`` that may explain something."""
    return tuple(check for check in checks if check.status in _ILL)


def ties(
    alerts: Sequence[tuple[RuleAlertView, str]], checks: Sequence[CheckView], finder: CheckFinder
) -> dict[str, Tie]:
    """For the id of each of ``alerts``, which have the text that they compare with a constant."""
    found = {alert.id: finder.find(dict(alert.labels)) for alert, _ in alerts}
    active = [(alert, text) for alert, text in alerts if alert.state is not State.RESOLVED]
    explained = _explained([alert for alert, _ in active], found, checks)
    hidden = _hidden(active)
    return {
        alert.id: Tie(found[alert.id], explained.get(alert.id, ""), hidden.get(alert.id, ""))
        for alert, _ in alerts
    }


def _explained(
    alerts: Sequence[RuleAlertView], found: Mapping[str, str], checks: Sequence[CheckView]
) -> dict[str, str]:
    """The check that each alert is a symptom of: its own, or one that this depends on."""
    depends_on = {check.name: check.depends_on for check in checks}
    sick = {check.name: check for check in ill(checks)}
    subjects = [
        Subject(alert.id, found[alert.id], round(alert.active_at * 1000), alert.status in _ILL)
        for alert in alerts
    ]
    own = {alert.id: found[alert.id] for alert in alerts if _follows(alert, sick, found)}
    every = [
        *subjects,
        *(Subject(f"check {name}", name, round(one.since * 1000)) for name, one in sick.items()),
    ]
    # A check further down explains more than the alert's own.
    return {
        **own,
        **{id_: cause for id_, cause in causes(every, depends_on).items() if id_ in found},
    }


def _follows(alert: RuleAlertView, sick: Mapping[str, CheckView], found: Mapping[str, str]) -> bool:
    """Whether the check that ``alert`` is of says the same, as badly, and did so no later."""
    check = sick.get(found[alert.id])
    if check is None or check.since > alert.active_at + LATER / 1000:
        return False
    if not check.up:
        return True
    return check.status.severity >= alert.status.severity and _same(alert, check)


def _same(alert: RuleAlertView, check: CheckView) -> bool:
    """Whether ``check`` tells what ``alert`` is about, as far as their words say.

    By the name of the alert (``HostLoadHigh``), by its value (a status of 503), or by what a part
    of the check is called that is among its labels (``mountpoint="/var"``). Two lines of one thing
    are better than none of it.
    """
    parts = [part for part in check.parts if part.status in _ILL]
    values = {value for name, value in alert.labels if name not in _COMMON}
    if any(part.name in values for part in parts):
        return True
    said = " ".join([check.message, *(part.name for part in parts)]).lower()
    value = format_float(alert.value)
    if len(value) > 2 and value in _NUMBER.findall(said):
        return True
    words = {word.lower() for word in _WORD.findall(alert.name)}
    return any(word in said for word in words - _SAYING_NOTHING - {check.kind})


def _hidden(alerts: Sequence[tuple[RuleAlertView, str]]) -> dict[str, str]:
    """For each alert of which a worse one of the same thing fires: the id of that."""
    worst: dict[tuple[Pairs, str], RuleAlertView] = {}
    for alert, compared in alerts:
        for thing in _things(alert, compared) if alert.state is State.FIRING else ():
            if thing not in worst or _rank(alert) > _rank(worst[thing]):
                worst[thing] = alert
    hidden = {}
    for alert, compared in alerts:
        over = [worst[thing] for thing in _things(alert, compared) if thing in worst]
        least = _rank(alert) + (alert.state is State.FIRING)
        worse = [one for one in over if _rank(one) >= least and one.id != alert.id]
        if worse:
            hidden[alert.id] = max(worse, key=_rank).id
    return hidden


def _rank(alert: RuleAlertView) -> int:
    return int(severity_of(dict(alert.labels)))


def _things(alert: RuleAlertView, compared: str) -> list[tuple[Pairs, str]]:
    """What ``alert`` may be a threshold of: what it compares, and what its name says."""
    labels = tuple(pair for pair in alert.labels if pair[0] not in _NO_PART)
    stem = _DEGREE.sub("", alert.name).strip("_- ")
    names = [f"value {compared}"] if compared else []
    return [(labels, name) for name in [*names, f"name {stem}"]]
