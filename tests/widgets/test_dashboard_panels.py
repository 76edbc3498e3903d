"""What each kind of panel shows in its room: figures, curves, bars, tables, sentences."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import replace

import pytest
from rich.cells import cell_len

from checks.dashboards.model import Panel, PanelKind, Query, Threshold
from checks.dashboards.views import PanelView
from checks.model import Status, Table
from tests.widgets.curves import NOW
from tests.widgets.sample_dashboards import (
    COUNT,
    HIGH,
    SLOW,
    TIMES,
    course,
    gateway,
    panel,
    panel_view,
    series,
)
from widgets.dashboard.digits import large
from widgets.dashboard.panel import panel_lines
from widgets.dashboard.room import Room
from widgets.dashboard.scale import panel_scale, time_columns
from widgets.dashboard.steady import Steady
from widgets.dashboard.units import divided, tick_labels, value_text
from widgets.dashboard.whole import asked
from widgets.glyphs import ASCII, UNICODE, Glyphs, glyphs_for, in_console


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def shown(
    view: PanelView, width: int = 60, height: int = 12, glyphs: Glyphs = UNICODE
) -> list[str]:
    room = Room(width, height, NOW, 3600.0, glyphs)
    lines = panel_lines(view, room, chosen=False)
    assert len(lines) <= height
    assert all(cell_len(one.text) <= width for one in lines)
    return [one.text.rstrip() for one in lines]


def text(view: PanelView, width: int = 60, height: int = 12, glyphs: Glyphs = UNICODE) -> str:
    return "\n".join(shown(view, width, height, glyphs))


# Figures


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "told"),
    [
        (0.208, "s", None, "208 ms"),
        (0.208, "s", 1, "208.0 ms"),
        (2.4567, "s", 2, "2.46 s"),
        (1.9e9, "B", None, "1.9 GB"),
        (1.9e9, "B", 2, "1.90 GB"),
        (2_100_000, "B/s", None, "2.1 MB/s"),
        (71.26, "%", None, "71 %"),
        (71.26, "%", 1, "71.3 %"),
        (0.0622, "ratio", None, "6.2 %"),
        (0.99987, "ratio", None, ">99.9 %"),
        (128.4, "/s", None, "128/s"),
        (12_345.0, "/s", 1, "12.3k/s"),
        (1204.0, "", None, "1,204"),
        (1204.0, "jobs", None, "1,204 jobs"),
        (3.14159, "", 2, "3.14"),
        (math.nan, "s", None, "—"),
        (math.inf, "s", None, "Inf"),
        (-math.inf, "", 2, "-Inf"),
    ],
)
def test_a_figure_in_its_unit(value: float, unit: str, decimals: int | None, told: str) -> None:
    assert value_text(value, unit, decimals) == told


def test_the_figure_and_its_unit_are_told_apart() -> None:
    assert divided("208 ms") == ("208", "ms")
    assert divided("128/s") == ("128", "/s")
    assert divided("up") == ("up", "")


def test_the_marks_of_a_scale_are_in_one_unit() -> None:
    assert tick_labels("B/s", [0, 1e6, 2e6]) == ["0 MB/s", "1 MB/s", "2 MB/s"]
    assert tick_labels("%", [0, 50, 100]) == ["0 %", "50 %", "100 %"]


def test_a_large_figure_can_be_read_on_the_linux_console() -> None:
    rows = large("38") or []
    assert [in_console(row) for row in rows] == ["■■█ █■█", " ■█ █■█", "■■■ ■■■"]


def test_a_figure_is_large_where_it_has_room_and_says_its_status_in_a_word() -> None:
    ill = panel_view(
        panel("Errors", PanelKind.NUMBER, unit="ratio"), series("", course(0.06, 0), HIGH)
    )
    told = text(ill, 33, 6)
    assert "█▀▀" in told
    assert "✖ critical" in told
    low = text(ill, 33, 3)
    assert "6 %  ✖ critical" in low
    narrow = shown(ill, 19, 6)
    assert any("█" in row for row in narrow)
    assert any("✖ critical" in row for row in narrow)
    plain = text(ill, 33, 6, ASCII)
    assert plain.isascii()
    assert "6 %  X critical" in plain


def test_a_word_stands_for_a_value_where_the_panel_has_one() -> None:
    up = replace(series("", 1.0), text="up")
    assert " up" in text(panel_view(panel("State", PanelKind.NUMBER), up), 30, 5)


def test_several_figures_have_a_line_each_and_those_left_out_are_counted() -> None:
    many = [series(f"host-{n}", float(n)) for n in range(10)]
    rows = shown(panel_view(panel("Load", PanelKind.NUMBER), *many), 30, 6)
    assert rows[1].split() == ["host-0", "0"]
    assert rows[-1].strip() == "+6 more"


# Curves


def test_curves_are_told_apart_by_letters_and_the_legend_says_what_each_is_now() -> None:
    view = gateway().panels[6]
    rows = shown(view, 90, 13)
    assert "a openai" in rows[-1]
    assert "72/s" in rows[-1]
    ends = [row[88:].strip() for row in rows[1:-2]]
    assert [one for one in ends if one] == ["a", "b", "c", "d"]
    assert rows[1].startswith(" 80/s")
    assert any(row.startswith("  0/s") for row in rows)
    assert rows[-2].split() == ["21:20", "21:30", "21:40", "21:50", "22:00", "22:10"]


def test_where_nothing_is_known_there_is_a_gap() -> None:
    gap = course(10, 0, gap=range(40, 81))
    row = shown(panel_view(panel("Gap", PanelKind.CHART), series("", gap)), 90, 8)
    dots = [any(ord(line[x : x + 1] or " ") > 0x2800 for line in row[1:-1]) for x in range(6, 88)]
    assert dots[:24] == [True] * 24
    assert dots[-24:] == [True] * 24
    assert not any(dots[32:50])


def test_peaks_are_seen_although_many_points_share_a_column() -> None:
    points = tuple(100.0 if i == 60 else 1.0 for i in range(COUNT))
    view = panel_view(panel("Peak", PanelKind.CHART), series("", points))
    top = shown(view, 30, 8)[1]
    assert any(ord(sign) > 0x2800 for sign in top)


def test_a_bound_is_drawn_as_a_dashed_line_and_far_ones_are_left_out() -> None:
    view = panel_view(panel("p95", PanelKind.CHART, unit="s", thresholds=SLOW),
                      series("", course(0.7, 0.1), SLOW))  # fmt: skip
    assert "⠉⠉⠉ ⠉⠉⠉" in text(view) or "⠒⠒⠒ ⠒⠒⠒" in text(view) or "⠤⠤⠤ ⠤⠤⠤" in text(view)
    far = replace(view, panel=replace(view.panel, thresholds=(Threshold(90.0, Status.WARNING),)))
    assert not {"⠉⠉⠉ ⠉⠉⠉", "⠒⠒⠒ ⠒⠒⠒"} & set(text(far).split("  "))
    scale = panel_scale(far.panel, far.series[0].points, 3)
    assert scale is not None
    assert scale.bounds == ()


def test_without_braille_curves_are_drawn_in_their_letters() -> None:
    drawn = text(gateway().panels[6], 90, 13, ASCII)
    assert all(letter * 3 in drawn for letter in "abcd")


def test_no_curves_are_drawn_where_none_are_wanted() -> None:
    still = text(gateway().panels[6], 90, 13, glyphs_for(False, curves=False))
    assert not any(0x2800 < ord(sign) < 0x2900 for sign in still)
    assert "a openai" in still


@pytest.mark.parametrize("decimals", [None, 1])
@pytest.mark.parametrize("values", [(0.0,), (5.0, 5.0), (-3.0, 4.0), (98.2, 99.1), (1e-9, 2e-9)])
def test_a_scale_has_room_for_all_values_between_round_ends(
    values: tuple[float, ...], decimals: int | None
) -> None:
    scale = panel_scale(Panel("x", PanelKind.CHART, decimals=decimals), values, 3)
    assert scale is not None
    assert scale.low <= min(values) <= max(values) <= scale.high
    assert scale.low < scale.high
    assert len(scale.ticks) <= 6
    assert (scale.ticks[0], scale.ticks[-1]) == (scale.low, scale.high)


def test_the_panels_own_ends_are_those_of_the_scale_and_hide_nothing() -> None:
    def ends(*values: float, **more: object) -> tuple[float, float]:
        made = replace(Panel("x", PanelKind.CHART), **more)  # type: ignore[arg-type]
        scale = panel_scale(made, values, 3)
        assert scale is not None
        assert list(scale.ticks) == sorted(set(scale.ticks))
        return scale.low, scale.high

    assert ends(40.0, 70.0, low=0.0, high=100.0) == (0.0, 100.0)
    assert ends(40.0, 140.0, low=0.0, high=100.0)[1] >= 140.0
    assert ends(40.0, 97.0, unit="%") == (0.0, 100.0)
    assert ends(0.4, 1.7, unit="ratio")[1] >= 1.7


def test_columns_stay_where_they_are_until_all_move_at_once() -> None:
    at = 1_700_000_010.0
    before = time_columns(at, 3600.0, 90)
    for later in (1.0, 15.0, 29.0):
        assert time_columns(at + later, 3600.0, 90) == before
    moved = time_columns(at + 35.0, 3600.0, 90)
    assert moved.start - before.start == 40.0
    assert 0 <= before.of(at) < 90
    brief = time_columns(at + 1.0, 300.0, 100)
    assert time_columns(at + 14.0, 300.0, 100) == brief, "of 3 s each: five move together"


# Gauges, bars, tables, text


def test_a_gauge_says_how_far_it_is_and_where_its_thresholds_lie() -> None:
    rows = shown(gateway().panels[5], 60, 5)
    assert "102 %  ✖ critical" in rows[1]
    assert rows[2].strip() == "━" * 58
    assert "▲ 80 %" in rows[3]
    assert rows[3].strip().startswith("0 %")
    assert rows[3].endswith("100 %")


def test_a_gauge_that_has_no_end_but_its_own_value_has_no_bar() -> None:
    view = gateway().panels[5]
    free = replace(view, panel=replace(view.panel, unit="B", high=None, thresholds=()))
    rows = shown(free, 60, 5)
    assert "102 B" in rows[1]
    assert not any("━" in row for row in rows[1:])
    known = replace(free, panel=replace(free.panel, high=200.0))
    assert any("━" in row for row in shown(known, 60, 5)[1:])


def test_gauges_of_several_have_a_line_each() -> None:
    rows = shown(gateway().panels[13], 66, 6)
    assert [row.split()[0] for row in rows[1:4]] == ["/", "/var", "/var/lib/mysql"]
    assert rows[2].endswith("93 % ✖")
    assert rows[0].endswith("✖ critical")


def test_bars_are_sorted_and_say_their_shares() -> None:
    view = gateway().panels[9]
    rows = shown(replace(view, series=view.series[::-1]), 66, 8)
    assert [row.split()[0] for row in rows[1:4]] == ["gpt-4o", "claude-3-opus", "gemini-1.5-pro"]
    assert rows[1].endswith("51 %")
    lengths = [row.count("━") for row in rows[1:6]]
    assert lengths == sorted(lengths, reverse=True)


def test_ratios_have_no_shares() -> None:
    view = panel_view(
        panel("Hits", PanelKind.BARS, unit="ratio"), series("a", 0.5), series("b", 0.5)
    )
    assert text(view).count("%") == 2


def test_a_table_has_its_columns_in_the_width_there_is() -> None:
    rows = shown(gateway().panels[10], 66, 6)
    assert rows[1].split() == ["model", "route", "took"]
    assert len({cell_len(row) for row in rows[2:]}) == 1, "aligned, also with wide characters"
    narrow = shown(gateway().panels[10], 24, 4)
    assert narrow[-1].strip() == "+3 more rows"


def test_series_are_a_table_where_there_is_no_other() -> None:
    view = panel_view(panel("Now", PanelKind.TABLE, unit="s"), series("api", 0.2))
    assert "api" in text(view)
    assert "200 ms" in text(view)


def test_text_is_told_without_its_marks() -> None:
    told = panel("Links", PanelKind.TEXT, text="# On call\nsee **the** [runbook](http://x/y) `now`")
    rows = shown(panel_view(told), 60, 6)
    assert [row.strip() for row in rows[1:]] == ["On call", "see the runbook (http://x/y) now"]


# What cannot be shown


def test_what_is_wrong_stands_in_the_panels_place() -> None:
    assert "is brought by nothing" in text(gateway().panels[12])
    assert "Tempo, which onwatch does not ask" in text(gateway().panels[15])
    assert "being measured" in text(panel_view(panel("None", PanelKind.CHART)))
    none = panel_view(panel("None", PanelKind.TABLE), table=Table("None", ("a",), ()))
    assert "no rows" in text(none)
    cut = shown(gateway().panels[12], 30, 3)
    assert cut[-1].endswith("…")


def test_what_could_be_shown_is_there_beside_what_is_wrong() -> None:
    view = replace(gateway().panels[9], error="the second query: syntax error at 3")
    rows = shown(view, 66, 8)
    assert rows[1].split()[0] == "gpt-4o"
    assert "syntax error" in rows[-1]


@pytest.mark.parametrize("kind", [one for one in PanelKind if one is not PanelKind.TEXT])
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (9, 3), (15, 4), (24, 5), (120, 30)])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_every_kind_fits_into_any_room(
    kind: PanelKind, size: tuple[int, int], glyphs: Glyphs
) -> None:
    curves = [series("ローカル" * 9, course(3, 2), HIGH), series("b", (math.nan,) * COUNT)]
    some = panel_view(panel("タイトル" * 20, kind, thresholds=HIGH, unit="s"), *curves)
    one = replace(some, series=some.series[1:])
    table = replace(some, table=Table("t", ("a", "b"), (("x" * 90, "1"),), frozenset({"b"})))
    for view in (some, one, table, replace(some, series=(), total=0)):
        shown(view, *size, glyphs)


def test_a_course_without_times_is_as_good_as_none() -> None:
    view = PanelView(
        panel("x", PanelKind.CHART), TIMES, (series("", (math.nan,) * COUNT),), total=1
    )
    assert "no figures in this time" in text(view)


def test_what_a_file_from_elsewhere_asks_and_says_reaches_no_terminal_as_it_is() -> None:
    evil = "up\x1b[2J\x1b]52;c;eA==\x07{job='\u202ex'}"
    assert asked(Query(expr=evil)).isprintable()
    assert asked(Query(sql=f"SELECT 1\n-- {evil}", check="db")).isprintable()
    told = panel("Text", PanelKind.TEXT, text=f"one\n{evil}")
    assert all(row.isprintable() for row in shown(panel_view(told)))


# Steadiness


@pytest.mark.parametrize("kind", [PanelKind.CHART, PanelKind.NUMBER, PanelKind.GAUGE])
@pytest.mark.parametrize(
    "values",
    [
        (1.0, sys.float_info.max),
        (-sys.float_info.max, sys.float_info.max),
        (0.0, 5e-324),
        (math.inf, 1.0),
    ],
)
@pytest.mark.parametrize("end", [None, math.inf, -math.inf, math.nan, sys.float_info.max])
def test_the_largest_numbers_there_are_can_be_drawn(
    kind: PanelKind, values: tuple[float, float], end: float | None
) -> None:
    bounds = tuple(Threshold(value, Status.WARNING) for value in (math.inf, math.nan, 1e308))
    made = panel("x", kind, low=end, high=end, thresholds=bounds)
    curves = [series(f"{value}", (value, 1.0, value) * 20) for value in values]
    for each in (curves, curves[:1]):
        assert shown(panel_view(made, *each))
        assert shown(panel_view(made, *each), glyphs=ASCII)


def test_a_curve_keeps_its_letter_when_another_becomes_larger() -> None:
    steady = Steady()
    view = gateway()
    first = steady.view(view)
    assert steady.view(view) is first
    curves = view.panels[6]
    turned = replace(curves, series=(series("new", course(99, 1)), *reversed(curves.series)))
    later = steady.view(replace(view, panels=(*view.panels[:6], turned, *view.panels[7:])))
    names = [one.name for one in later.panels[6].series]
    assert names == ["openai", "anthropic", "gemini", "ローカル", "new"]
    assert later.panels[0] is first.panels[0], "what is as it was need not be drawn anew"
    fewer = replace(turned, series=turned.series[1:3])
    steady.view(replace(view, panels=(*view.panels[:6], fewer, *view.panels[7:])))
    again = steady.view(replace(view, panels=(*view.panels[:6], turned, *view.panels[7:])))
    assert [one.name for one in again.panels[6].series] == names, "one that was away for a moment"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
@pytest.mark.parametrize("span", [60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0])
def test_times_beneath_are_round_where_one_is(
    monkeypatch: pytest.MonkeyPatch, zone: str, span: float
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    times = tuple(NOW - span + span * i / 60 for i in range(61))
    made = panel_view(panel("x", PanelKind.CHART), series("", (1.0,) * 61), times=times)
    room = Room(80, 12, NOW, span, UNICODE)
    marks = panel_lines(made, room, chosen=False)[-1].text.split()
    assert 2 <= len(marks) <= 7
    assert span == 300.0 or all(mark[-1] in "05" for mark in marks), "else every minute"
