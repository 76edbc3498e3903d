"""Cutting, padding, wrapping, and which cells of a line differ."""

from __future__ import annotations

import math

import pytest
from rich.cells import cell_len

from widgets.glyphs import ASCII, UNICODE
from widgets.spark import area, bar, mean, peak, spark, time_columns, top_of
from widgets.text import Seg, changed_spans, fit, groups_in, left, line, right, wrap

WIDE = "東京 api"
COMBINED = "cafe\u0301 au lait"


@pytest.mark.parametrize("width", range(12))
@pytest.mark.parametrize("text", ["plain words", WIDE, COMBINED, "", "a"])
def test_columns_are_exact_whatever_stands_in_them(text: str, width: int) -> None:
    assert cell_len(left(text, width)) == width
    assert cell_len(right(text, width)) == width


def test_cutting_marks_what_is_missing_and_halves_nothing() -> None:
    assert fit(WIDE, 4) == "東…"
    assert fit(COMBINED, 5) == "cafe\u0301…"
    assert fit("fits", 4) == "fits"


def test_a_line_is_filled_to_its_width() -> None:
    assert cell_len(line(WIDE, Seg("x" * 50, "dim")).fitted(20).text) == 20
    assert line("a").fitted(4).text == "a   "


def test_wrapping_breaks_at_spaces_and_cuts_the_last_line() -> None:
    assert wrap("one two three four", 9, 3) == ["one two", "three", "four"]
    assert wrap("one two three four", 9, 2) == ["one two", "three fo…"]
    assert wrap("incomprehensibilities", 6, 2) == ["incom…"]


def test_groups_are_kept_whole() -> None:
    groups = [[Seg("cpu")], [Seg("memory")], [Seg("io")]]
    kept, left_out = groups_in(groups, 12)
    assert "".join(seg.text for seg in kept) == "cpu  memory"
    assert left_out == 1


def test_only_the_changed_cells_are_named() -> None:
    old = [Seg("api "), Seg("12", "value"), Seg(" ms"), Seg(" " * 20), Seg("x")]
    new = [Seg("api "), Seg("13", "value"), Seg(" ms"), Seg(" " * 20), Seg("y")]
    assert changed_spans(old, new) == [(5, 6), (29, 30)]


def test_near_changes_are_one_span() -> None:
    assert changed_spans([Seg("abcdef")], [Seg("Xbcdef"[:5] + "Y")]) == [(0, 6)]


def test_a_change_of_style_is_a_change() -> None:
    assert changed_spans([Seg("ok", "ok")], [Seg("ok", "critical")]) == [(0, 2)]


def test_the_same_cells_in_other_segments_are_no_change() -> None:
    assert changed_spans([Seg("ab"), Seg("c")], [Seg("a"), Seg("bc")]) == []


def test_wide_characters_change_whole() -> None:
    assert changed_spans([Seg("a東b")], [Seg("a京b")]) == [(1, 3)]
    assert changed_spans([Seg("a東b")], [Seg("axyb")]) == [(1, 3)]
    assert changed_spans([Seg("e\u0301x")], [Seg("ex")]) == [(0, 1)]


def test_sparklines_have_a_baseline_at_nought() -> None:
    assert spark((0, 0.5, 1), 3) == "▁▄█"


def test_jitter_stays_small() -> None:
    assert spark((0.001, 0.0012, 0.0009), 3, least=0.05) == "▁▁▁"


def test_a_gap_is_a_gap() -> None:
    assert spark((1, math.nan, 1), 3) == "█ █"


@pytest.mark.parametrize("width", [0, 1, 5, 40])
@pytest.mark.parametrize("points", [(), (1.0,), (math.nan, math.inf, -1.0), (1e300,) * 60])
def test_sparklines_are_as_wide_as_asked(points: tuple[float, ...], width: int) -> None:
    assert cell_len(spark(points, width)) == width
    assert len(spark(points, width, glyphs=ASCII)) == width


def test_the_newest_points_are_on_the_right() -> None:
    assert spark((1, 0, 0.5), 2) == "▁▄"
    assert spark((1,), 3) == "  █"


def test_the_scale_is_round_so_that_it_rarely_moves() -> None:
    assert top_of((0.812,), 0.1) == 1.0
    assert top_of((0.9,), 0.1) == top_of((0.6,), 0.1)
    assert top_of((), 5.0) == 5.0


def test_bars_are_full_only_when_all_is_used() -> None:
    assert bar(0.999, 10) == ("━" * 9, "─")
    assert bar(0.001, 10) == ("━", "─" * 9)
    assert bar(1.0, 4) == ("━━━━", "")
    assert bar(None, 4) == ("", "────")
    assert bar(1.5, 4) == ("━━━━", "")


def test_plain_terminals_get_nothing_but_ascii_of_the_same_width() -> None:
    shown = ASCII.text(f"{WIDE} — 12 µs…")
    assert shown == "???? api - 12 us~"
    assert cell_len(shown) == cell_len(f"{WIDE} — 12 µs…")
    assert UNICODE.text(WIDE) == WIDE


def test_an_area_rises_from_nought_through_its_lines() -> None:
    assert area((0, 0.25, 0.5, 1), 4, 2) == ["   █", "▁▄██"]
    assert area((0.75,), 3, 2) == ["  ▄", "  █"]
    assert area((1, 0.5), 2, 2, glyphs=ASCII) == ["# ", "##"]


def test_an_area_has_gaps_where_nothing_is_known_and_a_baseline_at_nought() -> None:
    assert area((1, math.nan, 0), 3, 3) == ["█  ", "█  ", "█ ▁"]


@pytest.mark.parametrize("height", [1, 2, 6])
@pytest.mark.parametrize("points", [(), (math.nan,) * 3, (1e9, 0.001), (math.inf, 2.0)])
def test_an_area_is_as_large_as_asked(points: tuple[float, ...], height: int) -> None:
    drawn = area(points, 7, height)
    assert [cell_len(row) for row in drawn] == [7] * height
    assert drawn[-1] == area(points, 7, height, top_of(points, 1.0))[-1]


def test_columns_of_time_begin_at_multiples_and_the_newest_may_be_part_full() -> None:
    cuts = time_columns(10, last=13, steps=4, width=5)
    numbers = [list(range(4, 14))[cut] for cut in cuts]
    assert numbers == [[4, 5, 6, 7], [8, 9, 10, 11], [12, 13]]


def test_a_new_point_changes_the_newest_column_alone() -> None:
    history = [float(n * 7 % 11) for n in range(60)]

    def drawn(last: int) -> list[float]:
        points = history[last - 29 : last + 1]
        return [mean(points[cut]) for cut in time_columns(30, last, 4, 6)]

    assert drawn(49)[:-1] == drawn(50)[:-1]
    assert drawn(51)[1:] == drawn(52)[:-1]


def test_only_as_many_columns_as_there_is_width() -> None:
    assert len(time_columns(1000, last=999, steps=4, width=6)) == 6
    assert time_columns(0, last=5, steps=4, width=6) == []
    assert time_columns(10, last=5, steps=4, width=0) == []


def test_mean_and_peak_pass_over_what_is_not_known() -> None:
    assert mean((1, math.nan, 3)) == 2
    assert peak((1, math.nan, 3)) == 3
    assert math.isnan(mean((math.nan,)))
    assert math.isnan(peak(()))
