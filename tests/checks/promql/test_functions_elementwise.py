"""Functions of each sample by itself, and the calendar."""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.promql.values import Scalar, Vector
from tests.checks.promql.functions_kit import called, named, vector

INF, NAN = math.inf, math.nan


def one(*values: float) -> Vector:
    return vector((named("x", a="b"), values))


def applied(name: str, value: float, *more: float) -> float:
    return called(f"{name}(x{', 0' * len(more)})", one(value), *more).lone()


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("abs", -2.5, 2.5),
        ("abs", -INF, INF),
        ("ceil", -2.5, -2),
        ("floor", -2.5, -3),
        ("exp", 1, math.e),
        ("exp", 1000, INF),
        ("ln", math.e, 1),
        ("ln", 0, -INF),
        ("ln", -1, NAN),
        ("log2", 1024, 10),
        ("log10", 1000, 3),
        ("sqrt", 6.25, 2.5),
        ("sqrt", -1, NAN),
        ("sgn", -3, -1),
        ("sgn", 0, 0),
        ("sgn", INF, 1),
        ("sgn", NAN, NAN),
        ("deg", math.pi, 180),
        ("rad", 180, math.pi),
        ("round", 2.5, 3),
        ("round", -2.5, -2),
        ("round", NAN, NAN),
        ("acosh", 0.5, NAN),
        ("atanh", 1, INF),
    ],
)
def test_known_values(name: str, value: float, wanted: float) -> None:
    got = applied(name, value)
    assert same(got, wanted) or got == pytest.approx(wanted)


@pytest.mark.parametrize(
    "name",
    [
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atanh",
        "cos",
        "cosh",
        "sin",
        "sinh",
        "tan",
        "tanh",
    ],
)
@pytest.mark.parametrize("value", [0.5, 1.5])
def test_angles_are_radians(name: str, value: float) -> None:
    function: Callable[[float], float] = getattr(math, name)
    try:
        wanted = function(value)
    except ValueError:
        wanted = NAN
    assert applied(name, value) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize(
    ("value", "nearest", "wanted"),
    [(7.3, 5, 5), (7.5, 5, 10), (-7.5, 5, -5), (0.15, 0.1, 0.2), (123, 0, NAN), (1, INF, NAN)],
)
def test_round_goes_to_the_nearest_multiple_and_up_between_two(
    value: float, nearest: float, wanted: float
) -> None:
    assert applied("round", value, nearest) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize(
    ("value", "low", "high", "wanted"),
    [
        (5, 0, 3, 3),
        (-5, 0, 3, 0),
        (2, 0, 3, 2),
        (NAN, 0, 3, NAN),
        (2, NAN, 3, NAN),
        (2, 0, NAN, NAN),
    ],
)
def test_clamp_keeps_a_value_within_bounds(
    value: float, low: float, high: float, wanted: float
) -> None:
    assert same(applied("clamp", value, low, high), wanted)


def test_clamp_has_a_bound_on_one_side_too() -> None:
    assert applied("clamp_min", -5, 2) == 2
    assert applied("clamp_max", 5, 2) == 2
    assert math.isnan(applied("clamp_min", NAN, 2))
    # No bound that is not known could change these.
    assert applied("clamp_max", NAN, -INF) == -INF
    assert applied("clamp_max", -INF, NAN) == -INF
    assert applied("clamp_min", NAN, INF) == INF
    assert applied("clamp_min", INF, NAN) == INF


def test_bounds_the_wrong_way_round_leave_nothing_at_that_step() -> None:
    answer = called("clamp(x, 0, 0)", one(1, 1), scalars(0, 5), scalars(3, 3), steps=2)
    assert answer.rows() == {named("x", a="b"): [1.0, None]}


def scalars(*values: float) -> Scalar:
    return np.array(values)


def test_labels_absence_and_the_flag_of_names_to_drop_are_handed_on() -> None:
    given_ = vector((named("x", a="1"), [1, None]), (named("x", a="2"), [None, -4]))
    answer = called("abs(x)", given_, steps=2).vector
    assert answer.labels is given_.labels
    assert answer.drop_name is given_.drop_name
    assert answer.present.tolist() == given_.present.tolist()
    assert answer.values[1, 1] == 4


PARTS: dict[str, Callable[[datetime], float]] = {
    "year": lambda at: at.year,
    "month": lambda at: at.month,
    "day_of_month": lambda at: at.day,
    "day_of_week": lambda at: at.isoweekday() % 7,
    "day_of_year": lambda at: at.timetuple().tm_yday,
    "days_in_month": lambda at: calendar.monthrange(at.year, at.month)[1],
    "hour": lambda at: at.hour,
    "minute": lambda at: at.minute,
}


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_the_calendar_is_that_of_utc(seconds: int) -> None:
    at = datetime.fromtimestamp(0, UTC).fromtimestamp(seconds, UTC)
    for name, part in PARTS.items():
        assert applied(name, seconds) == part(at), name


@pytest.mark.parametrize("name", PARTS)
def test_without_an_argument_the_calendar_is_that_of_each_step(name: str) -> None:
    start = 1_709_251_170_000
    answer = called(f"{name}()", start=start, steps=2)
    wanted = [PARTS[name](datetime.fromtimestamp(start // 1000 + 60 * at, UTC)) for at in (0, 1)]
    assert answer.rows() == {named(): wanted}


def test_fractions_of_a_second_are_cut_off_and_what_is_no_moment_has_no_date() -> None:
    assert applied("year", -0.5) == 1970
    assert applied("minute", 119.99) == 1
    for value in (NAN, INF, -INF, 1e300):
        assert math.isnan(applied("year", value))
