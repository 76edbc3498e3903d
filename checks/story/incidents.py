"""Which firing alerts are one incident. Pure: alerts and ``now`` in, changed incidents out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from checks.model import Status, clean
from checks.story.leanings import Leanings
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
    "name_in",
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


@lru_cache(maxsize=8192)
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


def name_in(key: str) -> str:
    """The rule's name in an identity, or the check's."""
    return key.partition("{")[0].split(";")[-3] if of_rule(key) else key


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
    ever were in it, ``firing`` those that are now; ``root`` is that of the one it is named after,
    ``left`` that of the one which it is called after since that fires no more. ``met`` are those of
    one step by which it may have changed, of which ``incident`` does not tell yet; ``checks`` and
    ``newest`` do.
    """

    incident: Incident
    newest: float
    keys: set[str]
    checks: set[str]
    firing: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    members: dict[str, Member] = field(default_factory=dict)
    met: list[Member] = field(default_factory=list)
    rank: tuple[bool, int] = (False, 0)
    root: str = ""
    left: str = ""


class Incidents:
    """Those that last. ``known`` are all that a file remembers; their numbers are not given out
    again.

    Where much is down there are as many of them as alerts, so that none is looked for by going
    through all.
    """

    def __init__(self, known: Iterable[Incident] = ()) -> None:
        known = sorted(known, key=lambda one: one.id)
        self._last = max((one.id for one in known), default=0)
        self._open = [_taken_up(one) for one in known if one.ended is None]
        self._lasting = tuple(one.incident for one in self._open)
        self._index = _Index(self._open)

    @property
    def lasting(self) -> tuple[Incident, ...]:
        """The incidents that are not over, from old to new."""
        return self._lasting

    @property
    def identities(self) -> Set[str]:
        """Of all alerts that are or were of one that lasts."""
        return self._index.homes.keys()

    @property
    def fired(self) -> frozenset[str]:
        """Identities of those that fired when it was last known, and may still."""
        return frozenset().union(*(one.firing for one in self._open))

    def of_check(self, check: str) -> int:
        """The number of the newest lasting incident that the check has to do with; 0 for none."""
        return max(self._index.of_check(check), default=0)

    def of(self, alert: str) -> int:
        """The number of the lasting incident that the alert with this id is of; 0 for none."""
        home = self._index.homes.get(identity(alert))
        return home.incident.id if home is not None else 0

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
        before = {one.id: one for one in self._lasting}
        lasting = set(unsure)
        for one in self._open:
            one.firing &= lasting
        strangers = [member for member in firing if not self._rejoin(member)]
        if strangers:
            leans = Leanings(depends_on or {})
            for member in sorted(strangers, key=lambda each: each.since):
                self._place(member, leans)
        for one in self._open:
            if one.met:
                _tell(one)
            _settle(one, now)
            _name_anew(one)
        changed = [o.incident for o in self._open if before.get(o.incident.id) is not o.incident]
        self._clear(over=any(one.ended is not None for one in changed))
        return changed

    def _clear(self, *, over: bool) -> None:
        """Forget those that are over, where any is."""
        if over:
            self._open = [one for one in self._open if one.incident.ended is None]
            self._index = _Index(self._open)
        self._lasting = tuple(one.incident for one in self._open)

    def acknowledge(self, alert: str, who: str, at: float) -> Incident | None:
        """Somebody has taken the alert; its incident where that is the first time."""
        home = self._index.homes.get(identity(alert))
        if home is None or home.incident.acknowledged is not None:
            return None
        home.incident = replace(home.incident, acknowledged=at, acknowledged_by=who)
        self._clear(over=False)
        return home.incident

    def _rejoin(self, member: Member) -> bool:
        """Take ``member`` back into the incident that it is of already, where there is one."""
        key = identity(member.id)
        home = self._index.homes.get(key)
        if home is None:
            return False
        if home.members.get(key) is member and home.incident.quiet is None:
            home.firing.add(key)
        else:
            self._take(home, key, member)
        return True

    def _place(self, member: Member, leans: Leanings) -> None:
        """Put a new alert into the incident that it belongs to, or make one of it."""
        kin = leans.kin({member.check, member.cause} - {""})
        near = (self._index.opened[number] for number in sorted(self._index.near(member.host, kin)))
        home = next((one for one in near if _belongs(one, member, kin)), None)
        if home is None:
            if member.silenced:
                return
            home = self._begin(member)
        self._take(home, identity(member.id), member)

    def _begin(self, member: Member) -> _Open:
        self._last += 1
        made = Incident(self._last, member.title, member.name, member.status, member.since)
        opened = _Open(made, member.since, set(), set())
        self._open.append(opened)
        self._index.add(opened)
        return opened

    def _take(self, home: _Open, key: str, member: Member) -> None:
        """Let ``member`` be of ``home``, which may learn from it what it is about."""
        if key not in home.keys:
            home.newest = max(home.newest, member.since)
            home.keys.add(key)
            self._index.homes[key] = home
        home.firing.add(key)
        home.members[key] = member
        home.met.append(member)
        for check in {member.check, member.cause} - home.checks - {""}:
            home.checks.add(check)
            self._index.note_check(check, home)
        if member.host and member.seen and member.host not in home.hosts:
            home.hosts.add(member.host)
            self._index.note_host(member.host, home)


class _Index:
    """Where to look for an alert's incident. ``homes`` are by the identity of each alert that is or
    was of one that lasts, ``opened`` by number.
    """

    def __init__(self, lasting: Iterable[_Open]) -> None:
        self.homes: dict[str, _Open] = {}
        self.opened: dict[int, _Open] = {}
        self._checks: dict[str, set[int]] = {}
        self._hosts: dict[str, set[int]] = {}
        for one in lasting:
            self.add(one)

    def add(self, one: _Open) -> None:
        """Have ``one`` found, too; of an alert that is of several the first is."""
        self.opened[one.incident.id] = one
        for key in one.keys:
            self.homes.setdefault(key, one)
        for check in one.checks:
            self.note_check(check, one)
        for host in one.hosts:
            self.note_host(host, one)

    def note_check(self, check: str, one: _Open) -> None:
        """``one`` has to do with ``check``."""
        self._checks.setdefault(check, set()).add(one.incident.id)

    def note_host(self, host: str, one: _Open) -> None:
        """``one`` has to do with the machine ``host``."""
        self._hosts.setdefault(host, set()).add(one.incident.id)

    def of_check(self, check: str) -> Set[int]:
        """The numbers of those that have to do with ``check``."""
        return self._checks.get(check, frozenset())

    def near(self, host: str, checks: Iterable[str]) -> set[int]:
        """The numbers of those that have to do with the machine or with one of ``checks``."""
        return set(self._hosts.get(host, ())).union(*map(self.of_check, checks))


def _taken_up(incident: Incident) -> _Open:
    """An incident of before a restart; all of its alerts may still fire."""
    keys = {identity(alert) for alert in incident.alerts}
    firing = set() if incident.quiet is not None else set(keys)
    rank = (True, incident.status.severity)
    named = (identity(alert) for alert in incident.alerts)
    root = next((key for key in named if _is_of(key, incident.cause)), "")
    return _Open(incident, incident.began, keys, set(incident.checks), firing, rank=rank, root=root)


def _is_of(key: str, name: str) -> bool:
    """Whether an identity is of an alert with this name; a check's says besides that it is down."""
    return name == name_in(key) or (name == f"{key} down" and not of_rule(key))


def _tell(home: _Open) -> None:
    """Have the incident tell of those that were met."""
    incident, members = home.incident, home.met
    home.met = []
    named = (name for member in members for name in (member.check, member.cause))
    checks = dict.fromkeys((*incident.checks, *named))
    checks.pop("", None)
    found = replace(
        incident,
        alerts=_with(incident.alerts, members),
        checks=tuple(checks),
        began=min(incident.began, *(member.since for member in members)),
        quiet=None,
    )
    for member in members:
        found = _worse(found, member)
    found = _titled(home, found)
    if found != incident:
        home.incident = found


def _with(alerts: tuple[str, ...], members: Iterable[Member]) -> tuple[str, ...]:
    """``alerts`` and those of ``members``; of very many the first and the last."""
    every = tuple(dict.fromkeys((*alerts, *(member.id for member in members))))
    return every if len(every) <= MOST else (every[0], *every[1 - MOST :])


def _worse(incident: Incident, member: Member) -> Incident:
    """With the status and the severity of ``member``, where that is worse than all before."""
    if incident.severity and member.status.severity <= incident.status.severity:
        return incident
    return replace(incident, status=member.status, severity=member.severity)


def _titled(home: _Open, incident: Incident) -> Incident:
    """Named after the alert at its root: one that others follow from, else the worst; the name
    stays until there is a better one.
    """
    best, rank = _root(home.members, home.rank)
    if not best:
        return incident
    home.root, home.rank = best, rank
    member = home.members[best]
    return replace(incident, title=member.title, cause=member.name)


def _root(
    members: Mapping[str, Member], least: tuple[bool, int] = (False, 0)
) -> tuple[str, tuple[bool, int]]:
    """The identity of the first of ``members`` that ranks highest, and its rank; "" where none
    ranks higher than ``least``.
    """
    causes = {member.cause for member in members.values() if member.cause}
    best, rank = "", least
    for key, member in members.items():
        own = (member.check in causes, member.status.severity)
        if own > rank:
            best, rank = key, own
    return best, rank


def _name_anew(one: _Open) -> None:
    """Say what is the matter still where what it is named after fires no more."""
    left: dict[str, Member] = {}
    if one.root not in one.firing:
        left = {key: member for key, member in one.members.items() if key in one.firing}
    best, _ = _root(left)
    if best != one.left:
        one.left = best
        one.incident = replace(one.incident, still=left[best].title if best else "")


def _settle(one: _Open, now: float) -> None:
    """End an incident of which nothing has fired for long enough."""
    incident = one.incident
    if one.firing:
        return
    if incident.quiet is None:
        one.incident = replace(incident, quiet=now)
    elif now - incident.quiet >= HOLD:
        one.incident = replace(incident, ended=incident.quiet)


def _belongs(one: _Open, member: Member, kin: Set[str]) -> bool:
    """Whether a new alert, of which ``kin`` are checks, has to do with the incident."""
    apart = member.since - one.newest
    if apart <= KIN and not one.checks.isdisjoint(kin):
        return True
    near = member.seen and bool(member.host) and member.host in one.hosts
    return near and -TOGETHER <= apart <= TOGETHER
