"""What changes on a real server shows on the screen within two intervals.

The whole way: servers changed from outside, the engine in its thread, the app's screen.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from textual.pilot import Pilot

from checks.live import EngineSource
from tests.patience import PATIENCE
from tests.servers.http import HttpServer
from tests.servers.redis import RedisServer
from tests.servers.sqlite import SqliteDatabase
from tui.app import OnwatchApp
from tui.config import load

INTERVAL = 0.5
WITHIN = 2 * INTERVAL
START = PATIENCE
"""Until the first picture, imports and all."""
SLACK = 5.0
"""Beyond two intervals: a snapshot is made once a second, on a machine that does more."""


class Screen:
    """The rendered screen of a running app."""

    def __init__(self, app: OnwatchApp, pilot: Pilot[int]) -> None:
        self._app = app
        self._pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press ``keys``; the palette needs a moment to find what is typed."""
        for key in keys:
            if key == "enter":
                await asyncio.sleep(0.5)
            await self._pilot.press(key)

    def lines(self) -> list[str]:
        strips = self._app.screen._compositor.render_strips()
        return [strip.text for strip in strips]

    async def shows(self, pattern: str, within: float = WITHIN + SLACK) -> None:
        """Wait until a line matches ``pattern``."""
        began = time.monotonic()
        while not any(re.search(pattern, line) for line in self.lines()):
            if time.monotonic() - began > within:
                pytest.fail(f"{pattern} is not on the screen:\n" + "\n".join(self.lines()))
            await asyncio.sleep(0.02)


@asynccontextmanager
async def watching(tmp_path: Path, checks: str) -> AsyncIterator[Screen]:
    path = tmp_path / "onwatch.yaml"
    body = dedent(checks)
    path.write_text(
        f"version: 1\ndefaults: {{interval: {INTERVAL}s, timeout: 400ms}}\nchecks:\n{body}"
    )
    path.chmod(0o600)
    source = EngineSource(lambda: load(str(path)).engine)
    app = OnwatchApp(source)
    async with app.run_test(size=(160, 40), notifications=True) as pilot:
        try:
            yield Screen(app, pilot)
        finally:
            source.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    made.mkdir()
    return made


async def test_redis_from_outside(redis_server: RedisServer, folder: Path) -> None:
    checks = f"""
    - name: cache
      redis:
        url: {redis_server.url}
        queues: [{{name: mail, size: {{list: mail}}}}]
    """
    async with watching(folder, checks) as screen:
        await screen.shows("✔ cache", START)
        await screen.shows(r"✔ mail +0\b")
        for _ in range(37):
            redis_server.call("LPUSH", "mail", "job")
        await screen.shows(r"✔ mail +37\b")

        redis_server.freeze()
        await screen.shows("✖ cache")
        assert "CRITICAL" in screen.lines()[0]
        redis_server.thaw()
        await screen.shows("✔ cache")

        redis_server.kill()
        await screen.shows("CRITICAL .*cache.* refused")
        redis_server.restart()
        await screen.shows("✔ cache")


async def test_http_from_outside(http_server: HttpServer, folder: Path) -> None:
    http_server.answer("/health", {"status": "ok"})
    checks = f"""
    - {{name: api, http: {http_server.url}/health}}
    """
    async with watching(folder, checks) as screen:
        await screen.shows("✔ api +200", START)
        http_server.answer(
            "/health", {"status": "degraded", "services": {"db": "down"}}, status=503
        )
        await screen.shows("✖ api +503")
        assert "503" in screen.lines()[0]
        await screen.shows("└ ✖ db")
        http_server.stop()
        await screen.shows("CRITICAL .*api.* refused")
        http_server.answer("/health", {"status": "ok"})
        http_server.start()
        await screen.shows("✔ api +200")


async def test_request_log_from_outside(sqlite_database: SqliteDatabase, folder: Path) -> None:
    checks = f"""
    - name: shop
      sqlite:
        path: {sqlite_database.path}
        request_log:
          table: request_logs
          id: id
          time: created_at
          status: status_code
          duration: {{column: latency_ms, unit: ms}}
          labels: [provider_id]
    """
    async with watching(folder, checks) as screen:
        await screen.shows("✔ shop", START)
        await screen.shows("0 requests")
        now = time.time()
        sqlite_database.insert(
            (now - n / 10, "openai", 500 if n % 4 == 0 else 200, 40.0, None) for n in range(40)
        )
        await screen.shows(r"\b40 requests")
        await screen.shows(r"errors +25 %")
        await screen.shows(r"p50 +40 ms")
        await screen.shows(r"openai +100 %")


async def test_the_integrity_of_a_file_on_request(
    sqlite_database: SqliteDatabase, folder: Path
) -> None:
    async with watching(folder, f"    - {{name: shop, sqlite: {sqlite_database.path}}}") as screen:
        await screen.shows("✔ shop", START)
        await screen.press("colon", *"integrity", "enter")
        await screen.shows("shop: integrity: sound", PATIENCE)
        await screen.shows("└ ✔ integrity +sound", PATIENCE)
