"""One pass over every check, for `onwatch check`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import cached_property

from checks.alerts.folding import CheckFinder
from checks.alerts.of_checks import alerts_of
from checks.alerts.of_rules import rule_alerts
from checks.clock import Clock, SystemClock
from checks.config import EngineConfig, RulesConfig
from checks.engine import Engine
from checks.lanes import Lanes
from checks.model import Status, worst
from checks.rules.views import RulesView
from checks.views import AlertView, CheckView

__all__ = ["Triage", "triage"]

APART = 1.0
"""Seconds between the two samples of kinds whose judgement needs counters."""


@dataclass(frozen=True, eq=False)
class Triage:
    """What one pass found. ``started`` in seconds since 1970, ``duration`` in seconds.

    ``rules`` are evaluated without their `for`; None where there are none.
    """

    checks: tuple[CheckView, ...]
    started: float
    duration: float
    rules: RulesView | None = None

    @cached_property
    def alerts(self) -> tuple[AlertView, ...]:
        """The alerts of rules that fire, the worst first."""
        every = alerts_of(self.checks, rule_alerts(self.rules))
        return tuple(alert for alert in every if alert.rule and alert.firing)

    @property
    def status(self) -> Status:
        """The worst of all checks and alerts; UNKNOWN where there was nothing to judge."""
        found = [*(check.status for check in self.checks), *(one.status for one in self.alerts)]
        return worst(found, default=Status.UNKNOWN)


async def triage(
    config: EngineConfig,
    *,
    only: frozenset[str] | None = None,
    timeout: float | None = None,  # noqa: ASYNC109 - the checks' own, each bounds itself
    clock: Clock | None = None,
) -> Triage:
    """Run each check of ``config`` once, those that count things twice, a second apart.

    Args:
        only: names of the checks to run; all where None.
        timeout: seconds for each run, in place of the configured ones.
    """
    clock = clock or SystemClock()
    chosen = [spec for spec in config.checks if only is None or spec.name in only]
    if timeout is not None:
        chosen = [replace(spec, timeout=timeout) for spec in chosen]
    engine = Engine(replace(config, checks=tuple(chosen)), clock)
    engine.prepare()
    started = clock.now()
    try:
        await engine.scheduler.once()
        if any(runner.kind.counters for runner in engine.runners):
            # While that second passes anyway, and no run is timed with it.
            reading = asyncio.create_task(_read_ahead(engine.config.rules))
            await clock.sleep_until(started + APART)
            await reading
            await engine.scheduler.once(lambda runner: runner.kind.counters)
    finally:
        views = tuple(state.view for state in engine.states.values())
        await engine.close()
    rules = _judged(engine, views, started, clock.now(), whole=len(chosen) == len(config.checks))
    return Triage(views, started, clock.now() - started, rules)


async def _read_ahead(rules: RulesConfig | None) -> None:
    """Import what evaluates rules, and parse the built-in ones, off the loop."""
    if rules is None:
        return

    def read() -> None:
        from checks.rules import single_look  # noqa: F401, PLC0415 - imports the evaluator
        from checks.rules.work import groups_of  # noqa: PLC0415

        groups_of(rules)

    lanes = Lanes()
    try:
        await lanes.run("rules", read)
    finally:
        lanes.close()


def _judged(
    engine: Engine, views: tuple[CheckView, ...], started: float, now: float, *, whole: bool
) -> RulesView | None:
    config = engine.config
    if config.rules is None or not views:
        return None
    from checks.rules.single_look import single_look  # noqa: PLC0415 - imports the evaluator

    return single_look(
        config.rules,
        engine.store,
        CheckFinder(engine.places()),
        views,
        since=started,
        now=now,
        external_labels=config.external_labels,
        whole=whole,
    )
