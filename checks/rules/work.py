"""Groups of rules evaluated when they are due, a rule at a time, between the checks' runs.

A rule is bounded in time; after some milliseconds of work the loop is left to others for as long,
so that no check gets late and no key waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from checks.alerts.folding import CheckFinder
from checks.alerts.memory import Recalled
from checks.alerts.model import Transition
from checks.clock import Clock
from checks.config import RulesConfig
from checks.promql.api import Engine
from checks.promql.options import Options
from checks.rules.evaluate import AlertRun, Circumstances, RecordRun
from checks.rules.gone import Gone, Place
from checks.rules.loading import without
from checks.rules.model import RuleGroup
from checks.rules.outcome import RuleOutcome
from checks.rules.own_bounds import giving_way
from checks.rules.own_time import OwnTime
from checks.rules.packs import read_pack
from checks.rules.remembering import Remembering
from checks.rules.resuming import SETTLING, Resuming
from checks.rules.retaining import Longer
from checks.rules.ruleset import RuleSet, Turn
from checks.rules.showing import Showing
from checks.rules.views import RulesView
from checks.store.store import Store
from checks.views import CheckView, EventView

__all__ = ["DEADLINE", "Work", "groups_of"]

REST: Final = 10.0
"""Seconds that it sleeps at most, to look after what is kept longer and what is saved."""
SLICE: Final = 0.004
"""Seconds of work after which the loop is left to others for as long."""
BREATH: Final = 0.001
"""Seconds after which the loop may do what else is due, such as see that an answer has come."""
LONGEST_PAUSE: Final = 0.1
DEADLINE: Final = 0.5
"""Seconds of this thread's own time that a rule may take."""
_TOLD: Final = 5
"""Transitions of one evaluation of a rule that become events; of more their number is told."""


def groups_of(config: RulesConfig) -> tuple[RuleGroup, ...]:
    """What runs of the packs and of the user's own files. Takes a while the first time."""
    packs = [group for name in config.packs for group in read_pack(name).groups]
    packs = giving_way(packs, config.own_bounds)
    return tuple(without([*packs, *config.groups], config.disable)[0])


class Work:
    """``groups`` at work over ``store``."""

    def __init__(
        self,
        groups: Sequence[RuleGroup],
        config: RulesConfig,
        store: Store,
        clock: Clock,
        *,
        since: int,
        settled: Callable[[], bool],
        judges: Callable[[str], bool],
        tell: Callable[[EventView], None],
        external_labels: Mapping[str, str],
        memory: Remembering | None,
        recalled: Recalled | None,
    ) -> None:
        # By this thread's own time: a machine that is busy, or stood still, is no rule's fault.
        engine = Engine(Options(deadline=DEADLINE, left_first=True), OwnTime())
        every = round(config.interval * 1000)
        about = Circumstances(engine, external_labels, interval=every, since=since, judges=judges)
        problems = config.problems
        if recalled is not None and recalled.problem:
            problems = (*problems, recalled.problem)
        self._made_at = round(clock.now() * 1000)
        self.rules = RuleSet(groups, about, self._made_at)
        self.showing = Showing(self.rules, store, problems, memory.path if memory else None)
        self.finder = CheckFinder(())
        self._recalled = recalled
        self._store = store
        self._clock = clock
        self._settled = settled
        self._tell = tell
        self._memory = memory
        self._longer = Longer(groups, store.retention)
        self._looked: float | None = None
        self._worked = 0.0
        self._breathed = 0.0

    def _moment(self) -> int:
        return round(self._clock.now() * 1000)

    def follow(self, old: Work) -> None:
        """Go on where ``old`` ended, with other groups."""
        self.rules.adopt(old.rules, self._store, self._moment())
        self.showing.follow(old.showing)

    def begin(self) -> None:
        """Take up the alerts of the session before; call before the first evaluation."""
        if self._recalled is not None:
            self.rules.restore(self._recalled, self._moment())
            if self._recalled.problem:
                self._tell(EventView(self._clock.now(), "", self._recalled.problem))
            self._recalled = None
            self.showing.resuming = Resuming(self._clock.now() + SETTLING)
        self.showing.renew()

    @property
    def checks(self) -> frozenset[str]:
        """The names of the checks that its alerts are of."""
        alerts = (one for run in self._alert_runs() for one in run.alerts.values())
        return frozenset(name for one in alerts for name in one.checks)

    def _alert_runs(self) -> Iterator[AlertRun]:
        return (run for group in self.rules.runs for run in group.alerts)

    def release(self, gone: Gone) -> None:
        """End the alerts of what is watched no more."""
        for run in self._alert_runs():
            self._passed(run, run.release(gone, self._moment()))

    def release_absent(self, places: Collection[Place]) -> None:
        """End the alerts of an earlier session whose checks are not at ``places``, which are all
        that are watched, unless this one has seen them too.
        """
        absent = self.checks - {name for name, _, _ in places}
        gone = Gone(checks=absent, kept=frozenset(place[1:] for place in places))
        for run in self._alert_runs():
            self._passed(run, run.release(gone, self._moment(), self._made_at))

    async def go_on(self) -> None:
        """Evaluate the next group that is due, or rest until one is."""
        now = self._clock.now()
        self._look_after(now)
        turn = self.rules.turn(round(now * 1000))
        if turn is not None:
            await self._evaluate(turn)
            return
        due, rest = self.rules.next_due, now + REST
        await self._rest_until(rest if due is None else min(rest, due / 1000))

    async def _evaluate(self, turn: Turn) -> None:
        steps = turn.run.steps(self._store, turn.at)
        for run, outcome in zip(turn.run.runs, steps, strict=True):
            turn.outcomes.append(outcome)
            self._take(run, outcome, turn.at)
            await self._breathe(outcome.seconds)
        self.rules.note(turn)

    async def _breathe(self, worked: float) -> None:
        """Let the checks have the loop; for as long as was worked where that is some time.

        Most rules take too little for either: a turn of the loop would cost a fifth of one.
        """
        self._worked += worked
        if time.perf_counter() - self._breathed < BREATH:
            return
        pause = 0.0
        if self._worked >= SLICE:
            pause, self._worked = min(self._worked, LONGEST_PAUSE), 0.0
        await self._rest_until(self._clock.now() + pause)

    async def _rest_until(self, moment: float) -> None:
        await self._clock.sleep_until(moment)
        self._breathed = time.perf_counter()

    def _take(self, run: AlertRun | RecordRun, outcome: RuleOutcome, at: int) -> None:
        self.showing.take(run, outcome, at, judge=self._settled)
        if isinstance(run, AlertRun):
            self._passed(run, outcome.transitions)

    def _passed(self, run: AlertRun, transitions: Sequence[Transition]) -> None:
        if not transitions:
            return
        if self._memory is not None:
            self._memory.changed()
        for event in self.showing.passed(run, transitions, self.finder, _TOLD):
            self._tell(event)

    def _look_after(self, now: float) -> None:
        """What has to be seen to now and then."""
        for event in self.showing.resuming.told(now) if self.showing.resuming else ():
            self._tell(event)
        problem = self._memory.keep(self.rules.remember, now) if self._memory else ""
        if problem:
            self._tell(EventView(now, "", problem))
        if self._looked is None or now - self._looked >= REST:
            self._looked = now
            self._store.longer = self._longer.blocks(self._store)

    def view(self, checks: Sequence[CheckView], fault: str) -> RulesView:
        """What panes show; ``fault`` is why no rule is evaluated any more."""
        return self.showing.view(checks, self.finder, self.rules.missed, fault)
