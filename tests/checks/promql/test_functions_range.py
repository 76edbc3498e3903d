"""Functions of range vectors: over many series and steps at once they come to what each window
by itself comes to by definition."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.promql.ast import Kind
from checks.promql.functions import FUNCTIONS
from checks.promql.functions.batches import batches
from checks.promql.values import Matrix, Value
from tests.checks.promql.functions_kit import Value_, called, named, window, windows
from tests.checks.promql.functions_reference import REFERENCES, Place, Sample

EXTREMES = (math.nan, math.inf, -math.inf, 1e308, -1e308, 1.7e308, 5e-324, -0.0)
SPECIAL = (math.nan, math.inf, -math.inf, -0.0)
RATES = {"rate", "increase", "delta", "irate", "idelta", "deriv", "predict_linear"}
EPOCH = 1_700_000_000_123
"""Milliseconds: as large as times are, so that what they are computed with must be exact."""
WITH_SCALAR = {
    "quantile_over_time": (-0.5, 0.0, 0.3, 0.5, 0.99, 1.0, 1.5, math.nan),
    "predict_linear": (-3600.0, 0.0, 600.0, 14400.0),
}


@dataclass(frozen=True)
class Case:
    """Two groups of series, as two checks' blocks are, and windows over them."""

    times: tuple[tuple[int, ...], ...]
    columns: tuple[tuple[tuple[Value_, ...], ...], ...]
    start: int
    steps: int
    range_ms: int

    @property
    def ends(self) -> list[int]:
        return [self.start + 60_000 * at for at in range(self.steps)]

    def matrix(self) -> Matrix:
        return Matrix(
            tuple(
                windows(
                    [named("x_total", group=str(group), i=str(i)) for i in range(len(columns))],
                    times,
                    columns,
                    self.ends,
                    self.range_ms,
                )
                for group, (times, columns) in enumerate(zip(self.times, self.columns, strict=True))
            )
        )

    def samples(self, end: int) -> list[list[Sample]]:
        """Those of each series in the window up to ``end``."""
        return [
            [
                (time, value)
                for time, value in zip(times, column, strict=True)
                if value is not None and end - self.range_ms < time <= end
            ]
            for times, columns in zip(self.times, self.columns, strict=True)
            for column in columns
        ]


@st.composite
def cases(draw: st.DrawFn, special: tuple[float, ...]) -> Case:
    value = st.one_of(
        st.integers(0, 20).map(float),
        st.floats(-1e6, 1e6).map(lambda one: round(one, 3)),
        st.sampled_from(special),
    )
    gap = st.sampled_from((5_000, 10_000, 10_053, 15_000, 60_000, 90_001))
    times, columns = [], []
    for _ in range(draw(st.integers(1, 2))):
        gaps = draw(st.lists(gap, min_size=1, max_size=9))
        times.append(tuple((EPOCH + np.cumsum(gaps)).tolist()))
        cell = draw(st.sampled_from((value, st.one_of(value, st.none()))))
        column = st.tuples(*[cell] * len(gaps))
        columns.append(tuple(draw(st.lists(column, min_size=1, max_size=3))))
    return Case(
        tuple(times),
        tuple(columns),
        EPOCH + draw(st.integers(0, 200_000)),
        draw(st.integers(1, 4)),
        draw(st.sampled_from((30_000, 60_000, 300_000, 1_000_000))),
    )


def same(got: Value_, wanted: Value_, size: float) -> bool:
    """Equal to 1e-9 of ``size``, which is that of what it was computed from."""
    if got is None or wanted is None:
        return got is wanted
    if math.isnan(wanted) or math.isinf(wanted):
        return got == wanted or (math.isnan(got) and math.isnan(wanted))
    return math.isclose(got, wanted, rel_tol=1e-9, abs_tol=1e-9 * size)


def check(case: Case, name: str, scalar: float) -> None:
    text = {"quantile_over_time": "quantile_over_time(0, x[1m])"}.get(name, f"{name}(x[1m])")
    matrix = case.matrix()
    args: tuple[Value | float, ...] = (matrix,)
    if name == "quantile_over_time":
        args = (scalar, matrix)
    elif name == "predict_linear":
        text, args = "predict_linear(x[1m], 0)", (matrix, scalar)
    got = called(text, *args, start=case.start, steps=case.steps).vector
    for step, end in enumerate(case.ends):
        for row, samples in enumerate(case.samples(end)):
            place = Place(end - case.range_ms, end, end, scalar)
            wanted = REFERENCES[name](samples, place) if samples else None
            value = float(got.values[row, step]) if got.present[row, step] else None
            sizes = [abs(one) for _, one in samples if math.isfinite(one)]
            size = max(sizes, default=0.0) if name in RATES else 0.0
            size *= max(1.0, abs(scalar)) if name == "predict_linear" else 1.0
            assert same(value, wanted, size), (name, scalar, samples, place, value, wanted)


@pytest.mark.parametrize("special", [SPECIAL, EXTREMES], ids=["special", "extremes"])
def test_all_windows_at_once_come_to_what_each_comes_to(special: tuple[float, ...]) -> None:
    names = [one for one in REFERENCES if special is SPECIAL or one not in RATES]

    @settings(max_examples=100, deadline=None)
    @given(cases(special), st.data())
    def run(case: Case, data: st.DataObject) -> None:
        for name in names:
            scalars = WITH_SCALAR.get(name)
            check(case, name, data.draw(st.sampled_from(scalars)) if scalars else 0.0)

    run()


def test_every_function_of_a_range_has_a_reference() -> None:
    ranges = {name for name, one in FUNCTIONS.items() if Kind.MATRIX in one.args}
    assert ranges == {*REFERENCES, "absent_over_time"}


def test_the_series_of_several_groups_keep_their_order_and_labels() -> None:
    groups = [
        windows([named("x", a=str(at))], [at * 1000], [[float(at)]], [60_000], 60_000)
        for at in (3, 1, 2)
    ]
    answer = called("last_over_time(x[1m])", Matrix(tuple(groups)), start=60_000)
    assert list(answer.rows().values()) == [[3.0], [1.0], [2.0]]
    assert [dict(one)["a"] for one in answer.vector.labels] == ["3", "1", "2"]


@pytest.mark.parametrize(("count", "rows", "steps"), [(7, 5, 30), (90, 40, 1), (9, 400, 3)])
def test_many_values_are_computed_in_batches_of_bounded_size(
    monkeypatch: pytest.MonkeyPatch, count: int, rows: int, steps: int
) -> None:
    monkeypatch.setattr("checks.promql.functions.batches.CELLS", 500)
    monkeypatch.setattr("checks.promql.functions.batches.WIDE", 1000)
    levels = np.arange(rows + steps, dtype=float)
    found = windows(
        [named("x", i=str(i)) for i in range(count)],
        [1000 * at for at in range(rows + steps)],
        np.broadcast_to(levels, (count, len(levels))).tolist(),
        [1000 * (at + rows) for at in range(steps)],
        1000 * rows,
    )
    parts = list(batches(found))
    assert max(one.values.size for one in parts) <= 1000
    assert len(parts) > 1
    seen = np.zeros((steps, count), int)
    for one in parts:
        seen[one.steps, one.series] += 1
    assert (seen == 1).all()


def test_no_window_without_samples_has_a_result() -> None:
    answer = called("count_over_time(x[1m])", window(None, None), steps=1)
    assert answer.rows() == {}
    assert called("sum_over_time(x[1m])", Matrix(()), steps=2).rows() == {}
