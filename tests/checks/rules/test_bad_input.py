"""Whatever a rule file says or a target sends: one sentence, and the other rules go on."""

from __future__ import annotations

import math
import re
import time
from itertools import cycle

import pytest

from checks.model import Samples, Series
from checks.promql.api import Engine
from checks.rules.evaluate import Circumstances, GroupRun
from checks.rules.outcome import Health
from checks.rules.packs import pack_names, read_pack
from checks.store.store import Store
from tests.checks.rules.kit import START, Bench, group_of, read

AFTER = "{record: after, expr: count(up)}"
SECONDS = 5.0
"""Far more than any of it takes, on a machine with other work too."""


def doubled(times: int) -> str:
    """An expression whose label is twice as long with every call."""
    text = "up"
    for _ in range(times):
        text = f"label_join({text}, 'l', '', 'l', 'l', 'job')"
    return text


@pytest.mark.parametrize(
    ("rule", "place", "words"),
    [
        ("{alert: A, expr: up == 0, fro: 5m}", "fro", "unknown key"),
        ("{alert: A, expr: 'up == '}", "expr", "unexpected end of input"),
        ("{alert: A, expr: 'nope(up)'}", "expr", "unknown function"),
        ("{alert: A, expr: '" + "(" * 5_000 + "up" + ")" * 5_000 + "'}", "expr", "levels deep"),
        ("{alert: A, expr: '" + "up + " * 30_000 + "up'}", "expr", "longer than"),
        ("{alert: A, expr: 'up{a=~\"(\"}'}", "expr", "error parsing regexp"),
        ("{alert: A, expr: 'up{a=~\"((a{1000}){1000}){9}\"}'}", "expr", "error parsing regexp"),
        ("{alert: A, expr: 'up[1e300s]'}", "expr", "duration"),
        ("{alert: A, expr: up, for: 5 minutes}", "for", "expected a duration"),
        ("{alert: A, expr: up, labels: {l: '{{ $labels.job '}}", "labels.l", "template"),
        ("{alert: A, expr: up, labels: {__name__: x}}", "__name__", "name of a label"),
        ("[alert, A]", "rules[0]", "expected a rule"),
    ],
    ids=lambda text: text[:40],
)
def test_a_rule_that_cannot_be_is_told_with_its_line(rule: str, place: str, words: str) -> None:
    file = read(f"groups:\n- name: g\n  rules:\n  - {rule}\n  - {AFTER}\n")
    (problem,) = file.problems
    told = str(problem)
    assert told.startswith("rules.yml:4: ")
    assert place in told
    assert words in told
    assert len(told) < 1000
    assert [one.name for group in file.groups for one in group.rules] == ["after"]


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        (doubled(40), "characters in all"),
        ("label_replace(up, 'l', '" + "$1" * 2000 + "', 'job', '(.*)')", ""),
        ("sum_over_time(up[1000000s:1s])", "steps"),
        ("sum_over_time(sum_over_time(up[90000s:1s])[90000s:1s])", "steps"),
        ("up * on (zone) up", "many-to-many"),
        ("up * on () group_left () count without () (up)", "many-to-many"),
        ("topk(1e300, up)", "overflows int64"),
        ("topk(NaN, up)", "is NaN"),
        ("quantile(NaN, up)", ""),
        ("round(up, 0) % 0 / 0 ^ -1e308", ""),
        ("predict_linear(up[5m], 1e308) * 1e308", ""),
        ("up offset 100y", ""),
        ("up @ 9e12", ""),
        ("days_in_month(up * 1e300)", ""),
        ("count_values('v', up * NaN)", ""),
        ("histogram_quantile(0.9, label_replace(up, 'le', '$1', 'instance', '(.*)'))", ""),
        ("-(-(-(-(-(-(-(up)))))))", ""),
        ("up unless up or up and up", ""),
    ],
    ids=lambda text: text[:40],
)
def test_an_expression_is_answered_or_refused_soon(expression: str, sentence: str) -> None:
    quoted = expression.replace("'", "''")
    bench = Bench(group_of(f"{{alert: A, expr: '{quoted}'}}\n{AFTER}"))
    bench.scrape({f"up{{job=a,instance={at}}}": float(at) for at in range(200)})
    began = time.thread_time()
    bad, after = bench.evaluate().rules
    assert time.thread_time() - began < SECONDS
    assert (bad.health is Health.ERROR) is bool(sentence), bad.sentence
    assert sentence in bad.sentence
    assert len(bad.sentence) < 5000
    assert (after.health, after.samples) == (Health.OK, 1)


@pytest.mark.parametrize("values", [[math.nan], [math.inf], [-math.inf, math.nan, math.inf, 0.0]])
def test_built_in_rules_bear_values_that_are_no_numbers(values: list[float]) -> None:
    """Every metric that they read, in every run: not a number, or beyond all."""
    groups = [group for name in pack_names() for group in read_pack(name).groups]
    names = {
        selector.name
        for group in groups
        for rule in group.rules
        for selector in rule.expression.selectors
        if selector.name
    }
    labels = [{"job": "j", "instance": "i"}, {"job": "j", "instance": "i", "le": "+Inf"}]
    series = tuple(Series.of(name, each) for name in sorted(names) for each in labels)
    store, turns = Store(1e12), cycle(values)
    for run in range(40):
        row = Samples(series, tuple(next(turns) for _ in series))
        store.append("page", 15.0, START / 1000 + 15 * run, row)
    now = START + 40 * 15_000
    for group in groups:
        run_of_group = GroupRun(group, Circumstances(Engine(), {}, at_once=True))
        for moment in (now, now + 15_000):
            for outcome in run_of_group.evaluate(store, moment).rules:
                assert outcome.health is not Health.ERROR, (outcome.rule.name, outcome.sentence)
        for alert in (one for run_ in run_of_group.alerts for one in run_.alerts.values()):
            texts = " ".join(text for _, text in alert.annotations)
            assert not re.search(r"<error|%!", texts), texts
