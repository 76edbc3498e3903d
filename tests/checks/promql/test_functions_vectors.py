"""Order, absence, and from scalars to vectors and back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from checks.promql.labels import label
from checks.promql.values import Matrix, Vector
from tests.checks.promql.functions_kit import called, named, vector, windows

NAN = math.nan

THREE = vector(
    (named("x", i="0"), [3.0]),
    (named("x", i="1"), [NAN]),
    (named("x", i="2"), [-math.inf]),
    (named("x", i="3"), [5.0]),
    (named("x", i="4"), [None]),
    (named("x", i="5"), [3.0]),
)


@pytest.mark.parametrize(("text", "order"), [("sort(x)", "20531"), ("sort_desc(x)", "30521")])
def test_samples_are_sorted_by_value_with_nan_last(text: str, order: str) -> None:
    rows = called(text, THREE).rows()
    assert "".join(label(one, "i") for one in rows) == order
    assert all(label(one, "__name__") == "x" for one in rows)


def test_over_several_steps_there_is_no_order_and_that_is_said() -> None:
    given = vector((named(i="0"), [3, 1]), (named(i="1"), [1, 3]))
    answer = called("sort(x)", given, steps=2)
    assert answer.warnings == (
        "PromQL warning: sort is ineffective for range queries since results are always ordered"
        " by labels (1:1)",
    )
    assert answer.vector is given
    assert called("sort(x)", THREE).warnings == ()


def test_a_scalar_is_the_only_sample_or_nan() -> None:
    given = vector((named(i="0"), [1, None, 4, None]), (named(i="1"), [None, 2, 4, None]))
    answer = called("scalar(x)", given, steps=4).value
    assert np.array_equal(answer, [1, 2, NAN, NAN], equal_nan=True)  # type: ignore[arg-type]


def test_a_vector_of_a_scalar_has_one_series_without_labels() -> None:
    assert called("vector(7)", 7.0, steps=2).rows() == {named(): [7.0, 7.0]}


def test_time_is_that_of_each_step_in_seconds() -> None:
    times = called("time()", start=1500, steps=2).value
    assert np.array_equal(times, [1.5, 61.5])  # type: ignore[arg-type]
    pi = called("pi()", steps=2).value
    assert np.array_equal(pi, [math.pi, math.pi])  # type: ignore[arg-type]


def test_the_timestamp_of_what_was_computed_is_that_of_the_step() -> None:
    given = vector((named("x", a="b"), [7, None]))
    answer = called("timestamp(-x)", given, start=30_000, steps=2)
    assert answer.rows() == {named("x", a="b"): [30.0, None]}


@pytest.mark.parametrize(
    ("selector", "labels"),
    [
        ("x", named()),
        ('x{a="b"}', named(a="b")),
        ('(x{a="b",c=""})', named(a="b")),
        ('x{a="b",c!="d",e=~"f",g!~"h"}', named(a="b")),
        ('{__name__="x",a="b"}', named(a="b")),
        ('x{a="b",a="c",d="e"}', named(d="e")),
        ('x{a="b",a=~"c",d="e"}', named(d="e")),
        ('x{a="b"} offset 5m', named(a="b")),
        ('sum(x{a="b"})', named()),
        ('x{a="b"} > 1', named()),
    ],
)
def test_absence_has_the_labels_that_were_demanded(
    selector: str, labels: tuple[tuple[str, str], ...]
) -> None:
    given = vector((named("x", i="0"), [1, None, None]), (named("x", i="1"), [None, None, NAN]))
    assert called(f"absent({selector})", given, steps=3).rows() == {labels: [None, 1.0, None]}
    assert called(f"absent({selector})", Vector.empty(2), steps=2).rows() == {labels: [1.0, 1.0]}


def test_absence_over_time_is_where_no_series_of_any_group_has_a_sample() -> None:
    ends = [60_000 * at for at in range(1, 6)]
    groups = [
        windows([named(i="0"), named(i="1")], [50_000], [[1], [None]], ends, 60_000),
        windows([named(i="2")], [170_000, 290_000], [[NAN, None]], ends, 60_000),
    ]
    answer = called('absent_over_time(x{a="b"}[1m])', Matrix(tuple(groups)), start=60_000, steps=5)
    assert answer.rows() == {named(a="b"): [None, 1.0, None, 1.0, 1.0]}
    assert called("absent_over_time(x[1m])", Matrix(())).rows() == {named(): [1.0]}
