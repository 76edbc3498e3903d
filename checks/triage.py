"""One pass over every check, for `onwatch check`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from checks.clock import Clock, SystemClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.model import Status, worst
from checks.views import CheckView

__all__ = ["Triage", "triage"]

APART = 1.0
"""Seconds between the two samples of kinds whose judgement needs counters."""


@dataclass(frozen=True, slots=True, eq=False)
class Triage:
    """What one pass found. ``started`` in seconds since 1970, ``duration`` in seconds."""

    checks: tuple[CheckView, ...]
    started: float
    duration: float

    @property
    def status(self) -> Status:
        """The worst of all checks; UNKNOWN where there was nothing to judge."""
        return worst((check.status for check in self.checks), default=Status.UNKNOWN)


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
            await clock.sleep_until(started + APART)
            await engine.scheduler.once(lambda runner: runner.kind.counters)
    finally:
        views = tuple(state.view for state in engine.states.values())
        await engine.close()
    return Triage(views, started, clock.now() - started)
