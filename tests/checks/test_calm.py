"""How often a picture comes: all the time while something happens, less while nothing does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from checks.calm import CALM, SETTLES, Calm
from checks.clock import FakeClock
from checks.engine import Engine
from checks.model import Status
from checks.probe import CheckSpec
from checks.views import Snapshot
from tests.checks.fakes import PLAYED, config, down, ok, settle, spec


@asynccontextmanager
async def watched(
    clock: FakeClock, *specs: CheckSpec
) -> AsyncIterator[tuple[Engine, list[Snapshot]]]:
    """An engine and its pictures, once everything has been quiet for long enough."""
    engine, pictures = Engine(config(*specs), clock), list[Snapshot]()
    task = asyncio.create_task(engine.run(pictures.append))
    await settle()
    await clock.advance(SETTLES + 5)
    pictures.clear()
    try:
        yield engine, pictures
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_pictures_come_less_often_while_nothing_happens() -> None:
    clock = FakeClock()
    PLAYED["api"] = ok()
    async with watched(clock, spec("api", 5)) as (_, pictures):
        await clock.advance(20)
        assert 9 <= len(pictures) <= 11
        gaps = [after.time - before.time for before, after in pairwise(pictures)]
        assert max(gaps) <= CALM + 0.01


async def test_what_happens_is_shown_as_soon_as_ever() -> None:
    clock = FakeClock()
    PLAYED["api"] = ok()
    async with watched(clock, spec("api", 5)) as (_, pictures):
        PLAYED["api"] = down("refused")
        await clock.advance(6)
        first = next(one for one in pictures if one.checks[0].status is Status.CRITICAL)
        assert first.time - first.checks[0].since <= 1.0
        pictures.clear()
        await clock.advance(10)
        assert len(pictures) == 10


async def test_whoever_looks_closer_sees_every_picture() -> None:
    clock = FakeClock()
    PLAYED["api"] = ok()
    async with watched(clock, spec("api", 5)) as (engine, pictures):
        engine.watch("api")
        await clock.advance(10)
        assert len(pictures) == 10
        engine.watch(None)
        engine.query("up", 60.0)
        await clock.advance(SETTLES)
        pictures.clear()
        await clock.advance(10)
        assert len(pictures) == 10


async def test_checks_of_every_second_are_shown_every_second() -> None:
    clock = FakeClock()
    PLAYED["slow"], PLAYED["fast"] = ok(), ok()
    async with watched(clock, spec("slow", 5), spec("fast", 1)) as (_, pictures):
        await clock.advance(10)
        assert len(pictures) == 10


def test_what_was_asked_for_ends_the_calm_for_a_while() -> None:
    calm, event = Calm(0.0), object()
    assert calm.due(0.0, 5.0, event)
    at = SETTLES + 1
    assert calm.due(at, 5.0, event)
    assert not calm.due(at + 1, 5.0, event)
    calm.stir(at + 1)
    assert calm.due(at + 1, 5.0, event)
    assert all(calm.due(at + 1 + second, 5.0, event) for second in range(1, int(SETTLES)))
    assert calm.due(at + SETTLES + 3, 5.0, object()), "another event"
