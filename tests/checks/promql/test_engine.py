"""The engine's face: what it reads, what it remembers, and what it refuses to do."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from checks.model import Samples, Series
from checks.promql.api import Engine, Outcome
from checks.promql.errors import EvaluationError, PromQLError
from checks.promql.options import Options
from checks.promql.sharing import Shared
from checks.promql.values import Floats, LabelSet, Matrix, Times
from checks.samples.store import SeriesStore, grouped
from checks.store.chunk import CHUNK_ROWS
from checks.store.groups import Group
from checks.store.store import Matcher, Store

MINUTE = 60_000


def filled(
    *series: Series, values: Callable[[int, int], float], runs: int = 10, interval: float = 60.0
) -> Store:
    """A store with one check; ``values`` of (run, column)."""
    store = Store(retention=1e9)
    for run in range(runs):
        row = tuple(float(values(run, column)) for column in range(len(series)))
        store.append("check", interval, run * interval, Samples(series, row))
    return store


def many(count: int, name: str = "m") -> tuple[Series, ...]:
    return tuple(Series.of(name, {"id": str(at), "group": str(at % 5)}) for at in range(count))


def answer(outcome: Outcome) -> dict[LabelSet, float]:
    return dict(outcome.samples())


def ask(store: Store, text: str, at: int, options: Options | None = None) -> dict[LabelSet, float]:
    engine = Engine(options)
    return answer(engine.instant(store, engine.parse(text), at))


def test_the_lookback_is_the_blocks_own() -> None:
    """A check that runs every ten minutes has a value for twenty-five, not for five."""
    store = Store(retention=1e9)
    store.append("slow", 600.0, 0.0, Samples((Series.of("size"),), (1.0,)))
    store.append("fast", 5.0, 0.0, Samples((Series.of("load"),), (2.0,)))
    both = '{__name__=~"size|load"}'
    assert len(ask(store, both, 299_999)) == 2
    assert len(ask(store, both, 300_000)) == 1
    assert ask(store, "size", 1_499_999)
    assert not ask(store, "size", 1_500_000)
    assert not ask(store, "size", 300_000, Options(lookback=300_000))


def test_a_series_that_a_run_did_not_return_is_gone_at_once() -> None:
    store = Store()
    here, gone = Series.of("m", {"x": "1"}), Series.of("m", {"x": "2"})
    store.append("check", 5.0, 10.0, Samples((here, gone), (1.0, 2.0)))
    store.append("check", 5.0, 15.0, Samples((here,), (3.0,)))
    assert len(ask(store, "m", 14_999)) == 2
    assert list(ask(store, "m", 15_000).values()) == [3.0]
    # Its samples are there for a range, its end is none of them.
    assert sum(ask(store, "count_over_time(m[1m])", 20_000).values()) == 3


def test_a_series_of_two_checks_is_one_series() -> None:
    """A renamed check: the marker of the old one's end does not hide the new one's samples."""
    store = Store()
    moved, other = Series.of("m", {"x": "1"}), Series.of("m", {"x": "2"})
    for at in range(4):
        store.append("old", 5.0, at * 10.0, Samples((moved, other), (float(at), 0.0)))
    for at in range(4, 8):
        store.append("old", 5.0, at * 10.0, Samples((other,), (0.0,)))
        store.append("new", 5.0, at * 10.0 + 1, Samples((moved,), (float(at),)))
    found = ask(store, "m", 75_000)
    assert sorted(found.values()) == [0.0, 7.0]
    assert sorted(ask(store, "count_over_time(m[10m])", 75_000).values()) == [8.0, 8.0]
    assert not {labels for labels in ask(store, "m", 40_500) if ("x", "1") in labels}


def test_labels_are_whole_and_sorted() -> None:
    store = filled(Series.of("m", {"Zone": "a", "__x": "b", "job": "c"}), values=lambda *_: 1)
    (labels,) = ask(store, "m", 0)
    assert labels == (("Zone", "a"), ("__name__", "m"), ("__x", "b"), ("job", "c"))


def test_the_same_series_are_the_same_objects_until_one_comes() -> None:
    """What is derived from label sets is remembered by identity, so it has to stay the same."""
    store = filled(*many(3), values=lambda run, _: run)
    engine = Engine()
    query = engine.parse("sum by (group) (-m)")

    def labels() -> tuple[LabelSet, ...]:
        value = engine.instant(store, query, 9 * MINUTE).value
        return value.labels  # type: ignore[union-attr]

    first = labels()
    store.append("check", 60.0, 600.0, Samples(many(3), (1.0, 2.0, 3.0)))
    store.append("elsewhere", 60.0, 600.0, Samples((Series.of("n"),), (1.0,)))
    assert labels() is first
    store.append("check", 60.0, 660.0, Samples(many(4), (1.0, 2.0, 3.0, 4.0)))
    assert labels() is not first


def test_windows_cross_chunks_sealed_and_open() -> None:
    """One series changes, one does not, one comes late, one goes: all read as they were."""
    store = Store(retention=1e9)
    kept = [Series.of("m", {"x": name}) for name in ("changing", "constant", "late", "short")]
    for at in range(3 * CHUNK_ROWS):
        present = [True, True, at > 100, at < 30]
        row = [float(at), 7.0, 1.0, 2.0]
        store.append(
            "check",
            1.0,
            float(at),
            Samples(
                tuple(one for one, here in zip(kept, present, strict=True) if here),
                tuple(one for one, here in zip(row, present, strict=True) if here),
            ),
        )
    end = 3 * CHUNK_ROWS
    sums = ask(store, "sum_over_time(m[1h])", end * 1000)
    named = {dict(labels)["x"]: value for labels, value in sums.items()}
    assert named == {
        "changing": sum(range(end)),
        "constant": 7.0 * end,
        "late": end - 101,
        "short": 60.0,
    }
    assert len(ask(store, "m", 29_000)) == 3
    assert len(ask(store, "m", 30_000)) == 2


def test_what_is_read_cannot_be_written_to() -> None:
    store = filled(*many(4), values=lambda run, column: run + column)
    value = Engine().instant(store, Engine().parse("m[5m]"), 9 * MINUTE).value
    assert isinstance(value, Matrix)
    (windows,) = value
    with pytest.raises(ValueError, match="read-only"):
        windows.values[0, 0] = 1


def test_a_scalar_has_one_sample_without_labels_and_a_string_has_none() -> None:
    engine, store = Engine(), Store()
    assert list(engine.instant(store, engine.parse("1 + 1"), 0).samples()) == [((), 2.0)]
    outcome = engine.instant(store, engine.parse('"text"'), 0)
    assert outcome.value == "text"
    assert not list(outcome.samples())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sum_over_time(m[1y:1s])", "31536000 steps"),
        ("max_over_time(rate(m[1m])[1d:50ms])", "1728000 steps"),
        ("m + on () group_left m", "duplicate series for the match group {}"),
        ("m * on (id) n", "multiple matches for labels: many-to-one matching must be explicit"),
        ("topk(scalar(nope), m)", "Parameter value is NaN"),
        ("topk(1e300, m)", "Scalar value 1e+300 overflows int64"),
        ('count_values("a\\xffb", m)', 'invalid label name "a\\xffb"'),
    ],
)
def test_evaluations_that_cannot_be_end_in_a_sentence(text: str, says: str) -> None:
    store = filled(*many(10), values=lambda *_: 1)
    for name, labels in (("n", "n"), ("m", "ab")):
        twins = tuple(Series.of(name, {"id": "1", "x": x}) for x in labels)
        store.append(f"twins of {name}", 60.0, 540.0, Samples(twins, (1.0,) * len(twins)))
    with pytest.raises(EvaluationError) as caught:
        ask(store, text, 9 * MINUTE)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 500


def test_ranges_have_bounds() -> None:
    engine, store = Engine(), filled(*many(2), values=lambda *_: 1)
    query = engine.parse("m")
    for bounds, says in (
        ((0, 3_600_000, 100), "exceeded maximum resolution of 11,000 points per timeseries"),
        ((0, 10, 0), "zero or negative step"),
        ((10, 0, 1), "ends before it starts"),
    ):
        with pytest.raises(EvaluationError, match=says):
            engine.range(store, query, *bounds)
    for text, says in (("m[5m]", "range vector"), ('"x"', "string")):
        with pytest.raises(EvaluationError, match=f'invalid expression type "{says}" for range'):
            engine.range(store, engine.parse(text), 0, 10, 1)


def test_too_much_at_once_is_refused() -> None:
    store = filled(*many(50), values=lambda *_: 1, runs=100)
    small = Options(max_cells=2000)
    assert ask(store, "count_over_time(m[30m])", 99 * MINUTE, small)
    for text in ("count_over_time(m[2h])", "sum_over_time(m[1h:1m])"):
        with pytest.raises(EvaluationError, match="more than 2000 in all"):
            ask(store, text, 99 * MINUTE, small)
    engine = Engine(small)
    for text in ("m", "m @ 0", "timestamp(m @ 0)", "-m @ 0", "rate(m[1m])", "rate(m[1m] @ 60)"):
        with pytest.raises(EvaluationError, match="more than 2000 in all"):
            engine.range(store, engine.parse(text), 0, 50 * MINUTE, MINUTE)
    varied = filled(*many(20), values=lambda run, column: run * 100 + column, runs=100)
    with pytest.raises(EvaluationError, match="count_values finds 1000 values"):
        engine.range(varied, engine.parse("count_values('v', m)"), 0, 49 * MINUTE, MINUTE)


def test_a_join_that_multiplies_is_refused_before_it_is_made() -> None:
    """Series that alternate may match one after the other: 200 by 200 of them are 40,000 pairs."""
    store = Store()
    for at in range(200):
        some = (Series.of("a", {"x": str(at)}), Series.of("b", {"y": str(at)}))
        store.append("check", 1.0, float(at), Samples(some, (1.0, 1.0)))
    engine = Engine(Options(max_cells=100_000))
    query = engine.parse("a * on () b")
    assert answer(engine.instant(store, query, 10_000)) == {(): 1.0}
    with pytest.raises(EvaluationError, match="matches 40000 pairs of series"):
        engine.range(store, query, 0, 199_000, 1000)


@pytest.mark.parametrize(
    "text",
    [
        " + ".join(["m"] * 200),
        "(" * 98 + "m" + ")" * 98,
        "abs(" * 98 + "m" + ")" * 98,
        "-" * 98 + "m",
        "sum by (id) (" * 98 + "m" + ")" * 98,
        "0 + " * 90 + "(" * 90 + "m" + ")" * 90,
    ],
    ids=["sum", "brackets", "calls", "signs", "aggregations", "both"],
)
def test_what_may_be_written_can_be_evaluated(text: str) -> None:
    """As deep as the parser lets it be."""
    store = filled(*many(3), values=lambda *_: 1)
    assert len(ask(store, text, 0)) == 3


def test_label_values_of_any_length_make_no_endless_error() -> None:
    long = "x" * 100_000
    times, values = np.array([0]), np.array([1.0])
    series: dict[LabelSet, tuple[Times, Floats]] = {
        (("__name__", "m"), ("id", mark), ("long", long)): (times, values) for mark in "ab"
    }
    store = SeriesStore(grouped(series))
    engine = Engine()
    with pytest.raises(EvaluationError, match="many-to-many") as caught:
        engine.instant(store, engine.parse("m * on (long) m"), 0)
    assert len(str(caught.value)) < 10_000
    with pytest.raises(PromQLError) as refused:
        engine.parse(f'm{{id="{long[:50_000]}"}} {long[:40_000]}')
    assert len(str(refused.value)) < 2000


def test_a_deadline_ends_an_evaluation() -> None:
    ticks = iter(range(100))
    engine = Engine(Options(deadline=5.0), clock=lambda: float(next(ticks)))
    store = filled(*many(2), values=lambda *_: 1)
    assert answer(engine.instant(store, engine.parse("m + m"), 0))
    with pytest.raises(EvaluationError, match="took longer than 5 s"):
        engine.instant(store, engine.parse("m + m + m + m + m"), 0)


def test_numbers_at_the_edge_of_floats() -> None:
    huge = 1.7e308
    store = filled(*many(4), values=lambda _, column: huge if column < 3 else -huge)
    assert ask(store, "avg(m)", 0)[()] == pytest.approx(huge / 2)
    assert ask(store, "max(m) + max(m)", 0)[()] == math.inf
    exact = filled(*many(4), values=lambda _, column: [1e100, 1, -1e100, 1][column])
    assert ask(exact, "sum(m)", 0)[()] == 2
    assert ask(exact, "avg(m)", 0)[()] == 0.5
    mixed = filled(*many(3), values=lambda _, column: [math.inf, -math.inf, 1][column])
    assert math.isnan(ask(mixed, "sum(m)", 0)[()])
    assert math.isnan(ask(mixed, "stddev(m)", 0)[()])


def test_sums_of_large_and_small_groups_agree() -> None:
    """Large groups are summed one by one, small ones together, and many steps at a time."""
    values = np.random.default_rng(5).normal(size=(40, 300)) * 1e6
    store = filled(*many(300), values=lambda run, column: values[run, column], runs=40)
    engine = Engine()
    for text, members in (("sum(m)", 300), ("sum by (group) (m)", 60)):
        query = engine.parse(text)
        ranged = engine.range(store, query, 0, 39 * MINUTE, MINUTE)
        for run in range(40):
            lone = answer(engine.instant(store, query, run * MINUTE))
            assert dict(ranged.samples(run)) == pytest.approx(lone, rel=1e-15)
            columns: Sequence[np.ndarray] = (
                [values[run]] if members == 300 else [values[run, at::5] for at in range(5)]
            )
            assert sorted(lone.values()) == pytest.approx(sorted(map(math.fsum, columns)))


def test_ten_thousand_series_are_no_loop_in_python() -> None:
    """A loop over them would take fifty times what this may."""
    series = many(10_000, "x_total")
    store = filled(*series, values=lambda run, column: run * column, runs=60, interval=5.0)
    engine = Engine()
    queries = [
        engine.parse(text)
        for text in (
            "rate(x_total[5m])",
            "sum by (group) (rate(x_total[5m])) > 0",
            "x_total / on (group) group_left sum by (group) (x_total)",
            "x_total unless x_total < 100",
        )
    ]
    for query in queries:
        engine.instant(store, query, 295_000)
    best = math.inf
    for _ in range(5):
        began = time.process_time()
        for query in queries:
            engine.instant(store, query, 295_000)
        best = min(best, time.process_time() - began)
    assert best < 0.15


class CountingStore(Store):
    """Counts what is read of each metric."""

    def __init__(self) -> None:
        super().__init__(retention=1e9)
        self.reads: Counter[str] = Counter()

    def groups(self, name: str, matchers: tuple[Matcher, ...] = ()) -> tuple[Group, ...]:
        self.reads[name] += 1
        return super().groups(name, matchers)


def counting(**values: float) -> CountingStore:
    store = CountingStore()
    row = Samples(tuple(Series.of(name) for name in values), tuple(values.values()))
    for run in range(5):
        store.append("check", 15.0, run * 15.0, row)
    return store


def test_what_rules_have_in_common_is_evaluated_once() -> None:
    store, engine, shared = counting(used=90.0, size=100.0, rising=1.0), Engine(), Shared()

    def once(text: str, at: int = 60_000) -> list[float]:
        outcome = engine.instant(store, engine.parse(text), at, shared)
        return [value for _, value in outcome.samples()]

    assert once("used / size > 0.8") == [0.9]
    assert once("used / size > 0.95") == []
    assert once("(used / size) * 2") == [1.8]
    assert store.reads == {"used": 1, "size": 1}
    assert once("used / size > 0.8", 30_000) == [0.9]
    assert store.reads["used"] == 2
    shared.forget()
    assert once("used / size > 0.8") == [0.9]
    assert store.reads["used"] == 3


def test_what_is_to_be_remarked_is_remarked_of_each_expression() -> None:
    store, engine, shared = counting(used=90.0), Engine(), Shared()
    for text in ("rate(used[1m]) > 1", "rate(used[1m]) < 1"):
        outcome = engine.instant(store, engine.parse(text), 60_000, shared)
        assert outcome.infos == (
            "PromQL info: metric might not be a counter, name does not end in "
            '_total/_sum/_count/_bucket: "used" (1:6)',
        )


@pytest.mark.parametrize("operator", ["and", "unless", "*", ">"])
def test_where_the_left_has_nothing_the_right_is_not_read(operator: str) -> None:
    store, text = counting(used=90.0, size=100.0), f"(used > 95) {operator} size"
    engine = Engine(Options(left_first=True))
    assert answer(engine.instant(store, engine.parse(text), 60_000)) == {}
    assert store.reads == {"used": 1}
    assert ask(store, text, 60_000) == {}
    assert store.reads == {"used": 2, "size": 1}


def test_the_right_of_or_counts_whatever_the_left_has() -> None:
    store, options = counting(used=90.0, size=100.0), Options(left_first=True)
    assert list(ask(store, "used > 95 or size", 60_000, options).values()) == [100.0]
    assert list(ask(store, "absent(used > 95) * 2", 60_000, options).values()) == [2.0]
