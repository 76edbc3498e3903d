"""The expressions of well-known dashboards over what our own checks collect of real servers.

Each must be one that is evaluated. Which of them have nothing hangs on the machine: what these read
must be in the table of docs/dashboards.md, which says why.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from checks.dashboards.model import Dashboard, Panel, PanelKind, Query, Variable
from checks.dashboards.probing import mistake_in
from checks.dashboards.views import PanelView
from checks.store.store import Store
from tests.checks.dashboards.kit import looked_at_of
from tests.exporters.stage import staged
from tests.servers.http import HttpServer
from tests.servers.mariadb import MONITOR, PASSWORD, MariadbDatabase
from tests.servers.postgres import PostgresDatabase

EXPRESSIONS = Path(__file__).parent / "expressions"
DOCS = Path(__file__).parents[3] / "docs" / "dashboards.md"

VARIABLES = (
    Variable("node", query="label_values(node_load1, instance)"),
    Variable("job", query="label_values(node_load1, job)"),
    Variable("diskdevices", options=("[a-z]+|nvme[0-9]+n[0-9]+",)),
    Variable("host", query="label_values(mysql_up, instance)"),
    Variable("interval", options=("auto", "1m"), default=("auto",)),
    Variable("instance", query="label_values(pg_up, instance)"),
    Variable("datname", query="label_values(pg_stat_database_tup_fetched, datname)", all_value=""),
    Variable("mode", query="label_values(pg_locks_count, mode)", all_value=""),
)
LEAST = {"node": 0.70, "mysql": 0.75, "postgres": 0.70, "fastapi": 1.0}
"""The share of expressions that have something, on a plain machine."""

_LE = (("0.05", 0.2), ("0.1", 0.7), ("0.5", 1.0), ("+Inf", 1.0))


def _page(seconds: float) -> str:
    """What prometheus-fastapi-instrumentator writes, after so many seconds at ten requests each."""
    lines = []
    for status, share in (("2xx", 0.9), ("5xx", 0.1)):
        labels = f'handler="/chat",method="POST",status="{status}"'
        lines.append(f"http_requests_total{{{labels}}} {10 * share * seconds}")
        lines.append(f"http_request_duration_seconds_count{{{labels}}} {10 * share * seconds}")
        lines.append(f"http_request_duration_seconds_sum{{{labels}}} {share * seconds}")
        lines += [
            f'http_request_duration_seconds_bucket{{{labels},le="{le}"}} {share * of * seconds}'
            for le, of in _LE
        ]
    lines += [
        f'http_request_duration_highr_seconds_bucket{{le="{le}"}} {10 * part * seconds}'
        for le, part in _LE
    ]
    lines.append(f'http_request_size_bytes_sum{{handler="/chat"}} {1000 * seconds}')
    lines.append('http_requests_inprogress{handler="/chat",method="POST"} 1')
    lines.append(f"process_resident_memory_bytes {5e7 + seconds}")
    lines.append(f"process_cpu_seconds_total {seconds / 10}")
    return "\n".join(lines) + "\n"


@pytest_asyncio.fixture
async def collected(
    tmp_path: Path,
    http_server: HttpServer,
    mariadb_server: MariadbDatabase,
    postgres_server: PostgresDatabase,
) -> AsyncIterator[tuple[Store, float]]:
    """What the checks of a host, a MariaDB, a PostgreSQL and an application have had of them."""
    mysql = {"url": mariadb_server.url_of(MONITOR), "password": PASSWORD, "option_files": False}
    async with staged(tmp_path) as stage:
        stage.watch("host", {})
        stage.watch("mysql", mysql)
        stage.watch("postgres", {"url": postgres_server.url})
        stage.watch("metrics", {"url": http_server.url + "/metrics"}, name="app")
        for run in range(6):
            http_server.answer("/metrics", _page(15.0 * run))
            await stage.once()
            await stage.clock.advance(15.0)
        yield stage._store, stage.clock.now()


def _expressions(name: str) -> list[str]:
    lines = (EXPRESSIONS / f"{name}.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _missing(sentence: str) -> str:
    """The metric that a sentence says is not there."""
    found = re.match(r"(?:nothing brings )?(\w+)", sentence)
    return found[1] if found else sentence


@pytest.mark.parametrize("name", sorted(LEAST))
def test_every_expression_is_one(name: str) -> None:
    refused = {one: mistake_in(one, VARIABLES) for one in _expressions(name)}
    assert {one: said for one, said in refused.items() if said} == {}


async def test_they_run_on_our_own_samples(collected: tuple[Store, float]) -> None:
    told = DOCS.read_text()
    shares, unknown = {}, []
    for name in LEAST:
        views = _looked_at(name, *collected)
        empty = {view.panel.queries[0].expr: view.error for view in views if not view.series}
        shares[name] = 1 - len(empty) / len(views)
        unknown += [
            (expr, said) for expr, said in empty.items() if f"`{_missing(said)}`" not in told
        ]
    assert unknown == []
    assert {name: share for name, share in shares.items() if share < LEAST[name]} == {}


def _looked_at(name: str, store: Store, now: float) -> list[PanelView]:
    """What each expression comes to; in parts, since a dashboard has so many panels at most."""
    panels = [Panel(one, PanelKind.CHART, (Query(one),)) for one in _expressions(name)]
    parts = [tuple(panels[start : start + 150]) for start in range(0, len(panels), 150)]
    return [
        view
        for part in parts
        for view in looked_at_of(Dashboard(name, name, part, VARIABLES), store, now).panels
    ]
