"""Rule files, tests of rules, and what an earlier session has written about its alerts."""

from __future__ import annotations

import contextlib
from pathlib import Path

from checks.alerts.memory import AlertMemory
from checks.errors import ConfigError
from checks.promql.api import Engine
from checks.rules.evaluate import Circumstances, GroupRun
from checks.rules.language import PrometheusLanguage
from checks.rules.reading import read_rule_file
from checks.rules.unit_tests.reading import read_test_file
from checks.store.store import Store
from tests.fuzz.oracle import check_line
from tests.fuzz.target import Target
from tests.fuzz.targets.native import file_of

__all__ = ["TARGETS"]

_RULES = Path(__file__).parents[2] / "checks" / "rules" / "promtool"
SEEDS = (
    (_RULES / "rules.yml").read_bytes(),
    b"groups:\n- name: g\n  limit: 1\n  query_offset: 1m\n  labels: {a: b}\n  rules:\n"
    b"  - alert: A\n    expr: |\n      up == 0\n    for: 5m\n    keep_firing_for: 1h30m\n",
    b"groups: [{name: g, rules: [{alert: A, expr: 1, labels: {l: '{{ $value }}'}}]}]",
)
TOKENS = (
    *(b"groups:", b"- name: g\n", b"rules:\n", b"- {alert: a, expr: up}\n", b"record: ", b"expr: "),
    *(b"for: ", b"1h30m", b"9y", b"99999999999y", b"labels: {a: b}", b"annotations:\n", b"limit: "),
    *(b"interval: 0s\n", b"|\n", b">\n", b"'{{ $value }}'", b"{{", b"&a ", b"*a", b"<<: *a\n"),
    *(b"up == 0", b"rate(up[5m])", b"[", b"]", b"{", b"}", b"  ", b"\n", b"~", b"-1", b"\xff"),
)  # fmt: skip
TESTS = ((_RULES / "failing.yml").read_bytes(), (_RULES / "passing.yml").read_bytes())
TEST_TOKENS = (
    *(b"tests:\n", b"rule_files: [a]\n", b"- interval: 1m\n", b"  input_series:\n", b"values: "),
    *(b"'1+1x999999999'", b"_x9", b"stale", b"{{count:1}}", b"eval_time: ", b"exp_alerts: "),
    *(b"exp_samples: [{value: .nan, labels: 'a{b=\"c\"}'}]\n", b"start_timestamp: 1e30\n"),
    *(b"start_timestamp: 0001-01-01T00:00:00Z\n", b"fuzzy_compare: maybe\n", b"[", b"}", b"\n"),
)  # fmt: skip
MEMORIES = (
    b'{"version":1,"saved":5,"rules":{"a":[{"labels":{"a":"b"},"state":"firing","value":"nan",'
    b'"scope":{},"annotations":{},"watched":[0],"returns":[],"evidence":[null,"",""],"why":"x",'
    b'"active_at":1,"seen_at":2,"fired_at":3}]}}',
)
MEMORY_TOKENS = (
    *(b'"inf"', b"null", b"1e999", b"9" * 5000, b"[", b"{", b"}", b'"pending"', b"-1", b"\xff"),
    *(b'"state":', b'"rules":', b"5", b'"a":', b",", b'\\ud800"'),
)


def run(data: bytes) -> None:
    engine = Engine()
    file = read_rule_file(file_of(data), PrometheusLanguage(engine), trusted=True)
    for problem in file.problems:
        check_line(problem.text)
        check_line(problem.key, 5_000)
    for group in file.groups:
        GroupRun(group, Circumstances(engine, {})).evaluate(Store(), 1_700_000_000_000)


def tests(data: bytes) -> None:
    try:
        file = read_test_file(file_of(data))
    except ConfigError as error:
        for problem in error.problems:
            check_line(problem.text)
        return
    assert file.interval > 0


def memory(data: bytes) -> None:
    path = file_of(data)
    recalled = AlertMemory(path).recall()
    check_line(recalled.problem)
    for alerts in recalled.rules.values():
        for alert in alerts:
            assert alert.active_at < 2**53
    with contextlib.suppress(FileNotFoundError):
        path.with_name(f"{path.name}.broken").unlink()


TARGETS = (
    Target("rules", run, SEEDS, TOKENS, bound=50_000),
    Target("rule-tests", tests, TESTS, TEST_TOKENS, bound=50_000),
    Target("alerts-of-before", memory, MEMORIES, MEMORY_TOKENS),
)
