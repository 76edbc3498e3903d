"""A dashboard looked at for a while without a screen, over what the checks collect or a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from checks.clock import Clock, SystemClock
from checks.collect import run_for
from checks.config import EngineConfig
from checks.dashboards.emptiness import Sampled
from checks.dashboards.live import StandingDashboard
from checks.dashboards.views import DashboardView
from checks.engine import Engine
from checks.lanes import Lanes
from checks.probe import ProbeEnv
from checks.resolver import Resolver
from checks.secrets import Masker

__all__ = ["Wanted", "look", "look_at_samples"]

_PATIENCE: Final = 20.0
"""Seconds that databases have to answer what panels ask."""
_BETWEEN: Final = 0.05


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dashboard, how far back (seconds; 0: as it says), and values of its variables."""

    name: str
    span: float
    chosen: Mapping[str, tuple[str, ...]]


async def look(
    config: EngineConfig, wanted: Wanted, seconds: float, clock: Clock | None = None
) -> DashboardView:
    """Run the checks for ``seconds`` and say what the dashboard shows then."""
    clock = clock or SystemClock()
    engine = Engine(config, clock)
    engine.prepare()
    try:
        await run_for(engine, clock, seconds)
        engine.look_at_dashboard(wanted.name, wanted.span, wanted.chosen)
        until = clock.now() + _PATIENCE
        while True:
            picture = engine.snapshot()
            if not engine.looking.waiting or clock.now() > until:
                break
            await clock.sleep_until(clock.now() + _BETWEEN)
        if picture.dashboard is None:
            raise AssertionError("a dashboard that is looked at is in the picture")
        return picture.dashboard
    finally:
        await engine.close()


def look_at_samples(
    config: EngineConfig, wanted: Wanted, store: Sampled, now: float
) -> DashboardView:
    """What the dashboard shows of ``store`` at ``now``; no database is asked."""
    clock = SystemClock()
    lanes = Lanes()
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, Masker(), config.base_dir)
    standing = StandingDashboard(
        config.dashboards, wanted.name, wanted.span, wanted.chosen, env=env, publish=_nobody
    )
    while True:
        view = standing.view(store, {}, now)
        if not standing.waiting:
            return view


def _nobody() -> None:
    return None
