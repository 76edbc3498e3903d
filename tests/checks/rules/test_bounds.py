"""Rules that want too much, and values that are none: a stated refusal, and the others go on."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence

import pytest

from checks.alerts.model import Pairs
from checks.model import Samples, Series
from checks.promql.api import Engine
from checks.promql.options import Options
from checks.rules.coverage import Coverage
from checks.rules.evaluate import MOST_ALERTS, Circumstances, GroupRun
from checks.rules.outcome import Health
from checks.rules.sources import Recording
from checks.store.block import Block, Floats
from checks.store.store import Store
from tests.checks.rules.kit import MINUTE, START, Bench, group_of, read

AFTER = "{record: after, expr: count(up)}"


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("count_over_time(up[12000d:1s])", "steps"),
        ("up * on(job) up", "many-to-many"),
        ("up + on(job) group_left up", "many-to-many"),
        ("label_replace(up, 'instance', 'x', '', '')", "same labelset"),
        ("quantile_over_time(0.9, up[11574d:1s])", "steps"),
    ],
)
def test_an_evaluation_that_cannot_be_is_an_error_and_the_next_rule_runs(
    expression: str, sentence: str
) -> None:
    quoted = expression.replace("'", "''")
    bench = Bench(group_of(f"{{alert: A, expr: '{quoted}'}}\n{AFTER}"))
    bench.scrape({f"up{{job=a,instance={at}}}": 1.0 for at in range(50)})
    began = time.thread_time()
    bad, after = bench.evaluate().rules
    assert time.thread_time() - began < 5
    assert bad.health is Health.ERROR
    assert sentence in bad.sentence
    assert (after.health, after.samples) == (Health.OK, 1)


def test_more_alerts_than_anybody_can_read_are_refused() -> None:
    bench = Bench(group_of(f"{{alert: A, expr: up}}\n{AFTER}"))
    many = tuple(Series.of("up", {"i": str(at)}) for at in range(MOST_ALERTS + 1))
    bench.store.append("web", 60.0, bench.now / 1000, Samples(many, (1.0,) * len(many)))
    bad, after = bench.evaluate().rules
    assert bad.sentence == (
        "it returns 10,001 alerts, more than 10,000: narrow the expression, or aggregate"
    )
    assert after.health is Health.OK
    assert bench.alerts == []


def test_thousands_of_alerts_that_are_over_at_once_take_no_time() -> None:
    bench = Bench(group_of("{alert: A, expr: up == 0}"))
    many = tuple(Series.of("up", {"i": str(at)}) for at in range(4_000))
    for value in (0.0, 1.0):
        row = Samples(many, (value,) * len(many))
        bench.store.append("web", 60.0, bench.now / 1000, row)
        began = time.process_time()
        (outcome,) = bench.evaluate().rules
        bench.now += MINUTE
    assert time.process_time() - began < 3
    told = {one.evidence.series: one.evidence.value for one in outcome.transitions}
    assert told == {f'up{{i="{at}"}}': 1.0 for at in range(4_000)}


def written_in_layers(layers: int) -> str:
    """Three records a layer, each of all three of the layer before, and an alert of the last."""
    rules = []
    for layer in range(layers):
        before = [f"r{layer - 1}_{at}" if layer else f"m{at}" for at in range(3)]
        rules += [f"{{record: r{layer}_{at}, expr: '{' + '.join(before)}'}}" for at in range(3)]
    return "\n".join([*rules, f"{{alert: A, expr: 'r{layers - 1}_0 > 0'}}"])


def written_alike(count: int) -> str:
    """As many records of one name, and an alert of each."""
    rules = [f"{{record: r, expr: m{at}, labels: {{of: o{at}}}}}" for at in range(count)]
    return "\n".join([*rules, "{alert: A, expr: r > 0}"])


@pytest.mark.parametrize(
    ("rules", "count", "most"),
    [(written_in_layers(8), 3, 30), (written_alike(60), 60, 60)],
)
def test_what_an_alert_rests_on_is_looked_for_in_each_record_once(
    rules: str, count: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    looks = Coverage._recordings

    def counted(self: Coverage, at: int, scope: Pairs) -> tuple[Recording, ...]:
        asked.append(at)
        return looks(self, at, scope)

    monkeypatch.setattr(Coverage, "_recordings", counted)
    bench = Bench(group_of(rules), since=START)
    up = {"up{job=db,instance=a}": 1.0}
    bench.minute(up | {f"m{at}{{job=db,instance=a}}": 1.0 for at in range(count)})
    assert set(bench.states) == {"firing"}
    assert {alert.checks for alert in bench.alerts} == {("web",)}
    assert len(asked) <= 3 * most
    asked.clear()
    bench.minute(up)
    assert set(bench.states) == {"resolved"}
    assert len(asked) <= 3 * most


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of which blocks a row is read."""
    asked, row = list[str](), Block.row

    def counted(
        self: Block, series: Sequence[Series], start: int, end: int
    ) -> tuple[int, Floats] | None:
        asked.append(self.name)
        return row(self, series, start, end)

    monkeypatch.setattr(Block, "row", counted)
    return asked


def test_alerts_of_one_target_ask_once_whether_it_has_samples(rows: list[str]) -> None:
    bench = Bench(group_of("{alert: A, expr: x == 0}"))
    labels = [f"x{{job=j,instance=i,n={at}}}" for at in range(100)]
    for value in (0.0, 1.0):
        assert len(bench.minute(dict.fromkeys(labels, value)).transitions) == 100
    assert len(rows) < 20


def test_alerts_of_all_targets_ask_each_once_whether_it_has_answered(rows: list[str]) -> None:
    bench = Bench(group_of("{alert: A, expr: sum by (n) (x) > 0}"))
    for there in (range(100), range(0)):
        rows.clear()
        for check in range(10):
            of = f"job=j{check},instance=i"
            values = dict.fromkeys((f"x{{{of},n={at}}}" for at in there), 1.0)
            bench.scrape({f"up{{{of}}}": 1.0, **values}, f"check {check}")
        (outcome,) = bench.evaluate().rules
        assert len(outcome.transitions) == 100
        assert len(rows) < 100
        bench.now += MINUTE


def test_texts_that_take_too_long_are_refused_and_the_next_evaluation_gets_further() -> None:
    """Each of the engine's looks at the clock takes 10 ms here."""
    ticks = itertools.count()
    engine = Engine(Options(deadline=0.5), lambda: next(ticks) / 100)
    asks = "{alert: A, expr: up, annotations: {a: '{{ query \"up\" }}'}}"
    steady = "{alert: B, expr: up, annotations: {a: '{{ $labels.i }}'}}"
    run = GroupRun(group_of(f"{asks}\n{steady}\n{AFTER}"), Circumstances(engine, {}))
    store = Store(1e12)
    many = tuple(Series.of("up", {"i": str(at)}) for at in range(300))
    healths = []
    for minute in range(2):
        store.append("web", 60.0, START / 1000 + 60 * minute, Samples(many, (1.0,) * len(many)))
        first, second, after = run.evaluate(store, START + MINUTE * minute).rules
        assert first.sentence == (
            "the labels and annotations of its 300 alerts take longer than 2 s: have them ask for "
            "less, or narrow the expression"
        )
        healths.append(second.health)
        assert after.health is Health.OK
    assert healths == [Health.ERROR, Health.OK]


def test_a_pattern_that_would_explode_elsewhere_is_answered_at_once() -> None:
    bench = Bench(group_of("{alert: A, expr: 'up{instance=~\"(a+)+(b+)+c\"} == 0'}"))
    began = time.thread_time()
    outcome = bench.minute({f"up{{instance={'a' * 400}}}": 0.0})
    assert time.thread_time() - began < 2
    assert outcome.health is Health.OK
    assert bench.alerts == []


def test_a_pattern_that_is_too_large_is_told_when_it_is_read() -> None:
    file = read("groups: [{name: g, rules: [{alert: A, expr: 'up{a=~\"((a{1000}){1000}){9}\"}'}]}]")
    assert len(file.problems) == 1
    assert "error parsing regexp" in str(file.problems[0])


def test_labels_of_100_kilobytes_are_bounded() -> None:
    long = "x" * 100_000
    rule = f"{{alert: A, expr: up == 0, labels: {{l: '{long[:60_000]}{{{{ $labels.i }}}}'}}}}"
    bench = Bench(group_of(f"{rule}\n{AFTER}"))
    bench.minute({f"up{{i={long}}}": 0.0})
    bench.minute({f"up{{i={long}}}": 0.0})
    assert bench.states == ["firing"]
    (asked,) = bench.ask("ALERTS")
    assert len(asked) < 5_000


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers_are_values(value: float) -> None:
    bench = Bench(
        group_of(
            "{alert: A, expr: x, annotations: {a: '{{ $value }} {{ humanizeDuration $value }}'}}\n"
            "{record: y, expr: x * 2}"
        )
    )
    assert bench.minute({"x": value}).health is Health.OK
    assert repr(bench.run.alerts[0].alerts.popitem()[1].value) == repr(value)  # type: ignore[attr-defined]
    assert [repr(each) for each in bench.ask("y").values()] == [repr(value)]


def test_a_step_back_of_the_clock_changes_no_state() -> None:
    bench = Bench(group_of("{alert: A, expr: up == 0, for: 5m}"))
    bench.minute({"up": 0.0})
    bench.minute({"up": 0.0})
    active = bench.alerts[0].active_at
    bench.now -= 30_000
    bench.minute({"up": 0.0})
    assert (bench.states, bench.alerts[0].active_at) == (["pending"], active)
