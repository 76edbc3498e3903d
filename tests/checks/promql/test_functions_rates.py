"""Rates: what is extrapolated and how far, what a reset means, and what is said of no counters."""

from __future__ import annotations

import math

import pytest

from checks.promql.options import Options
from checks.promql.values import Matrix
from tests.checks.promql.functions_kit import Value_, called, named, window, windows

NOT_A_COUNTER = (
    "PromQL info: metric might not be a counter, name does not end in"
    " _total/_sum/_count/_bucket: {} (1:6)"
)


def counter(*values: Value_, first: int, end: int, range_s: int, every: int = 10) -> Matrix:
    """Samples each ``every`` seconds from second ``first`` on, in one window up to ``end``."""
    times = [1000 * (first + every * at) for at in range(len(values))]
    group = windows([named("x_total")], times, [values], [1000 * end], 1000 * range_s)
    return Matrix((group,))


@pytest.mark.parametrize(
    ("text", "found", "wanted"),
    [
        # Samples at 10, 20, 30 of (0, 35]: 10 s to the start and 5 to the end are near enough.
        ("increase(x[35s])", counter(100, 110, 120, first=10, end=35, range_s=35), 20 * 35 / 20),
        # 11 s (1.1 gaps) to either side are too far: half a gap is added.
        ("increase(x[42s])", counter(100, 110, 120, first=11, end=42, range_s=42), 20 * 30 / 20),
        # A counter at 2 was 0 two seconds before: no further back than that.
        ("increase(x[30s])", counter(2, 12, 22, first=10, end=30, range_s=30), 22),
        # A gauge goes on below 0.
        ("delta(x[30s])", counter(2, 12, 22, first=10, end=30, range_s=30), 30),
        # A counter that did not move has no line to zero.
        ("increase(x[30s])", counter(0, 0, 0, first=10, end=30, range_s=30), 0),
        ("rate(x[30s])", counter(50, 60, 70, first=10, end=30, range_s=30), 1),
        # Two resets: 50 -> 3 and 8 -> 1 are 3 and 1 more; 9 in all.
        ("increase(x[50s])", counter(50, 3, 8, 1, 1, first=10, end=50, range_s=50), 9 * 50 / 40),
        ("delta(x[50s])", counter(50, 3, 8, 1, 1, first=10, end=50, range_s=50), -49 * 50 / 40),
        # A reset across a gap.
        ("increase(x[30s])", counter(50, None, 10, first=10, end=30, range_s=30), 10 * 30 / 20),
        ("irate(x[30s])", counter(1, 2, 7, first=10, end=30, range_s=30), 0.5),
        ("irate(x[30s])", counter(9, 7, None, first=10, end=30, range_s=30), 0.7),
        ("idelta(x[30s])", counter(9, None, 7, first=10, end=30, range_s=30), -2),
        ("resets(x[50s])", counter(5, 3, 3, None, 2, first=10, end=50, range_s=50), 2),
        ("changes(x[50s])", counter(5, 3, 3, None, 2, first=10, end=50, range_s=50), 2),
        ("changes(x[30s])", counter(math.nan, math.nan, 1, first=10, end=30, range_s=30), 1),
    ],
)
def test_a_change_is_extrapolated_as_far_as_samples_suggest(
    text: str, found: Matrix, wanted: float
) -> None:
    assert called(text, found).lone() == pytest.approx(wanted, rel=1e-12)


def test_a_rate_takes_two_samples_and_a_count_of_changes_one() -> None:
    lone = counter(5, first=10, end=30, range_s=30)
    for text in ("rate(x[30s])", "increase(x[30s])", "delta(x[30s])", "irate(x[30s])"):
        assert called(text, lone).rows() == {}
    assert called("changes(x[30s])", lone).lone() == 0
    assert called("resets(x[30s])", lone).lone() == 0


def test_what_is_not_called_as_counters_are_is_pointed_out_once() -> None:
    answer = called("rate(up[1m])", window(1, 2, name="up"))
    assert answer.infos == (NOT_A_COUNTER.format('"up"'),)
    assert called("increase(up[1m])", window(1, 2, name="up")).infos == (
        NOT_A_COUNTER.format('"up"').replace("1:6", "1:10"),
    )
    for name in ("a_total", "a_sum", "a_count", "a_bucket", ""):
        assert called("rate(x[1m])", window(1, 2, name=name)).infos == ()
    assert called("rate(up[1m])", window(1, name="up")).infos == ()
    for text in ("irate(up[1m])", "delta(up[1m])", "changes(up[1m])"):
        assert called(text, window(1, 2, name="up")).infos == ()


def test_parentheses_do_not_move_what_is_pointed_out() -> None:
    answer = called("rate(((up[1m])))", window(1, 2, name="up"))
    assert answer.infos == (NOT_A_COUNTER.format('"up"').replace("1:6", "1:8"),)


def test_with_type_labels_the_type_says_what_a_counter_is() -> None:
    typed = Options(type_and_unit_labels=True)

    def infos(kind: str) -> tuple[str, ...]:
        group = windows([named("up", __type__=kind)], [10_000, 20_000], [[1, 2]], [20_000], 20_000)
        return called("rate(up[20s])", Matrix((group,)), options=typed).infos

    assert infos("counter") == ()
    assert infos("histogram") == ()
    assert infos("gauge") == (
        'PromQL info: metric might not be a counter, __type__ label is not set to "counter" or'
        ' "histogram", got "gauge": "up" (1:6)',
    )
