"""Rules on scraped pages, beside Debian's Prometheus with the same pages and rules, in one run.

The built-in rules on 2,000 series, and 200 rules on 10,000; both scraped every 5 s. Where there is
no Prometheus (tools/get-peers) that side is left out and said so. Then, without a peer: what 200
rules take with a full hour of 10,000 series, and scripts in Prometheus' language for tests.
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import yaml

from benchmarks.harness import (
    BIN,
    ROOT,
    cpu_seconds,
    free_port,
    peer,
    process,
    resident,
    serving,
)
from benchmarks.loopback import addresses
from benchmarks.pages import app_rules, series_of_app
from benchmarks.report import Budget, Section
from checks.model import Samples, Series
from checks.promql.api import Engine
from checks.promqltest.reader import read_script
from checks.promqltest.runner import run_script
from checks.rules.evaluate import Circumstances
from checks.rules.language import PrometheusLanguage
from checks.rules.packs import FOLDER
from checks.rules.reading import rules_of_text
from checks.rules.ruleset import RuleSet
from checks.store.store import Store

WARM_UP, SECONDS = 20.0, 60.0
SCRAPED, EVALUATED = 5, 15
"""Seconds between scrapes, and between evaluations of rules that say nothing themselves."""
HOUR: Final = 720
"""Scrapes."""
_SCRIPTS: Final = ROOT / "tests" / "promql"


@dataclass(frozen=True, slots=True)
class World:
    """Pages and rules. The goals are ratios to Prometheus."""

    title: str
    pages: str
    series: int
    targets: int
    rules: int
    """How many on the application; 0: the built-in ones."""
    goal: float


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU-seconds a minute, resident MB, and seconds that all rules take, each once.

    ``unseen`` is the CPU where nobody looks at a screen.
    """

    cpu: float
    memory: float
    rules: float
    unseen: float = 0.0


WORLDS: Final = (
    World("built-in rules on 2,000 series", "packs", 2_000, 12, 0, 1.0),
    World("200 rules on 10,000 series", "app", 10_000, 5, 200, 3.0),
)


def write_rules(world: World, folder: Path) -> list[str]:
    """The rule files of ``world``."""
    if not world.rules:
        return [str(file) for file in sorted(FOLDER.glob("*.yml"))]
    file = folder / "app.yml"
    file.write_text(yaml.safe_dump(app_rules(world.rules)))
    file.chmod(0o600)
    return [str(file)]


def onwatch_config(world: World, port: int, files: list[str]) -> dict[str, object]:
    """``files`` are those of the rules that are not built in."""
    checks = [
        {"name": f"page{at}", "job": "pages", "metrics": f"http://{address}:{port}/metrics"}
        for at, address in enumerate(addresses(world.targets))
    ]
    rules: dict[str, object] = {"interval": f"{EVALUATED}s"}
    rules |= {"packs": [], "files": files} if world.rules else {"packs": ["all"]}
    defaults = {"interval": f"{SCRAPED}s", "timeout": "3s"}
    return {"version": 1, "defaults": defaults, "checks": checks, "rules": rules}


def prometheus_config(world: World, port: int, files: list[str]) -> dict[str, object]:
    every = {"scrape_interval": f"{SCRAPED}s", "scrape_timeout": "3s"}
    targets = [f"{address}:{port}" for address in addresses(world.targets)]
    return {
        "global": {**every, "evaluation_interval": f"{EVALUATED}s"},
        "rule_files": files,
        "scrape_configs": [{"job_name": "pages", "static_configs": [{"targets": targets}]}],
    }


def measure_onwatch(world: World, folder: Path, port: int) -> tuple[Cost, dict[str, float]]:
    """Its cost, and all that the engine says of itself."""
    config = folder / "onwatch.yaml"
    config.write_text(yaml.safe_dump(onwatch_config(world, port, write_rules(world, folder))))
    config.chmod(0o600)
    argv = [str(BIN / "python"), "-m", "benchmarks.headless", str(config)]
    argv += [str(WARM_UP), str(SECONDS), str(SECONDS)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    cpu, unseen = (found[name] / 100 * 60 for name in ("cpu_percent", "unseen_percent"))
    return Cost(cpu, found["resident_mb"], found["rules_seconds"], unseen), found


def measure_prometheus(world: World, folder: Path, port: int) -> Cost | None:
    """None where there is no Prometheus."""
    prometheus = peer("prometheus")
    if prometheus is None:
        return None
    web = free_port()
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(prometheus_config(world, port, write_rules(world, folder))))
    with process(
        prometheus,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{web}",
    ) as server:
        time.sleep(WARM_UP)
        before, began = cpu_seconds([server]), time.perf_counter()
        time.sleep(SECONDS)
        cpu = (cpu_seconds([server]) - before) / (time.perf_counter() - began) * 60
        return Cost(cpu, resident([server]), _rules_seconds(web))


def _rules_seconds(web: int) -> float:
    """The last evaluations of all groups together, as Prometheus says itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{web}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    name = "prometheus_rule_group_last_duration_seconds"
    found = re.findall(rf"^{name}{{.*}} (\S+)$", text, re.MULTILINE)
    return sum(float(one) for one in found)


def compared(world: World) -> Section:
    """The table of one world."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = (world.pages, str(world.series), str(world.targets))
        with serving("benchmarks.pages", *wanted) as port:
            ours, said = measure_onwatch(world, folder, port)
            theirs = measure_prometheus(world, folder, port)
    rows = [
        _row("onwatch (engine, store, rules)", replace(ours, cpu=ours.unseen)),
        _row("the same, with what a screen shows", ours),
    ]
    budgets: list[Budget] = []
    notes = [
        f"scraped every {SCRAPED} s, for {SECONDS:g} s after {WARM_UP:g}; rules every"
        f" {EVALUATED} s or as they say",
        f"onwatch: {said['ok']:.0f} of {said['checks']:.0f} checks ok, {said['series']:,.0f} series"
        f" held, {said['rules_missed']:.0f} evaluations left out, checks late at most"
        f" {said['lateness_max'] * 1000:.0f} ms",
    ]
    if theirs:
        rows.append(_row("Prometheus", theirs))
        cpu, memory = ours.unseen / theirs.cpu, ours.memory / theirs.memory
        rows.append(("ratio", f"{cpu:.2f}x", f"{memory:.2f}x", f"{ours.rules / theirs.rules:.2f}x"))
        rows.append(("ratio, with a screen", f"{ours.cpu / theirs.cpu:.2f}x", "", ""))
        budgets.append(Budget(f"{world.title}: CPU", cpu, world.goal, "x Prometheus"))
        budgets.append(Budget(f"{world.title}: memory", memory, world.goal, "x Prometheus"))
    else:
        notes.append("there is no Prometheus: no ratio")
    header = ("", "CPU-seconds a minute", "memory", "all rules once")
    return Section(world.title, header, tuple(rows), tuple(notes), tuple(budgets))


def _row(who: str, cost: Cost) -> tuple[str, ...]:
    return who, f"{cost.cpu:.2f} s", f"{cost.memory:.0f} MB", f"{cost.rules * 1000:.0f} ms"


def full_hour(rules: int = 200, series: int = 10_000) -> Section:
    """What rules take when every range that they look back on is there."""
    made = [
        Series.of(name, dict(re.findall(r'(\w+)="([^"]*)"', labels)) | {"instance": f"host{at}"})
        for at in range(5)
        for name, _, labels in (
            one.partition("{") for one in series_of_app(series // 5, at * series)
        )
    ]
    store, step, place = Store(), float(SCRAPED), np.arange(len(made))
    rising = np.array([one.name.endswith(("_total", "_bucket")) for one in made])
    fixed = np.array([one.name == "app_limit_bytes" for one in made])

    def scrape(row: int) -> None:
        """As the pages have it (:func:`benchmarks.pages.of_app`): no alert fires."""
        gauges = np.where(fixed, 1e6, 50.0 + (row * (place % 11) + place) % 13)
        values = np.where(rising, row * (1.0 + place % 7), gauges)
        store.append("app", step, (row + 1) * step, Samples(tuple(made), tuple(values.tolist())))

    for row in range(HOUR):
        scrape(row)
    file = rules_of_text("app.yml", yaml.safe_dump(app_rules(rules)), PrometheusLanguage(Engine()))
    about = Circumstances(Engine(), {}, interval=EVALUATED * 1000, timer=time.thread_time)
    now = round(HOUR * step * 1000) + 1
    held = RuleSet(file.groups, about, now)
    gc.collect()
    gc.freeze()  # as the engine does once it has started
    rounds = []
    for cycle in range(5):
        took: list[float] = []
        while (turn := held.turn(now)) is not None:
            took += [one.seconds for one in turn.run.steps(store, turn.at)]
        rounds.append(sorted(took))
        now += EVALUATED * 1000
        scrape(HOUR + 3 * cycle + 2)
    rows = [
        (what, f"{sum(took) * 1000:.0f} ms", *(f"{_share(took, at):.1f} ms" for at in (0.5, 0.99)))
        for what, took in (("the first time", rounds[0]), ("later", min(rounds[1:], key=sum)))
    ]
    share = sum(min(rounds[1:], key=sum)) / EVALUATED * 100
    notes = (
        f"every {EVALUATED} s that is {share:.1f} % of a core;"
        f" samples take {store.nbytes / 1e6:.0f} MB",
    )
    title = f"{rules} rules with an hour of {series:,} series"
    return Section(title, ("", "all", "a rule: p50", "a rule: p99"), tuple(rows), notes)


def _share(ordered: list[float], share: float) -> float:
    """Milliseconds."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def scripts() -> Section:
    """How fast our own scripts in Prometheus' language for tests are run."""
    read = [read_script(file.read_text(), file.name) for file in sorted(_SCRIPTS.glob("*.test"))]
    best, cases = float("inf"), 0
    for _ in range(3):
        began = time.process_time()
        reports = [run_script(script) for script in read]
        best = min(best, time.process_time() - began)
        cases = sum(one.passed + len(one.failed) for one in reports)
    rows = ((f"{len(read)} scripts, {cases:,} cases", f"{best:.2f} s", f"{cases / best:,.0f}"),)
    return Section("tests of PromQL", ("", "CPU", "cases a second"), rows)


def run() -> Iterator[Section]:
    for world in WORLDS:
        yield compared(world)
    yield full_hour()
    yield scripts()
