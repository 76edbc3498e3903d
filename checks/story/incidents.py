"""Which firing alerts are one incident. Pure: alerts and ``now`` in, changed incidents out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from checks.model import Status, clean
from checks.story.model import Incident

__all__ = [
    "HOLD",
    "KIN",
    "MOST",
    "TOGETHER",
    "Incidents",
    "Member",
    "foremost",
    "identity",
    "incident_of",
    "of_rule",
]

HOLD: Final = 120.0
"""Seconds for which an incident waits for its alerts to come back before it is over, so that
flapping makes one of it."""
KIN: Final = 1_800.0
"""Seconds after the begin of one alert within which another belongs to it that depends on the
same things."""
TOGETHER: Final = 120.0
"""The same of alerts that have nothing in common but their machine."""

MOST: Final = 500
"""Ids of alerts that an incident keeps."""
_BEGAN = re.compile(r"@\d+(?:\.\d+)?(?=\{|$)")
_LONGEST_TITLE: Final = 160


def identity(alert: str) -> str:
    """What an alert's id and that of the same alert before or after have in common: the check, or
    the rule and the labels, without when it began.
    """
    return _BEGAN.sub("", alert, count=1)


def foremost(incidents: Iterable[Incident]) -> Incident | None:
    """Of those that last the worst, of equal ones the newest; None where none does."""
    lasting = [one for one in incidents if one.ended is None]
    rank = [(one.quiet is None, one.status.severity, one.id) for one in lasting]
    return lasting[rank.index(max(rank))] if lasting else None


def of_rule(key: str) -> bool:
    """Whether an identity is that of a rule's alert: a rule's key has such parts."""
    return key.partition("{")[0].count(";") >= 3


def incident_of(incidents: Iterable[Incident], alert: str, check: str = "") -> int:
    """The number of the lasting one of ``incidents`` that an alert is of, else a check; 0 for none.
    Of several the newest.
    """
    lasting = sorted((one for one in incidents if one.ended is None), key=lambda one: -one.id)
    key = identity(alert)
    for one in lasting if alert else ():
        if key in map(identity, one.alerts):
            return one.id
    return next((one.id for one in lasting if check and check in one.checks), 0)


@dataclass(frozen=True, slots=True)
class Member:
    """A firing alert as incidents see it.

    Attributes:
        cause: the check that it follows from, empty for none.
        host: the machine that it is of, empty where nothing tells.
        severity: what its label says, else its status in a word.
        silenced: it opens no incident.
        seen: whether it was seen to begin, and not there already at the start.
    """

    id: str
    name: str
    status: Status
    since: float
    sentence: str
    check: str = ""
    cause: str = ""
    host: str = ""
    severity: str = ""
    silenced: bool = False
    seen: bool = True

    @property
    def title(self) -> str:
        """What is wrong, in words."""
        said = self.sentence
        text = said if said.startswith(self.name) else f"{self.name}: {said}"
        return clean(text, _LONGEST_TITLE).rstrip(": ")


@dataclass(slots=True, eq=False)
class _Open:
    """An incident that lasts.

    ``members`` are its alerts by their identity as they were last seen firing; ``keys`` all that
    ever were in it, ``firing`` those that are now.
    """

    incident: Incident
    newest: float
    keys: set[str]
    firing: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    members: dict[str, Member] = field(default_factory=dict)
    rank: tuple[bool, int] = (False, 0)


class Incidents:
    """Those that last. ``known`` are all that a file remembers; their numbers are not given out
    again.
    """

    def __init__(self, known: Iterable[Incident] = ()) -> None:
        known = tuple(known)
        self._last = max((one.id for one in known), default=0)
        self._open = [_taken_up(one) for one in known if one.ended is None]

    @property
    def lasting(self) -> tuple[Incident, ...]:
        """The incidents that are not over, from old to new."""
        return tuple(one.incident for one in self._open)

    @property
    def identities(self) -> frozenset[str]:
        """Of all alerts that are or were of one that lasts."""
        return frozenset().union(*(one.keys for one in self._open))

    @property
    def fired(self) -> frozenset[str]:
        """Identities of those that fired when it was last known, and may still."""
        return frozenset().union(*(one.firing for one in self._open))

    def of_check(self, check: str) -> int:
        """The number of the newest lasting incident that the check has to do with; 0 for none."""
        numbers = (o.incident.id for o in reversed(self._open) if check in o.incident.checks)
        return next(numbers, 0) if check else 0

    def of(self, alert: str) -> int:
        """The number of the lasting incident that the alert with this id is of; 0 for none."""
        key = identity(alert)
        return next((one.incident.id for one in self._open if key in one.keys), 0)

    def step(
        self,
        firing: Sequence[Member],
        now: float,
        *,
        depends_on: Mapping[str, Sequence[str]] | None = None,
        unsure: Iterable[str] = (),
    ) -> list[Incident]:
        """Take in what fires ``now``. Returns the incidents that have changed.

        ``depends_on`` names for each check those that it depends on. ``unsure`` are identities of
        alerts of which it is not known whether they still fire: they end nothing.
        """
        before = {one.incident.id: one.incident for one in self._open}
        leans = _all_beneath(depends_on or {})
        lasting = set(unsure)
        for one in self._open:
            one.firing &= lasting
        strangers = [member for member in firing if not self._rejoin(member)]
        for member in sorted(strangers, key=lambda each: each.since):
            self._place(member, leans)
        for one in self._open:
            _settle(one, now)
        changed = [o.incident for o in self._open if before.get(o.incident.id) is not o.incident]
        self._open = [one for one in self._open if one.incident.ended is None]
        return changed

    def acknowledge(self, alert: str, who: str, at: float) -> Incident | None:
        """Somebody has taken the alert; its incident where that is the first time."""
        key = identity(alert)
        for one in self._open:
            if key in one.keys and one.incident.acknowledged is None:
                one.incident = replace(one.incident, acknowledged=at, acknowledged_by=who)
                return one.incident
        return None

    def _rejoin(self, member: Member) -> bool:
        """Take ``member`` back into the incident that it is of already, where there is one."""
        key = identity(member.id)
        home = next((one for one in self._open if key in one.keys), None)
        if home is None:
            return False
        _take(home, key, member)
        return True

    def _place(self, member: Member, leans: Mapping[str, frozenset[str]]) -> None:
        """Put a new alert into the incident that it belongs to, or make one of it."""
        home = next((one for one in self._open if _belongs(one, member, leans)), None)
        if home is None:
            if member.silenced:
                return
            home = self._begin(member)
        _take(home, identity(member.id), member)

    def _begin(self, member: Member) -> _Open:
        self._last += 1
        made = Incident(self._last, member.title, member.name, member.status, member.since)
        opened = _Open(made, member.since, set())
        self._open.append(opened)
        return opened


def _taken_up(incident: Incident) -> _Open:
    """An incident of before a restart; all of its alerts may still fire."""
    keys = {identity(alert) for alert in incident.alerts}
    firing = set() if incident.quiet is not None else set(keys)
    rank = (True, incident.status.severity)
    return _Open(incident, incident.began, keys, firing, rank=rank)


def _take(home: _Open, key: str, member: Member) -> None:
    """Let ``member`` be of ``home``, which may learn from it what it is about."""
    if key not in home.keys:
        home.newest = max(home.newest, member.since)
    home.keys.add(key)
    home.firing.add(key)
    home.members[key] = member
    if member.host and member.seen:
        home.hosts.add(member.host)
    incident = home.incident
    checks = dict.fromkeys((*incident.checks, member.check, member.cause))
    checks.pop("", None)
    found = replace(
        incident,
        alerts=_with(incident.alerts, member.id),
        checks=tuple(checks),
        began=min(incident.began, member.since),
        quiet=None,
    )
    found = _worse(found, member)
    found = _titled(home, found)
    if found != incident:
        home.incident = found


def _with(alerts: tuple[str, ...], alert: str) -> tuple[str, ...]:
    """``alerts`` and ``alert``; of very many the first and the last."""
    if alert in alerts:
        return alerts
    return (*alerts, alert) if len(alerts) < MOST else (alerts[0], *alerts[2 - MOST :], alert)


def _worse(incident: Incident, member: Member) -> Incident:
    """With the status and the severity of ``member``, where that is worse than all before."""
    if incident.severity and member.status.severity <= incident.status.severity:
        return incident
    return replace(incident, status=member.status, severity=member.severity)


def _titled(home: _Open, incident: Incident) -> Incident:
    """Named after the alert at its root: one that others follow from, else the worst; the name
    stays until there is a better one.
    """
    causes = {member.cause for member in home.members.values() if member.cause}
    best, rank = None, home.rank
    for member in home.members.values():
        own = (member.check in causes, member.status.severity)
        if own > rank:
            best, rank = member, own
    if best is None:
        return incident
    home.rank = rank
    return replace(incident, title=best.title, cause=best.name)


def _settle(one: _Open, now: float) -> None:
    """End an incident of which nothing has fired for long enough."""
    incident = one.incident
    if one.firing:
        return
    if incident.quiet is None:
        one.incident = replace(incident, quiet=now)
    elif now - incident.quiet >= HOLD:
        one.incident = replace(incident, ended=incident.quiet)


def _belongs(one: _Open, member: Member, leans: Mapping[str, frozenset[str]]) -> bool:
    """Whether a new alert has to do with the incident."""
    apart = member.since - one.newest
    if apart <= KIN and _akin(set(one.incident.checks), member, leans):
        return True
    near = member.seen and bool(member.host) and member.host in one.hosts
    return near and -TOGETHER <= apart <= TOGETHER


def _akin(checks: set[str], member: Member, leans: Mapping[str, frozenset[str]]) -> bool:
    """Whether it is of one of ``checks``, follows from one, or depends on one, or one on it."""
    own = {member.check, member.cause} - {""}
    if own & checks:
        return True
    beneath: set[str] = set().union(*(leans.get(name, frozenset()) for name in own))
    above = {name for check in checks for name in leans.get(check, frozenset())}
    return bool(beneath & checks or above & own)


def _all_beneath(depends_on: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    """What each check depends on, directly and in turn."""
    found: dict[str, frozenset[str]] = {}
    for name, direct in depends_on.items():
        if not direct:
            continue
        seen: set[str] = set()
        waiting = list(direct)
        while waiting:
            each = waiting.pop()
            if each not in seen:
                seen.add(each)
                waiting += depends_on.get(each, ())
        found[name] = frozenset(seen - {name})
    return found
