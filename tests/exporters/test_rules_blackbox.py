"""Every rule on blackbox_exporter's metrics fires and resolves on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.exporters import rule_files
from tests.exporters.blackbox_scenes import BLACKBOX, Web
from tests.exporters.stage import staged
from tests.servers.http import HttpServer


@pytest.fixture
def web(http_server: HttpServer, authority: trustme.CA, ca_file: str) -> Iterator[Web]:
    made = Web(http_server, authority, ca_file)
    yield made
    made.secure.stop()


@pytest.mark.parametrize("rule", BLACKBOX.known)
async def test_fires_and_resolves(rule: str, web: Web, tmp_path: Path) -> None:
    rule_files.require()
    async with staged(tmp_path, real=True) as stage:
        await BLACKBOX.play(rule, stage, web)


def test_there_is_a_scene_for_every_rule() -> None:
    rule_files.require()
    assert BLACKBOX.missing() == {}
