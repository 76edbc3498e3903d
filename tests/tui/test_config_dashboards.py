"""What a configuration says of dashboards, and what is wrong with it, with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checks.dashboards.model import Dashboard, PanelKind, Query, Threshold
from checks.errors import ConfigError
from checks.model import Status
from tui.config import load

HEAD = "version: 1\nchecks:\n  - {name: web, labels: {env: prod}, tcp: 127.0.0.1:1}\n"
GRAFANA = {"title": "From Grafana", "panels": [{"title": "up", "targets": [{"expr": "up"}]}]}


def loaded(folder: Path, text: str) -> tuple[Dashboard, ...]:
    path = folder / "onwatch.yaml"
    path.write_text(HEAD + text)
    return load(str(path)).engine.dashboards


def complaints(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).splitlines()]


def test_panels_of_ones_own(tmp_path: Path) -> None:
    (found,) = loaded(
        tmp_path,
        """
dashboards:
  - title: My shop
    span: 15m
    variables:
      - {name: host, query: "label_values(up, instance)", multi: true, all: true}
      - {name: n, options: ["3", "5"]}
    panels:
      - title: Busy on ${host}
        expr: topk($n, rate(cpu_total{instance=~"$host"}[$__rate_interval]))
        unit: ms
        warning: 500
        critical: 1000
        width: 6
      - {title: Free, show: gauge, value: probe_success, check: web, critical: 1, warning: 2}
      - {title: Note, text: "call ${somebody}", width: 18}
""",
    )
    assert (found.name, found.title, found.span) == ("my-shop", "My shop", 900)
    assert found.place.endswith("onwatch.yaml:6")
    host, n = found.variables
    assert (host.query, host.multi, host.all_value) == ("label_values(up, instance)", True, "")
    assert (n.options, n.all_value) == (("3", "5"), None)
    busy, free, note = found.panels
    assert (busy.unit, busy.scale) == ("s", 1e-3)
    assert busy.thresholds == (Threshold(0.5, Status.WARNING), Threshold(1.0, Status.CRITICAL))
    # Below the smaller one it is critical: free space, not load.
    assert all(one.falling for one in free.thresholds)
    assert free.kind is PanelKind.GAUGE
    assert free.queries == (
        Query(
            'probe_success{job="web",instance="127.0.0.1:1"}',
            check="web",
            value="probe_success",
        ),
    )
    # A variable of the environment would have been missed.
    assert note.text == "call ${somebody}"
    assert [one.place for one in found.panels] == [(0, 0, 6, 8), (6, 0, 12, 4), (0, 8, 18, 8)]


def test_files_of_grafanas_are_watched(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps(GRAFANA))
    path = tmp_path / "onwatch.yaml"
    path.write_text(f"{HEAD}dashboards:\n  - file: '*.json'\n")
    engine = load(str(path)).engine
    assert [one.name for one in engine.dashboards] == ["a", "b"]
    assert {tmp_path / "a.json", tmp_path / "b.json", tmp_path / "*.json"} <= set(engine.files)


def test_files_of_the_same_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder in ("db", "web"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "main.json").write_text(json.dumps(GRAFANA))
    found = loaded(tmp_path, "dashboards:\n  - file: '*/main.json'\n")
    assert [one.name for one in found] == ["main", "web-main"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{title: x}", "onwatch.yaml:5: dashboards[0]: has neither panels nor a file"),
        ("{file: none.json}", "dashboards[0].file: there is no such file: none.json"),
        ("{panels: [{expr: 'rate(x['}]}", "dashboards[0].panels[0].expr: "),
        ("{panels: [{expr: 'x{a=\"$b\"}'}]}", "panels[0].expr: there is no variable $b"),
        ("{panels: [{exprs: [x, 'y(']}]}", "dashboards[0].panels[0].exprs[1]: "),
        ("{panels: [{expr: x, sql: y}]}", "panels[0].sql: give one of expr, exprs, sql"),
        ("{panels: [{title: x}]}", "panels[0]: give one of expr, exprs, sql, value, text"),
        ("{panels: [{value: up, check: wep}]}", 'check: no check is called "wep"; did you mean'),
        ("{panels: [{value: up}]}", "panels[0].value: the check that it is of is missing"),
        ("{panels: [{sql: SELECT 1, check: web}]}", "check: is a check of the kind tcp; SQL goes"),
        ("{panels: [{expr: up, titel: x}]}", 'titel: unknown key; did you mean "title"?'),
        ("{panels: [{expr: up, words: {low: x}}]}", 'words.low: is no value: write "1", "2..5"'),
        (
            "{panels: [{expr: up, warning: 1, critical: 2, falling: true}]}",
            "panels[0].critical: must lie below warning",
        ),
        ("{panels: [{expr: up, show: pie}]}", "panels[0].show: "),
        (
            "{panels: [{expr: up}], variables: [{name: a, query: metrics(a), regex: '('}]}",
            "variables[0].regex: the pattern ( cannot be used: missing )",
        ),
        (
            "{panels: [{expr: up}], variables: [{name: a}]}",
            "variables[0]: give one of query, sql, options, or free: true",
        ),
        (
            "{panels: [{expr: up}], variables: [{name: a, free: true}, {name: a, options: [b]}]}",
            'variables[1].name: another variable is called "a"',
        ),
        ("{panels: [{expr: up, repeat: b}]}", "panels[0].repeat: there is no variable b"),
        ("{title: a, panels: [{expr: up}], file: x}", "give either panels or a file"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    (line,) = complaints(tmp_path, f"dashboards:\n  - {text}\n")
    assert line.startswith("onwatch.yaml:5: dashboards[0]")
    assert said in line


def test_two_of_one_name(tmp_path: Path) -> None:
    text = (
        "dashboards:\n  - {title: A, panels: [{expr: up}]}\n  - {title: a, panels: [{expr: up}]}\n"
    )
    (line,) = complaints(tmp_path, text)
    assert 'the name "a" is taken by the dashboard at' in line


def test_a_broken_file_is_named_with_the_place_in_its_json(tmp_path: Path) -> None:
    (tmp_path / "g.json").write_text('{"panels": [{"targets": 3}]}')
    (line,) = complaints(tmp_path, "dashboards:\n  - file: g.json\n")
    assert line == "g.json: panels[0].targets: a list is expected here"


def test_a_file_that_others_can_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "g.json"
    path.write_text(json.dumps(GRAFANA))
    path.chmod(0o666)
    (line,) = complaints(tmp_path, "dashboards:\n  - file: g.json\n")
    assert "refused: others can write to it, and it can send statements to databases" in line
