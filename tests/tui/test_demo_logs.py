"""What the demo's programs write, and how one gets from an incident to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from checks.live import EngineSource
from checks.views import AlertView
from tests.patience import PATIENCE
from tests.tui.app_kit import seen
from tui.app import OnwatchApp
from tui.config import load
from tui.demo.applog import AppLog
from tui.demo.children import Child
from tui.demo.stack import Stack


def test_a_log_is_json_and_takes_no_more_room_than_two_files(tmp_path: Path) -> None:
    log = AppLog(tmp_path, "api", largest=3000)
    for number in range(200):
        log.say("warning", f"GET /{number}", status=200 + number, provider=None)
    old, new = sorted((tmp_path / "logs").iterdir(), reverse=True)
    assert (new.name, old.name) == ("api.log", "api.log.1")
    assert 3000 < old.stat().st_size < 3200
    last = json.loads(new.read_text().splitlines()[-1])
    assert last.pop("time").endswith("+00:00")
    assert last == {"level": "warning", "message": "GET /199", "status": 399}


def test_what_a_server_writes_is_cut_once_it_is_large(tmp_path: Path) -> None:
    child = Child("postgres", ["true"], tmp_path)
    said = tmp_path / "postgres.log"
    with said.open("ab", buffering=0) as its:
        its.write(b"x" * 1_900_000)
        child.trim()
        assert said.stat().st_size == 1_900_000
        its.write(b"x" * 200_000)
        child.trim()
        its.write(b"goes on\n")
    assert said.read_bytes() == b"goes on\n"


@pytest.fixture
def stack() -> Iterator[Stack]:
    with Stack.start("--no-databases", "--incident", "provider-errors", "--hold") as running:
        yield running


@asynccontextmanager
async def watching(stack: Stack) -> AsyncIterator[tuple[OnwatchApp, Pilot[int]]]:
    """The monitor on the demo, which calls a few errors of a provider too many."""
    config = stack.endpoints.config.with_name("strict.yaml")
    config.write_text(
        stack.endpoints.config.read_text().replace("warning: 20/30s", "warning: 2/30s")
    )
    config.chmod(0o600)
    source = EngineSource(lambda: load(str(config)).engine)
    app = OnwatchApp(source)
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            yield app, pilot
    finally:
        source.close()


async def until(pilot: Pilot[int], true: Callable[[], object], what: str) -> None:
    for _ in range(round(PATIENCE / 0.05)):
        if true():
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"not so: {what}\n{seen(pilot)}")


async def test_an_incident_leads_to_its_lines_and_to_what_the_dashboard_asks(stack: Stack) -> None:
    async with watching(stack) as (app, pilot):

        def of_logs() -> AlertView | None:
            alerts = app._newest.alerts if app._newest else ()
            return next((one for one in alerts if one.check == "logs" and not one.rule), None)

        await until(pilot, of_logs, "the log's alert")
        await pilot.press("7", "home")
        for _ in range(9):
            subject = app.screen.concerned()  # type: ignore[attr-defined]
            if subject is not None and subject.alert == getattr(of_logs(), "id", None):
                break
            await pilot.press("j")
        await pilot.press("L")
        await until(pilot, lambda: "502: borealis" in seen(pilot), "the lines of the errors")
        lines = [line for line in seen(pilot).splitlines() if "api.log" in line]
        assert lines
        assert all(" 502: " in line for line in lines), lines
        await pilot.press("D")
        await until(pilot, lambda: "borealis answered 502" in seen(pilot), "SQL on what fails")
