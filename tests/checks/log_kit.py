"""Records and log checks for the tests."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.logs.model import Level, Record, Value
from checks.probe import CheckSpec
from checks.probes.log.config import LogConfig
from checks.views import Snapshot

_numbers = itertools.count(1)


def record(message: str = "", level: str | None = None, **more: Any) -> Record:
    """A record with the fields ``more``; ``time``, ``source``, ``text`` and ``patterns`` are its
    own. Names with ``__`` stand for those with a dot.
    """
    own = {key: more.pop(key) for key in ("time", "source", "text", "patterns") if key in more}
    fields: dict[str, Value] = {
        key.replace("__", "."): float(value)
        if isinstance(value, int) and not isinstance(value, bool)
        else value
        for key, value in more.items()
    }
    return Record(
        number=next(_numbers),
        time=own.get("time", 1_700_000_000.0),
        level=Level[level.upper()] if level is not None else None,
        message=message,
        source=own.get("source", "app.log"),
        fields=fields,
        text=own.get("text", ""),
        patterns=own.get("patterns", ()),
    )


def config(**keys: Any) -> LogConfig:
    return LogConfig.model_validate(keys)


def spec(name: str, interval: float = 5.0, timeout: float = 3.0, **keys: Any) -> CheckSpec:
    return CheckSpec(name, "log", config(**keys), interval=interval, timeout=timeout)


class Running:
    """An engine at work, whose time stands still unless it is moved on."""

    def __init__(self, engine: Engine, clock: FakeClock) -> None:
        self.engine = engine
        self.clock = clock
        self.pictures: list[Snapshot] = []

    @property
    def picture(self) -> Snapshot:
        return self.pictures[-1]

    async def run(self, name: str = "app", seconds: float = 5.0) -> Any:
        """Move on until ``name`` had a further result; its state."""
        state = self.engine.states[name]
        before = state.view.last_run
        for _ in range(int(seconds * 4) + 8):
            await self.clock.advance(seconds / 4)
            for _ in range(500):
                await asyncio.sleep(0.002)
                if not self.engine._lanes.busy(f"log {name}"):
                    break
            await self.clock.advance(0)
            if state.view.last_run != before:
                return state
        raise AssertionError(f"{name} had no further result: {state.view.message}")

    async def until(self, there: Callable[[], bool], step: float = 0.25) -> None:
        """Move on until something is so."""
        for _ in range(400):
            if there():
                return
            await self.clock.advance(step)
            await asyncio.sleep(0.002)
        raise AssertionError("it never was so")


@asynccontextmanager
async def running(base: Path, *specs: CheckSpec, now: float) -> Any:
    clock = FakeClock(now)
    engine = Engine(EngineConfig(specs, base_dir=base), clock)
    made = Running(engine, clock)
    task = asyncio.create_task(engine.run(made.pictures.append))
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
