"""Every rule on Redis fires and resolves on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exporters import rule_files
from tests.exporters.redis_scenes import REDIS, RedisPlace
from tests.exporters.stage import staged
from tests.servers.redis import RedisServer


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisPlace]:
    main, other = (RedisServer(tmp_path_factory.mktemp(name)) for name in ("main", "other"))
    main.start()
    main.set(repl_diskless_sync="yes", repl_diskless_sync_delay=0)
    other.start()
    yield RedisPlace(main, other)
    main.kill()
    other.kill()


@pytest.fixture
def place(servers: RedisPlace) -> Iterator[RedisPlace]:
    yield servers
    servers.tidy()


@pytest.mark.parametrize("rule", REDIS.known)
async def test_fires_and_resolves(rule: str, place: RedisPlace, tmp_path: Path) -> None:
    rule_files.require()
    async with staged(tmp_path) as stage:
        await REDIS.play(rule, stage, place)


def test_there_is_a_scene_for_every_rule() -> None:
    rule_files.require()
    assert REDIS.missing() == {}
