"""What a configuration promises and watches, and mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.objectives.model import OfCheck, Ratio
from tests.tui.config_helpers import loaded, sentences
from tui.commands.validate import describe

HEAD = "version: 1\nchecks: [{name: web, host: }]\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_objectives_of_checks_and_of_counters() -> None:
    available, quick, there, counted = loaded(
        HEAD
        + """\
objectives:
  - {name: available, objective: 99.9%, requests: web}
  - {name: quick, objective: 95 %, window: 7d, requests: web, latency: {below: 500ms}, least: 50}
  - {name: there, objective: 0.999, probe: web, labels: {team: shop}}
  - name: counted
    objective: 99%
    ratio: {bad: 'requests_total{job="x",status=~"5.."}', total: 'requests_total{job="x"}'}
"""
    ).engine.objectives
    assert available.source == OfCheck("requests", "web")
    assert (available.target, available.window, available.least) == (0.999, 30 * 86_400, 20)
    assert quick.source == OfCheck("latency", "web", 0.5)
    assert (quick.target, quick.least) == (0.95, 50)
    assert there.timed
    assert there.labels == {"team": "shop"}
    assert isinstance(counted.source, Ratio)
    assert counted.source.bad
    assert counted.source.total.name == "requests_total"


def test_capacity_with_limits_of_every_kind() -> None:
    users, disk, share, free = loaded(
        HEAD
        + """\
capacity:
  - {name: users, expr: users_total, limit: 17000, over: 30d, expected: 10%}
  - {name: disk, expr: pg_database_size_bytes, limit: 2TB, warning: 14d, critical: 2d}
  - {name: share, expr: used_ratio, limit: 80%}
  - {name: free, expr: node_filesystem_avail_bytes, limit: node_filesystem_size_bytes / 10,
     falling: true}
"""
    ).engine.capacity
    assert (users.limit, users.over, users.expected) == (17_000.0, 30 * 86_400, 0.1)
    assert (disk.limit, disk.unit, disk.warning) == (2e12, "bytes", 14 * 86_400)
    assert (share.limit, share.unit) == (0.8, "ratio")
    assert free.falling
    assert not isinstance(free.limit, float)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("objective: 99.9, probe: web", "write 99.9% with its sign, or 0.999"),
        ("objective: 100%, probe: web", "up to, and without, 100%"),
        ("objective: much, probe: web", "expected a part such as 99.9%"),
        ("objective: 99%", "give exactly one of requests, probe, up, ratio, condition"),
        ("objective: 99%, probe: web, up: web", "has probe and up; give exactly one"),
        ("objective: 99%, up: web, latency: {below: 1s}", "latency goes with requests"),
        ("objective: 99%, probe: wob", 'no check is called "wob"; did you mean "web"?'),
        ("objective: 99%, probe: web, window: 1m", "objectives[0].window"),
        ("objective: 99%, probe: web, labels: {slo: x}", "are its own"),
        ("objective: 99%, ratio: {bad: x}", "ratio.total: is missing"),
        ("objective: 99%, ratio: {total: x}", "give either good or bad"),
        ("objective: 99%, ratio: {bad: 'rate(x[5m])', total: x}", "expected a counter such as"),
        ("objective: 99%, ratio: {bad: 'x{', total: x}", "objectives[0].ratio.bad"),
        ("objective: 99%, condition: 'x{'", "objectives[0].condition"),
        ("objective: 99%, condition: '1 == bool 1'", "expected a condition such as up == 1"),
    ],
)
def test_an_objective_that_is_none_is_told_with_its_line_and_key(item: str, says: str) -> None:
    (said,) = sentences(f"{HEAD}objectives:\n  - {{name: a, {item}}}\n")
    assert said.startswith("onwatch.yaml:4: objectives[0]")
    assert says in said


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("expr: 'x[5m]'", "has no single value"),
        ("expr: 'x{'", "capacity[0].expr"),
        ("expr: x, limit: 'foo('", "capacity[0].limit"),
        ("expr: x, limit: [1]", "expected a number, 80%, a size, or PromQL"),
        ("expr: x, warning: 3d", "warning and critical need a limit"),
        ("expr: x, limit: 1, warning: 3d, critical: 5d", "warning must not be below critical"),
        ("expr: x, limit: 1, warn: 3d", 'did you mean "warning"?'),
        ("expr: x, over: 5m", "capacity[0].over: must be at least 1h"),
    ],
)
def test_capacity_that_is_none_is_told(item: str, says: str) -> None:
    (said,) = sentences(f"{HEAD}capacity:\n  - {{name: a, {item}}}\n")
    assert says in said


def test_who_promises_something_hears_of_it_whatever_the_packs() -> None:
    promise = "objectives: [{name: a, objective: 99%, probe: web}]\n"
    bound = "capacity: [{name: b, expr: x, limit: 1, warning: 1d}, {name: c, expr: x}]\n"
    for text, packs in (
        (promise, ("dns", "slo")),
        (bound, ("dns", "capacity")),
        (bound.replace(", warning: 1d", ""), ("dns",)),
    ):
        rules = loaded(f"{HEAD}rules: {{packs: [dns]}}\n{text}").engine.rules
        assert rules is not None
        assert rules.packs == packs


def test_validating_counts_them() -> None:
    promise = "objectives: [{name: a, objective: 99%, probe: web}]\n"
    assert describe(loaded(HEAD + promise)) == "onwatch.yaml: 1 check (1 host); 1 objective"


def test_names_are_given_once() -> None:
    twice = "{name: a, objective: 99%, probe: web}"
    (said,) = sentences(f"{HEAD}objectives: [{twice}, {twice}]\n")
    assert 'objectives[1].name: another one is called "a"' in said
