"""One incident that lasts: which alerts are of it, what it is called, and when it is over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Final

from checks.model import Status, clean
from checks.story.identities import identity, name_in, of_rule
from checks.story.model import Incident

__all__ = ["HOLD", "KIN", "MOST", "TOGETHER", "Member", "OpenIncident"]

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
_LONGEST_TITLE: Final = 160


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
class OpenIncident:
    """An incident that lasts.

    ``members`` are its alerts by their identity as they were last seen firing; ``keys`` all that
    were in it, of very many those that it names or that fire; ``firing`` those that do now;
    ``root`` is that of the one it is named after, ``left`` that of the worst that is still wrong
    once that fires no more. ``met`` are those of one step by which it may have changed, of which
    ``incident`` does not tell yet; ``checks`` and ``newest`` do.
    """

    incident: Incident
    newest: float
    keys: set[str] = field(default_factory=set)
    checks: set[str] = field(default_factory=set)
    firing: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    members: dict[str, Member] = field(default_factory=dict)
    met: list[Member] = field(default_factory=list)
    rank: tuple[bool, int] = (False, 0)
    root: str = ""
    left: str = ""

    @classmethod
    def taken_up(cls, incident: Incident) -> OpenIncident:
        """One of before a restart; all of its alerts may still fire."""
        keys = {identity(alert) for alert in incident.alerts}
        firing = set() if incident.quiet is not None else set(keys)
        rank = (True, incident.status.severity)
        named = (identity(alert) for alert in incident.alerts)
        root = next((key for key in named if _is_of(key, incident.cause)), "")
        checks = set(incident.checks)
        return cls(incident, incident.began, keys, checks, firing, rank=rank, root=root)

    def belongs(self, member: Member, kin: Set[str]) -> bool:
        """Whether a new alert, of which ``kin`` are checks, has to do with it."""
        apart = member.since - self.newest
        if apart <= KIN and not self.checks.isdisjoint(kin):
            return True
        near = member.seen and bool(member.host) and member.host in self.hosts
        return near and -TOGETHER <= apart <= TOGETHER

    def go_on(self, now: float) -> None:
        """Take in what was met in this step, or that nothing fires any more."""
        if self.met:
            self._tell()
        self._settle(now)
        self._name_anew()

    def forget(self) -> Set[str]:
        """Let go of alerts that it does not name and that fire no more, where they are very many:
        one that lasts for weeks may meet new ones all the time. Returns which these were.
        """
        if len(self.keys) <= 2 * MOST:
            return frozenset()
        named = map(identity, self.incident.alerts)
        gone = self.keys - {*named, *self.firing, self.root}
        self.keys -= gone
        for key in gone:
            self.members.pop(key, None)
        return gone

    def _tell(self) -> None:
        """Have the incident tell of those that were met."""
        incident, members = self.incident, self.met
        self.met = []
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
        found = self._titled(found)
        if found != incident:
            self.incident = found

    def _titled(self, incident: Incident) -> Incident:
        """Named after the alert at its root: one that others follow from, else the worst; the name
        stays until there is a better one.
        """
        best, rank = _root(self.members, self.rank)
        if not best:
            return incident
        self.root, self.rank = best, rank
        member = self.members[best]
        return replace(incident, title=member.title, cause=member.name)

    def _settle(self, now: float) -> None:
        """End it once nothing of it has fired for long enough."""
        incident = self.incident
        if self.firing:
            return
        if incident.quiet is None:
            self.incident = replace(incident, quiet=now)
        elif now - incident.quiet >= HOLD:
            self.incident = replace(incident, ended=incident.quiet)

    def _name_anew(self) -> None:
        """Say what is the matter still where what it is named after fires no more."""
        left: dict[str, Member] = {}
        if self.root not in self.firing:
            left = {key: member for key, member in self.members.items() if key in self.firing}
        best, _ = _root(left)
        if best != self.left:
            self.left = best
            self.incident = replace(self.incident, still=left[best].title if best else "")


def _is_of(key: str, name: str) -> bool:
    """Whether an identity is of an alert with this name; a check's says besides that it is down."""
    return name == name_in(key) or (name == f"{key} down" and not of_rule(key))


def _with(alerts: tuple[str, ...], members: Iterable[Member]) -> tuple[str, ...]:
    """``alerts`` and those of ``members``; of very many the first and the last."""
    every = tuple(dict.fromkeys((*alerts, *(member.id for member in members))))
    return every if len(every) <= MOST else (every[0], *every[1 - MOST :])


def _worse(incident: Incident, member: Member) -> Incident:
    """With the status and the severity of ``member``, where that is worse than all before."""
    if incident.severity and member.status.severity <= incident.status.severity:
        return incident
    return replace(incident, status=member.status, severity=member.severity)


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
