"""An example's configuration at work as it stands, on real servers and a clock that the test moves.

The very file of ``examples/SYSTEM/`` is loaded; where its system's servers are is given by the
environment, as its README says. The engine's checks, store and rules are the ones that
``onwatch`` runs; only the time between two runs is made up, so that ``for: 15m`` takes a moment.

    engine = configured("askproai", {"ASKPROAI_REDIS": redis.url})
    async with watching(engine, "redis", system="askproai") as watch:
        await watch.go_on(60)                             # a minute of runs
        fill_queue()
        fired = await watch.fires("QueueBacklog", "1,200 jobs wait", queue="default")
        empty_queue()
        await watch.ends("QueueBacklog")
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from checks.clock import Clock
from checks.config import EngineConfig
from checks.dashboards.views import PanelView
from checks.engine import Engine
from checks.logs.views import LogsView, LogsWanted
from checks.model import Result, Samples
from checks.probe import Probe, Target
from checks.probes.log import heirs
from checks.promql.api import Engine as PromQL
from checks.rules.views import RuleAlertView, RulesView, RuleView, State
from checks.runner import Runner
from checks.settings import KindConfig
from checks.views import CheckView, Snapshot
from tests.examples.kit_clock import StepClock
from tests.examples.kit_measure import Fired, note
from tests.patience import PATIENCE
from tui.config import Loaded, load

__all__ = ["EXAMPLES", "MakeProbe", "Watch", "config_file", "configured", "loaded", "watching"]

MakeProbe = Callable[[KindConfig, Target], Probe]

EXAMPLES: Final = Path(__file__).parents[2] / "examples"

STEP: Final = 5.0
"""Seconds that time goes on at a time; the examples' checks run as often, or more seldom."""

_SLACK: Final = 1.0
"""Seconds: rules leave the loop to others now and then, which takes some of that clock's time."""

_NAMED: Final = ("check ", "scheduler", "rules", "log ", "long term")
"""What the names of tasks begin with that wait for time, not for a server."""


def config_file(system: str) -> Path:
    """The system's configuration."""
    return EXAMPLES / system / "onwatch.yaml"


def loaded(system: str, environ: Mapping[str, str]) -> Loaded:
    """The system's configuration with its servers where ``environ`` says.

    Nothing else of the test's own environment counts but ``PATH`` and ``HOME``.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return load(str(config_file(system)), {**kept, **environ})


def configured(system: str, environ: Mapping[str, str]) -> EngineConfig:
    """The same as the engine takes it, keeping nothing on the disk: no alerts, no story."""
    engine = loaded(system, environ).engine
    rules = replace(engine.rules, memory=None) if engine.rules is not None else None
    books = replace(engine.runbooks, audit=None)
    return replace(engine, rules=rules, story=None, runbooks=books)


class Watch:
    """One engine that runs, and what it has come to."""

    def __init__(self, engine: Engine, clock: StepClock, system: str) -> None:
        self.engine = engine
        self.clock = clock
        self.system = system
        self.step = STEP
        self._drivers: list[Callable[[float], object]] = []
        self._changes: dict[str, Callable[[float], float]] = {}
        for runner in engine.runners:
            self._put_between(runner)
        self._promql = PromQL()

    # Time

    def drive(self, go_on: Callable[[float], object]) -> None:
        """Call ``go_on`` before each step with the seconds that it takes: traffic."""
        self._drivers.append(go_on)

    async def go_on(self, seconds: float) -> None:
        """Let that much time pass, a step at a time."""
        end = self.clock.now() + seconds
        while (left := end - self.clock.now()) > 1e-6:
            step = min(self.step, left)
            for drive in self._drivers:
                drive(step)
            await self.clock.advance(step)
            self.engine._age(self.clock.now())

    async def until(self, true: Callable[[], object], what: str, within: float = 60.0) -> float:
        """Let time pass until ``true()`` holds; fails where that takes longer than ``within``.

        Returns the last moment at which it did not hold yet, for ``since`` of :meth:`fires`.
        """
        before = self.clock.now()
        end = before + within
        while not true():
            before = self.clock.now()
            assert before < end, f"not so within {within:g} s: {what}\n{self.talk()}"
            await self.go_on(self.step)
        return before

    def pretend(self, metric: str, change: Callable[[float, float], float] | None) -> None:
        """From now on let samples of ``metric`` be what ``change`` makes of their value and of the
        seconds that have passed since, for what no test should do to a server; None ends it."""
        began = self.clock.now()
        if change is None:
            self._changes.pop(metric, None)
        else:
            self._changes[metric] = lambda value: change(value, self.clock.now() - began)

    def _put_between(self, runner: Runner) -> None:
        run = runner.run

        async def changed() -> tuple[float, Result]:
            began, result = await run()
            if not self._changes:
                return began, result
            keep: Callable[[float], float] = float
            pairs = zip(result.samples.series, result.samples.values, strict=True)
            values = tuple(self._changes.get(one.name, keep)(value) for one, value in pairs)
            return began, result.with_samples(Samples(result.samples.series, values))

        runner.run = changed  # type: ignore[method-assign]

    # What there is

    @property
    def picture(self) -> Snapshot:
        return self.engine.snapshot()

    def check(self, name: str) -> CheckView:
        """How the check stands."""
        return self.engine.states[name].view

    def value(self, expression: str) -> float:
        """The one value that a PromQL expression has now; fails where it has none or several."""
        values = self.values(expression)
        assert len(values) == 1, f"{expression}: {values}"
        return next(iter(values.values()))

    def values(self, expression: str) -> dict[str, float]:
        """What an expression comes to now, by the values of the series' labels joined by commas:
        without ``job``, ``instance`` and ``system``."""
        parsed = self._promql.parse(expression)
        at = round(self.clock.now() * 1000)
        asked = self._promql.instant(self.engine.store, parsed, at)
        left_out = {"__name__", "job", "instance", "system"}
        return {
            ",".join(value for name, value in labels if name not in left_out): number
            for labels, number in asked.samples()
        }

    def logs(self, text: str = "", **more: Any) -> LogsView:
        """The records that the logs screen shows for a filter."""
        self.engine.look_at_logs(LogsWanted(text=text, **more))
        found = self.picture.logs
        assert found is not None
        assert not found.error, found.error
        return found

    async def dashboard(self, name: str, span: float = 3600.0) -> dict[str, PanelView]:
        """What the panels of a dashboard come to, by their titles, once databases have answered."""
        self.engine.look_at_dashboard(name, span, {})
        for _ in range(round(PATIENCE / 0.01)):
            shown = self.picture.dashboard
            await asyncio.sleep(0.01)
            asked = shown is None or any("asking " in one.error for one in shown.panels)
            if not asked and not self.engine.looking.waiting:
                break
        assert shown is not None
        assert not shown.error, shown.error
        self.engine.look_at_dashboard(None, span, {})
        return {one.panel.title: one for one in shown.panels}

    def talk(self) -> str:
        """What every check says, for whoever reads why a test failed."""
        return "\n".join(
            f"{name}: {state.view.status} {state.view.message}"
            for name, state in self.engine.states.items()
        )

    # Alerts of rules

    @property
    def rules(self) -> RulesView:
        assert self.engine.rules is not None
        return self.engine.rules.view([state.view for state in self.engine.states.values()])

    def rule(self, name: str, **labels: str) -> RuleView:
        """The rule of that name; where several bear it, the one that has ``labels`` itself."""
        wanted = set(labels.items())
        found = [one for one in self.rules.rules if one.name == name and not one.records]
        exact = [one for one in found if wanted <= set(one.labels)]
        assert found, f"there is no rule {name}"
        return (exact or found)[0]

    def alerts(self, name: str, *states: State, **labels: str) -> list[RuleAlertView]:
        """Alerts of that name with these labels, in one of ``states`` (firing where not said)."""
        wanted, states = set(labels.items()), states or (State.FIRING,)
        return [
            alert
            for rule in self.rules.rules
            for alert in rule.alerts
            if alert.name == name and alert.state in states and wanted <= set(alert.labels)
        ]

    def firing(self) -> set[str]:
        """The names of all alerts of rules that fire."""
        return {
            alert.name
            for rule in self.rules.rules
            for alert in rule.alerts
            if alert.state is State.FIRING
        }

    async def fires(
        self, name: str, condition: str, *, since: float | None = None, **labels: str
    ) -> Fired:
        """Go on from the moment at which ``condition`` came to be until the alert fires for an
        alert with these labels. That moment is now, where ``since`` names no other one.

        Fails where that takes longer than the rule's ``for`` and two intervals of its group, and
        where it takes less than its ``for``: then the condition is older than said. What it took
        is kept for the table in docs/seeds.md.
        """
        began = self.clock.now() if since is None else since
        rule = self.rule(name, **labels)
        allowed = rule.hold + 2 * rule.interval
        already = [one for one in self.alerts(name, **labels) if (one.fired_at or 0.0) < began]
        assert not already, f"{name} fires before {condition}"
        while not (found := self.alerts(name, **labels)):
            late = self.clock.now() - began > allowed + _SLACK
            assert not late, f"{name} does not fire within {allowed:g} s: {self.say(name)}"
            await self.go_on(self.step)
        at = found[0].fired_at
        assert at is not None
        assert at - began <= allowed + _SLACK, f"{name} took {at - began:.1f} s"
        assert at - began >= rule.hold, f"{condition}: that was so before, by {name}"
        severity = dict(found[0].labels).get("severity", "")
        fired = Fired(
            self.system, name, severity, condition, rule.hold, rule.interval, at - began,
            tuple(sorted(self._changes)),
        )  # fmt: skip
        note(fired, dict(found[0].labels), found[0].sentence)
        return fired

    async def ends(self, name: str, within: float = 1800.0, **labels: str) -> None:
        """Go on until no such alert is pending or firing any more."""
        active = (State.PENDING, State.FIRING)
        await self.until(lambda: not self.alerts(name, *active, **labels), f"{name} ends", within)

    async def stays_quiet(self, name: str, seconds: float, **labels: str) -> None:
        """Go on that long, in which no such alert fires."""
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            await self.go_on(self.step)
            assert not self.alerts(name, **labels), f"{name} fires"

    def say(self, name: str) -> str:
        """How rules of that name do, and all checks."""
        rules = [one for one in self.rules.rules if one.name == name]
        lines = [f"{one.health} {one.sentence} samples={one.samples}" for one in rules]
        states = [f"{a.state} {a.value} {dict(a.labels)}" for one in rules for a in one.alerts]
        return "\n".join([*lines, *states, self.talk()])


@asynccontextmanager
async def watching(
    config: EngineConfig,
    *checks: str,
    system: str,
    packs: bool = False,
    probes: Mapping[str, MakeProbe] | None = None,
    clock: StepClock | None = None,
    longterm: bool = False,
) -> AsyncIterator[Watch]:
    """An engine on ``config`` at work, its rules loaded.

    With ``checks`` only these run, which keeps a test of one rule cheap. The built-in rules run
    where ``packs``; they have tests of their own. ``probes`` make other probes than their kinds do
    for the checks of these names: of a recorded machine, say. Objectives and capacity are looked at
    where ``longterm``.
    """
    _forget_what_was_left()
    names = {spec.name for spec in config.checks}
    assert set(checks) <= names, f"no such check: {set(checks) - names}"
    chosen = tuple(spec for spec in config.checks if not checks or spec.name in checks)
    rules = config.rules
    if rules is not None and not packs:
        rules = replace(rules, packs=())
    clock = clock or StepClock()
    engine = Engine(replace(config, checks=chosen, rules=rules), clock)
    for runner in engine.runners:
        if probes and runner.spec.name in probes:
            runner.kind = replace(runner.kind, probe=probes[runner.spec.name])
    engine.prepare()
    watch = Watch(engine, clock, system)
    async with _at_work(engine, clock, longterm=longterm):
        await _loaded(engine, clock)
        yield watch


def _forget_what_was_left() -> None:
    """A log check would go on where that of the test before was, as after a reload."""
    for estate in heirs._left.values():
        estate.reader.close()
    heirs._left.clear()


@asynccontextmanager
async def _at_work(engine: Engine, clock: StepClock, *, longterm: bool) -> AsyncIterator[None]:
    me = asyncio.current_task()
    before = asyncio.all_tasks()
    clock.runs = lambda: bool(engine.scheduler._running)
    clock.more = lambda: any(
        task not in before and task is not me and not task.get_name().startswith(_NAMED)
        for task in asyncio.all_tasks()
    )
    works = [asyncio.create_task(engine.scheduler.run(), name="scheduler")]
    if engine.rules is not None:
        works.append(asyncio.create_task(engine.rules.run(), name="rules"))
    if longterm:
        assert engine.longterm is not None
        works.append(asyncio.create_task(engine.longterm.run(), name="long term"))
    try:
        yield
    finally:
        for work in works:
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*works, return_exceptions=True)
        await engine.close()


async def _loaded(engine: Engine, clock: Clock) -> None:
    """Until every check has answered and the rules are read, which takes a thread a while."""
    assert isinstance(clock, StepClock)
    for turn in range(400):
        await clock.advance(0.1)
        read = engine.rules is None or engine.rules._work is not None
        if read and not engine.waiting:
            return
        await asyncio.sleep(0.005 if turn < 100 else 0.1)
    waiting: Sequence[str] = [n for n, s in engine.states.items() if s.view.last_run is None]
    raise AssertionError(f"the rules were not read, or these checks had no result: {waiting}")
