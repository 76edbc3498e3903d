"""``onwatch dashboard``: list, show and import, without a screen."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from checks.dashboards.grafana.reading import read_grafana
from tui.cli import main
from tui.config import load

SAMPLES = """\
# TYPE hits counter
hits_total{code="200"} 0 1700000000
hits_total{code="200"} 600 1700000060
hits_total{code="500"} 0 1700000000
hits_total{code="500"} 60 1700000060
# EOF
"""
CONFIG = """\
version: 1
checks:
  - {name: web, tcp: 127.0.0.1:1}
dashboards:
  - title: Shop
    variables:
      - {name: code, query: "label_values(hits_total, code)", all: true}
    panels:
      - {title: Hits, expr: 'rate(hits_total{code=~"$code"}[2m])', unit: /s, critical: 4}
      - {title: Table, show: table, expr: hits_total, instant: true}
      - {title: Lost, expr: nothing_total}
  - file: grafana.json
"""
GRAFANA = {
    "title": "Theirs",
    "panels": [
        {"type": "row", "title": "first"},
        {
            "type": "stat",
            "title": "ok",
            "targets": [{"expr": "up", "legendFormat": "{{job}}"}],
            "gridPos": {"x": 0, "y": 1, "w": 6, "h": 4},
            "fieldConfig": {
                "defaults": {
                    "unit": "ms",
                    "max": 2000,
                    "thresholds": {"steps": [{"color": "green"}, {"color": "red", "value": 1000}]},
                    "mappings": [{"type": "value", "options": {"0": {"text": "none"}}}],
                }
            },
        },
        {"type": "logs", "title": "lines", "targets": [{"expr": '{a="b"}'}]},
    ],
    "templating": {
        "list": [{"type": "query", "name": "job", "query": "label_values(job)", "multi": True}]
    },
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "onwatch.yaml").write_text(CONFIG)
    (tmp_path / "samples.om").write_text(SAMPLES)
    (tmp_path / "grafana.json").write_text(json.dumps(GRAFANA))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["dashboard", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "list") == (
        0,
        "shop     Shop  (3 panels; onwatch.yaml:5)\ngrafana  Theirs  (2 panels; grafana.json)\n",
        "",
    )
    listed = json.loads(run(capsys, "list", "--json")[1])
    assert listed[1]["notes"] == ["panel lines: not shown: lines of logs are on the logs screen"]


def test_panels_are_printed_with_figures_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "show", "shop", "--samples", "samples.om", "--range", "1m")
    assert (code, err) == (0, "")
    lines = [line.rstrip() for line in out.splitlines()]
    assert lines[:2] == ["Shop", "  code: All"]
    (good,) = [line for line in lines if line.startswith("  200  ") and "5/s" in line]
    assert good.endswith("critical")
    assert any(line.split()[-1] == "600" for line in lines if "200" in line)
    assert lines[-1] == "  nothing brings nothing_total: no check has it"


def test_a_variable_is_set_and_json_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("show", "shop", "--samples", "samples.om", "--var", "code=500", "--json")
    code, out, _ = run(capsys, *arguments)
    made = json.loads(out)
    assert code == 0
    assert made["variables"] == {"code": ["500"]}
    hits = made["panels"][0]
    (series,) = hits["series"]
    assert (series["value"], series["status"]) == (pytest.approx(0.5), "ok")
    assert made["panels"][1]["rows"][0][-1] == "600"


def test_validate_warns_of_what_is_not_shown(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    broken = json.dumps(GRAFANA).replace('"expr": "up"', '"expr": "up("')
    (folder / "grafana.json").write_text(broken)
    assert main(["validate"]) == 0
    warnings = [line for line in capsys.readouterr().out.splitlines() if "grafana.json" in line]
    assert len(warnings) == 2
    assert warnings[0].endswith("panel lines: not shown: lines of logs are on the logs screen")
    assert warnings[1].startswith("warning: grafana.json: panel ok: ")


MISNAMED = """\
version: 1
checks:
  - name: cache
    redis:
      url: redis://127.0.0.1:1
      values: [{metric: oauth_hits_total, type: counter, key: hits}]
objectives: [{name: a, objective: 99%, up: cache}]
rules: {packs: [], files: rules.yml}
dashboards:
  - title: Queues
    variables: [{name: which, options: [size, failed]}]
    panels:
"""


@pytest.mark.parametrize(
    ("expr", "near"),
    [
        ("sum by (queue) (redis_queue_size)", "queue_size"),
        ("rate(oauth_hit_total[5m])", "oauth_hits_total"),
        ("queue_size + redis_queue_failed", "queue_failed"),
        ("queue_size", ""),
        ("rate(oauth_hits_total[5m])", ""),
        ("queues:size:sum > 5", ""),
        ("redis_queue_size or queue_size", ""),
        ("absent(redis_queue_size)", ""),
        ("redis_queue_$which", ""),
        ("slo_burn_rate", ""),
        ("node_load1", ""),
        ("shop_orders_total", ""),
    ],
)
def test_validate_names_the_nearest_metric_of_one_that_no_check_brings(
    capsys: pytest.CaptureFixture[str], folder: Path, expr: str, near: str
) -> None:
    record = "{record: 'queues:size:sum', expr: sum(queue_size)}"
    (folder / "rules.yml").write_text(f"groups: [{{name: a, rules: [{record}]}}]\n")
    text = f"{MISNAMED}      - {{title: Waiting, expr: '{expr}'}}\n"
    (folder / "onwatch.yaml").write_text(text)
    assert main(["validate"]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "Waiting" in line]
    told = f": no check has it; the nearest metric is {near}, in {expr}"
    assert [line.partition("nothing brings ")[2].partition(":")[1:] for line in said] == (
        [(":", told[1:])] if near else []
    )
    scraped = "  - {name: page, metrics: {url: http://127.0.0.1:1/metrics}}\nobjectives:"
    (folder / "onwatch.yaml").write_text(text.replace("objectives:", scraped, 1))
    assert main(["validate"]) == 0
    assert "nothing brings" not in capsys.readouterr().out, "the page may have it"


def test_live_checks_are_run_first(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    text = CONFIG.replace("expr: nothing_total", "value: probe_success, check: web")
    (folder / "onwatch.yaml").write_text(text)
    code, out, _ = run(capsys, "show", "shop")
    assert code == 0
    lines = [line.split() for line in out.splitlines() if "probe_success" in line]
    assert lines[0][:2] == ["probe_success", "0"]
    assert out.splitlines()[-1].startswith("note: $code: there is nothing to choose")


def test_one_is_shown_by_its_title_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "THEIRS", "--samples", "samples.om")
    assert (code, out.splitlines()[0]) == (0, "Theirs")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "shopp"), "onwatch: there is no dashboard shopp; did you mean shop?\n"),
        (("show", "shop", "--var", "code"), 'onwatch: --var: "code" is no NAME=VALUE\n'),
        (("show", "shop", "--range", "long"), '"long" is no duration such as 10s\n'),
        (
            ("show", "shop", "--samples", "samples.om", "--var", "who=me"),
            "onwatch: --var: the dashboard has no variable who\n",
        ),
        (("import", "samples.om"), "samples.om:1: is no JSON: expecting value (column 1)\n"),
        (("import", "none.json"), "none.json: cannot be read: there is no such file\n"),
    ],
)
def test_what_cannot_be_used_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.endswith(said)


def test_what_is_imported_says_what_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "import", "grafana.json")
    assert code == 1
    assert out == 'dashboards:\n  - file: "grafana.json"\n'
    assert err.splitlines() == [
        "panel lines: not shown: lines of logs are on the logs screen",
        "Theirs: 1 of 2 panels are shown",
    ]


def test_what_is_written_is_read_as_the_same(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run(capsys, "import", "grafana.json", "-o", "own.yaml")[0] == 1
    assert "\n    span: 1h\n" in (folder / "own.yaml").read_text()
    head = CONFIG.partition("dashboards:")[0]
    (folder / "onwatch.yaml").write_text(head + (folder / "own.yaml").read_text())
    (own,) = load("onwatch.yaml").engine.dashboards
    theirs = read_grafana(folder / "grafana.json")
    ours, (first, _) = own.panels, theirs.panels
    assert len(ours) == 1
    assert ours[0].thresholds == first.thresholds
    for name in ("title", "kind", "unit", "scale", "high", "words", "group", "place"):
        mine, others = getattr(ours[0], name), getattr(first, name)
        assert mine == (others if name != "place" else (0, 0, 6, 4))
    assert [one.expr for one in ours[0].queries] == ["up"]
    assert [one.query for one in own.variables] == [one.query for one in theirs.variables]
    assert own.variables[0].multi
    # Nothing is overwritten unless it is meant.
    assert run(capsys, "import", "grafana.json", "-o", "own.yaml")[0] == 2


def test_ranges_without_an_end_and_large_values_are_written_so_that_they_can_be_read(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    panel: dict[str, object] = {"type": "stat", "title": "ok", "targets": [{"expr": "up"}]}
    texts = {"from": 100, "to": None, "result": {"text": "high"}}
    mappings = [
        {"type": "range", "options": texts},
        {"type": "value", "options": {"1234567": {"text": "exact"}}},
    ]
    panel["fieldConfig"] = {"defaults": {"mappings": mappings}}
    (folder / "grafana.json").write_text(json.dumps({"title": "Theirs", "panels": [panel]}))
    assert run(capsys, "import", "grafana.json", "-o", "own.yaml")[0] == 0
    head = CONFIG.partition("dashboards:")[0]
    (folder / "onwatch.yaml").write_text(head + (folder / "own.yaml").read_text())
    (own,) = load("onwatch.yaml").engine.dashboards
    high, exact = own.panels[0].words
    assert (high.low, high.text) == (100, "high")
    assert high.high >= 1e300
    assert (exact.low, exact.high) == (1234567, 1234567)


def test_what_cannot_be_written_is_said(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "grafana.json").write_text(json.dumps({"title": "Theirs", "panels": []}))
    code, _, err = run(capsys, "import", "grafana.json", "-o", "x" * 300)
    assert code == 2
    assert err.endswith("cannot be written: File name too long\n")
    os.mkfifo(folder / "pipe")
    code, _, err = run(capsys, "import", "grafana.json", "-o", "pipe", "--force")
    assert (code, err) == (2, "onwatch: pipe is no file that could be overwritten\n")
    assert (folder / "pipe").is_fifo()
    code, _, err = run(capsys, "import", "grafana.json", "-o", "no/such/own.yaml")
    assert (code, err) == (
        2,
        "onwatch: no/such/own.yaml cannot be written: there is no folder no/such\n",
    )
    assert not (folder / "no").exists()


def test_a_name_is_harmless_on_a_terminal_and_counted_in_its_cells(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    wide = CONFIG.replace("  - title: Shop", '  - name: "店\\e[31m舗"\n    title: Shop')
    (folder / "onwatch.yaml").write_text(wide)
    assert run(capsys, "list")[1].splitlines()[0].startswith("店舗     Shop")
    code, _, err = run(capsys, "show", "店", "--samples", "samples.om")
    assert code == 2
    assert "店舗" in err
    assert "\x1b" not in err
