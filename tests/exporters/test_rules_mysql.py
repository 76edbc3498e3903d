"""Every rule on MySQL fires and resolves on a real MariaDB server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.exporters import rule_files
from tests.exporters.mysql_scenes import MYSQL, OPTIONS, MysqlPlace
from tests.exporters.stage import staged
from tests.servers.mariadb import MariadbServers


@pytest.fixture(scope="module")
def servers(mariadb_module_servers: MariadbServers) -> MysqlPlace:
    main = mariadb_module_servers.start(*OPTIONS)
    return MysqlPlace(main, mariadb_module_servers.replica(main))


@pytest.fixture
def place(servers: MysqlPlace) -> Iterator[MysqlPlace]:
    yield servers
    servers.close()


@pytest.mark.parametrize("rule", MYSQL.known)
async def test_fires_and_resolves(rule: str, place: MysqlPlace, tmp_path: Path) -> None:
    rule_files.require()
    async with staged(tmp_path) as stage:
        await MYSQL.play(rule, stage, place)


def test_there_is_a_scene_for_every_rule() -> None:
    rule_files.require()
    assert MYSQL.missing() == {}
