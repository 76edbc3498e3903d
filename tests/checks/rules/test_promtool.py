"""Rule tests come to what Debian's promtool says of the same files, word for word."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from checks.rules.unit_tests.running import TestReport, run_test_file

FILES = Path(__file__).parent / "promtool"


def theirs(promtool: Path, file: Path) -> tuple[bool, str]:
    """Whether promtool passes ``file``, and the failures that it prints."""
    command = [str(promtool), "test", "rules", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr.partition("  FAILED:\n")[2]


def ours(file: Path) -> tuple[bool, str]:
    report = run_test_file(file)
    return not report.failures, "".join(f"{one.text}\n" for one in report.failures)


def test_what_passes_there_passes_here(promtool: Path) -> None:
    assert theirs(promtool, FILES / "passing.yml") == ours(FILES / "passing.yml") == (True, "")


@pytest.mark.parametrize("name", ["failing.yml", "erring.yml"])
def test_what_fails_there_fails_here_for_the_same_reasons(promtool: Path, name: str) -> None:
    passed, text = ours(FILES / name)
    assert not passed
    assert (passed, text) == theirs(promtool, FILES / name)


@pytest.mark.parametrize("seed", range(4))
def test_random_rules_have_the_same_alerts_at_every_moment(
    promtool: Path, tmp_path: Path, seed: int
) -> None:
    """Nothing is expected anywhere, so that both print everything that there is."""
    dice = random.Random(seed)
    (tmp_path / "rules.yml").write_text(random_rules(dice))
    file = tmp_path / "test.yml"
    file.write_text(random_tests(dice))
    passed, text = ours(file)
    assert text.count("alertname: R") > 10
    assert text.count('__name__="ALERTS"') > 10
    assert (passed, text) == theirs(promtool, file)


def random_rules(dice: random.Random) -> str:
    lines = ["groups:"]
    for group in range(3):
        lines += [
            f"- name: g{group}",
            "  rules:",
            f"  - {{record: r{group}, expr: sum by (i) (x)}}",
        ]
        for rule in range(4):
            source = dice.choice(
                ["x", f"r{group}", f"r{dice.randrange(3)}", "x offset 1m", "y or x"]
            )
            sign = dice.choice([">", "<", "==", "!="])
            lines += [
                f"  - alert: R{group}{rule}",
                f"    expr: '{source} {sign} {dice.randrange(4)}'",
                f"    for: {dice.choice(['0m', '1m', '90s', '3m'])}",
                f"    keep_firing_for: {dice.choice(['0s', '1m', '2m30s'])}",
                "    labels: {v: '{{ if gt $value 1.0 }}{{ $value }}{{ end }}'}",
                "    annotations: {text: 'is {{ humanize $value }}'}",
            ]
    return "\n".join(lines) + "\n"


def random_tests(dice: random.Random) -> str:
    def values() -> str:
        words = ["0", "1", "2", "3", "_", "stale", "0x3", "3x2", "1+1x3", "_x4"]
        return "_ " + " ".join(dice.choice(words) for _ in range(20))

    lines = ["rule_files: [rules.yml]", f"evaluation_interval: {dice.choice(['1m', '30s', '70s'])}"]
    # Off the minutes: Debian's promtool still counts a sample of exactly five minutes ago.
    lines += ["group_eval_order: [g2, g0, g1]", "tests:", "- interval: 61s", "  input_series:"]
    lines += [f"  - {{series: 'x{{i=\"{at}\"}}', values: '{values()}'}}" for at in range(3)]
    lines += [f"  - {{series: 'y{{i=\"4\"}}', values: '{values()}'}}", "  alert_rule_test:"]
    for minute in range(0, 30, 3):
        lines += [
            f"  - {{eval_time: {minute}m, alertname: R{at}}}"
            for at in (f"{dice.randrange(3)}{r}" for r in range(4))
        ]
    lines += ["  promql_expr_test:"]
    lines += [
        f"  - {{expr: '{name}', eval_time: {minute}m}}"
        for minute in (7, 19, 28)
        for name in ("ALERTS", "ALERTS_FOR_STATE", "r1")
    ]
    return "\n".join(lines) + "\n"


def report_of(tmp_path: Path, text: str, rules: str = "groups: []\n") -> TestReport:
    (tmp_path / "rules.yml").write_text(rules)
    file = tmp_path / "test.yml"
    file.write_text(text)
    return run_test_file(file)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tests: [{interval: 1x}]", ":1: tests[0].interval: expected a duration"),
        (
            "tests:\n- intervall: 1m",
            ':2: tests[0].intervall: unknown key; did you mean "interval"?',
        ),
        ("tests:\n- input_series:\n  - {series: 'a{', values: 1}", ":3: tests[0].input_series[0]"),
        ("tests:\n- input_series:\n  - {series: a, values: '{{count:1}}'}", "native histograms"),
        ("tests:\n- alert_rule_test:\n  - {eval_time: 1m}", "alertname: is missing"),
        ("group_eval_order: [a, b, a]", 'group_eval_order[2]: the group "a" is named twice'),
        (
            "tests:\n- promql_expr_test:\n  - {expr: up, exp_samples: [{value: x}]}",
            "expected a number",
        ),
        ("tests:\n- {start_timestamp: soon}", "expected seconds since 1970, or a time such as"),
        ("rules: x", "unknown key"),
        ("tests: [1]", "tests[0]: expected keys and values"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_broken_file_of_tests_fails_with_its_line(
    tmp_path: Path, text: str, sentence: str
) -> None:
    report = report_of(tmp_path, text)
    assert report.failures
    assert sentence in report.failures[0].text
    assert str(tmp_path / "test.yml") in report.failures[0].text


def test_a_broken_rule_fails_every_test_with_its_line(tmp_path: Path) -> None:
    rules = "groups:\n- name: g\n  rules:\n  - {alert: a, expr: 'up ='}\n"
    text = "rule_files: [rules.yml]\ntests:\n- promql_expr_test: [{expr: up, eval_time: 1m}]\n"
    report = report_of(tmp_path, text, rules)
    assert len(report.failures) == 1
    assert "rules.yml:4: groups[0].rules[0].expr: is no expression" in report.failures[0].text


def test_a_pattern_without_files_is_a_warning(tmp_path: Path) -> None:
    report = report_of(tmp_path, "rule_files: ['no*.yml']\ntests: []\n")
    assert not report.failures
    assert "no file matches" in report.warnings[0]


def test_a_file_that_two_patterns_name_counts_once(promtool: Path, tmp_path: Path) -> None:
    rules = "groups:\n- name: g\n  rules:\n  - {alert: a, expr: vector(1)}\n"
    text = "rule_files: [rules.yml, 'r*.yml', ./rules.yml]\ntests:\n- alert_rule_test:\n"
    report = report_of(tmp_path, f"{text}  - {{eval_time: 1m, alertname: a}}\n", rules)
    assert report.failures[0].text.count("Labels:") == 1
    assert theirs(promtool, tmp_path / "test.yml") == ours(tmp_path / "test.yml")


EXPR = """\
fuzzy_compare: {fuzzy}
tests:
- start_timestamp: {start}
  promql_expr_test:
  - {{expr: '{expr}', eval_time: 1m, exp_samples: [{{value: {value}}}]}}
"""


@pytest.mark.parametrize(
    ("fuzzy", "expr", "value", "passes"),
    [
        ("false", "0.1 + 0.2", "0.3", False),
        ("true", "0.1 + 0.2", "0.3", True),
        ("true", "0.1 + 0.2", "0.30000000000000016", False),
        ("true", "1 / 0", ".inf", True),
        ("true", "0 / 0", ".nan", False),
    ],
)
def test_fuzzy_compare_forgives_the_last_bit(
    tmp_path: Path, fuzzy: str, expr: str, value: str, *, passes: bool
) -> None:
    text = EXPR.format(fuzzy=fuzzy, start=0, expr=expr, value=value)
    assert (not report_of(tmp_path, text).failures) is passes


@pytest.mark.parametrize(
    "start", ["1700000000", "2023-11-14T22:13:20Z", "'2023-11-14T23:13:20+01:00'"]
)
def test_a_test_may_begin_at_another_time(tmp_path: Path, start: str) -> None:
    text = EXPR.format(fuzzy="false", start=start, expr="time()", value="1700000060")
    assert not report_of(tmp_path, text).failures
