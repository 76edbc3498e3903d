"""Every rule on PostgreSQL fires and resolves on a real server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.exporters import rule_files
from tests.exporters.postgres_scenes import POSTGRES, SETTINGS, PostgresPlace
from tests.exporters.stage import staged
from tests.servers.postgres import PostgresDatabase, PostgresServers, until


@pytest.fixture(scope="module")
def servers(
    postgres_module_servers: PostgresServers,
) -> tuple[PostgresDatabase, PostgresDatabase, PostgresDatabase, float]:
    """One to play with, a standby and its primary, and when that has last written something."""
    main = PostgresDatabase(postgres_module_servers.start(**SETTINGS))
    main.psql("CREATE DATABASE shop")
    primary = PostgresDatabase(postgres_module_servers.start())
    standby = postgres_module_servers.replica(primary.server)
    standby.start()
    primary.psql("CREATE TABLE first (id int)")
    written = time.monotonic()
    replayed = PostgresDatabase(standby)
    until(lambda: replayed.psql("SELECT to_regclass('first')") == "first")
    return main, replayed, primary, written


@pytest.fixture
async def place(
    servers: tuple[PostgresDatabase, PostgresDatabase, PostgresDatabase, float],
) -> AsyncIterator[PostgresPlace]:
    made = PostgresPlace(*servers)
    yield made
    await made.close()


@pytest.mark.parametrize("rule", POSTGRES.known)
async def test_fires_and_resolves(rule: str, place: PostgresPlace, tmp_path: Path) -> None:
    rule_files.require()
    async with staged(tmp_path) as stage:
        await POSTGRES.play(rule, stage, place)


def test_there_is_a_scene_for_every_rule() -> None:
    rule_files.require()
    assert POSTGRES.missing() == {}
