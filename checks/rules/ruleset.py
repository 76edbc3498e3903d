"""All groups of rules together: which is due when, what goes on over a reload and a restart.

The time is an argument. One group is evaluated at a time, so that whoever calls can do something
else in between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from checks.alerts.memory import Recalled, after_pause
from checks.alerts.model import Alert
from checks.rules.evaluate import AlertRun, Circumstances, GroupRun, RecordRun
from checks.rules.model import RuleGroup
from checks.rules.outcome import GroupOutcome, RuleOutcome
from checks.rules.packs import PREFIX
from checks.rules.recording import Recorder
from checks.rules.schedule import Slots
from checks.rules.sources import sources_of
from checks.store.store import Store

__all__ = ["RuleSet", "Turn", "keyed"]


@dataclass(slots=True, eq=False)
class _Place:
    """A group with its moments; times in milliseconds."""

    run: GroupRun
    slots: Slots
    due: int
    last: int | None = None
    missed: int = 0
    outcome: GroupOutcome | None = None


@dataclass(slots=True, eq=False)
class Turn:
    """One evaluation of a group as of ``at``; ``outcomes`` are of the rules that are done."""

    run: GroupRun
    at: int
    outcomes: list[RuleOutcome] = field(default_factory=list)

    @property
    def outcome(self) -> GroupOutcome:
        """What it came to."""
        seconds = sum(one.seconds for one in self.outcomes)
        return GroupOutcome(self.run.group.key, self.at, seconds, tuple(self.outcomes))


class RuleSet:
    """The groups of all rule files. The first evaluation of each is due at ``now`` (ms)."""

    def __init__(self, groups: Iterable[RuleGroup], about: Circumstances, now: int) -> None:
        self._places: dict[str, _Place] = {}
        loaded = list(groups)
        sources = sources_of(loaded, about.interval)
        for group in loaded:
            run = GroupRun(group, about, sources)
            self._places[group.key] = _Place(run, _slots(run), now)

    @property
    def runs(self) -> tuple[GroupRun, ...]:
        """Every group, in the order of the files."""
        return tuple(place.run for place in self._places.values())

    @property
    def progress(self) -> Iterator[tuple[str, GroupRun, GroupOutcome | None, int]]:
        """Each group by its key, its last evaluation, and how many were left out so far."""
        for key, place in self._places.items():
            yield key, place.run, place.outcome, place.missed

    @property
    def missed(self) -> int:
        """Evaluations left out since the start, because the ones before took too long."""
        return sum(place.missed for place in self._places.values())

    @property
    def evaluated(self) -> bool:
        """Whether every group has been evaluated."""
        return all(place.outcome is not None for place in self._places.values())

    @property
    def next_due(self) -> int | None:
        """When the next group is due, in milliseconds; None without any group."""
        return min((place.due for place in self._places.values()), default=None)

    def turn(self, now: int) -> Turn | None:
        """The group that has been due for longest, to be evaluated; None where none is due.

        It is evaluated as of its moment, not of when it gets its turn. Moments that have passed
        meanwhile are skipped and counted.
        """
        place = min(self._places.values(), key=lambda one: one.due, default=None)
        if place is None or place.due > now:
            return None
        at = place.due if place.last is None else place.slots.at_or_before(now)
        if place.last is not None:
            place.missed += place.slots.missed(place.due - place.slots.interval, at)
        place.last, place.due = at, place.slots.after(at)
        return Turn(place.run, at)

    def note(self, turn: Turn) -> None:
        """Keep what the evaluation of ``turn`` came to, once it is done."""
        self._places[turn.run.group.key].outcome = turn.outcome

    def adopt(self, old: RuleSet, store: Store, now: int) -> None:
        """Go on where ``old`` ended, with other files; call before the first evaluation.

        As in Prometheus, groups are known by file and name, their rules by name and labels. Series
        of rules that are no more end.
        """
        for key, place in self._places.items():
            before = old._places.get(key)
            if before is None:
                continue
            place.last, place.missed, place.outcome = before.last, before.missed, before.outcome
            if before.last is not None:
                place.due = place.slots.after(before.last)
            place.run.follow(before.run)
            alerts = dict(_keyed(before.run))
            for name, run in _keyed(place.run):
                if name in alerts:
                    run.take_up(alerts[name].alerts.values())
        heirs = {one.block: one for one in self._recorders()}
        for recorder in old._recorders():
            heir = heirs.get(recorder.block)
            if heir is not None:
                heir.follow(recorder)
                block = store.block(heir.block)
                if block is not None and block.interval < heir.interval:
                    # What was written last has to last until the next evaluation.
                    block.set_interval(heir.interval)
            else:
                recorder.end(store, now)

    def _recorders(self) -> Iterator[Recorder]:
        return (run.recorder for group in self.runs for run in group.runs)

    def remember(self) -> dict[str, list[Alert]]:
        """Every alert, by the key of its rule."""
        return {
            key: list(run.alerts.values())
            for group in self.runs
            for key, run in _keyed(group)
            if run.alerts
        }

    def restore(self, recalled: Recalled, now: int) -> None:
        """Take up the alerts of an earlier session; call before the first evaluation."""
        pause = max(0, now - recalled.saved)
        for group in self.runs:
            for key, run in _keyed(group):
                run.take_up(after_pause(recalled.rules.get(key, ()), pause))


def _slots(run: GroupRun) -> Slots:
    """When the group is due: built-in ones together.

    As of one moment they read the same rows, which are looked up once, and what evaluates them is
    still at hand in the processor's caches: that is half of what they take.
    """
    built_in = run.group.file.startswith(PREFIX)
    return Slots(PREFIX if built_in else run.group.key, run.interval)


def keyed(group: GroupRun) -> Iterator[tuple[str, AlertRun | RecordRun]]:
    """Its rules with the keys that tell them from all others, after a reload too.

    Of equal ones the first is the first again.
    """
    counts: dict[str, int] = {}
    for run in group.runs:
        labels = "\0".join(f"{name}\0{text}" for name, text in run.rule.labels)
        digest = hashlib.blake2b(labels.encode(), digest_size=6).hexdigest()
        key = f"{group.group.key};{run.rule.name};{digest}"
        counts[key] = counts.get(key, 0) + 1
        yield f"{key};{counts[key]}", run


def _keyed(group: GroupRun) -> Iterator[tuple[str, AlertRun]]:
    """The alerting ones of these."""
    for key, run in keyed(group):
        if isinstance(run, AlertRun):
            yield key, run
