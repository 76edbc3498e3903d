"""Matchers as Prometheus has them, and the groups that the evaluator reads."""

from __future__ import annotations

import numpy as np
import pytest

from checks.model import Samples, Series
from checks.store.block import STALE, Block, is_stale
from checks.store.chunk import CHUNK_ROWS
from checks.store.groups import BlockGroup, MergedGroup
from checks.store.matching import Matcher, PatternError
from checks.store.store import TOGETHER, Store


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("a.c", "abc", True),
        ("a.c", "xabc", False),
        ("a.c", "a\nc", True),
        ("b", "abc", False),
        ("a|b", "b", True),
        ("a|bc", "abc", False),
        ("", "", True),
        (".+", "", False),
        ("prod(?i)uction", "prodUCTION", True),
        ("(?i:PROD)-1", "prod-1", True),
        (r"\pL+", "größe", True),
        (r"[[:alpha:]]+\d{2}", "ab12", True),
    ],
)
def test_patterns_are_those_of_re2_and_match_whole_values(
    pattern: str, value: str, fits: bool
) -> None:
    assert Matcher("x", "=~", pattern).matches(value) is fits
    assert Matcher("x", "!~", pattern).matches(value) is not fits


@pytest.mark.parametrize("pattern", ["(", "a**", r"\1", "(?=a)", "((x{1000}){1000}){1000}"])
def test_what_re2_cannot_do_is_refused_when_the_matcher_is_made(pattern: str) -> None:
    with pytest.raises(PatternError, match="error parsing regexp: "):
        Matcher("x", "=~", pattern)
    assert Matcher("x", "=", pattern).matches(pattern)


def test_a_pattern_that_explodes_elsewhere_takes_no_time() -> None:
    assert not Matcher("x", "=~", "(a+)+(b+)+").matches("a" * 100_000)


def test_a_name_matches_like_any_label() -> None:
    series = [Series.of("a_total"), Series.of("b_total"), Series.of("a")]
    kept = Matcher("__name__", "=~", "a.*").keep(series)
    assert [one.name for one in kept] == ["a_total", "a"]


def run(store: Store, check: str, time: float, *series: Series) -> None:
    values = tuple(float(at) for at in range(len(series)))
    store.append(check, 5.0, time, Samples(series, values))


def test_groups_are_the_blocks_and_stay_the_same_objects() -> None:
    store = Store()
    one, other = Series.of("m", {"x": "1"}), Series.of("m", {"x": "2"})
    run(store, "a", 1.0, one)
    run(store, "b", 1.0, other, Series.of("n"))
    groups = store.groups("m")
    assert [group.labels for group in groups] == [
        ((("__name__", "m"), ("x", "1")),),
        ((("__name__", "m"), ("x", "2")),),
    ]
    run(store, "a", 2.0, one, Series.of("new"))
    assert store.groups("m") is groups
    run(store, "b", 2.0, other, Series.of("m", {"x": "3"}))
    changed = store.groups("m")
    assert changed is not groups
    assert changed[0] is groups[0]
    assert len(changed[1].labels) == 2
    assert store.groups("m", (Matcher("x", "!=", "3"),))[1].labels == groups[1].labels
    assert len(store.groups("")) == 2


def test_many_series_are_read_in_parts() -> None:
    store = Store()
    run(store, "a", 1.0, *(Series.of("m", {"x": str(at)}) for at in range(TOGETHER + 5)))
    assert [len(group.labels) for group in store.groups("m")] == [TOGETHER, 5]
    found = store.groups("m")[1].row(0, 2000)
    assert found is not None
    assert found[1].tolist() == [float(TOGETHER + at) for at in range(5)]


def test_a_series_in_two_blocks_is_merged_in_the_order_of_time() -> None:
    store = Store()
    both, one = Series.of("m", {"x": "both"}), Series.of("m", {"x": "one"})
    for at in (10.0, 20.0):
        run(store, "a", at, one, both)
    for at in (30.0, 40.0):
        run(store, "a", at, one)
    for at in (20.0, 35.0, 45.0):
        run(store, "b", at, both)
    plain, merged = store.groups("m")
    assert isinstance(plain, BlockGroup)
    assert isinstance(merged, MergedGroup)
    assert merged.labels == ((("__name__", "m"), ("x", "both")),)
    times, values = merged.rows(0, 100_000)
    assert times.tolist() == [10_000, 20_000, 30_000, 35_000, 45_000]
    assert is_stale(values)[:, 0].tolist() == [False, False, True, False, False]
    newest = merged.row(0, 33_000)
    assert newest is not None
    assert newest[0] == 30_000
    assert merged.row(50_000, 60_000) is None


def test_a_series_of_two_checks_stays_as_long_as_one_of_them_has_it() -> None:
    store = Store(retention=100.0)
    both, one = Series.of("m", {"x": "both"}), Series.of("m", {"x": "one"})
    run(store, "a", 10.0, one, both)
    run(store, "b", 20.0, both)
    store.drop("a")
    assert [block.name for block in store.select("m")] == ["b"]
    assert store.series_count == 1
    run(store, "a", 30.0, both, one)
    found = store.select("m")
    assert {block.name: series for block, series in found.items()} == {
        "b": [both],
        "a": [both, one],
    }
    store.drop("b")
    store.drop("a")
    assert store.series_count == 0
    assert not store.select("m")
    assert not store.select("", (Matcher("x", "=", "both"),))


def test_the_newest_row_is_found_in_every_chunk() -> None:
    block = Block("check", 1.0)
    series = tuple(Series.of("m", {"x": str(at)}) for at in range(3))
    for at in range(2 * CHUNK_ROWS + 5):
        chosen = series if at % 2 else series[::2]
        block.append(at, Samples(chosen, tuple(float(at) for _ in chosen)))
    for at in (0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, 2 * CHUNK_ROWS + 4):
        found = block.row(series, at * 1000 - 500, at * 1000 + 999)
        assert found is not None
        time, row = found
        assert time == at * 1000
        expected = [float(at), float(at) if at % 2 else STALE, float(at)]
        assert np.array_equal(row.view(np.int64), np.array(expected).view(np.int64))
    assert block.row(series, -2000, -1000) is None
    assert block.row(series, 10_000_000, 20_000_000) is None


def test_series_that_come_later_are_found_though_they_were_asked_for_before() -> None:
    """Columns are remembered by the tuple that asks; a new column must not stay unseen."""
    block = Block("check", 1.0)
    series = (Series.of("m", {"x": "1"}), Series.of("m", {"x": "2"}))
    block.append(1, Samples(series[:1], (1.0,)))
    for _ in range(2):
        _, values = block.read(series, 0, 10_000)
        assert is_stale(values[0]).tolist() == [False, True]
    block.append(2, Samples(series, (3.0, 4.0)))
    _, values = block.read(series, 1000, 10_000)
    assert values.tolist() == [[3.0, 4.0]]
