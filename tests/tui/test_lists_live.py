"""Services and queues of real servers, from the server to the screen; the time is played."""

from __future__ import annotations

import json

from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.probe import CheckSpec
from checks.probes.redis.config import RedisConfig
from tests.servers.redis import RedisServer
from tests.tui.app_kit import app_of, running, seen, settle, source_of
from tests.tui.fakes import FakeSource
from widgets.listing.pane import ListPane


def engine_of(server: RedisServer, clock: FakeClock) -> Engine:
    queue = {"name": "mail", "layout": "laravel", "warning": 400}
    settings = RedisConfig.model_validate({"url": server.url, "queues": [queue]})
    checks = (CheckSpec("cache", "redis", settings, interval=5.0),)
    return Engine(EngineConfig(checks, base_dir=server.directory), clock)


async def runs(
    engine: Engine, clock: FakeClock, count: int, server: RedisServer, by: int = 0
) -> None:
    """``count`` runs, with so many items more (or fewer) before each."""
    for _ in range(count):
        moment = json.dumps({"pushedAt": clock.wall()})
        for _ in range(abs(by)):
            if by > 0:
                server.call("RPUSH", "queues:mail", moment)
            else:
                server.call("LPOP", "queues:mail")
        await engine.scheduler.once()
        await clock.advance(5)


async def test_what_is_pushed_and_taken_shows_in_growth_and_time_to_empty(
    redis_server: RedisServer,
) -> None:
    clock = FakeClock()
    engine = engine_of(redis_server, clock)
    try:
        await runs(engine, clock, 13, redis_server, by=20)
        async with running(FakeSource(engine.snapshot())) as pilot:
            await pilot.press("5")
            await settle(pilot)
            text = seen(pilot)
            assert "+240/min now: never empty at this rate" in text
            assert "past its warning bound of 400 in 35 s" in text
            assert "oldest item 1 m" in text
            await runs(engine, clock, 13, redis_server, by=-10)
            source_of(pilot).show(engine.snapshot())
            await settle(pilot)
            text = seen(pilot)
            assert "-120/min now: empty in 1 m at this rate" in text
            pane = app_of(pilot).screen.query_one("#table")
            assert isinstance(pane, ListPane)
            assert pane.selected == "cache/mail"
    finally:
        await engine.close()


async def test_a_server_that_dies_and_comes_back_leaves_its_outage(
    redis_server: RedisServer,
) -> None:
    clock = FakeClock()
    engine = engine_of(redis_server, clock)
    try:
        await runs(engine, clock, 10, redis_server)
        redis_server.kill()
        for _ in range(3):
            await engine.scheduler.once()
            await clock.advance(5)
        redis_server.restart()
        await runs(engine, clock, 7, redis_server)
        async with running(FakeSource(engine.snapshot()), size=(120, 40)) as pilot:
            await pilot.press("2")
            await settle(pilot)
            text = seen(pilot)
            assert "1 min 75.0 %" in text
            assert "3 in 1 outage" in text
            assert "is the server running?" in text
    finally:
        await engine.close()
