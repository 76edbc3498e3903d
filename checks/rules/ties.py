"""How alerts of rules hang together, with each other and with the checks that they are of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from checks.alerts.folding import LATER, CheckFinder, Subject, causes
from checks.alerts.model import Pairs, State
from checks.alerts.severity import LABEL, severity_of
from checks.model import Status
from checks.promql.literals import format_float
from checks.rules.views import RuleAlertView
from checks.views import CheckView

__all__ = ["Judged", "Tie", "ill", "ties"]

_ILL: Final = (Status.CRITICAL, Status.UNKNOWN, Status.STALE, Status.WARNING)
_NO_PART: Final = frozenset({"alertname", LABEL, "priority"})
"""Labels that differ between the thresholds of one thing."""
_BEGINS: Final = r"(?:(?<![A-Za-z0-9])|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]))"
"""Where a word of a name begins: ``Disk|Critical``, ``disk_|critical``, ``CPU|Critical``."""
_HOW: Final = r"(?i:(?:very|too)?(?:high|low)?"
_DEGREE: Final = re.compile(
    rf"{_BEGINS}{_HOW}(?:warn(?:ing)?|crit(?:ical)?|severe))(?![a-z])"
    # These are words of what a rule is about, too, and of numbered things.
    rf"|{_BEGINS}{_HOW}(?:info|page|ticket|p[1-4]|sev[1-4]))$"
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
_Thing: TypeAlias = tuple[Pairs, str]
"""The labels of an alert that no threshold differs in, and what it is about."""


@dataclass(frozen=True, slots=True)
class Tie:
    """What one alert has to do with others, as :class:`RuleAlertView` has it.

    ``told``: its check says the very same, or did when its rule was evaluated last.
    """

    check: str = ""
    cause: str = ""
    hidden_by: str = ""
    told: bool = False


class Judged(NamedTuple):
    """An alert with the text that its rule compares with a constant, and as of when (seconds) the
    rule was evaluated.
    """

    alert: RuleAlertView
    compared: str = ""
    evaluated: float = 0.0


def ill(checks: Iterable[CheckView]) -> tuple[CheckView, ...]:
    """Those of ``checks`` that may explain something."""
    return tuple(check for check in checks if check.status in _ILL)


def ties(
    alerts: Sequence[Judged],
    checks: Sequence[CheckView],
    finder: CheckFinder,
    before: Mapping[str, Tie],
) -> dict[str, Tie]:
    """For the id of each of ``alerts``; ``before`` are those of the picture before."""
    found = {one.alert.id: finder.find(dict(one.alert.labels)) for one in alerts}
    active = [one for one in alerts if one.alert.state is not State.RESOLVED]
    told = _told_by_checks(active, found, checks, before)
    explained = _explained(active, found, checks)
    hidden = _hidden(active)
    return {
        id_: Tie(
            check,
            explained.get(id_, "") or (check if id_ in told else ""),
            hidden.get(id_, ""),
            id_ in told,
        )
        for id_, check in found.items()
    }


def _told_by_checks(
    alerts: Iterable[Judged],
    found: Mapping[str, str],
    checks: Iterable[CheckView],
    before: Mapping[str, Tie],
) -> set[str]:
    """The ids of those whose checks say the same.

    Where a check is well again, what it told is so until the rule has been evaluated, too: that it
    is not is no news of something else.
    """
    known = {check.name: check for check in checks}
    told = set()
    for alert, compared, evaluated in alerts:
        check = known.get(found[alert.id])
        if check is None:
            continue
        was = before.get(alert.id)
        late = evaluated < check.since + (check.duration or 0.0)
        if (was is not None and was.told and late) or (
            check.status in _ILL and _tells(alert, compared, check, _said(check))
        ):
            told.add(alert.id)
    return told


def _explained(
    alerts: Sequence[Judged],
    found: Mapping[str, str],
    checks: Sequence[CheckView],
) -> dict[str, str]:
    """The check that each alert is a symptom of: its own, or one that this depends on."""
    depends_on = {check.name: check.depends_on for check in checks if check.depends_on}
    sick = {check.name: check for check in ill(checks)}
    subjects = [
        Subject(alert.id, found[alert.id], round(alert.active_at * 1000), _is_trouble(alert))
        for alert, _, _ in alerts
    ]
    said = {name: _said(check) for name, check in sick.items()}
    own = {
        alert.id: name
        for alert, compared, _ in alerts
        if (name := found[alert.id]) in sick and _follows(alert, compared, sick[name], said[name])
    }
    every = [
        *subjects,
        *(Subject(f"check {name}", name, round(one.since * 1000)) for name, one in sick.items()),
    ]
    # A check further down explains more than the alert's own.
    return {
        **own,
        **{id_: cause for id_, cause in causes(every, depends_on).items() if id_ in found},
    }


def _is_trouble(alert: RuleAlertView) -> bool:
    """Whether others may follow from it: what only may become one leads nobody astray."""
    return alert.state is State.FIRING and alert.status in _ILL


@dataclass(frozen=True, slots=True)
class _Said:
    """What a check tells: its sentence with the names of what is ill of it, these, and numbers."""

    text: str
    parts: frozenset[str]
    numbers: frozenset[str]


def _said(check: CheckView) -> _Said:
    return _told(check.message, tuple(part.name for part in check.parts if part.status in _ILL))


@lru_cache(maxsize=2048)
def _told(message: str, parts: tuple[str, ...]) -> _Said:
    text = " ".join([message, *parts]).lower()
    return _Said(text, frozenset(parts), frozenset(_NUMBER.findall(text)))


def _follows(alert: RuleAlertView, compared: str, check: CheckView, said: _Said) -> bool:
    """Whether ``check``, which ``alert`` is of, says the same, as badly, and did so no later.

    Of ``up`` itself, which the alert ``compared``, it does however long that is: after a restart
    an alert is remembered, and since when a check is down is not.
    """
    if not check.up and compared == "up":
        return True
    if check.since > alert.active_at + LATER / 1000:
        return False
    if not check.up:
        return True
    severe = check.status.severity >= alert.status.severity
    return severe and _same(alert, check.kind, said)


def _tells(alert: RuleAlertView, compared: str, check: CheckView, said: _Said) -> bool:
    """Whether the alert is of what ``check`` tells: of one that does not answer, that it does."""
    if not check.up:
        return compared == "up" or compared.endswith("_up")
    return _follows(alert, compared, check, said)


def _same(alert: RuleAlertView, kind: str, said: _Said) -> bool:
    """Whether a check of ``kind`` tells what ``alert`` is about, as far as their words say.

    By the name of the alert (``HostLoadHigh``), by its value (a status of 503), or by what a part
    of the check is called that is among its labels (``mountpoint="/var"``). Two lines of one thing
    are better than none of it.
    """
    values = (value for name, value in alert.labels if name not in _COMMON)
    if said.parts and any(value in said.parts for value in values):
        return True
    value = format_float(alert.value)
    if len(value) > 2 and value in said.numbers:
        return True
    return any(word in said.text for word in _words(alert.name) - {kind})


@lru_cache(maxsize=1024)
def _words(name: str) -> frozenset[str]:
    """The words of an alert's name that say what it is about."""
    return frozenset(word.lower() for word in _WORD.findall(name)) - _SAYING_NOTHING


def _hidden(alerts: Sequence[Judged]) -> dict[str, str]:
    """For each alert of which a worse one of the same thing fires: the id of that."""
    known = [(one, _of_labels(one.labels, one.name, compared)) for one, compared, _ in alerts]
    worst: dict[_Thing, tuple[int, str]] = {}
    for alert, (rank, things) in known:
        for thing in things if alert.state is State.FIRING else ():
            if thing not in worst or rank > worst[thing][0]:
                worst[thing] = rank, alert.id
    hidden = {}
    for alert, (rank, things) in known:
        least = rank + (alert.state is State.FIRING)
        over = [worst[thing] for thing in things if thing in worst]
        worse = [one for one in over if one[0] >= least and one[1] != alert.id]
        if worse:
            hidden[alert.id] = max(worse, key=lambda one: one[0])[1]
    return hidden


@lru_cache(maxsize=4096)
def _of_labels(labels: Pairs, name: str, compared: str) -> tuple[int, tuple[_Thing, ...]]:
    """What stays the same while an alert lasts: how bad it is, and what it may be a threshold of
    (what it compares, and what its name says)."""
    rest = tuple(pair for pair in labels if pair[0] not in _NO_PART)
    stem = _DEGREE.sub("", name).strip("_- ") or name
    names = [f"value {compared}"] if compared else []
    things = tuple((rest, each) for each in [*names, f"name {stem}"])
    return int(severity_of(dict(labels))), things
