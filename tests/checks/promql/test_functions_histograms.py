"""Quantiles and fractions of classic histograms: many at once as each by definition."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.promql.api import Engine
from checks.promql.functions.quantiles import format_g
from checks.promql.options import Options
from checks.promql.values import Floats, LabelSet, Scalar, Times, Vector
from checks.samples.store import SeriesStore, grouped
from tests.checks.promql.functions_kit import Answer, Value_, called, named, vector

INF, NAN = math.inf, math.nan
Buckets = dict[str, float]

MONOTONICITY = (
    "PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see"
    " https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
)


DELAYED = Options(delayed_name_removal=True)


def quantile(
    wanted: float | Scalar,
    given_: Vector,
    steps: int = 1,
    start: int = 0,
    options: Options | None = None,
) -> Answer:
    text = "histogram_quantile(0.5, x)"
    return called(text, wanted, given_, steps=steps, start=start, options=options)


def fraction(low: float, high: float, given_: Vector, steps: int = 1) -> Answer:
    return called("histogram_fraction(0, 1, x)", low, high, given_, steps=steps)


def histogram(buckets: Buckets, name: str = "x_bucket", **labels: str) -> Vector:
    return vector(*((named(name, le=le, **labels), [count]) for le, count in buckets.items()))


LATENCY = histogram({"0.1": 10, "+Inf": 100, "1": 90, "0.5": 50})


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        (0, 0),
        (0.05, 0.05),
        (0.1, 0.1),
        (0.3, 0.3),
        (0.7, 0.75),
        (0.9, 1),
        # Above the last bound nothing is known but that bound.
        (0.95, 1),
        (1, 1),
        (-0.1, -INF),
        (1.1, INF),
        (NAN, NAN),
    ],
)
def test_a_quantile_is_interpolated_within_its_bucket(wanted: float, value: float) -> None:
    answer = quantile(wanted, LATENCY)
    assert list(answer.rows()) == [named("x_bucket")]
    assert answer.lone() == pytest.approx(value, nan_ok=True)
    assert bool(answer.warnings) is not (0 <= wanted <= 1)


@pytest.mark.parametrize(
    ("buckets", "value"),
    [
        ({"-1": 5, "0": 10, "+Inf": 10}, -1),
        ({"0": 10, "1": 10, "+Inf": 10}, 0),
        ({"1": 5, "2": 10}, NAN),
        ({"+Inf": 5}, NAN),
        ({"1": 0, "+Inf": 0}, NAN),
        ({"1": 5, "1.0": 5, "1e0": 10, "+Inf": 30}, 0.75),
        ({"1": 10, "2": 10 * (1 - 1e-13), "+Inf": 20}, 1),
        ({"1": 1, "NaN": 2}, NAN),
        ({"0x1p1": 10, "inf": 10}, 1),
    ],
)
def test_the_median_of_peculiar_histograms(buckets: Buckets, value: float) -> None:
    answer = quantile(0.5, histogram(buckets))
    assert answer.lone() == pytest.approx(value, nan_ok=True)
    assert answer.infos == ()


def test_histograms_are_told_apart_by_all_labels_but_the_bound() -> None:
    given_ = vector(
        (named("x", le="1", a="1"), [4, None, None]),
        (named("x", le="+Inf", a="2"), [8, 8, None]),
        (named("x", le="+Inf", a="1"), [4, None, None]),
        (named("x", le="2", a="2"), [None, 8, 5]),
    )
    assert quantile(0.5, given_, steps=3).rows() == {
        named("x", a="1"): pytest.approx([0.5, None, None], nan_ok=True),
        named("x", a="2"): pytest.approx([NAN, 1, NAN], nan_ok=True),
    }


@pytest.mark.parametrize("le", ["", "Hello World", "1e999", "1 ", "1__0", "_1", "٣", "0x10"])
def test_a_bound_that_is_no_number_is_warned_of_and_left_out(le: str) -> None:
    quoted = '"' + le + '"'
    for answer, column in (
        (quantile(0.5, histogram({le: 1})), 25),
        (fraction(0, 1, histogram({le: 1})), 26),
    ):
        assert answer.rows() == {}
        assert answer.warnings == (
            'PromQL warning: bucket label "le" is missing or has a malformed value of'
            f' {quoted} for metric name "x_bucket" (1:{column})',
        )
    assert quantile(0.5, vector((named("x", le=le), [None]))).warnings == ()


def test_a_quantile_that_is_none_is_warned_of_even_where_there_is_no_histogram() -> None:
    wanted = np.array([2, 0.5, -1e-7, 2e6, NAN])
    warnings = quantile(wanted, Vector.empty(5), steps=5).warnings
    shown = ["-1e-07", "2", "2e+06", "NaN"]
    assert warnings == tuple(
        f"PromQL warning: quantile value should be between 0 and 1, got {one} (1:20)"
        for one in shown
    )


def test_counts_that_fall_are_raised_and_that_is_said_once_for_all() -> None:
    given_ = vector(
        (named("x_bucket", le="0.5"), [40, 10, None]),
        (named("x_bucket", le="1"), [30, 10, 40]),
        (named("x_bucket", le="10"), [45, 9, 50]),
        (named("x_bucket", le="+Inf"), [35, 20, 50]),
        (named("y_bucket", le="1"), [1, 1, 2]),
        (named("y_bucket", le="+Inf"), [1, 1, 1]),
    )
    start = 1_703_462_400_000
    answer = quantile(0.5, given_, steps=3, start=start, options=DELAYED)
    assert answer.rows()[named("x_bucket")][0] == pytest.approx(0.5 * 22.5 / 40)
    assert answer.infos == (
        f'{MONOTONICITY} for metric name "x_bucket", from buckets 1 to +Inf, with a max diff of'
        " 10, over 2 samples from 2023-12-25T00:00:00Z to 2023-12-25T00:01:00Z (1:25)",
        f'{MONOTONICITY} for metric name "y_bucket", from buckets +Inf to +Inf, with a max diff of'
        " 1, over 1 samples from 2023-12-25T00:02:00Z to 2023-12-25T00:02:00Z (1:25)",
    )
    # Names that are removed at once are gone by then.
    assert quantile(0.5, given_, steps=3, start=start).infos == (
        f"{MONOTONICITY}, from buckets 1 to +Inf, with a max diff of 10, over 3 samples from"
        " 2023-12-25T00:00:00Z to 2023-12-25T00:02:00Z (1:25)",
    )
    assert quantile(2, given_, steps=3).infos == ()


@pytest.mark.parametrize(
    ("low", "high", "value"),
    [
        (0, 0.5, 0.5),
        (0.3, 0.75, 0.4),
        (-5, 0.05, 0.05),
        (-INF, INF, 1),
        (1, INF, 0.1),
        (2, 3, 0),
        (0.5, 7, 0.4),
        (0.5, 0.5, 0),
        (0.9, 0.1, 0),
        (NAN, 1, NAN),
        (0, NAN, NAN),
    ],
)
def test_a_fraction_is_interpolated_within_buckets(low: float, high: float, value: float) -> None:
    assert fraction(low, high, LATENCY).lone() == pytest.approx(value, nan_ok=True)


def defined_quantile(wanted: float, buckets: list[tuple[float, float]]) -> float:
    """Of buckets that ascend and never fall."""
    if buckets[-1][0] != INF or len(buckets) < 2 or buckets[-1][1] == 0:
        return NAN
    rank = wanted * buckets[-1][1]
    at = bisect_left([count for _, count in buckets[:-1]], rank)
    if at == len(buckets) - 1:
        return buckets[-2][0]
    if at == 0 and buckets[0][0] <= 0:
        return buckets[0][0]
    low, below = buckets[at - 1] if at else (0.0, 0.0)
    high, count = buckets[at]
    if count == below:  # rank 0 in an empty bucket
        return NAN
    return low + (high - low) * ((rank - below) / (count - below))


def defined_fraction(low: float, high: float, buckets: list[tuple[float, float]]) -> float:
    """Of buckets that ascend and never fall: what each has in common with the range."""
    top = buckets[-1][1]
    if buckets[-1][0] != INF or top == 0:
        return NAN
    if low >= high:
        return 0.0
    return (defined_rank(high, buckets) - defined_rank(low, buckets)) / top


def defined_rank(value: float, buckets: list[tuple[float, float]]) -> float:
    """How many observations are below ``value``; all of a bucket without a width count as soon
    as it is entered from below."""
    edge, below = (-INF if buckets[0][0] <= 0 else 0.0), 0.0
    for bound, count in buckets:
        if value <= edge:
            return below
        if value < bound:
            if edge == -INF:
                return count
            return below + (count - below) * (value - edge) / (bound - edge)
        edge, below = bound, count
    return below


@st.composite
def histograms(draw: st.DrawFn) -> list[dict[float, list[Value_]]]:
    """Some histograms over two steps, buckets missing here and there."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        bounds = draw(st.lists(st.integers(-3, 6), min_size=1, max_size=5, unique=True))
        top = draw(st.sampled_from([INF, INF, INF, 9.0]))
        columns = []
        for _step in range(2):
            counts = np.cumsum(draw(st.lists(st.integers(0, 9), min_size=6, max_size=6)))
            holes = draw(st.sets(st.integers(0, 5), max_size=draw(st.integers(0, 3))))
            columns.append([None if i in holes else float(c) for i, c in enumerate(counts)])
        edges = [*map(float, sorted(bounds)), top]
        found.append({edge: [one[at] for one in columns] for at, edge in enumerate(edges)})
    return found


@settings(max_examples=100, deadline=None)
@given(histograms(), st.lists(st.floats(0, 1), min_size=2, max_size=2), st.data())
def test_many_histograms_at_once_come_to_what_each_comes_to(
    found: list[dict[float, list[Value_]]], wanted: list[float], data: st.DataObject
) -> None:
    edges = st.one_of(
        st.integers(-5, 11).map(float), st.floats(-5, 11), st.sampled_from([INF, -INF])
    )
    low, high = data.draw(edges), data.draw(edges)
    rows = [
        (named("x", le=format_g(edge), i=str(at)), counts)
        for at, one in enumerate(found)
        for edge, counts in one.items()
    ]
    given_ = vector(*data.draw(st.permutations(rows)))
    quantiles = quantile(np.array(wanted), given_, steps=2).rows()
    fractions = fraction(low, high, given_, steps=2).rows()
    for at, one in enumerate(found):
        for step in range(2):
            buckets = [(edge, c) for edge, counts in one.items() if (c := counts[step]) is not None]
            for got, definition in (
                (quantiles, partial(defined_quantile, wanted[step])),
                (fractions, partial(defined_fraction, low, high)),
            ):
                value = got.get(named("x", i=str(at)), [None, None])[step]
                if not buckets:
                    assert value is None
                else:
                    assert value == pytest.approx(definition(buckets), nan_ok=True), buckets


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (2.0, "2"),
        (-0.1, "-0.1"),
        (999999.0, "999999"),
        (1e6, "1e+06"),
        (1234567.5, "1.2345675e+06"),
        (1e-5, "1e-05"),
        (0.0001, "0.0001"),
        (INF, "+Inf"),
        (-INF, "-Inf"),
        (NAN, "NaN"),
        (0.0, "0"),
        (1e100, "1e+100"),
        (-1.5e21, "-1.5e+21"),
    ],
)
def test_numbers_are_written_as_go_does(value: float, text: str) -> None:
    assert format_g(value) == text


@pytest.mark.parametrize(
    ("at", "shown"),
    [(2_000, "1970-01-01T00:00:02Z"), (2**53, "287396-10-12T08:59:00Z")],
)
def test_the_info_on_falling_counts_names_any_moment(at: int, shown: str) -> None:
    times, counts = np.array([1_000]), {"1": 5.0, "2": 3.0, "+Inf": 6.0}
    series: dict[LabelSet, tuple[Times, Floats]] = {
        (("__name__", "x_bucket"), ("le", bound)): (times, np.array([count]))
        for bound, count in counts.items()
    }
    engine, store = Engine(), SeriesStore(grouped(series))
    asked = engine.parse("histogram_quantile(0.9, x_bucket @ 1)")
    (said,) = engine.instant(store, asked, at).infos
    assert f"over 1 samples from {shown} to {shown}" in said
