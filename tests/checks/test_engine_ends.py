"""How an engine ends: what it closes, what it saves, and what is not cut short."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks import live
from checks.alerts.memory import AlertMemory, Recalled
from checks.clock import FakeClock
from checks.engine import Engine
from checks.live import EngineSource
from checks.rules.live import LiveRules
from tests.checks import fakes
from tests.checks.fakes import PLAYED, config, ok, settle, spec
from tests.checks.rules.scene import configured, playing
from tests.checks.test_source import wait_for
from tests.patience import PATIENCE

HIGH = "{alert: High, expr: played_value > 10}"


async def test_what_alerts_are_there_is_saved_though_a_probe_hangs_at_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk may take longer than a probe is waited for."""
    PLAYED["one"], path = ok(50), tmp_path / "alerts.json"
    given_up, goes_on, keep = asyncio.Event(), threading.Event(), AlertMemory.keep

    async def hangs(probe: fakes.PlayedProbe) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            given_up.set()

    saved: list[str] = []

    def slowly(*args: Any) -> str:
        goes_on.wait(PATIENCE)
        saved.append(keep(*args))
        return saved[-1]

    monkeypatch.setattr("checks.engine.CLOSING", 0.05)
    monkeypatch.setattr("checks.engine.SAVING", PATIENCE)
    async with playing(configured(HIGH, spec("one"), memory=path)) as scene:
        await scene.after(6)
        monkeypatch.setattr(fakes.PlayedProbe, "close", hangs)
        monkeypatch.setattr(AlertMemory, "keep", slowly)
        assert scene.task is not None
        scene.task.cancel()
        async with asyncio.timeout(PATIENCE):
            await given_up.wait()
        await settle()
        assert not scene.task.done(), "what is saved is waited for"
        goes_on.set()
        await asyncio.wait({scene.task})
        assert set(saved) == {""}, "it has come to its end, and well"
        assert "High" in path.read_text()


def test_an_end_amid_a_reload_does_not_cut_short_what_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_INTERVAL", 0.01)
    monkeypatch.setattr("checks.engine.CLOSING", PATIENCE)
    PLAYED["one"], file = ok(), tmp_path / "onwatch.yaml"
    closes, goes_on, closed = threading.Event(), threading.Event(), threading.Event()

    async def slowly(probe: fakes.PlayedProbe) -> None:
        closes.set()
        while not goes_on.is_set():
            await asyncio.sleep(0.01)
        closed.set()

    monkeypatch.setattr(fakes.PlayedProbe, "close", slowly)
    source = EngineSource(lambda: replace(config(spec("one")), files=(file,)))
    source.start()
    ending = threading.Thread(target=source.close)
    try:
        wait_for(lambda: (shown := source.latest()) is not None and shown.checks[0].up)
        file.touch()
        assert closes.wait(PATIENCE)
        ending.start()
        wait_for(lambda: source._main is not None and source._main.cancelling() > 0)
    finally:
        goes_on.set()
    ending.join(PATIENCE)
    source._thread.join(PATIENCE)
    assert closed.is_set()
    assert source.failure() is None


@pytest.mark.parametrize("turns", range(6))
async def test_rules_that_are_to_end_do_not_go_on_with_what_came_at_that_moment(
    turns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would tell them again: their engine would wait for them for ever."""
    PLAYED["one"], came = ok(50), asyncio.get_running_loop().create_future()
    engine = Engine(configured(HIGH, spec("one"), memory=tmp_path / "alerts.json"), FakeClock())
    rules = engine.rules
    assert isinstance(rules, LiveRules)
    assert rules._memory is not None

    async def begins(tell: object) -> None:
        del tell

    async def recalls() -> Recalled:
        await came
        return Recalled({})

    monkeypatch.setattr(rules._memory, "begin", begins)
    monkeypatch.setattr(rules._memory, "recall", recalls)
    task = asyncio.create_task(rules._recalled())
    await settle()
    came.set_result(None)
    for _ in range(turns):
        await asyncio.sleep(0)
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
    await engine.close()
