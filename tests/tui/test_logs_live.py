"""Lines from real files to the screen: followed over a rotation, filtered, led to from an alert."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from textual.pilot import Pilot

from checks.clock import FakeClock
from checks.config import EngineConfig
from checks.engine import Engine
from checks.logs.views import LogsWanted
from checks.probe import CheckSpec
from checks.probes.log.config import LogConfig
from tests.tui.app_kit import app_of, running, seen, settle, source_of
from tests.tui.fakes import FakeSource
from tui.screens.logs import LogsScreen


class Looking(FakeSource):
    """Shows what a real engine makes of what is asked for; its runs are the test's."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.snapshot())
        self.engine = engine

    def logs(self, wanted: LogsWanted | None) -> None:
        self.engine.look_at_logs(wanted)
        self.show(self.engine.snapshot())


def beneath(pilot: Pilot[int]) -> str:
    """What is to be seen beneath the verdict, which tells the newest match, too."""
    return seen(pilot).partition("\n")[2]


def written(at: float, message: str, level: str = "info", **fields: object) -> str:
    """A line of a JSON log."""
    time = datetime.fromtimestamp(at, UTC).isoformat()
    return json.dumps({"time": time, "level": level, "message": message, **fields}) + "\n"


async def test_what_is_written_is_seen_filtered_and_led_to(tmp_path: Path) -> None:
    clock = FakeClock()
    log = tmp_path / "app.json"
    log.write_text(written(clock.wall(), "started"))
    settings = LogConfig.model_validate(
        {
            "files": str(log),
            "patterns": [{"name": "timeouts", "match": "timed out", "critical": "1/5m"}],
        }
    )
    checks = (CheckSpec("app", "log", settings, interval=5.0),)
    engine = Engine(EngineConfig(checks, base_dir=tmp_path), clock)
    try:
        await engine.scheduler.once()
        async with running(Looking(engine)) as pilot:

            async def go_on(*lines: str) -> None:
                with log.open("a") as file:
                    file.writelines(lines)
                await clock.advance(5)
                await engine.scheduler.once()
                source_of(pilot).show(engine.snapshot())
                await settle(pilot)

            await pilot.press("8")
            await settle(pilot)
            assert "started" in beneath(pilot)
            await go_on(written(clock.wall(), "accepted", user_id=7))
            assert "accepted  user_id=7" in beneath(pilot)
            log.rename(tmp_path / "app.json.1")
            now = clock.wall()
            await go_on(*(written(now, f"call {n} timed out", "error", user_id=n) for n in (7, 8)))
            text = beneath(pilot)
            assert [text.count(one) for one in ("accepted", "call 7", "call 8")] == [1, 1, 1]
            assert "✖ timeouts" in text
            await pilot.press("up", "enter", "f")
            await settle(pilot)
            assert "/user_id = 7" in beneath(pilot)
            assert "call 8" not in beneath(pilot)
            await pilot.press("1", "L")
            await settle(pilot)
            screen = app_of(pilot).screen
            assert isinstance(screen, LogsScreen)
            assert screen.wanted_lines.pattern == "timeouts"
            text = beneath(pilot)
            assert "around app" in text
            assert "call 7 timed out" in text
            assert "accepted" not in text
    finally:
        await engine.close()
