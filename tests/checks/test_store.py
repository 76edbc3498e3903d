"""The time-series store: what goes in comes out, in columns, and old rows go."""

from __future__ import annotations

import gc
import math
import random
import struct
import tracemalloc
import weakref

import numpy as np
import pytest

from checks.model import Samples, Series
from checks.store.block import STALE, Block, is_stale
from checks.store.chunk import CHUNK_ROWS
from checks.store.store import Matcher, Store
from checks.store.window import Window

A = Series.of("a_total", {"queue": "x"})
B = Series.of("b", {"queue": "y"})
C = Series.of("a_total", {"queue": "z"})


def samples(**values: float) -> Samples:
    series = {"a": A, "b": B, "c": C}
    return Samples(tuple(series[k] for k in values), tuple(values.values()))


def test_random_appends_read_back_as_written() -> None:
    """Against a plain list of dictionaries, over several chunks and changing series."""
    rng = random.Random(7)
    block = Block("check", 1.0)
    kept: list[tuple[int, dict[Series, float]]] = []
    for step in range(3 * CHUNK_ROWS + 17):
        chosen = [s for s in (A, B, C) if rng.random() < 0.8]
        rng.shuffle(chosen)
        row = {s: rng.choice([1.0, rng.random(), math.inf]) for s in chosen}
        block.append(step, Samples(tuple(row), tuple(row.values())))
        kept.append((step * 1000, row))
    for _ in range(50):
        low, high = sorted(rng.randrange(-5000, 400_000) for _ in range(2))
        times, values = block.read((C, A, B), low, high)
        expected = [(t, row) for t, row in kept if low < t <= high]
        assert times.tolist() == [t for t, _ in expected]
        for at, (_, row) in enumerate(expected):
            for column, series in enumerate((C, A, B)):
                if series in row:
                    assert values[at, column] == row[series]
                else:
                    assert is_stale(values[at : at + 1, column])[0]


def test_chunks_of_the_same_series_share_their_index_until_one_gets_another_column() -> None:
    block = Block("check", 1.0)
    many = tuple(Series.of("m", {"n": str(n)}) for n in range(2000))
    for row in range(3 * CHUNK_ROWS):
        block.append(row, Samples(many, tuple(float(row + n) for n in range(2000))))
    tracemalloc.start()
    try:
        block.append(3 * CHUNK_ROWS, Samples(many, (1.0,) * 2000))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Its matrix and the sealed one of the chunk before, and hardly more: an index takes 100 kB.
    assert taken < 2 * CHUNK_ROWS * 2000 * 8 + 64_000
    block.append(3 * CHUNK_ROWS + 1, Samples((*many, A), (2.0,) * 2001))
    _, values = block.read((many[7], A), -1, 400_000)
    assert values[:, 0].tolist() == [*(row + 7.0 for row in range(3 * CHUNK_ROWS)), 1.0, 2.0]
    assert is_stale(values[:-1, 1]).all()
    assert values[-1, 1] == 2.0


@pytest.mark.parametrize("rows", [1, CHUNK_ROWS + 1])
def test_series_may_end_where_a_chunk_begins(rows: int) -> None:
    """Of a rule that returns nothing any more the first empty row may open a new chunk."""
    block = Block("rule", 1.0)
    for step in range(CHUNK_ROWS):
        block.append(step, samples(a=1, b=2))
    for step in range(rows):
        block.append(CHUNK_ROWS + step, Samples())
    times, values = block.read((A, B), -1, 10**9)
    assert is_stale(values).all(axis=1).tolist() == [False] * CHUNK_ROWS + [True] * rows
    newest = block.row((A, B), -1, 10**9)
    assert newest is not None
    assert newest[0] == times[-1]
    assert is_stale(newest[1]).all()


@pytest.mark.parametrize("values", [("1.0", 2.0), (1.0,), (1.0, 2.0, 3.0)])
def test_what_is_no_row_leaves_nothing_behind(values: tuple[float, ...]) -> None:
    """An hour later the series that were half there ended the engine."""
    store = Store()
    with pytest.raises(struct.error):
        store.append("check", 5.0, 1e9, Samples((A, C), values))
    for step in range(CHUNK_ROWS + 1):
        store.append("check", 5.0, 1e9 + step * 5, samples(b=1))
    store.expire(1e9 + 9000)
    assert store.series_count == 1


def test_a_targets_nan_is_not_a_stale_marker() -> None:
    block = Block("check", 1.0)
    block.append(1, samples(a=math.nan, b=1))
    block.append(2, samples(b=1))
    _, values = block.read((A,), 0, 10_000)
    assert is_stale(values[:, 0]).tolist() == [False, True]
    assert math.isnan(values[0, 0])
    assert math.isnan(STALE)


def test_time_never_runs_back_within_a_block() -> None:
    block = Block("check", 1.0)
    block.append(10, samples(a=1))
    block.append(9, samples(a=2))
    times, _ = block.read((A,), 0, 100_000)
    assert times.tolist() == [10_000, 10_001]


def test_a_block_looks_back_as_long_as_its_runs_are_apart_now() -> None:
    store = Store()
    looks: list[tuple[float, int]] = []
    for interval in (15.0, 1200.0, 15.0):
        store.append("a", interval, len(looks), Samples((Series.of("x"),), (1.0,)))
        block = store.block("a")
        assert block is not None
        looks.append((block.interval, block.lookback))
    assert looks == [(15.0, 300_000), (1200.0, 3_000_000), (15.0, 300_000)]


def test_constant_columns_cost_nothing_once_sealed() -> None:
    wide = tuple(Series.of("w", {"n": str(n)}) for n in range(500))
    block = Block("check", 1.0)
    for step in range(CHUNK_ROWS + 1):
        block.append(step, Samples(wide, (1.0,) * 499 + (float(step),)))
    sealed = block._chunks[0].nbytes
    assert sealed < 500 * 8 + CHUNK_ROWS * 8 * 3
    _, values = block.read(wide, -1, CHUNK_ROWS * 1000)
    assert (values[:CHUNK_ROWS, 0] == 1.0).all()
    assert values[:CHUNK_ROWS, 499].tolist() == [float(n) for n in range(CHUNK_ROWS)]


def test_memory_is_bounded_by_the_retention_and_old_series_leave_the_index() -> None:
    store = Store(retention=60)
    for step in range(2000):
        changing = Series.of("churn", {"pid": str(step // 100)})
        store.append("check", 1.0, step, Samples((A, changing), (1.0, 2.0)))
        store.expire(step)
    assert store.sample_count < 5 * CHUNK_ROWS * 4
    pids = {s.label("pid") for found in store.select("churn").values() for s in found}
    assert "0" not in pids
    assert "19" in pids
    assert store.series_count == 1 + len(pids)


@pytest.mark.parametrize(
    ("matchers", "found"),
    [
        ([Matcher("queue", "=", "x")], {A}),
        ([Matcher("queue", "!=", "x")], {C}),
        ([Matcher("queue", "=~", "x|z")], {A, C}),
        ([Matcher("queue", "=~", "[a-x]")], {A}),
        ([Matcher("queue", "!~", "[a-x]")], {C}),
        ([Matcher("absent", "=", "")], {A, C}),
        ([Matcher("absent", "!=", "")], set()),
        ([Matcher("queue", "=~", "x|z"), Matcher("queue", "=", "z")], {C}),
    ],
)
def test_matchers(matchers: list[Matcher], found: set[Series]) -> None:
    store = Store()
    store.append("check", 1.0, 1, samples(a=1, b=2, c=3))
    chosen = store.select("a_total", matchers)
    assert {s for group in chosen.values() for s in group} == found


def test_a_dropped_check_leaves_nothing_behind() -> None:
    store = Store()
    store.append("one", 1.0, 1, samples(a=1, b=2))
    store.append("two", 1.0, 1, samples(a=5))
    store.drop("one")
    assert store.series_count == 1
    assert [block.name for block in store.select("a_total")] == ["two"]


def test_what_was_asked_of_a_dropped_check_holds_none_of_its_samples() -> None:
    """Somebody's query of an hour ago, which nobody asks again."""
    store = Store()
    for name in ("one", "two", "three"):
        store.append(name, 1.0, 1, samples(a=1))
        store.append(name, 1.0, 1, Samples((Series.of("own", {"check": name}),), (1.0,)))
    store.append("two", 1.0, 2, samples(b=1))
    kept = store.groups("b")
    for selected in (store.groups, store.chosen):
        assert selected("a_total")
        assert selected("own")
        assert selected("")
    assert store.together("one", ("a_total", "own"))
    blocks = [one for one in (store.block("one"),) if one is not None]
    block = weakref.ref(blocks.pop())
    store.drop("one")
    gc.collect()
    assert block() is None
    assert store.groups("b") is kept


def test_names_that_are_others_all_the_time_do_not_stay() -> None:
    store = Store(retention=60)
    for step in range(5_000):
        changing = Series.of(f"metric_{step // 10}")
        store.append("check", 1.0, step, Samples((A, changing), (1.0, 2.0)))
        store.expire(step)
    assert len(store._changes) <= 2 + len(store.names)


def test_a_name_that_went_and_came_again_is_not_what_it_was() -> None:
    store = Store(retention=1)
    names = ("x", "y")
    for step, name in enumerate("xyx" * 4):
        store.append(name, 1.0, step * 1_000, Samples((Series.of(name),), (float(step),)))
        store.drop("y" if name == "x" else "x")
        other = "y" if name == "x" else "x"
        assert [len(store.groups(one)) for one in (name, other)] == [1, 0]
        assert [len(store.chosen(one)) for one in (name, other)] == [1, 0]
        assert [one.name for one in store.together(name, names)] == [name]
        assert store.together(other, names) == ()


def window(*rows: tuple[float, dict[str, float]], seconds: float = 60) -> Window:
    store = Store()
    for time, values in rows:
        store.append("check", 5.0, time, samples(**values))
    return Window(store, "check", rows[-1][0], seconds)


def test_rate_survives_a_counter_reset() -> None:
    figures = window((0, {"a": 100}), (10, {"a": 110}), (20, {"a": 5}), (30, {"a": 15}), seconds=40)
    assert figures.rate("a_total", queue="x") == pytest.approx((10 + 5 + 10) / 30)


def test_rate_is_unknown_with_one_sample_and_never_zero() -> None:
    assert window((0, {"a": 100})).rate("a_total") is None


def test_last_does_not_show_what_the_newest_run_did_not_return() -> None:
    figures = window((0, {"a": 1, "b": 2}), (5, {"b": 3}))
    assert figures.last("a_total") is None
    assert figures.last("b") == 3


def test_slope_is_items_a_second_by_least_squares() -> None:
    figures = window(*((float(t), {"b": 7 + 0.5 * t}) for t in range(0, 60, 5)))
    assert figures.slope("b") == pytest.approx(0.5)


def test_history_shows_gaps_as_gaps() -> None:
    figures = window((0, {"b": 1}), (5, {"a": 1}), (10, {"b": 3}), seconds=60)
    history = figures.history("b", 10)
    assert history[0] == 1
    assert math.isnan(history[1])
    assert history[2] == 3


def test_history_of_a_rate_sums_series_and_has_one_point_less() -> None:
    figures = window(*((t, {"a": t, "c": 3 * t}) for t in map(float, range(0, 50, 5))))
    assert figures.history("a_total", 4, rate=True) == pytest.approx((4, 4, 4, 4))
    times, values = figures.curve("a_total", rate=True, queue="z")
    assert times[0] == 5
    assert np.allclose(values, 3)
