"""What rules would have said over samples of the past: every transition, with its reason.

The same code as live runs over a store that holds all the samples; the groups are evaluated at
whole multiples of their intervals, from the first sample to the last.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from checks.alerts.model import Alert, Transition
from checks.errors import OnwatchError
from checks.model import Samples, Series
from checks.rules.evaluate import Circumstances, GroupRun
from checks.rules.model import AlertRule, RuleGroup
from checks.rules.outcome import Health, RuleOutcome
from checks.rules.sources import sources_of
from checks.store.store import Store

if TYPE_CHECKING:
    from checks.samples.openmetrics import SampleFile

__all__ = ["MOST_EVALUATIONS", "Backtest", "Occurrence", "Trouble", "backtest", "store_for"]

MOST_EVALUATIONS: Final = 2_000_000
"""Of single rules; at a millisecond each half an hour."""
_FOREVER: Final = 1e12


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A transition of an alert of ``rule`` in ``group``."""

    group: RuleGroup
    rule: AlertRule
    transition: Transition


@dataclass(frozen=True, slots=True)
class Trouble:
    """A rule that could not be evaluated: from ``first`` to ``last``, ``times`` in all."""

    group: RuleGroup
    name: str
    sentence: str
    first: int
    last: int
    times: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """What came of it. ``active`` are the alerts pending or firing at the end, ``quiet`` the
    alerting rules that never had one."""

    occurrences: tuple[Occurrence, ...]
    troubles: tuple[Trouble, ...]
    active: tuple[tuple[AlertRule, Alert], ...]
    quiet: tuple[AlertRule, ...]
    evaluations: int


def store_for(file: SampleFile) -> Store:
    """The samples of ``file`` in a store as the checks fill it.

    Series with the same timestamps become a block, as those of one scrape are.
    """
    from checks.samples.store import store_of  # noqa: PLC0415 - knows how to group them

    store = Store(_FOREVER)
    for number, group in enumerate(store_of(file).groups("")):
        times, values = group.rows(file.first - 1, file.last)
        series = tuple(_series(labels) for labels in group.labels)
        gaps = np.diff(times)
        interval = float(np.median(gaps)) / 1000 if len(gaps) else 0.0
        for time, row in zip(times.tolist(), values.tolist(), strict=True):
            store.append(f"samples/{number}", interval, time / 1000, Samples(series, tuple(row)))
    return store


def _series(labels: Iterable[tuple[str, str]]) -> Series:
    given = dict(labels)
    return Series.of(given.pop("__name__", ""), given)


def backtest(
    groups: Sequence[RuleGroup], about: Circumstances, store: Store, first: int, last: int
) -> Backtest:
    """Evaluate ``groups`` over ``store`` from ``first`` to ``last`` (milliseconds).

    Raises:
        OnwatchError: that would be too many evaluations.
    """
    sources = sources_of(groups, about.interval)
    runs = [GroupRun(group, about, sources) for group in groups]
    count = sum(((last - first) // run.interval + 1) * len(run.runs) for run in runs)
    if count > MOST_EVALUATIONS:
        raise OnwatchError(
            f"that is {count:,} evaluations, more than {MOST_EVALUATIONS:,}: "
            "take fewer rules, a longer interval or a shorter stretch"
        )
    done = _Doing()
    for at, run in _moments(runs, first, last):
        outcome = run.evaluate(store, at)
        for one in outcome.rules:
            done.take(run.group, one, at)
    active = tuple(
        (alerting.rule, alert)
        for run in runs
        for alerting in run.alerts
        for alert in alerting.alerts.values()
        if alert.active
    )
    busy = {id(each.rule) for each in done.occurrences}
    every = (alerting.rule for run in runs for alerting in run.alerts)
    quiet = tuple(rule for rule in every if id(rule) not in busy)
    return Backtest(tuple(done.occurrences), tuple(done.troubles.values()), active, quiet, count)


def _moments(runs: Sequence[GroupRun], first: int, last: int) -> Iterator[tuple[int, GroupRun]]:
    """When which group is due, in the order of time; at one moment as they stand in the files."""
    waiting = [(-(-first // run.interval) * run.interval, place) for place, run in enumerate(runs)]
    heapq.heapify(waiting)
    while waiting:
        at, place = waiting[0]
        if at > last:
            heapq.heappop(waiting)
            continue
        yield at, runs[place]
        heapq.heapreplace(waiting, (at + runs[place].interval, place))


class _Doing:
    """What has come up so far."""

    def __init__(self) -> None:
        self.occurrences: list[Occurrence] = []
        self.troubles: dict[tuple[str, str, str], Trouble] = {}

    def take(self, group: RuleGroup, outcome: RuleOutcome, at: int) -> None:
        rule = outcome.rule
        if isinstance(rule, AlertRule):
            self.occurrences += [Occurrence(group, rule, one) for one in outcome.transitions]
        if outcome.health is Health.OK:
            return
        # How much is recorded changes with every evaluation; that it is too little does not.
        sentence = outcome.sentence if outcome.health is Health.ERROR else str(outcome.health)
        key = (group.key, rule.name, sentence)
        before = self.troubles.get(key)
        first, times = (before.first, before.times + 1) if before else (at, 1)
        self.troubles[key] = Trouble(group, rule.name, sentence, first, at, times)
