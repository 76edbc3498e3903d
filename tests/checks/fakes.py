"""A kind of check whose targets the tests play themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from checks import registry
from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.model import Result, Samples, Status
from checks.probe import CheckSpec, Kind, Metric, Target
from checks.settings import KindConfig

Answer = Callable[[], Awaitable[Result]]


class PlayedConfig(KindConfig):
    """Names the entry of :data:`PLAYED` that answers."""

    player: str
    """Key of the answer."""

    def instance(self) -> str:
        return f"{self.player}:1"


PLAYED: dict[str, Callable[[Target], Awaitable[Result]]] = {}
CLOSED: list[str] = []


class PlayedProbe:
    def __init__(self, config: KindConfig, target: Target) -> None:
        assert isinstance(config, PlayedConfig)
        self._player = config.player
        self._target = target

    async def run(self) -> Result:
        return await PLAYED[self._player](self._target)

    async def ask(self, question: str) -> str:
        if question == "break":
            raise RuntimeError("broken")
        return f"{question}: fine"

    async def close(self) -> None:
        CLOSED.append(self._player)


PLAYED_KIND = Kind(
    "played", "for tests", PlayedConfig, PlayedProbe, (Metric("played_value", "gauge", "a value"),)
)
COUNTING_KIND = replace(PLAYED_KIND, name="counting", counters=True)
if "played" not in registry._loaded:
    registry.add(PLAYED_KIND)
    registry.add(COUNTING_KIND)


def spec(name: str, interval: float = 5.0, timeout: float = 3.0, **more: object) -> CheckSpec:
    return CheckSpec(
        name=name,
        kind=str(more.pop("kind", "played")),
        config=PlayedConfig(player=name),
        interval=interval,
        timeout=timeout,
        **more,  # type: ignore[arg-type]
    )


def config(*specs: CheckSpec) -> EngineConfig:
    return EngineConfig(specs, base_dir=Path("/"))


def ok(value: float = 1.0, message: str = "fine") -> Callable[[Target], Awaitable[Result]]:
    """Always answers ``played_value`` with ``value``."""

    async def answer(target: Target) -> Result:
        builder = target.sampler.builder()
        builder.add("played_value", value)
        return Result(Status.OK, message, value="up", duration=0.002, samples=builder.build())

    return answer


def down(message: str = "connection refused") -> Callable[[Target], Awaitable[Result]]:
    async def answer(target: Target) -> Result:
        del target
        return Result.failed("refused", message, samples=Samples())

    return answer


def hang(clock: FakeClock, seconds: float = 1e6) -> Callable[[Target], Awaitable[Result]]:
    """Answers after ``seconds`` of the fake clock."""

    async def answer(target: Target) -> Result:
        del target
        await clock.sleep_until(clock.now() + seconds)
        return Result(Status.OK, "at last", duration=seconds)

    return answer


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)
