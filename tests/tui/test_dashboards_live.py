"""A dashboard over a real server's figures, from the server to the screen; the time is played."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from textual.pilot import Pilot

from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.dashboards.model import Dashboard, Panel, PanelKind, Query, Threshold, Variable
from checks.engine import Engine
from checks.model import Status
from checks.probe import CheckSpec
from checks.probes.redis.config import RedisConfig
from tests.patience import PATIENCE
from tests.servers.redis import RedisServer
from tests.tui.app_kit import running, seen, settle
from tests.tui.fakes import FakeSource

BOARD = Dashboard(
    "queues",
    "Queues",
    (
        Panel(
            "Waiting",
            PanelKind.NUMBER,
            (Query("sum(queue_size{queue=~'$queue'})"),),
            thresholds=(Threshold(50, Status.CRITICAL),),
        ),
        Panel("By queue", PanelKind.CHART, (Query("queue_size", legend="{{queue}}"),)),
        Panel("Missing", PanelKind.CHART, (Query("queue_sizes"),)),
    ),
    variables=(
        Variable("queue", query="label_values(queue_size, queue)", multi=True, all_value=".*"),
    ),
    span=300.0,
    place="onwatch.yaml:7",
)


class Live(FakeSource):
    """Shows the pictures of an engine, which is asked as the app asks."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.snapshot())
        self.engine = engine

    async def shows(self, pilot: Pilot[int], *texts: str, without: str = "\n") -> None:
        """Return once ``texts`` are shown, and ``without`` is not, picture by picture: panels take
        turns, and on a busy machine not each has one in the first.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                await settle(pilot)
                shown = " ".join(seen(pilot).split())
                if all(text in shown for text in texts) and without not in shown:
                    return
                self.show(self.engine.snapshot())

    def dashboard(
        self,
        name: str | None,
        span: float = 3600.0,
        chosen: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().dashboard(name, span, chosen)
        self.engine.look_at_dashboard(name, span, chosen or {})
        self.show(self.engine.snapshot())


async def test_what_a_server_says_is_on_the_dashboard(redis_server: RedisServer) -> None:
    clock = FakeClock()
    queues = [{"list": "mail"}, {"list": "sms"}]
    settings = RedisConfig.model_validate(
        {"url": redis_server.url, "queues": [{"name": q["list"], "size": q} for q in queues]}
    )
    check = CheckSpec("cache", "redis", settings, interval=5.0)
    engine = Engine(
        EngineConfig((check,), base_dir=redis_server.directory, dashboards=(BOARD,)), clock
    )
    try:
        redis_server.call("RPUSH", "mail", *map(str, range(40)))
        for _ in range(24):
            redis_server.call("RPUSH", "sms", "x")
            await engine.scheduler.once()
            await clock.advance(5)
        source = Live(engine)
        async with running(source) as pilot:
            await pilot.press("D")
            await source.shows(
                pilot,
                "Queues · last 5 m · queue All",
                "✖ critical",
                "a mail 40 b sms 24",
                "nothing brings queue_sizes",
                "nearest metric is queue_size",
            )
            await pilot.press("v", "down", "down", "enter")
            await source.shows(pilot, "queue sms", without="✖ critical")
            redis_server.call("RPUSH", "sms", *map(str, range(30)))
            await engine.scheduler.once()
            await clock.advance(30)
            # Letters stay.
            await source.shows(pilot, "a mail 40 b sms 54", "✖ critical")
            await pilot.press("escape")
            await settle(pilot)
            assert engine.snapshot().dashboard is None
    finally:
        await engine.close()
