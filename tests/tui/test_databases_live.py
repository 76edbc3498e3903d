"""From a lock on a real server to its end by keys alone, the whole way through the engine."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from checks.live import EngineSource
from tests.patience import PATIENCE
from tests.servers.postgres import PostgresDatabase
from tests.tui.app_kit import seen
from tui.app import OnwatchApp
from tui.config import load

WITHIN = PATIENCE


@asynccontextmanager
async def watching(
    tmp_path: Path, database: PostgresDatabase, *, read_only: bool = False
) -> AsyncIterator[Pilot[int]]:
    path = tmp_path / "onwatch.yaml"
    path.write_text(
        "version: 1\ndefaults: {interval: 500ms, timeout: 2s}\n"
        f"checks:\n  - name: shop\n    postgres: {{url: '{database.url}'}}\n"
    )
    path.chmod(0o600)
    source = EngineSource(lambda: replace(load(str(path)).engine, read_only=read_only))
    app = OnwatchApp(source)
    try:
        async with app.run_test(size=(110, 40), notifications=True) as pilot:
            yield pilot
    finally:
        source.close()


async def shows(pilot: Pilot[int], pattern: str) -> None:
    """Wait until the screen matches ``pattern``."""
    await until(lambda: re.search(pattern, seen(pilot)), lambda: f"{pattern}:\n{seen(pilot)}")


async def until(true: Callable[[], object], told: Callable[[], str]) -> None:
    deadline = time.monotonic() + WITHIN
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(told())
        await asyncio.sleep(0.02)


@asynccontextmanager
async def pile_up(database: PostgresDatabase) -> AsyncIterator[tuple[int, asyncio.Future[str]]]:
    """A session that forgot its transaction, and one that waits for it: the number of the
    first, and what becomes of the second's statement.
    """
    await database.execute("CREATE TABLE accounts AS SELECT 1 AS id, 0 AS balance")
    holder, waiter = await database.connect(), await database.connect()
    pid = int(await holder.fetchval("SELECT pg_backend_pid()"))
    await holder.execute("BEGIN; UPDATE accounts SET balance = 7 WHERE id = 1")
    waiting = asyncio.ensure_future(waiter.execute("UPDATE accounts SET balance = 8"))
    try:
        yield pid, waiting
    finally:
        waiting.cancel()


async def test_who_holds_a_lock_is_found_shown_whole_and_ended_by_keys_alone(
    tmp_path: Path, postgres_server: PostgresDatabase
) -> None:
    async with (
        pile_up(postgres_server) as (pid, waiting),
        watching(tmp_path, postgres_server) as pilot,
    ):
        await shows(pilot, "shop")
        await pilot.press("3")
        await shows(pilot, rf"▌✖ {pid} .*1 waits behind it")
        assert not waiting.done()
        await pilot.press("x")
        await shows(pilot, "UPDATE accounts SET balance = 7 WHERE id = 1")
        await pilot.press("enter")
        await shows(pilot, rf"terminate the session\? It is session {pid}, ")
        await pilot.press("y")
        await asyncio.wait_for(waiting, WITHIN)
        assert waiting.result() == "UPDATE 1"
        await shows(pilot, rf"terminated session {pid} of \w+ from")
        await shows(pilot, "nobody waits")
    assert await postgres_server.fetch("SELECT balance FROM accounts") == [(8,)]


async def test_read_only_shows_who_holds_a_lock_and_leaves_him_alone(
    tmp_path: Path, postgres_server: PostgresDatabase
) -> None:
    async with (
        pile_up(postgres_server) as (pid, waiting),
        watching(tmp_path, postgres_server, read_only=True) as pilot,
    ):
        await shows(pilot, "shop")
        await pilot.press("3")
        await shows(pilot, rf"▌✖ {pid} ")
        assert "cancel, terminate" not in seen(pilot)
        await pilot.press("x", "down", "enter", "y")
        await asyncio.sleep(0.3)
        assert not waiting.done()
        assert f"✖ {pid} " in seen(pilot)
