"""Rules of a real engine, from what servers say to the alerts screen and its curves."""

from __future__ import annotations

import time

import pytest

from tests.tui.alert_scene import evening
from tests.tui.app_kit import app_of, running, seen, settle
from tui.screens.alert import AlertScreen
from widgets.alert_list.table import AlertTable


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


async def test_an_evening_of_rules_from_the_servers_to_the_screen() -> None:
    async with evening() as (scene, source), running(source, size=(150, 50)) as pilot:
        await pilot.press("7")
        await settle(pilot)
        text = seen(pilot)
        assert "gateway uses 98% of its connections" in text
        assert "1136 items wait" in text
        assert "i info     KernelChanged" in text
        assert "fires in" in next(line for line in text.splitlines() if "HighLoad" in line)
        assert "✔ critical SearchSlow" in text
        assert "- dead rules 2" in text
        assert "- insufficient history 1" in text
        assert "- errors 1" in text
        table = pilot.app.screen.query_one(AlertTable)
        keys = {one.name: one.key for one in table.items()}
        table.select(keys["RedisEvictions"])
        await settle(pilot)
        assert "redis_evicted_keys_total" in seen(pilot), "the nearest metric that there is"
        table.select(keys["MySQLConnections"])
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, AlertScreen)
        text = seen(pilot)
        assert "critical 0.8" in text.splitlines()[1]
        assert "┤" in text
        assert "pending → firing" in text
        for _ in range(3):
            await scene.after(10)
            source.refresh()
            await settle(pilot)
        assert "98% of its connections" in seen(pilot)
        app_of(pilot).open_query("max by (queue) (queue_size)")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert '{queue="default"}' in seen(pilot)
        assert "of 2 curves" in seen(pilot)
