"""Checks and one rule at work as in the engine, on a clock that the test moves.

Each run asks the real server (or the recorded tree) anew; only the time between two runs is made
up, so that a rule's ``for`` of ten minutes takes milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from checks.alerts.model import Alert, State, Transition
from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Result, Samples
from checks.own import Own
from checks.probe import CheckSpec, Probe, ProbeEnv, Target
from checks.promql.api import Engine
from checks.registry import kind
from checks.resolver import Resolver
from checks.rules.evaluate import Circumstances, GroupRun
from checks.rules.model import AlertRule, RuleGroup
from checks.rules.selectors import reads
from checks.runner import Runner
from checks.secrets import Masker
from checks.settings import KindConfig
from checks.store.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Stage", "staged"]

MakeProbe = Callable[[KindConfig, Target], Probe]
T = TypeVar("T", Alert, Transition)

_STEP: Final = 15.0
"""Seconds between two runs, where the rule does not look back so far that longer ones do."""
_RUNS: Final = 12
"""What a rule's longest look and its ``for`` are divided into."""
_PATIENCE: Final = 30
"""Runs more than these, after which a rule that has not come to it will not."""


class _LivelyClock(FakeClock):
    """A clock that the test moves, and that goes on by itself besides: durations are real."""

    def __init__(self, start: float) -> None:
        super().__init__(start)
        self._began = time.monotonic()

    def now(self) -> float:
        return super().now() + time.monotonic() - self._began


class Stage:
    """Checks that are run one after the other, the store that they fill, and a rule over it."""

    def __init__(self, base_dir: Path, start: float | None = None, *, real: bool = False) -> None:
        make = _LivelyClock if real else FakeClock
        self.clock = make(time.time() if start is None else start)
        self.lanes = Lanes()
        self.resolver = Resolver(self.lanes, self.clock)
        self._env = ProbeEnv(self.clock, self.resolver, self.lanes, Masker(), base_dir)
        self._runners: list[Runner] = []
        self._store = Store(1e12)
        self._run: GroupRun | None = None
        self._told: list[Transition] = []
        self._changes: dict[str, Callable[[float], float]] = {}
        self._drivers: list[Callable[[float], None]] = []
        self._driven = self.clock.now()
        self._said = ""
        self.step = _STEP
        self.results: dict[str, Result] = {}

    def watch(
        self, kind_name: str, config: object, name: str = "", probe: MakeProbe | None = None
    ) -> Runner:
        """Run a check of ``config``, as a file gives it, from now on; with ``probe`` another one
        than its kind makes."""
        settings = kind(kind_name).config.model_validate(config)
        runner = Runner(CheckSpec(name or kind_name, kind_name, settings), self._env, {})
        if probe is not None:
            runner.kind = replace(runner.kind, probe=probe)
        self._runners.append(runner)
        return runner

    def tell(self, own: Own) -> None:
        """Store what onwatch says of itself, too."""
        self.drive(lambda _: own.tell(self._store, self.clock.now()))

    def drive(self, go_on: Callable[[float], None]) -> None:
        """Call ``go_on`` before each run with the seconds since the last."""
        self._drivers.append(go_on)

    def pretend(self, metric: str, change: Callable[[float, float], float]) -> None:
        """From now on let samples of ``metric`` be what ``change`` makes of their value and of the
        seconds that have passed since: for what no test should do to a server."""
        began = self.clock.now()
        self._changes[metric] = lambda value: change(value, self.clock.now() - began)

    def follow(self, rule: AlertRule, step: float = 0.0, never: AlertRule | None = None) -> None:
        """Evaluate ``rule`` after each run from now on, ``step`` seconds apart; and ``never``,
        which must not have an alert meanwhile."""
        self.step = step or step_for(rule)
        engine = Engine()
        about = Circumstances(engine, {}, since=self._now, interval=int(self.step * 1000))
        rules = (rule,) if never is None else (rule, never)
        self._run = GroupRun(RuleGroup("stage", "rules.yml", rules), about)
        self._told.clear()

    @property
    def _now(self) -> int:
        return round(self.clock.now() * 1000)

    async def once(self) -> Samples:
        """Run every check now; what all of them measured."""
        passed, self._driven = self.clock.now() - self._driven, self.clock.now()
        for go_on in self._drivers:
            go_on(passed)
        found = Samples()
        for runner in self._runners:
            name = runner.spec.name
            began, self.results[name] = await runner.run()
            samples = self._changed(self.results[name].samples)
            self._store.append(name, self.step, began, samples)
            found += samples
        return found

    def _changed(self, samples: Samples) -> Samples:
        keep: Callable[[float], float] = float
        pairs = zip(samples.series, samples.values, strict=True)
        values = (self._changes.get(one.name, keep)(value) for one, value in pairs)
        return Samples(samples.series, tuple(values))

    async def tick(self) -> None:
        """A step on: every check, then the rule."""
        await self.clock.advance(self.step)
        await self.once()
        if self._run is not None:
            outcome, *others = self._run.evaluate(self._store, self._now).rules
            self._told += outcome.transitions
            assert not any(other.transitions for other in others), others[0].transitions
            self._said = outcome.sentence or f"it returned {outcome.samples} samples"

    async def fires(self, within: int = 0, **labels: str) -> None:
        """Go on until the rule fires, for an alert with these ``labels``.

        Fails the test where it does not within ``within`` runs.
        """
        for _ in range(within or self._enough()):
            await self.tick()
            if self._those(self.firing, labels):
                return
        raise AssertionError(f"it does not fire: {self._said}; {self._talk()}")

    async def counts(self, metric: str, rate: float) -> None:
        """Let ``metric`` gain ``rate`` a second until the rule fires, and then no more until it
        resolves."""
        began = self.clock.now()
        self.pretend(metric, lambda value, passed: value + rate * passed)
        await self.fires()
        added = rate * (self.clock.now() - began)
        self.pretend(metric, lambda value, _: value + added)
        await self.resolves()

    async def stays_quiet(self, runs: int = 3) -> None:
        """Go on for some runs, in which the rule has no alert."""
        for _ in range(runs):
            await self.tick()
            assert not self.active, self._told

    async def resolves(self, within: int = 0, **labels: str) -> None:
        """Go on until no alert with these ``labels`` is left that is pending or firing, and one was
        resolved."""
        for _ in range(within or self._enough()):
            await self.tick()
            if not self._those(self.active, labels):
                break
        self.was_resolved(**labels)

    def was_resolved(self, **labels: str) -> None:
        """Fails the test where such an alert is left, or none was resolved."""
        left = self._those(self.active, labels)
        assert not left, f"it is not resolved: {left}; {self._talk()}"
        over = [one for one in self._told if one.after is State.RESOLVED]
        assert self._those(over, labels), self._told

    def _enough(self) -> int:
        return 3 * _RUNS + _PATIENCE

    @property
    def active(self) -> list[Alert]:
        """Alerts of the rule that are pending or firing."""
        run = self._run
        assert run is not None, "no rule is followed"
        return [one for one in run.alerts[0].alerts.values() if one.active]

    @property
    def firing(self) -> list[Alert]:
        """Alerts of the rule that are firing."""
        return [one for one in self.active if one.state is State.FIRING]

    @staticmethod
    def _those(every: Iterable[T], labels: Mapping[str, str]) -> list[T]:
        wanted = set(labels.items())
        return [one for one in every if wanted <= set(one.labels)]

    def _talk(self) -> str:
        return "; ".join(f"{name}: {result.message}" for name, result in self.results.items())

    async def close(self) -> None:
        """Close every check."""
        for runner in self._runners:
            await runner.close()
        await self.resolver.close()
        self.lanes.close()


def step_for(rule: AlertRule) -> float:
    """Seconds between evaluations of ``rule``: few where it looks far back, and yet several
    within the shortest range it looks at."""
    looks = reads(rule.expression.root, rule.expression.text)
    ranges = [one.range / 1000 for one in looks if one.range]
    whole = max([rule.hold / 1000, *(one.back / 1000 for one in looks)])
    step = max(_STEP, whole / _RUNS)
    return min([step, *(one / 3 for one in ranges)])


@asynccontextmanager
async def staged(
    base_dir: Path, start: float | None = None, *, real: bool = False
) -> AsyncIterator[Stage]:
    """A stage that is closed afterwards; where ``real``, what takes time takes it on its clock."""
    stage = Stage(base_dir, start, real=real)
    try:
        yield stage
    finally:
        await stage.close()
