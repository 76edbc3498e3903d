"""What is right in a rule file and what is wrong: as Debian's promtool has it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from checks.promql.api import Engine
from checks.rules.language import PrometheusLanguage
from checks.rules.reading import read_rule_file

DURATIONS = r"""
1h30m|30m1h|5|0|1.5h|-1m|1d12h|1y2w|100ms|" 5m"|"5m "|1m1m|""|~|5M|1h 30m|0s|"0"|00|1s500ms|[1m]
9999999999999s|1µs"""
NAMES = 'a|a-b|1a|__name__|a.b|A_b9|""|é|alertname|a:b'
TEXTS = r"""
5|1.5|true|~|[a]|{a: b}|2024-01-01|""|"{{ $value }}"|"{{ $value "|"{{ nope }}"|"{{ $x }}"
"{{ .Foo }}"|"{{ if }}"|"{{ $labels.a.b }}"|"{{ printf }}"|"}}"|"{{ `x` }}"|"{{/* c */}}"
"{{ query 5 }}"|"{{ end }}"|"{{ $value }\n}"|"{{ if $value }}"|"{{ with $labels }}x{{ end }}" """
EXPRESSIONS = r"""
up|1|"1 > bool 0"|"up ="|"rate(up)"|~|""|[up]|"up{"|"foo(up)"|"sum(up) by (a) > 1"|"up offset 5m"
"up @ 5"|"'text'"|"up[5m]"|"{}"|"up{a=~\"(\"}"|"-up"|"1 == 1"|"up[5m:1m]"|"rate(up[0s])"|"up and 1"
"sum by (a, a) (up)"|"topk(up, 1)"|"histogram_quantile(0.9, up)"|"up{a=\"b\",}"|"up{,}"|"# c"
"up # c"|"inf"|"0x1F"|"1e3"|"up{__name__=\"x\"}"|"quantile(1.5, up)"|"up == bool 1"
"up > on(a) group_left(b) x"|"up unless on() x"|"up or on(a) group_left x"|"sum(up"|"up)"|"up up"
"label_replace(up, \"a\", \"b\", \"c\", \"(\")"|"count_values(5, up)"|"sum(1)"|"abs(up, up)" """
RULES = r"""
{alert: a, record: b, expr: up}
{expr: up};{alert: a};{alert: "", expr: up};{alert: a, expr: up, x: 1}
{record: a, expr: up, for: 0s};{record: a, expr: up, for: 1s};{record: a, expr: up, annotations: {}}
{record: a, expr: up, annotations: {a: b}};{record: a, expr: up, keep_firing_for: 1m};x;[]
{alert: a, expr: up, labels: []};{alert: a, expr: up, labels: ~};{alert: [a], expr: up}
{alert: a, alert: b, expr: up};{record: "a{b}", expr: up}
{alert: 5, expr: up};{record: 5a, expr: up}
{record: "a b", expr: up};{record: a, expr: up, labels: {l: "{{ $value "}}"""
FILES = r"""
;# x;groups:;groups: [];groups: ~;{};[];x;groups: {a: b};group: [];groups: [{name: a}];groups: [{}]
groups: [{name: ""}];groups: [{name: a},{name: a}];groups: [{name: a, rules: ~}];groups: [x]
groups: [{name: a, rules: x}];groups: [{name: a, foo: x}];groups: [{name: a, limit: x}]
groups: [{name: a, limit: -1}];groups: [{name: a, limit: 5}];groups: [{name: [a]}];groups: !!seq []
groups: [;x: [];groups: [{name: 5, rules: []}];groups: [{name: a, interval: ~}]
groups: [{name: a, limit: ~}];groups: [{name: a, query: 5m}];groups: [{name: a, interval: []}]"""


def parts(text: str, mark: str = "|") -> list[str]:
    return text.strip(" \n").replace("\n", mark).split(mark)


def cases() -> dict[str, str]:
    """The text of a rule file by the name of what is tried in it."""
    one = "groups:\n- name: g\n  rules:\n  - "
    made = {f"for {text}": f"{one}{{alert: a, expr: up, for: {text}}}" for text in parts(DURATIONS)}
    for text in parts(DURATIONS):
        made[f"interval {text}"] = f"groups:\n- name: g\n  interval: {text}\n  rules: []"
    for name in parts(NAMES):
        made[f"label {name}"] = f"{one}{{alert: a, expr: up, labels: {{{name}: x}}}}"
        made[f"annotation {name}"] = f"{one}{{alert: a, expr: up, annotations: {{{name}: x}}}}"
        made[f"record {name}"] = f"{one}{{record: {name}, expr: up}}"
    for text in parts(TEXTS):
        made[f"value {text}"] = f"{one}{{alert: a, expr: up, labels: {{l: {text}}}}}"
        made[f"text {text}"] = f"{one}{{alert: a, expr: up, annotations: {{l: {text}}}}}"
    made |= {text: f"{one}{{alert: a, expr: {text}}}" for text in parts(EXPRESSIONS)}
    made |= {text: one + text for text in parts(RULES, ";")}
    made |= {f"file {text}": text for text in parts(FILES, ";")}
    made["two keys"] = "groups: []\ngroups: []"
    made["a tab"] = "\tgroups: []"
    made["an alias"] = "groups:\n- &a {name: g}\n- <<: *a\n  name: h"
    return made


def test_the_same_files_are_right_and_wrong(promtool: Path, tmp_path: Path) -> None:
    tried = cases()
    paths = {name: tmp_path / f"{at:03}.yml" for at, name in enumerate(tried)}
    for name, text in tried.items():
        paths[name].write_text(f"{text}\n")
    command = [str(promtool), "check", "rules", "--lint=none", *map(str, paths.values())]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    said = dict(re.findall(r"^Checking (\S+)\n\s+(SUCCESS|FAILED)", done.stdout, re.M))
    language = PrometheusLanguage(Engine())
    mine = {
        name: "FAILED" if read_rule_file(path, language, trusted=True).problems else "SUCCESS"
        for name, path in paths.items()
    }
    assert len(said) == len(tried) > 190
    assert {"SUCCESS", "FAILED"} == set(mine.values())
    assert mine == {name: said[str(path)] for name, path in paths.items()}
