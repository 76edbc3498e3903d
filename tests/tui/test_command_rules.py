"""``onwatch rules``: what it says of files, tests and the past, and its exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.http import HttpServer
from tui.cli import main

RULES = """\
groups:
- name: web
  rules:
  - alert: Down
    expr: up == 0
    for: 1m
    labels: {severity: page}
  - {alert: Never, expr: upp > 5}
  - {alert: Long, expr: 'avg_over_time(up[1h]) < 0.5'}
  - {record: 'job:up:sum', expr: sum by (job) (up)}
"""
SAMPLES = """\
# TYPE up gauge
up{job="web"} 1 1700000040
up{job="web"} 0 1700000100
up{job="web"} 0 1700000160
up{job="web"} 1 1700000220
other 5 1700000220
# EOF
"""
TESTS = """\
rule_files: [rules.yml]
tests:
- interval: 1m
  input_series:
  - {{series: 'up{{job="web"}}', values: '1 0 0 0'}}
  alert_rule_test:
  - eval_time: 2m
    alertname: Down
    exp_alerts: [{{exp_labels: {{job: {job}, severity: page}}}}]
"""
BROKEN = """\
groups:
- name: web
  rules:
  - {alert: A, expr: 'rat(up[5m])'}
  - {alert: B, expr: up, fro: 5m}
  - {alert: C, expr: up}
"""


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    files = {"rules.yml": RULES, "broken.yml": BROKEN, "past.om": SAMPLES}
    files |= {"good.yml": TESTS.format(job="web"), "bad.yml": TESTS.format(job="db")}
    for name, text in files.items():
        Path(name).write_text(text)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    code = main(["rules", *arguments])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out.splitlines()


def test_check_counts_what_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "check", "rules.yml") == (0, ["rules.yml: 4 rules in 1 group"])


def test_check_tells_each_mistake_with_line_and_key(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(capsys, "check", "rules.yml", "broken.yml", "nowhere.yml")
    assert code == 1
    assert lines == [
        "rules.yml: 4 rules in 1 group",
        "broken.yml:4: groups[0].rules[0].expr: is no expression: "
        'unknown function with name "rat" (column 1)',
        'broken.yml:5: groups[0].rules[1].fro: unknown key; did you mean "for"?',
        "broken.yml: 1 rule in 1 group, 2 rules left out",
        "nowhere.yml: cannot be read: there is no such file",
        "nowhere.yml: 0 rules in 0 groups",
    ]


def test_check_names_what_reads_nothing_in_a_file_of_samples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, lines = said(capsys, "check", "rules.yml", "--samples", "past.om")
    assert code == 0
    assert lines[1:] == [
        "dead: rules.yml:8: Never: there is no metric upp; the nearest metric is up"
    ]


def test_check_names_what_reads_nothing_that_the_checks_collect(
    capsys: pytest.CaptureFixture[str], http_server: HttpServer
) -> None:
    Path("onwatch.yaml").write_text(
        f"version: 1\nchecks:\n- {{name: web, http: '{http_server.url}/'}}\n"
    )
    Path("rules.yml").write_text(
        "groups:\n- name: g\n  rules:\n  - {alert: A, expr: probe_succes == 0}\n"
        "  - {alert: B, expr: 'up{job=\"web\"} == 0'}\n"
    )
    assert main(["rules", "check", "rules.yml", "-c", "onwatch.yaml"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "dead: rules.yml:4: A: there is no metric probe_succes; the nearest metric is probe_success"
    ]


def test_check_says_what_will_not_be_as_it_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd.yml").write_text(
        "groups:\n- name: g\n  rules:\n"
        "  - {alert: A, expr: up, annotations: {a: '{{ query \"sum(\" }}'}}\n"
        "  - {alert: B, expr: up, labels: {alertname: C}}\n"
        "  - {record: c, expr: up}\n  - {record: c, expr: up}\n"
    )
    Path("odd.yml").chmod(0o666)
    code, lines = said(capsys, "check", "odd.yml")
    assert code == 0
    assert lines[0].startswith("note: odd.yml: others can write to it")
    assert lines[0].endswith("named in a configuration it would be refused")
    assert lines[1].startswith("note: odd.yml:4: A: the annotation a asks for sum(, which is no")
    assert "its label alertname counts for nothing" in lines[2]
    assert lines[3].startswith("note: odd.yml:6: c: the group has it more than once")


def test_test_says_what_passed(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(capsys, "test", "good.yml")
    assert (code, lines) == (0, ["Unit Testing:  good.yml", "  SUCCESS", ""])


def test_the_name_of_a_file_is_harmless_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Path("good.yml").rename("go\x1b[31mod.yml")
    assert said(capsys, "test", "go\x1b[31mod.yml")[1][0] == "Unit Testing:  good.yml"


def test_test_shows_what_was_expected_and_what_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, lines = said(capsys, "test", "bad.yml", "good.yml")
    assert code == 1
    assert lines[1:3] == ["  FAILED:", "  bad.yml:7:"]
    text = "\n".join(lines)
    assert 'Labels:{alertname="Down", job="db", severity="page"}' in text
    assert 'Labels:{alertname="Down", job="web", severity="page"}' in text
    assert "  SUCCESS" in lines


def test_test_runs_the_tests_that_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.yml").write_text(
        TESTS.format(job="db").replace("- interval", "- name: one two\n  interval")
    )
    assert said(capsys, "test", "bad.yml", "--run", "three")[0] == 0
    assert said(capsys, "test", "bad.yml", "--run", "three", "--run", "^one")[0] == 1


def test_backtest_tells_every_transition_with_its_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, lines = said(capsys, "backtest", "rules.yml", "--samples", "past.om")
    assert code == 0
    down = 'web/Down{job="web", severity="page"}'
    assert lines[:3] == [
        f"2023-11-14 22:15:00+00:00  {down}  inactive -> pending: the expression returns it; "
        'it fires when that has lasted 1m [up{job="web"} 0, == 0]',
        f"2023-11-14 22:16:00+00:00  {down}  pending -> firing: it has been there for 1m "
        '(for: 1m) [up{job="web"} 0, == 0]',
        f"2023-11-14 22:17:00+00:00  {down}  firing -> resolved: the expression returns it "
        'no more [up{job="web"} 1, == 0]',
    ]
    assert lines[3].startswith("trouble: web/Long: insufficient history (from 2023-11-14 22:14")
    assert lines[4:] == ["never: Never", "never: Long", "16 evaluations, 3 transitions"]


def test_backtest_as_prometheus_would_fire_on_what_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, lines = said(capsys, "backtest", "--pure", "rules.yml", "--samples", "past.om")
    assert any("web/Long" in line and "-> firing" in line for line in lines)


def test_backtest_says_how_it_stands_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    Path("past.om").write_text('up{job="web"} 0 1700000040\nup{job="web"} 0 1700000100\n# EOF\n')
    _, lines = said(capsys, "backtest", "rules.yml", "--samples", "past.om", "--interval", "30s")
    assert (
        'at the end: Down{job="web", severity="page"} is firing since 2023-11-14 22:14:00+00:00'
        in lines
    )
    assert lines[-1] == "12 evaluations, 2 transitions"


def test_a_rule_that_fails_in_the_past_is_told_and_makes_the_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("rules.yml").write_text(
        "groups:\n- name: g\n  rules:\n"
        "  - {record: a, expr: '{__name__=~\"up|other\"} + on() up'}\n"
    )
    code, lines = said(capsys, "backtest", "rules.yml", "--samples", "past.om")
    assert code == 1
    assert lines[0].startswith("trouble: g/a: ")
    assert lines[0].endswith("1 evaluations)")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["backtest", "broken.yml", "--samples", "past.om"], "broken.yml:4: groups[0].rules[0]"),
        (["backtest", "rules.yml", "--samples", "no.om"], "no.om: No such file"),
        (["backtest", "rules.yml", "--samples", "rules.yml"], "rules.yml:1: "),
        (
            ["backtest", "rules.yml", "--samples", "past.om", "--interval", "soon"],
            '--interval: "soon" is no duration such as 30s or 1m',
        ),
        (["test", "good.yml", "--run", "("], "--run: is no pattern"),
        (["check", "rules.yml", "-c", "no.yaml"], "no.yaml: cannot be read"),
    ],
)
def test_what_cannot_be_done_ends_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["rules", *arguments]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["chek", "x"], 'nothing to do called "chek"; did you mean check?'),
        ([], "required: ACTION"),
        (["test"], "required: FILE"),
        (["check", "x", "--sample", "y"], "no option --sample; did you mean --samples?"),
    ],
)
def test_wrong_usage_names_the_nearest(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["rules", *arguments])
    assert caught.value.code == 2
    assert sentence in capsys.readouterr().err
