"""Records and log checks for the tests."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.logs.model import Level, Record, Value
from checks.logs.tail import Held, Tail
from checks.logs.views import LogLine
from checks.model import Result
from checks.probe import CheckSpec
from checks.probes.log.config import LogConfig
from checks.views import CheckView, Snapshot
from tests.patience import PATIENCE

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


@dataclass(frozen=True)
class Seen:
    """What a run came to."""

    view: CheckView
    result: Result

    @property
    def held(self) -> Held:
        assert isinstance(self.result.log, Tail)
        return self.result.log.held()

    def value(self, name: str, **labels: str) -> float | None:
        return self.result.samples.get(name, **labels)


class Running:
    """An engine at work, whose time stands still unless it is moved on."""

    def __init__(self, engine: Engine, clock: FakeClock) -> None:
        self.engine = engine
        self.clock = clock
        self.pictures: list[Snapshot] = []

    @property
    def picture(self) -> Snapshot:
        return self.pictures[-1]

    async def advance(self, seconds: float) -> None:
        """Move on; what is read meanwhile is read."""
        end = self.clock.now() + seconds
        while (left := end - self.clock.now()) > 0:
            await self.clock.advance(min(0.25, left))
            await self._settled()

    async def _settled(self) -> None:
        for _ in range(round(PATIENCE / 0.001)):
            await self.clock.advance(0)
            if not any(map(self.engine._lanes.busy, list(self.engine._lanes._lanes))):
                return
            await asyncio.sleep(0.001)

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """What is shown to who looks at the logs."""
        assert self.picture.logs is not None
        return self.picture.logs.lines

    async def run(self, name: str = "app") -> Seen:
        """Move on until ``name`` had a further result; what it came to."""
        state = self.engine.states[name]
        # One that is under way, from before the clock was moved, is not it.
        await self._settled()
        await self.clock.advance(0)
        before = state.view.last_run
        await self.until(lambda: state.view.last_run != before)
        assert state.result is not None
        return Seen(state.view, state.result)

    async def until(self, there: Callable[[], bool]) -> None:
        """Move on until something is so."""
        await self._settled()
        for _ in range(400):
            if there():
                return
            await self.advance(0.125)
        raise AssertionError(f"it never was so: {self.engine.states}")


@asynccontextmanager
async def running(base: Path, *specs: CheckSpec, now: float) -> AsyncIterator[Running]:
    """An engine with ``specs``, at work from ``now`` on."""
    clock = FakeClock(now)
    engine = Engine(EngineConfig(specs, base_dir=base), clock)
    made = Running(engine, clock)
    task = asyncio.create_task(engine.run(made.pictures.append))
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
