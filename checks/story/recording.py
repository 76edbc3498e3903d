"""What happened from one picture to the next: entries of the timeline, incidents, figures.

Pure but for what it remembers of the picture before: pictures in, what is to be written out. Where
nothing has changed it costs a comparison of the alerts' ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from checks.alerts.model import State
from checks.model import Status
from checks.story import telling
from checks.story.figures import Figures
from checks.story.identities import identity, name_in, of_rule
from checks.story.incidents import Incidents
from checks.story.marks import SETTLING, Marks
from checks.story.model import Acknowledgement, Entry, EntryKind, Figure, Incident
from checks.story.open_incident import Member
from checks.views import AlertView

if TYPE_CHECKING:
    from checks.rules.views import RuleAlertView, RulesView
    from checks.views import CheckView, EventView, Snapshot

__all__ = ["MOST", "Recorded", "Recorder"]

_SETTLING: Final = 10.0
"""Seconds from the first picture in which what fires was there before onwatch was."""
_FOUND: Final = 60.0
"""Seconds from the first picture after which what has not been found is not there any more."""
_LOCAL: Final = frozenset({"", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104
MOST: Final = 200
"""Entries that are made of one picture."""
_MOST_EVENTS: Final = 20
"""Events of checks that are taken from one picture: the last ones."""
_NO_DATA: Final = "no data: nothing says whether it is over"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is to be written. ``incidents`` are those that began or changed."""

    entries: tuple[Entry, ...] = ()
    incidents: tuple[Incident, ...] = ()
    figures: tuple[Figure, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entries or self.incidents or self.figures)

    def __add__(self, other: Recorded) -> Recorded:
        return Recorded(
            self.entries + other.entries,
            self.incidents + other.incidents,
            self.figures + other.figures,
        )


class Recorder:
    """Follows the pictures of one engine.

    ``known`` are the incidents that a file remembers, ``entries`` the latest of its timeline, the
    newest first: what these tell is not told again.
    """

    def __init__(self, known: Iterable[Incident] = (), entries: Sequence[Entry] = ()) -> None:
        self.incidents = Incidents(known)
        self._figures = Figures()
        self._began: float | None = None
        self._alerts: tuple[AlertView, ...] = ()
        self._matter: dict[str, AlertView] = {}
        self._members: dict[str, tuple[AlertView, bool, Member]] = {}
        self._firing: dict[str, AlertView] = {}
        self._fired, over = _turned(entries)
        """When alerts began to fire, by their identity: a check that gets worse is another alert,
        and the same trouble."""
        self._awaited = set(self.incidents.fired - over)
        """Identities of alerts that fired before a restart, and of which nothing has been seen
        yet."""
        self._marks = Marks(self._awaited)
        self._signature: tuple[object, ...] = ()
        self._acks: Mapping[str, Acknowledgement] = {}
        self._event: EventView | None = None
        self._rules: tuple[RulesView | None, dict[str, RuleAlertView], frozenset[str]]
        self._rules = (None, {}, frozenset())

    def picture(
        self,
        snapshot: Snapshot,
        silenced: Collection[str] = (),
        acks: Mapping[str, Acknowledgement] | None = None,
    ) -> Recorded:
        """What the picture tells that the one before did not.

        ``silenced`` are ids of alerts that are hidden, ``acks`` acknowledgements by the id of
        their alert.
        """
        if self._began is None:
            self._began = snapshot.time
            # What came with the start, as what was discovered, is no news.
            self._event = snapshot.events[-1] if snapshot.events else None
        known = self._of_rules(snapshot.rules)
        if snapshot.alerts is not self._alerts:
            self._alerts = snapshot.alerts
            self._matter = {identity(one.id): one for one in snapshot.alerts if _matters(one)}
        firing = self._matter
        unsure = self._unsure(snapshot, known)
        entries = [*self._events(snapshot.events, self._rules[2])]
        changed = self._step(snapshot, firing, unsure, silenced)
        entries += self._turns(snapshot, firing, unsure, known)
        changed += self._taken(acks or {}, anew=bool(changed))
        told = _bounded(sorted((self.placed(one) for one in entries), key=lambda one: one.at))
        figures = self._figures.take(snapshot, self.incidents)
        return Recorded(told, _latest(changed), figures)

    def placed(self, entry: Entry) -> Entry:
        """``entry`` with the number of the incident that it is of, where it has none."""
        if entry.incident:
            return entry
        number = self.incidents.of(entry.alert) if entry.alert else 0
        number = number or self.incidents.of_check(entry.check)
        return replace(entry, incident=number) if number else entry

    # Incidents

    def _step(
        self,
        snapshot: Snapshot,
        firing: Mapping[str, AlertView],
        unsure: Collection[str],
        silenced: Collection[str],
    ) -> list[Incident]:
        signature = (
            tuple((one.id, one.status, one.cause, one.id in silenced) for one in firing.values()),
            tuple(sorted(unsure)),
        )
        waits = any(one.quiet is not None for one in self.incidents.lasting)
        if signature == self._signature and not waits:
            return []
        self._signature = signature
        checks = {check.name: check for check in snapshot.checks}
        before, self._members = self._members, {}
        for key, alert in firing.items():
            hidden, known = alert.id in silenced, before.get(key)
            if known is None or known[0] is not alert or known[1] is not hidden:
                host = _host(alert, checks.get(alert.check), snapshot.hostname)
                known = alert, hidden, self._member(alert, host, hidden)
            self._members[key] = known
        members = [member for _, _, member in self._members.values()]
        depends_on = {name: check.depends_on for name, check in checks.items()}
        return self.incidents.step(members, snapshot.time, depends_on=depends_on, unsure=unsure)

    def _member(self, alert: AlertView, host: str, silenced: bool) -> Member:
        began = self._began or 0.0
        return Member(
            id=alert.id,
            name=alert.name,
            status=alert.status,
            since=alert.since,
            sentence=alert.sentence,
            check=alert.check,
            cause=alert.cause,
            host=host,
            severity=telling.severity_word(alert),
            silenced=silenced,
            seen=bool(alert.rule) or alert.since > began + _SETTLING,
        )

    def _taken(self, acks: Mapping[str, Acknowledgement], *, anew: bool) -> list[Incident]:
        """The incidents that somebody has taken since the picture before; ``anew``: some are
        others than then.
        """
        if acks is self._acks and not anew:
            return []
        self._acks = acks
        first = sorted(acks.values(), key=lambda ack: ack.at)
        found = [self.incidents.acknowledge(ack.alert, ack.who, ack.at) for ack in first]
        return [one for one in found if one is not None]

    def _unsure(self, snapshot: Snapshot, known: Mapping[str, RuleAlertView]) -> frozenset[str]:
        """Identities of alerts that may still fire although none of the picture says so: their
        check has not answered yet, their rule is not loaded, a worse alert speaks for them.
        """
        mine = self.incidents.identities | self._firing.keys()
        if not mine:
            return frozenset()
        rules = snapshot.rules
        loading = not self._settled(snapshot) if rules is None else not rules.complete
        statuses = {check.name: check.status for check in snapshot.checks}

        def unknown(key: str) -> bool:
            if key in statuses:
                return statuses[key] is Status.WAITING
            if not of_rule(key):
                return key in self._awaited and not self._settled(snapshot)
            return loading or (key in known and known[key].state is State.FIRING)

        return frozenset(filter(unknown, mine))

    def _settled(self, snapshot: Snapshot) -> bool:
        """Whether it has had the time to find the checks and the rules that were there before."""
        return self._began is None or snapshot.time > self._began + _FOUND

    def _of_rules(self, rules: RulesView | None) -> dict[str, RuleAlertView]:
        """The alerts of rules by their identity: of several in a row the newest."""
        if rules is not self._rules[0]:
            every = (alert for rule in rules.rules for alert in rule.alerts) if rules else ()
            found: dict[str, RuleAlertView] = {}
            for alert in every:
                key = identity(alert.id)
                if key not in found or alert.active_at >= found[key].active_at:
                    found[key] = alert
            names = frozenset(rule.name for rule in rules.rules) if rules else frozenset()
            self._rules = (rules, found, names)
        return self._rules[1]

    # Entries

    def _turns(
        self,
        snapshot: Snapshot,
        firing: Mapping[str, AlertView],
        unsure: Collection[str],
        known: Mapping[str, RuleAlertView],
    ) -> list[Entry]:
        before = self._firing
        told: list[Entry] = []
        for key, alert in firing.items():
            was = before.get(key)
            if was is None:
                told += self._begins(key, alert, known)
            elif was is not alert:
                if was.id != alert.id and was.status is alert.status:
                    self._fired[key] = alert.since
                told += _goes_on(was, alert, known.get(key))
                told += self._marks.passed(key, _marks(was, alert, snapshot.time))
        kept = {}
        for key, alert in before.items():
            if key in firing:
                continue
            if key in unsure:
                kept[key] = alert
            else:
                self._marks.drop(key)
                began = self._fired.pop(key, alert.since)
                told.append(_over(replace(alert, since=began), snapshot, known.get(key)))
        for key in self._awaited - firing.keys() - set(unsure):
            self._fired.pop(key, None)
            told.append(_over(_remembered(key), snapshot, known.get(key), known=False))
        self._awaited &= set(unsure)
        self._firing = {**kept, **firing}
        if self._began is not None and snapshot.time > self._began + SETTLING:
            told += self._marks.settled(snapshot.time, self.placed)
        return told

    def _begins(
        self, key: str, alert: AlertView, known: Mapping[str, RuleAlertView]
    ) -> Iterator[Entry]:
        """It fires; of what fired before a restart already, nothing is told again."""
        if key in self._awaited:
            self._awaited.discard(key)
            self._fired.setdefault(key, alert.since)
            return
        self._fired[key] = alert.since
        yield telling.fired(alert, known.get(key))

    def _events(self, events: Sequence[EventView], names: Collection[str]) -> Iterator[Entry]:
        """Those that came since the picture before, from old to new; ``names`` are of rules."""
        if not events or events[-1] is self._event:
            return
        before, self._event = self._event, events[-1]
        new: list[EventView] = []
        for event in reversed(events):
            if event is before or len(new) >= _MOST_EVENTS:
                break
            new.append(event)
        for event in reversed(new):
            entry = telling.of_event(event)
            # What rules' alerts do is told of the alerts.
            if entry is not None and event.text.partition(" ")[0].rstrip(":") not in names:
                yield entry


def _bounded(entries: list[Entry]) -> tuple[Entry, ...]:
    """The first of ``entries``, and how many more there are, where they are very many at once."""
    if len(entries) <= MOST:
        return tuple(entries)
    first = entries[MOST]
    text = f"{len(entries) - MOST:,} more alerts changed at once"
    return (*entries[:MOST], Entry(first.at, EntryKind.EVENT, text, incident=first.incident))


def _matters(alert: AlertView) -> bool:
    """Whether it says that something is wrong: neither for information nor pending."""
    return alert.firing and alert.status is not Status.OK


def _turned(entries: Sequence[Entry]) -> tuple[dict[str, float], frozenset[str]]:
    """When the alerts that still fire began to, and those whose last turn was their end, by their
    identity; ``entries`` the newest first.
    """
    fired: dict[str, float] = {}
    over: set[str] = set()
    for entry in reversed(entries):
        if entry.kind is not EntryKind.TRANSITION:
            continue
        key = identity(entry.alert)
        if entry.after == telling.RESOLVED:
            fired.pop(key, None)
            over.add(key)
        else:
            fired.setdefault(key, entry.at)
            over.discard(key)
    return fired, frozenset(over)


def _remembered(key: str) -> AlertView:
    """A stand-in for an alert of before a restart of which the identity alone is known."""
    check = "" if of_rule(key) else key
    return AlertView(f"{key}@0", name_in(key), check, Status.WARNING, 0.0, "")


def _goes_on(was: AlertView, now: AlertView, rule: RuleAlertView | None) -> Iterator[Entry]:
    """What has become of an alert that goes on firing."""
    if was.status is not now.status:
        yield telling.fired(now, rule, before=telling.severity_word(was))
    elif was.id != now.id:
        yield telling.fired(now, rule)


def _marks(was: AlertView, now: AlertView, time: float) -> Iterator[Entry]:
    """What is to be known of an alert that goes on firing as it did."""
    if now.no_data_since is not None and was.no_data_since is None:
        yield telling.marked(now, time, _NO_DATA)
    elif now.no_data_since is None and was.no_data_since is not None:
        yield telling.marked(now, time, "there is data again, and it still fires")
    if now.flapping and not was.flapping:
        yield telling.marked(now, time, "flapping: it came back too often, and is held for a while")


def _over(
    alert: AlertView, snapshot: Snapshot, rule: RuleAlertView | None, *, known: bool = True
) -> Entry:
    """It fires no more, and why as far as that is told."""
    time = snapshot.time
    if not known:
        why = "it was over when onwatch looked again"
        return telling.resolved(alert, time, why, known=False)
    if alert.rule:
        if rule is None or rule.state is not State.RESOLVED:
            return telling.resolved(alert, time, "its rule is evaluated no more")
        at = rule.resolved_at or time
        return telling.resolved(alert, at, rule.why, rule.evidence)
    check = snapshot.check(alert.check)
    if check is None:
        return telling.resolved(alert, time, "it is watched no more")
    return telling.resolved(alert, check.since, check.message)


def _host(alert: AlertView, check: CheckView | None, own: str) -> str:
    """The machine that an alert of ``check`` is of; ``own`` is the name of this one."""
    instance = dict(alert.labels).get("instance", "")
    if not instance:
        instance = check.instance if check is not None else ""
        if not instance:
            return ""
    name = instance.partition("://")[2] or instance
    name = name.partition("/")[0].rpartition("@")[2]
    name = name.partition("]")[0].lstrip("[") if name.startswith("[") else name.partition(":")[0]
    return own if name in _LOCAL else name


def _latest(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Of several states of one the last."""
    return tuple({one.id: one for one in incidents}.values())
