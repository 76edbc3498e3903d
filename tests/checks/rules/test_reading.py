"""Rule files: every field, one sentence with line and key for each mistake, the rest goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.promql.api import Engine, Expression
from checks.rules.evaluate import Circumstances, GroupRun
from checks.rules.language import PrometheusLanguage
from checks.rules.model import AlertRule, RecordRule, RuleFile
from checks.rules.outcome import Health
from checks.rules.reading import read_rule_file
from checks.store.store import Store
from tests.checks.rules.kit import MINUTE, START, read

WHOLE = """\
groups:
  - name: web
    interval: 1m30s
    limit: 10
    query_offset: 2m
    labels: {team: shop, tier: 1}
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
      - alert: Down
        expr: |
          up
            == 0
        for: 1h30m
        keep_firing_for: 90s
        labels:
          severity: page
          team: "{{ $labels.job }}"
        annotations: {summary: "is {{ $value }}", runbook_url: 'https://x'}
  - name: empty
"""


def test_every_field_is_read() -> None:
    file = read(WHOLE)
    assert file.problems == ()
    web, empty = file.groups
    assert (web.interval, web.limit, web.query_offset) == (90_000, 10, 2 * MINUTE)
    assert (web.key, web.line, empty.rules) == ("rules.yml;web", 2, ())
    record, alert = web.rules
    assert isinstance(record, RecordRule)
    assert record.labels == (("team", "shop"), ("tier", "1"))
    assert isinstance(alert, AlertRule)
    assert alert.expression.text == "up\n  == 0\n"
    assert (alert.hold, alert.keep, alert.line) == (90 * MINUTE, 90_000, 10)
    assert alert.labels == (("severity", "page"), ("team", "{{ $labels.job }}"), ("tier", "1"))
    assert alert.annotations == (("runbook_url", "https://x"), ("summary", "is {{ $value }}"))


def test_scalars_are_the_text_that_is_written() -> None:
    rule = "{alert: 007, expr: 1, for: 0, labels: {a: 1.10, b: true, c: ~}}"
    file = read(f"groups: [{{name: 5, rules: [{rule}]}}]")
    assert file.problems == ()
    found = file.groups[0].rules[0]
    assert (file.groups[0].name, found.name, found.expression.text) == ("5", "007", "1")
    assert found.labels == (("a", "1.10"), ("b", "true"), ("c", ""))


@pytest.mark.parametrize("text", ["", "# nothing\n", "groups:\n", "groups: []\n", "{}\n"])
def test_a_file_without_groups_is_right(text: str) -> None:
    assert read(text).problems == ()
    assert read(text).groups == ()


def problems_of(rule: str, head: str = "name: g") -> list[str]:
    """What is wrong with one rule, that stands in line 3 on."""
    lines = rule.replace("\n", "\n    ")
    return told(read(f"groups:\n- {head}\n  rules:\n  - {lines}\n"))


def told(file: RuleFile) -> list[str]:
    return [str(problem).removeprefix("rules.yml:") for problem in file.problems]


AT = "4: groups[0].rules[0]"


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("alert: a", f"{AT}.expr: is missing: a rule needs an expression"),
        ("{alert: a, expr: ''}", f"{AT}.expr: is missing: a rule needs an expression"),
        ("expr: up", f"{AT}: a rule needs `alert` with a name, or `record` with a metric's name"),
        (
            "{alert: a, record: b, expr: up}",
            f"{AT}.record: a rule has either `record` or `alert`, not both",
        ),
        ("{alert: a, expr: up, fro: 5m}", f'{AT}.fro: unknown key; did you mean "for"?'),
        (
            "{alert: a, expr: up, severity: page}",
            f'{AT}.severity: unknown key; did you mean "labels"?',
        ),
        ("{alert: a, query: up, expr: up}", f'{AT}.query: unknown key; did you mean "expr"?'),
        (
            "{record: a, expr: up, for: 5m}",
            f"{AT}.for: belongs to an alert; a recording rule has none",
        ),
        (
            "{record: a, expr: up, annotations: {b: c}}",
            f"{AT}.annotations: belongs to an alert; a recording rule has none",
        ),
        (
            "{record: a, expr: up, keep_firing_for: 1s}",
            f"{AT}.keep_firing_for: belongs to an alert; a recording rule has none",
        ),
        (
            "{record: 'a b', expr: up}",
            f"{AT}.record: expected a metric name: letters, digits, _ and :, no digit first",
        ),
        (
            "{record: 'a{b=\"c\"}', expr: up}",
            f"{AT}.record: has braces; an expression belongs into `expr`",
        ),
        (
            "{alert: a, expr: up, for: 5}",
            f"{AT}.for: expected a duration such as 30s, 5m or 1h30m; write 5s for seconds",
        ),
        (
            "{alert: a, expr: up, for: 30m1h}",
            f"{AT}.for: expected a duration such as 30s, 5m or 1h30m",
        ),
        (
            "{alert: a, expr: up, for: [1m]}",
            f"{AT}.for: expected a duration such as 30s, 5m or 1h30m",
        ),
        (
            "{alert: a, expr: up, labels: {my-label: x}}",
            f"{AT}.labels.my-label: expected the name of a label: "
            "letters, digits and _, no digit first",
        ),
        (
            "{alert: a, expr: up, labels: {__name__: x}}",
            f"{AT}.labels.__name__: expected the name of a label: "
            "letters, digits and _, no digit first",
        ),
        ("{alert: a, expr: up, labels: [x]}", f"{AT}.labels: expected keys and values"),
        (
            "{alert: a, expr: up, annotations: {a.b: x}}",
            f'{AT}.annotations["a.b"]: expected the name of an annotation: '
            "letters, digits and _, no digit first",
        ),
        ("{alert: [a], expr: up}", f"{AT}.alert: expected text, not a list"),
        ("just text", f"{AT}: expected a rule: keys and values"),
    ],
)
def test_a_rule_that_is_wrong_is_told_with_line_and_key(rule: str, sentence: str) -> None:
    assert problems_of(rule)[0] == sentence


@pytest.mark.parametrize(
    ("rule", "place", "words"),
    [
        ("{alert: a, expr: 'up =='}", f"{AT}.expr: is no expression: ", "unexpected end of input"),
        ("{alert: a, expr: 'rat(up[5m])'}", f"{AT}.expr", "unknown function with name"),
        ("{alert: a, expr: 'rate(up)'}", f"{AT}.expr", "range vector"),
        ("{alert: a, expr: 'up{a=~\"(\"}'}", f"{AT}.expr", "missing )"),
        ("alert: a\nexpr: |\n  up\n    == )\nfor: 1m", "7: groups[0].rules[0].expr", "2:6"),
        ("alert: a\nexpr: >\n  up\n    == )\nfor: 1m", "5: groups[0].rules[0].expr", ""),
        ("alert: a\n\nexpr: 'up == )'", "6: groups[0].rules[0].expr", "column 7"),
        ("{alert: a, expr: up, labels: {b: '{{ .X }'}}", f"{AT}.labels.b: is no template", ""),
        ("{alert: a, expr: up, annotations: {b: '{{ frob 1 }}'}}", f"{AT}.annotations.b", "frob"),
        ("{alert: a, expr: up, annotations: {b: '{{ $x }}'}}", f"{AT}.annotations.b", "$x"),
    ],
)
def test_expressions_and_templates_are_parsed(rule: str, place: str, words: str) -> None:
    (found,) = problems_of(rule)
    assert found.startswith(place)
    assert words in found


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("interval: 1m", "2: groups[0].name: is missing: a group needs a name"),
        ("{name: g, intervall: 1m, rules: []}\n- name: h", 'did you mean "interval"?'),
        ("{name: g, limit: many, rules: []}\n- name: h", "limit: expected a whole number"),
        ("{name: g, query_offset: -1m, rules: []}\n- name: h", "query_offset: expected a duration"),
        ("{name: g, labels: {1a: x}, rules: []}\n- name: h", "labels.1a: expected the name of a"),
        ("{name: g, rules: {a: b}}\n- name: h", "groups[0].rules: expected a list"),
    ],
)
def test_a_group_that_is_wrong_is_told_and_its_rules_run(head: str, sentence: str) -> None:
    file = read(f"groups:\n- {head}\n  rules:\n  - {{alert: a, expr: up}}\n")
    assert len(file.problems) == 1
    assert sentence in str(file.problems[0])
    assert file.rules == 1


def test_of_two_groups_with_one_name_the_second_is_left_out() -> None:
    group = "- name: g\n  rules: [{alert: a, expr: up}]\n"
    file = read(f"groups:\n{group}{group}")
    assert told(file) == ['4: groups[1].name: a group "g" stands in line 2 already']
    assert (file.rules, file.broken) == (1, 1)


def test_a_broken_rule_stops_no_other() -> None:
    rules = ["{alert: a, expr: up}", "{alert: b, expr: '('}", "{record: c, expr: up}"]
    file = read("groups:\n- name: g\n  rules:\n" + "".join(f"  - {rule}\n" for rule in rules))
    assert [rule.name for rule in file.groups[0].rules] == ["a", "c"]
    assert (len(file.problems), file.broken) == (1, 1)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("groups: [", "not valid YAML"),
        ("group: []", 'group: unknown key; did you mean "groups"?'),
        ("groups:\n- name: a\n  name: b\n", "3: groups[0].name: is given twice; first on line 2"),
        ("groups: {a: b}", "groups: expected a list"),
        ("- name: a", "expected keys and values at the top of the file, not a list"),
        ("groups: []\n---\ngroups: []\n", "holds a second document"),
        ("[" * 60, "is nested more than 50 levels deep"),
    ],
)
def test_a_file_that_is_wrong_is_told_once(text: str, sentence: str) -> None:
    (found,) = told(read(text))
    assert sentence in found


@pytest.mark.parametrize("text", ["{{ $value }}", "{{ $value }} is much"])
def test_a_template_without_quotes_is_told_as_what_it_is(text: str) -> None:
    (found,) = problems_of(f"alert: a\nexpr: up\nannotations:\n  summary: {text}")
    assert found.startswith("7: ")
    assert found.endswith("a text that begins with {{ must stand in quotes")


def loaded(path: Path, *, trusted: bool = False) -> RuleFile:
    return read_rule_file(path, PrometheusLanguage(Engine()), trusted=trusted)


def test_a_file_that_others_can_write_to_is_refused_unless_it_was_named(tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(WHOLE)
    path.chmod(0o666)
    refused = loaded(path)
    assert refused.groups == ()
    assert "refused: others can write to it, and it decides what alarms there are" in str(
        refused.problems[0]
    )
    assert loaded(path, trusted=True).rules == 2
    path.chmod(0o644)
    assert loaded(path).rules == 2


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (problem,) = loaded(tmp_path / "no.yml").problems
    assert str(problem).endswith("no.yml: cannot be read: there is no such file")


SHARED = Path(__file__).parents[4] / "shared" / "rules"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the rule files of others are not beside this")
def test_what_others_wrote_loads_whole() -> None:
    files = sorted(SHARED.glob("*.yml"))
    assert len(files) >= 13
    for path in files:
        file = loaded(path)
        assert file.problems == (), path
        assert file.rules == path.read_text().count("- alert:")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the rule files of others are not beside this")
def test_what_others_wrote_runs_where_nothing_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, asked = Engine(), []

    def instant(store: Store, expression: Expression, *more: Any) -> Any:
        asked.append(expression)
        return evaluate(store, expression, *more)

    evaluate = engine.instant
    monkeypatch.setattr(engine, "instant", instant)
    # Otherwise what has nothing to read is not evaluated at all.
    about = Circumstances(engine, {}, pure=True, timer=lambda: 0.0)
    store, rules = Store(), 0
    for path in sorted(SHARED.glob("*.yml")):
        for group in loaded(path).groups:
            outcomes = GroupRun(group, about).evaluate(store, START).rules
            assert [one.sentence for one in outcomes if one.health is Health.ERROR] == []
            rules += len(group.rules)
    assert len(asked) >= rules


WORDS = """\
groups:|- name: g|rules:|- alert: a|record: b|expr:|up|for: 5m|labels:|{|}|[|]|: |  |'|"|&a|*a|- |~
<<: *a|1e9|{{ $value }}|limit: -1|interval: 0s|query_offset: 9y|\t|#|rate(up[5m])"""
PARTS = st.sampled_from([*WORDS.replace("\n", "|").split("|"), "|", "\n", "\n  "])
CHARACTERS = st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"])


@given(st.lists(PARTS | st.text(CHARACTERS, max_size=5), max_size=30).map("".join))
def test_whatever_is_in_a_file_comes_to_groups_or_to_sentences(text: str) -> None:
    file = read(text)
    for problem in file.problems:
        assert problem.text
        assert "\n" not in str(problem)
        assert problem.line <= text.count("\n") + 2
