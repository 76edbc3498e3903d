"""Which files of rule tests pass, and which are wrong: as Debian's promtool has it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from checks.rules.unit_tests.running import run_test_file

RULES = """\
groups:
- name: g
  rules:
  - {alert: A, expr: up == 0, for: 1m, labels: {s: p}, annotations: {x: 'v {{ $value }}', e: ''}}
  - {record: r, expr: up * 2}
"""
HEAD = """\
rule_files: [rules.yml]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series:
  - {series: 'up{i="a"}', values: '0 0 0 1'}
"""
ALERTS = r"""
= [{exp_labels: {s: p, i: a}, exp_annotations: {x: v 0, e: ""}}]
= [{exp_labels: {s: p, i: a}, exp_annotations: {x: v 0}}]
= [{exp_labels: {s: p, i: a, alertname: B}, exp_annotations: {x: v 0, e: ""}}]
= [{exp_labels: {s: p, i: a, z: ""}, exp_annotations: {x: v 0, e: ""}}]
= [{exp_labels: {s: p}, exp_annotations: {x: v 0, e: ""}}]
= [{}, {}]
eval_time: 0, alertname: A
eval_time: 0s, alertname: A, exp_alerts: ~
alertname: A
eval_time: 1m
eval_time: 3m, alertname: A, exp_alerts: [{}]
eval_time: 1m59s999ms, alertname: A
= {}
= [{exp_labels: [s]}]
eval_time: 1m, alertname: A, foo: 1
eval_time: -1m, alertname: A
eval_time: "", alertname: A
eval_time: 1m, alertname: [A]
eval_time: 1m, alertname: 5
= [~]"""
EXPRESSIONS = r"""
expr: up, eval_time: 1m, exp_samples: [{labels: "up{i=\"a\"}", value: 0}]
expr: up, eval_time: 1m, exp_samples: [{labels: "up{i='a'}"}]
expr: up, eval_time: 1m, exp_samples: [{labels: "{__name__=\"up\",i=\"a\"}"}]
expr: r, eval_time: 3m, exp_samples: [{labels: "r{i=\"a\"}", value: 2.0}]
expr: r, eval_time: 3m, exp_samples: [{labels: "r{i=\"a\"}", value: 0x2}]
expr: r, eval_time: 3m, exp_samples: [{labels: "r{i=\"a\"}", value: 2e0}]
expr: r*0.5e3, eval_time: 3m, exp_samples: [{labels: "{i=\"a\"}", value: 1_000}]
expr: r/0, eval_time: 3m, exp_samples: [{labels: "{i=\"a\"}", value: .inf}]
expr: r/0, eval_time: 3m, exp_samples: [{labels: "{i=\"a\"}", value: Inf}]
expr: r/0, eval_time: 3m, exp_samples: [{labels: "{i=\"a\"}", value: +.Inf}]
expr: up*NaN, eval_time: 3m, exp_samples: [{labels: "{i=\"a\"}", value: .nan}]
expr: "1+1", eval_time: 3m, exp_samples: [{value: 2}]
expr: "1+1", eval_time: 3m, exp_samples: [{labels: "{}", value: 2}]
expr: "1+1", eval_time: 3m, exp_samples: [{value: 3}]
expr: "", eval_time: 3m
eval_time: 3m
expr: up
expr: up, eval_time: 1m, exp_samples: [{labels: "up{i=\"a\"", value: 0}]
expr: up, eval_time: 1m, exp_samples: [{labels: "up{i=\"a\"} 5", value: 0}]
expr: up, eval_time: 1m, exp_samples: [{labels: "up{i=a}", value: 0}]
expr: up, eval_time: 1m, exp_samples: [{labels: " up{ i = \"a\" , } ", value: 0}]
expr: nope, eval_time: 1m, exp_samples: []
expr: nope, eval_time: 1m, exp_samples: ~
expr: "sort(up)", eval_time: 10d
expr: up, eval_time: 1m, exp_samples: [{labels: "up{i=\"a\",j=\"\"}", value: 0}]"""
SERIES = r"""
x;1x5
x;1 1 1 1
x;  1 1  1 1
x;1
x;
;1
x{;1
x;1+
x;1+1x
x;1+1x2
x;_ _ _ 1
x;_x3 1
x;1 stale
x;stale 1
x;1x-1
x;1.0x3
x;Inf
x;1 NaN 1 1
x;+1 1
x;-1-1x3
x;1,1
x;1e0x3
x;0x1x3
x{a="b"};1x3
x{a=b};1x3
x ;1x3
up + x;1x3"""
FILES = r"""
;tests:;tests: [];rule_files: [rules.yml];rule_files: rules.yml;rule_files: [no.yml]\ntests: []
foo: 1;evaluation_interval: 1x;evaluation_interval: 0\ntests: [];group_eval_order: [a]\ntests: []
group_eval_order: [a,a];tests: [{}];tests: [{name: 5}];tests: [{foo: 5}];tests: [~];tests: x
tests: [{external_labels: {a: b}}];tests: [{external_labels: [a]}];[;- a;tests: [{interval: ~}]
tests: []\ntests: [];tests: [{input_series: ~, alert_rule_test: ~, promql_expr_test: ~}]"""


def cases() -> dict[str, str]:
    """The text of a file of tests by what is tried in it."""
    expected = "eval_time: 1m, alertname: A, exp_alerts: "
    alerts = [line.replace("= ", expected) for line in lines(ALERTS)]
    made = {line: f"{HEAD}  alert_rule_test:\n  - {{{line}}}" for line in alerts}
    made |= {line: f"{HEAD}  promql_expr_test:\n  - {{{line}}}" for line in lines(EXPRESSIONS)}
    asked = (
        "  promql_expr_test:\n  - {expr: x, eval_time: 3m, exp_samples: [{labels: x, value: 1}]}"
    )
    start = "tests:\n- interval: 1m\n  input_series:\n  - "
    for line in lines(SERIES):
        series, _, values = line.partition(";")
        made[line] = f"{start}{{series: '{series}', values: '{values}'}}\n{asked}"
    for first, second in (("1x5", "2x5"), ("2x5", "1x5")):
        twice = f"{{series: x, values: '{first}'}}\n  - {{series: x, values: '{second}'}}"
        made[f"twice {first}"] = f"{start}{twice}\n{asked}"
    for text in FILES.strip("\n").replace("\n", ";").split(";"):
        made[f"file {text}"] = text.replace("\\n", "\n")
    return made


def lines(text: str) -> list[str]:
    return text.strip("\n").split("\n")


def test_the_same_files_pass_and_fail(promtool: Path, tmp_path: Path) -> None:
    tried = cases()
    (tmp_path / "rules.yml").write_text(RULES)
    paths = {name: tmp_path / f"{at:03}.yml" for at, name in enumerate(tried)}
    for name, text in tried.items():
        paths[name].write_text(f"{text}\n")
    command = [str(promtool), "test", "rules", *map(str, paths.values())]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    output = re.sub(r"^  WARNING.*\n", "", done.stdout, flags=re.M)
    said = dict(re.findall(r"^Unit Testing:  (\S+)\n\s+(SUCCESS|FAILED)", output, re.M))
    mine = {
        name: "FAILED" if run_test_file(path).failures else "SUCCESS"
        for name, path in paths.items()
    }
    assert len(said) == len(tried) > 95
    assert {"SUCCESS", "FAILED"} == set(mine.values())
    assert mine == {name: said[str(path)] for name, path in paths.items()}
