"""The checks run for a while without a screen, for `onwatch query`."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from checks.clock import Clock, SystemClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.store.store import Store
from checks.triage import APART

__all__ = ["Collected", "collect", "run_for"]


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """What the checks collected, from ``began`` to ``ended``: sample time, seconds since 1970."""

    store: Store
    began: float
    ended: float


async def collect(config: EngineConfig, seconds: float, clock: Clock | None = None) -> Collected:
    """Run the checks at their intervals for ``seconds``, and each a last time at the end.

    For 0 seconds: once, those that count things twice, a second apart, as `onwatch check` does.
    """
    clock = clock or SystemClock()
    engine = Engine(config, clock)
    engine.prepare()
    began = clock.now()
    try:
        await run_for(engine, clock, seconds)
        return Collected(engine.store, began, clock.now())
    finally:
        await engine.close()


async def run_for(engine: Engine, clock: Clock, seconds: float) -> None:
    """Run the checks of ``engine`` as :func:`collect` does."""
    started = clock.now()
    if seconds > 0:
        await _serve(engine, clock, started + seconds)
        await engine.scheduler.once()
        return
    await engine.scheduler.once()
    if any(runner.kind.counters for runner in engine.runners):
        await clock.sleep_until(started + APART)
        await engine.scheduler.once(lambda runner: runner.kind.counters)


async def _serve(engine: Engine, clock: Clock, until: float) -> None:
    """Let the scheduler run until then."""
    serving = asyncio.create_task(engine.scheduler.run(), name="scheduler")
    sleeping = asyncio.ensure_future(clock.sleep_until(until))
    try:
        # A scheduler that ends by itself has failed, which is to be seen.
        await asyncio.wait({serving, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
    finally:
        for task in (serving, sleeping):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
