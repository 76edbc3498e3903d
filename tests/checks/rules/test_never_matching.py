"""Operators whose sides can never match: told where that is sure, and nowhere else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from checks.model import Samples, Series
from checks.promql.api import Engine
from checks.rules.language import PrometheusLanguage
from checks.rules.never_matching import (
    matches_nothing,
    never_matching,
    told_by_names,
    told_by_series,
)
from checks.rules.packs import pack_names, read_pack
from checks.rules.reading import rules_of_text
from checks.rules.remarks import remarks
from checks.store.groups import Group
from checks.store.matching import Matcher
from checks.store.store import Store

LEFT_OUT = "; leave it out with ignoring({0}), or name what is to match in on()"
NAMES = told_by_names(frozenset({"node_recorded"}))


def told(text: str, store: Store | None = None) -> list[str]:
    known = NAMES if store is None else told_by_series(store, NAMES)
    return list(never_matching(Engine().parse(text).root, text, known))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sum(up) / up", "left has no label instance"),
        ("up / sum by (job) (up)", "right has no label instance"),
        ("up * on(instance) sum by (job) (up)", "right has no label instance"),
        ("up and sum without (job) (node_load1)", "right has no label job"),
        ("sum without (instance) (up) * on(instance) group_left node_load1", "left has no label"),
        ("absent(up{job='x'}) and up", "left has no label instance"),
        ("rate(node_x_total{device=~'sd.+'}[5m]) / node_y{device=''}", "right has no label device"),
        ("a{x='1'} + b{x='2'}", 'x is "1" on its left and "2" on its right'),
        ("a{x='1'} == on(x, y) b{x='2'}", 'x is "1" on its left and "2" on its right'),
        ("vector(1) + up", "left has no label instance"),
        ("histogram_quantile(0.9, a{le=~'.+'}) / b{le='1'}", "left has no label le"),
        ("(up - on(job) up) / up", "left has no label instance"),
        ("(node_a or node_b) / sum by (job) (node_c)", "right has no label instance"),
        ("count_values('v', up) + up", "left has no label instance"),
    ],
)
def test_what_can_never_match_is_told(text: str, why: str) -> None:
    (said,) = told(text)
    assert "returns nothing: " in said
    assert why in said


@pytest.mark.parametrize(
    "text",
    [
        "sum(up) / sum(node_load1)",
        "up / on(job) group_left sum by (job) (up)",
        "up and on(job) node_load1",
        "up + ignoring(instance, job) b",
        "http_a / sum(http_b)",
        "node_recorded / sum(up)",
        "job:node_x:sum / sum(up)",
        "up or sum(up)",
        "label_replace(sum(up), 'job', 'x', '', '') * on(job) up",
        "count_values('v', up) * on(v) group_left b",
        "a{x='1'} + ignoring(x) b{x='2'}",
        "a{x=~'1|2'} + b{x='2'}",
        "scalar(sum(up)) * up",
        "topk(3, up) / up",
        "(up or sum(up)) / up",
        "(up * on(job) group_left(role) b) / on(role) a{role='x'}",
        "up / 2 > 1",
    ],
)
def test_what_may_match_is_not_held_against_it(text: str) -> None:
    assert told(text) == []


def test_what_takes_nothing_away_is_told_so() -> None:
    assert told("up unless sum(up)") == [
        "the operator unless takes nothing away: what is on its right has no label instance, which"
        " all on the other side has" + LEFT_OUT.format("instance")
    ]


def test_the_innermost_operator_is_the_one_to_mend_and_has_a_line() -> None:
    (said,) = told("up\n  and\nup /\n  sum(up)")
    assert said.startswith("the operator / in line 3 of its expression returns nothing")


def test_the_series_that_there_are_tell_more() -> None:
    store = Store()
    series = (Series.of("http_a", {"path": "/x"}), Series.of("http_b", {"route": "/x"}))
    store.append("page", 5.0, 5.0, Samples(series, (1.0, 2.0)))
    assert told("http_a / http_b") == []
    (said,) = told("http_a / http_b", store)
    assert "what is on its right has no label path" in said
    assert told("http_a / on() http_b", store) == []
    assert told("http_a / http_nowhere", store) == []


def test_series_of_different_checks_do_not_match_whatever_else_they_have() -> None:
    store = Store()
    one, two = {"job": "app", "instance": "a:1"}, {"job": "host", "instance": "a"}
    series = tuple(Series.of(n, {**t, "x": "1"}) for n, t in (("a", one), ("b", two), ("c", one)))
    more = Series.of("c", {**two, "x": "2"})
    store.append("page", 5.0, 5.0, Samples((*series, more), (1.0, 2.0, 3.0, 4.0)))
    (said,) = told("a / b", store)
    assert 'instance is "a:1" on its left and "a" on its right; leave them out' in said
    assert told("a / on(x) b", store) == []
    assert told("a / c", store) == [], "c is of both"


def test_no_rule_of_ours_is_one_and_of_others_those_that_are() -> None:
    language = PrometheusLanguage(Engine())
    groups = [group for name in pack_names() for group in read_pack(name).groups]
    assert list(remarks(groups, language)) == []
    folder = Path(__file__).parents[4] / "shared" / "rules"
    found = [
        str(one)
        for file in sorted(folder.glob("*.yml"))
        for one in remarks(rules_of_text(file.name, file.read_text(), language).groups, language)
    ]
    assert found == [
        "postgresql_postgres-exporter.yml:146: PostgresqlTooManyLocksAcquired: the operator /"
        " returns nothing: what is on its left has no label job, which all on the other side"
        " has" + LEFT_OUT.format("job")
    ]


def test_series_are_looked_at_once_however_deep_operators_stand_in_each_other() -> None:
    asked: Counter[str] = Counter()

    class Counting(Store):
        def groups(self, name: str, matchers: tuple[Matcher, ...] = ()) -> tuple[Group, ...]:
            asked[name] += 1
            return super().groups(name, matchers)

    store = Counting()
    names = [f"m{at}" for at in range(30)]
    series = tuple(Series.of(name, {"job": "x"}) for name in names)
    store.append("web", 5.0, 0.0, Samples(series, (1.0,) * len(series)))
    text = " and ".join(names)
    assert not matches_nothing(Engine().parse(text).root, text, told_by_series(store, NAMES))
    assert asked == Counter(names)
