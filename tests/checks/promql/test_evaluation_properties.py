"""The evaluator against a naive one, on data with gaps, ends, NaNs and infinities.

Values are small integers mostly, so that sums are exact in any order.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.model import Samples, Series
from checks.promql.api import Engine, Expression, Outcome
from checks.promql.errors import EvaluationError
from checks.promql.labels import label_set
from checks.promql.options import Options
from checks.promql.values import LabelSet, Vector
from checks.samples.store import SeriesStore, grouped
from checks.store.block import STALE
from checks.store.store import Store
from tests.checks.promql.reference import LOOKBACK, Data, Reference, RefusedError

STEP = 60_000
STEPS = 12
END = STEP * STEPS

VALUES = st.one_of(
    st.integers(-3, 5).map(float), st.sampled_from([math.nan, math.inf, -math.inf, 0.5])
)
MARKS = st.one_of(VALUES, VALUES, VALUES, st.none(), st.just(STALE))
"""A sample, none, or the end of the series."""
LABELS = st.builds(
    lambda name, a, b: label_set({"__name__": name, "a": a, "b": b}),
    st.sampled_from(["m", "n"]),
    st.sampled_from(["", "1", "2"]),
    st.sampled_from(["", "x"]),
)


@st.composite
def datas(draw: st.DrawFn) -> Data:
    """Series sampled every minute from 0, some of them a few milliseconds late."""
    data: Data = {}
    for labels in draw(st.lists(LABELS, min_size=1, max_size=7, unique=True)):
        late = draw(st.sampled_from([0, 0, 1, 1500]))
        marks = draw(st.lists(MARKS, min_size=1, max_size=STEPS))
        samples = [(at * STEP + late, one) for at, one in enumerate(marks) if one is not None]
        if samples:
            data[labels] = samples
    return data


MATCHERS = st.sampled_from(
    ["m", "n", 'm{a="1"}', 'm{a!=""}', 'n{b=~"x|y"}', 'm{a!~"2"}', 'n{b=""}']
)
MODIFIERS = st.sampled_from(
    ["", "", "", " offset 1m", " offset -90s", " @ 180", " @ start()", " @ end() offset 1"]
)
MATCHING = st.sampled_from(
    [
        *("", " on (a)", " ignoring (b)", " on (a, b)", " on ()", " on (a) group_left (b)"),
        *(" ignoring (b) group_left ()", " on (a) group_right ()", " ignoring (a) group_right (b)"),
    ]
)
SET_MATCHING = st.sampled_from(["", " on (a)", " ignoring (b)", " on ()"])
GROUPING = st.sampled_from(["", " by (a)", " without (b)", " by (a, b)", " by (__name__)"])
SUMMARIES = st.sampled_from(
    ["sum", "avg", "count", "group", "min", "max", "stdvar", "stddev", "sum", "avg"]
)
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]
WINDOWS = st.sampled_from(["[3m]", "[90s]", "[5m]", "[1m]"])
SUBQUERIES = st.sampled_from(
    ["[4m:1m]", "[3m:]", "[5m:90s]", "[2m:30s] offset 30s", "[2m:1m] @ 300"]
)
INSTANTS = st.builds("{}{}".format, MATCHERS, MODIFIERS)
OVER_TIME = st.sampled_from(["sum_over_time", "count_over_time"])
EXPRESSIONS = st.recursive(
    INSTANTS | st.builds("{}({}{}{})".format, OVER_TIME, MATCHERS, WINDOWS, MODIFIERS),
    lambda inner: st.one_of(
        st.builds("({} {}{} {})".format, inner, st.sampled_from(["+", "-", "/"]), MATCHING, inner),
        st.builds(
            "({} {}{}{} {})".format,
            inner,
            st.sampled_from(COMPARISONS),
            st.sampled_from(["", " bool"]),
            MATCHING,
            inner,
        ),
        st.builds(
            "({} {}{} {})".format,
            inner,
            st.sampled_from(["and", "or", "unless"]),
            SET_MATCHING,
            inner,
        ),
        st.builds("({} {} 2)".format, inner, st.sampled_from([*COMPARISONS, "*", "> bool"])),
        st.builds("(1 {} {})".format, st.sampled_from([*COMPARISONS, "-"]), inner),
        st.builds("{}{} ({})".format, SUMMARIES, GROUPING, inner),
        st.builds("-({})".format, inner),
        st.builds("{}(({}){})".format, OVER_TIME, inner, SUBQUERIES),
    ),
    max_leaves=5,
)

ENGINE = Engine(Options(lookback=LOOKBACK))


def stored(data: Data) -> SeriesStore:
    return SeriesStore(
        grouped(
            {
                labels: (np.array([time for time, _ in one]), np.array([v for _, v in one]))
                for labels, one in data.items()
            }
        )
    )


def rows(outcome: Outcome, step: int = 0) -> dict[LabelSet, float]:
    assert isinstance(outcome.value, Vector)
    found = list(outcome.samples(step))
    assert len({labels for labels, _ in found}) == len(found)
    return dict(found)


def same(ours: dict[LabelSet, float], theirs: dict[LabelSet, float]) -> bool:
    return ours.keys() == theirs.keys() and all(
        ours[one] == pytest.approx(theirs[one], rel=1e-9, abs=1e-9, nan_ok=True) for one in ours
    )


@settings(max_examples=400, deadline=None, derandomize=True)
@given(datas(), EXPRESSIONS, st.integers(0, END + 3 * STEP))
def test_an_instant_is_what_the_naive_evaluator_says(data: Data, text: str, at: int) -> None:
    expression = ENGINE.parse(text)
    try:
        theirs = Reference(data, at, at).vector(expression.root, at)
    except RefusedError:
        with pytest.raises(EvaluationError):
            ENGINE.instant(stored(data), expression, at)
        return
    ours = rows(ENGINE.instant(stored(data), expression, at))
    assert same(ours, theirs), (ours, theirs)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(datas(), EXPRESSIONS, st.sampled_from([STEP, 45_000, 7 * STEP]))
def test_a_range_is_its_steps_one_by_one(data: Data, text: str, step: int) -> None:
    expression = ENGINE.parse(text)
    reference = Reference(data, 0, END)
    try:
        theirs = [reference.vector(expression.root, at) for at in range(0, END + 1, step)]
    except RefusedError:
        with pytest.raises(EvaluationError):
            ENGINE.range(stored(data), expression, 0, END, step)
        return
    try:
        outcome = ENGINE.range(stored(data), expression, 0, END, step)
    except EvaluationError:
        # A function of ranges refuses series that become the same, be it at different steps.
        assert "_over_time" in text
        return
    for at, expected in enumerate(theirs):
        assert same(rows(outcome, at), expected), at


def _runs(data: Data) -> list[tuple[int, dict[LabelSet, float]]]:
    """The samples of ``data`` as the runs of one check: all series at the same moments."""
    moments = sorted({time for samples in data.values() for time, _ in samples})
    held = {labels: dict(samples) for labels, samples in data.items()}
    return [
        (time, {one: had[time] for one, had in held.items() if time in had}) for time in moments
    ]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(datas(), EXPRESSIONS, st.integers(0, END + 3 * STEP))
def test_the_store_of_the_checks_says_what_its_runs_said(data: Data, text: str, at: int) -> None:
    """A run that does not return a series ends it."""
    store = Store()
    ended: Data = {labels: [] for labels in data}
    for time, run in _runs(data):
        values = {one: value for one, value in run.items() if not _is_marker(value)}
        series = tuple(_series(one) for one in values)
        store.append("check", 60.0, time / 1000, Samples(series, tuple(values.values())))
        for labels, samples in ended.items():
            samples.append((time, values.get(labels, STALE)))
    expression = ENGINE.parse(text)
    assert _either(store, expression, at) == _either(stored(ended), expression, at)


def _is_marker(value: float) -> bool:
    return np.float64(value).tobytes() == np.float64(STALE).tobytes()


def _series(labels: LabelSet) -> Series:
    held = dict(labels)
    return Series.of(held.pop("__name__"), held)


def _either(store: Store | SeriesStore, expression: Expression, at: int) -> str:
    try:
        return str(sorted(ENGINE.instant(store, expression, at).samples()))
    except EvaluationError as error:
        return "refused" if "match group" in str(error) else str(error)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(datas(), EXPRESSIONS, st.integers(0, END))
def test_delayed_name_removal_changes_names_alone(data: Data, text: str, at: int) -> None:
    """Where neither way refuses, and nothing looks at names, both come to the same."""
    if "__name__" in text:
        return
    expression = ENGINE.parse(text)
    delayed = Engine(Options(lookback=LOOKBACK, delayed_name_removal=True))
    try:
        first = rows(ENGINE.instant(stored(data), expression, at))
        second = rows(delayed.instant(stored(data), expression, at))
    except EvaluationError:
        return
    assert same(first, second), (first, second)
