"""An engine with a clock that the tests turn, checks that they play, and rules beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from checks.alerts.model import State
from checks.clock import FakeClock
from checks.config import EngineConfig, RulesConfig
from checks.engine import Engine
from checks.probe import CheckSpec
from checks.rules.views import RuleAlertView, RulesView, RuleView
from checks.views import Snapshot
from tests.checks.fakes import config, settle
from tests.checks.rules.kit import read

__all__ = ["Scene", "configured", "playing", "rules"]


def rules(text: str, **more: object) -> RulesConfig:
    """Rules written one a line, as YAML mappings, evaluated every 5 s."""
    lines = "".join(f"  - {rule}\n" for rule in text.strip().splitlines())
    file = read(f"groups:\n- name: g\n  interval: 5s\n  rules:\n{lines}")
    assert not file.problems, file.problems
    return RulesConfig(groups=file.groups, **more)  # type: ignore[arg-type]


def configured(text: str, *specs: CheckSpec, memory: Path | None = None) -> EngineConfig:
    """``specs`` with the rules of ``text``."""
    return replace(config(*specs), rules=rules(text, memory=memory))


class Scene:
    """One engine that runs."""

    def __init__(self, engine: Engine, clock: FakeClock) -> None:
        self.engine = engine
        self.clock = clock
        self.task: asyncio.Task[None] | None = None

    async def loaded(self) -> None:
        """Until the rules are read, which a thread of the machine's own time does."""
        assert self.engine.rules is not None
        for _ in range(1_000):
            await self.clock.advance(0.1)
            if self.engine.rules._work is not None:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the rules were not loaded")

    async def after(self, seconds: float) -> Snapshot:
        """The picture ``seconds`` later."""
        for _ in range(round(seconds * 2)):
            await self.clock.advance(0.5)
            await settle()
        return self.engine.snapshot()

    @property
    def rules(self) -> RulesView:
        found = self.engine.snapshot().rules
        assert found is not None
        return found

    def rule(self, name: str) -> RuleView:
        return next(rule for rule in self.rules.rules if rule.name == name)

    def alerts(self, name: str) -> Sequence[RuleAlertView]:
        return self.rule(name).alerts

    def states(self, name: str) -> list[State]:
        return [alert.state for alert in self.alerts(name)]

    @property
    def told(self) -> list[str]:
        return [event.text for event in self.engine.snapshot().events]

    async def end(self) -> None:
        if self.task is not None:
            if self.engine.rules is not None:
                # Saved without the second that the engine waits for it at its end.
                await self.engine.rules.close()
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


@asynccontextmanager
async def playing(
    config: EngineConfig, clock: FakeClock | None = None, *, follows: Engine | None = None
) -> AsyncIterator[Scene]:
    """An engine on ``config`` at work, its rules loaded; ended at the end."""
    clock = clock or FakeClock()
    engine = Engine(config, clock)
    if follows is not None:
        engine.follow(follows)
    scene = Scene(engine, clock)
    scene.task = asyncio.create_task(engine.run(lambda _: None))
    try:
        await scene.loaded()
        await scene.after(0.5)
        yield scene
    finally:
        await scene.end()
