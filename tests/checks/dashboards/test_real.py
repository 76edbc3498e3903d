"""Grafana's files as an exporter ships them, over our own check of the server they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.dashboards.grafana.reading import read_grafana
from tests.checks.dashboards.kit import looked_at_of
from tests.exporters.stage import staged
from tests.servers.prometheus import peer
from tests.servers.redis import RedisServer


def _shipped() -> list[Path]:
    program = Path(peer("prometheus-redis-exporter"))
    folder = program.parents[1] / "share" / "doc" / program.name / "examples"
    found = sorted(folder.glob("grafana*.json"))
    if not found:
        pytest.skip("the exporter's package has brought no dashboards")
    return found


async def test_the_redis_exporters_dashboards_are_full(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    files = _shipped()
    async with staged(tmp_path) as stage:
        stage.watch("redis", f"redis://127.0.0.1:{redis_server.port}/0")
        for turn in range(4):
            redis_server.call("SET", f"key:{turn}", "1")
            redis_server.call("SETEX", f"gone:{turn}", "100", "1")
            redis_server.call("GET", "nothing")
            await stage.once()
            await stage.clock.advance(15.0)
        for file in files:
            dashboard = read_grafana(file, trusted=True)
            assert [one.unshown for one in dashboard.panels if one.unshown] == []
            view = looked_at_of(dashboard, stage._store, stage.clock.now())
            assert {one.panel.title: one.error for one in view.panels if not one.series} == {}
            assert len(view.panels) >= 12
