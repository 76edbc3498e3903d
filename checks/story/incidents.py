"""Which firing alerts are one incident. Pure: alerts and ``now`` in, changed incidents out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace

from checks.story.identities import identity
from checks.story.leanings import Leanings
from checks.story.model import Incident
from checks.story.open_incident import Member, OpenIncident

__all__ = ["Incidents", "foremost", "incident_of"]


def foremost(incidents: Iterable[Incident], at: float | None = None) -> Incident | None:
    """Of those that last, or lasted ``at`` a moment, the worst, of equal ones the newest; one of
    which nothing fires comes last. None where none does.
    """

    def lasts(one: Incident) -> bool:
        if at is None:
            return one.ended is None
        return one.began <= at and (one.ended is None or at <= one.ended)

    def rank(one: Incident) -> tuple[bool, int, int]:
        fires = one.quiet is None or (at is not None and at < one.quiet)
        return fires, one.status.severity, one.id

    return max(filter(lasts, incidents), key=rank, default=None)


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


class Incidents:
    """Those that last. ``known`` are all that a file remembers; their numbers are not given out
    again.

    Where much is down there are as many of them as alerts, so that none is looked for by going
    through all.
    """

    def __init__(self, known: Iterable[Incident] = ()) -> None:
        known = sorted(known, key=lambda one: one.id)
        self._last = max((one.id for one in known), default=0)
        self._open = [OpenIncident.taken_up(one) for one in known if one.ended is None]
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
            one.go_on(now)
            self._index.forget(one, one.forget())
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
        home = next((one for one in near if one.belongs(member, kin)), None)
        if home is None:
            if member.silenced:
                return
            home = self._begin(member)
        self._take(home, identity(member.id), member)

    def _begin(self, member: Member) -> OpenIncident:
        self._last += 1
        made = Incident(self._last, member.title, member.name, member.status, member.since)
        opened = OpenIncident(made, member.since)
        self._open.append(opened)
        self._index.add(opened)
        return opened

    def _take(self, home: OpenIncident, key: str, member: Member) -> None:
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

    def __init__(self, lasting: Iterable[OpenIncident]) -> None:
        self.homes: dict[str, OpenIncident] = {}
        self.opened: dict[int, OpenIncident] = {}
        self._checks: dict[str, set[int]] = {}
        self._hosts: dict[str, set[int]] = {}
        for one in lasting:
            self.add(one)

    def add(self, one: OpenIncident) -> None:
        """Have ``one`` found, too; of an alert that is of several the first is."""
        self.opened[one.incident.id] = one
        for key in one.keys:
            self.homes.setdefault(key, one)
        for check in one.checks:
            self.note_check(check, one)
        for host in one.hosts:
            self.note_host(host, one)

    def forget(self, one: OpenIncident, keys: Iterable[str]) -> None:
        """Alerts with these identities are of ``one`` no more."""
        for key in keys:
            if self.homes.get(key) is one:
                del self.homes[key]

    def note_check(self, check: str, one: OpenIncident) -> None:
        """``one`` has to do with ``check``."""
        self._checks.setdefault(check, set()).add(one.incident.id)

    def note_host(self, host: str, one: OpenIncident) -> None:
        """``one`` has to do with the machine ``host``."""
        self._hosts.setdefault(host, set()).add(one.incident.id)

    def of_check(self, check: str) -> Set[int]:
        """The numbers of those that have to do with ``check``."""
        return self._checks.get(check, frozenset())

    def near(self, host: str, checks: Iterable[str]) -> set[int]:
        """The numbers of those that have to do with the machine or with one of ``checks``."""
        return set(self._hosts.get(host, ())).union(*map(self.of_check, checks))
