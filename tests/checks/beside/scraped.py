"""What Debian's Prometheus scraped, and the same pages as our ``metrics`` check reads them.

Its server scrapes two targets of our own. Then it is killed, which leaves no stale markers behind
that ours would not have, and started again without targets: from then on nothing changes. When it
scraped is read back from it, and our check's results of the same pages are kept as of then.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Samples
from checks.probe import CheckSpec, ProbeEnv
from checks.probes.metrics import MetricsConfig
from checks.resolver import Resolver
from checks.runner import Runner
from checks.secrets import Masker
from checks.store.store import Store
from tests.checks.beside.pages import LAST, TARGETS, PageServer
from tests.servers.prometheus_api import Api, running

__all__ = ["INTERVAL", "JOB", "Row", "Scraped", "keep", "raw", "scraped"]

INTERVAL: Final = 220
"""Milliseconds between scrapes. From 200 on, Prometheus aligns their times."""
SCRAPES: Final = LAST + 6
JOB: Final = "web"
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One scrape as our check saw it, at Prometheus' own time (milliseconds).

    ``number`` is what the page says of itself; None where the target was ill.
    """

    time: int
    instance: str
    number: int | None
    samples: Samples


@dataclass(frozen=True, slots=True, eq=False)
class Scraped:
    """``rows`` in the order of their times; ``alerts`` as the first server showed them."""

    api: Api
    rows: Sequence[Row]
    alerts: Any

    @property
    def end(self) -> int:
        """When the last scrape was, in milliseconds."""
        return self.rows[-1].time

    def quiet(self) -> int:
        """The moment within an interval that is farthest from all scrapes', in milliseconds."""
        phases = {row.time % INTERVAL for row in self.rows} | {0}

        def apart(phase: int) -> int:
            return min(min((phase - one) % INTERVAL, (one - phase) % INTERVAL) for one in phases)

        return max(range(INTERVAL), key=apart)

    def moment(self, time: int) -> int:
        """The last quiet moment at or before ``time``."""
        return time - (time - self.quiet()) % INTERVAL


def keep(store: Store, row: Row) -> None:
    """Put one scrape into ``store``."""
    store.append(row.instance, INTERVAL / 1000, row.time / 1000, row.samples)


@contextmanager
def scraped(folder: Path, rules: str) -> Iterator[Scraped]:
    """Have the pages scraped while ``rules`` are evaluated."""
    (folder / "rules.yml").write_text(rules)
    servers = [PageServer(page) for page in TARGETS]
    try:
        with running(folder, _configuration(servers)) as api:
            # It waits for five seconds before its first scrape.
            read = [asyncio.run(_read(server)) for server in servers]
            until = time.monotonic() + _PATIENCE
            while any(server.scrapes < SCRAPES for server in servers):
                assert time.monotonic() < until, "Prometheus does not scrape"
                time.sleep(0.02)
            alerts = api.ask("alerts")
        with running(folder, "scrape_configs: []\n") as api:
            pairs = zip(servers, read, strict=True)
            rows = [row for server, pages in pairs for row in _rows(server.instance, pages, api)]
            yield Scraped(api, sorted(rows, key=lambda row: row.time), alerts)
    finally:
        for server in servers:
            server.close()


def _configuration(servers: Sequence[PageServer]) -> str:
    every = {"scrape_interval": f"{INTERVAL}ms", "scrape_timeout": f"{INTERVAL}ms"}
    target = {"targets": [server.instance for server in servers]}
    job = {"job_name": JOB, "honor_labels": True, "static_configs": [target]}
    return yaml.safe_dump(
        {
            "global": {**every, "evaluation_interval": f"{INTERVAL}ms"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [job],
        }
    )


def raw(api: Api, selector: str) -> dict[frozenset[tuple[str, str]], list[tuple[int, float]]]:
    """Every sample of the series that ``selector`` selects: milliseconds and values."""
    answer = api.ask("query", query=f"{selector}[10m]")
    assert answer["status"] == "success", answer
    return {
        frozenset(row["metric"].items()): [
            (round(moment * 1000), float(value)) for moment, value in row["values"]
        ]
        for row in answer["data"]["result"]
    }


async def _read(server: PageServer) -> dict[int | None, Samples]:
    """What our check makes of each page, by its number; None: of the target while it is ill."""
    # A fake clock: no page may seem to have taken its time.
    clock, lanes = FakeClock(), Lanes()
    env = ProbeEnv(clock, Resolver(lanes, clock), lanes, Masker(), Path())
    url = f"http://{server.instance}/metrics"
    config = MetricsConfig.model_validate({"url": url, "honor_labels": True})
    runner = Runner(CheckSpec(JOB, "metrics", config), env, {})
    found: dict[int | None, Samples] = {}
    try:
        for number in (None, *range(SCRAPES + 20)):
            server.show(number)
            _, result = await runner.run()
            found[number if result.up else None] = result.samples
    finally:
        await runner.close()
        await env.resolver.close()
        lanes.close()
    return found


def _rows(instance: str, pages: Mapping[int | None, Samples], api: Api) -> Iterator[Row]:
    """Every scrape of a target that Prometheus knows of, as our check saw the same page."""
    (up,) = raw(api, f'up{{instance="{instance}"}}').values()
    (numbers,) = raw(api, f'page_number{{instance="{instance}"}}').values()
    number = {moment: round(value) for moment, value in numbers}
    for moment, answered in up:
        found = number.get(moment)
        assert (found is not None) == bool(answered)
        yield Row(moment, instance, found, pages[found])
