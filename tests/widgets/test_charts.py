"""The large chart: its axis, its bounds, its window, and which one is shown first."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from rich.cells import cell_len

from checks.model import Status
from checks.views import Chart, CheckView, PartView
from tests.widgets import samples
from tests.widgets.stage import Stage, shown
from widgets.axis import axis_of, labels
from widgets.chart import BigChart, chart_lines, first_chart, legend, within
from widgets.frame import Frame
from widgets.glyphs import ASCII, UNICODE
from widgets.spark import spark
from widgets.text import Line

HOUR = 3600.0
BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}


def a_chart(*values: float, title: str = "duration", unit: str = "s", **bounds: float) -> Chart:
    times = tuple(samples.NOW - len(values) + 1 + i for i in range(len(values)))
    return Chart(title, unit, times, values, bounds.get("warning"), bounds.get("critical"))


def cells(lines: list[Line], role: str) -> list[tuple[int, int]]:
    """Row and column of each cell that is drawn in ``role``."""
    found = []
    for row, each in enumerate(lines):
        column = 0
        for text, own in each.segs:
            found += [(row, column + i) for i, s in enumerate(text) if own == role and s in BRAILLE]
            column += len(text)
    return found


def test_a_curve_passes_its_bound_when_it_does() -> None:
    """The curve is in the bound's row around the moment at which it is as high as that."""
    rising = a_chart(*(float(i) for i in range(200)), unit="", warning=100.0)
    lines = chart_lines(rising, Frame(110, 16))[1:]
    (row,) = {row for row, _ in cells(lines, "warning")}
    passes = [column for at, column in cells(lines, "spark") if at == row]
    first = min(column for _, column in cells(lines, "spark"))
    last = max(column for _, column in cells(lines, "spark"))
    middle = first + (last - first) * 100 / 199
    assert min(passes) - 1 <= middle <= max(passes) + 1


@pytest.mark.parametrize("bound", [51.0, 52.0, 53.0, 55.0, 57.0, 60.0])
def test_a_curve_on_its_bound_lies_on_it_and_one_beneath_does_not(bound: float) -> None:
    on = chart_lines(a_chart(*[bound] * 60, unit="", warning=bound), Frame(90, 16))[1:]
    assert not cells(on, "warning"), "the same dots"
    assert any(seg == (" warning", "warning") for each in on for seg in each.segs), "but its name"


def test_bounds_are_named_in_their_own_rows_and_told_from_the_curve_without_colour() -> None:
    chart = a_chart(*[10.0] * 60, unit="", warning=20.0, critical=30.0)
    lines = chart_lines(chart, Frame(90, 16))[1:]
    for role in ("warning", "critical"):
        (named,) = [i for i, each in enumerate(lines) if each.segs[-1] == (f" {role}", role)]
        assert {row for row, _ in cells(lines, role)} == {named}
        columns = sorted(column for _, column in cells(lines, role))
        assert len(columns) < max(columns) - min(columns), "dashed"


def test_two_bounds_in_one_row_have_both_names() -> None:
    chart = a_chart(*[10.0] * 60, unit="", warning=20.0, critical=20.1)
    names = [each.segs[-1].text for each in chart_lines(chart, Frame(90, 10))[1:]]
    assert {" warning", " critical"} <= set(names)


def test_bounds_in_ascii() -> None:
    lines = chart_lines(a_chart(*[10.0] * 60, warning=20.0), Frame(90, 16, ASCII))[1:]
    assert any(seg.role == "warning" and "--- ---" in seg.text for x in lines for seg in x.segs)


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ((0.0, 1.0, 1.0), (0.0, 1.0)),
        ((0.0, 0.0), (0.0, 1.0)),
        ((3.0, 4.0), (0.0, 1.0, 2.0, 3.0, 4.0)),
        ((0.0, 7.0), (0.0, 2.0, 4.0, 6.0, 8.0)),
    ],
)
def test_few_things_are_counted_in_whole_ones_and_are_no_block(
    values: tuple[float, ...], ticks: tuple[float, ...]
) -> None:
    axis = axis_of(a_chart(*values, unit=""), 4)
    assert axis.ticks == ticks
    assert not axis.filled


def test_a_bound_below_all_values_is_in_its_own_row_or_in_the_legend_alone() -> None:
    for bound in (-5.0, -30.0):
        chart = a_chart(*[20.0, 21.0] * 30, unit="", warning=bound)
        lines = chart_lines(chart, Frame(90, 16))[1:]
        (named,) = [i for i, each in enumerate(lines) if each.segs[-1] == (" warning", "warning")]
        assert {row for row, _ in cells(lines, "warning")} == {named}
        assert f"{bound:.0f}" in lines[named].text or f"{bound:.1f}" in lines[named].text
    lines = chart_lines(a_chart(*[20.0, 21.0] * 30, unit="", warning=-1000.0), Frame(90, 16))
    assert "warning -1,000" in lines[0].text
    assert not cells(lines[1:], "warning")
    assert axis_of(a_chart(-20.0, -21.0, unit="", warning=-30.0), 4).low == -30.0


@pytest.mark.parametrize(
    "values", [(1.0, sys.float_info.max), (1.0, -sys.float_info.max), (0.0, 5e-324)]
)
def test_the_largest_numbers_there_are_can_be_drawn(values: tuple[float, ...]) -> None:
    assert len(chart_lines(a_chart(*values, unit=""), Frame(90, 16))) == 16
    assert cell_len(spark(values, 10)) == 10


def test_what_hardly_moves_is_no_block_and_what_does_is_filled() -> None:
    assert not axis_of(a_chart(4_000.0, 4_100.0, unit="bytes"), 4).filled
    assert axis_of(a_chart(100.0, 4_100.0, unit="bytes"), 4).filled


@pytest.mark.parametrize(
    ("unit", "ticks", "told"),
    [
        ("s", (0, 75e-6, 150e-6), ["0 µs", "75 µs", "150 µs"]),
        ("s", (0, 0.5, 1.0, 1.5), ["0.0 s", "0.5 s", "1.0 s", "1.5 s"]),
        ("s", (0, 150, 300), ["0.0 m", "2.5 m", "5.0 m"]),
        ("bytes", (0, 5e5, 1e6), ["0.0 MB", "0.5 MB", "1.0 MB"]),
        ("ratio", (0, 0.25, 0.5), ["0 %", "25 %", "50 %"]),
        ("1/s", (0, 1500, 3000), ["0/s", "1,500/s", "3,000/s"]),
        ("", (0, 1500, 3000), ["0", "1,500", "3,000"]),
        ("", (0, 2.5e6, 5e6), ["0.0M", "2.5M", "5.0M"]),
        ("bytes", (-512, 0), ["-512 B", "0 B"]),
    ],
)
def test_an_axis_has_one_unit(unit: str, ticks: tuple[float, ...], told: list[str]) -> None:
    assert labels(unit, ticks) == told


def ill(part: str, status: Status = Status.WARNING) -> CheckView:
    parts = (
        PartView("memory", Status.OK, "", "", samples.NOW),
        PartView(part, status, "it is ill", "", samples.NOW),
    )
    return replace(samples.check("cache"), status=status, parts=parts)


CHARTS = (
    a_chart(1.0, title="memory used"),
    a_chart(1.0, title="clients", warning=2.0),
    a_chart(4.0, title="queue emails", warning=2.0, critical=8.0),
    a_chart(3.0, title="waiting for locks"),
    a_chart(9.0, title="queue mail", warning=2.0, critical=8.0),
)


def test_the_first_chart_is_the_one_that_the_status_is_about() -> None:
    assert first_chart(CHARTS, ill("queue emails")) == 4, "past its critical bound"
    assert first_chart(CHARTS[:4], ill("memory")) == 2, "past its warning bound"
    assert first_chart(CHARTS[:2] + CHARTS[3:4], ill("locks")) == 2, "named as the worst part"
    assert first_chart(CHARTS[:2], ill("persistence")) == 0
    assert first_chart(CHARTS, ill("locks", Status.OK)) == 0
    hits = replace(a_chart(0.98, title="hits", warning=0.9, critical=0.5), falling=True)
    assert first_chart((hits, *CHARTS[:3]), ill("x")) == 3, "below its bounds a rate is ill"
    assert first_chart((CHARTS[2], replace(hits, values=(0.4,))), ill("x")) == 1
    assert first_chart((), ill("locks")) == 0
    assert first_chart(CHARTS, None) == 0


async def test_the_chart_that_was_first_stays_until_somebody_chooses() -> None:
    view = BigChart()
    night = samples.bad_night(details=samples.details())
    assert night.details is not None
    first, second = night.details.charts
    calm = replace(second, values=(*second.values[:-1], 0.0))
    async with Stage(view).run_test(size=(80, 20)) as pilot:
        view.snapshot = night
        await pilot.pause()
        assert shown(view)[0].startswith(" error ratio")
        view.snapshot = replace(night, details=replace(night.details, charts=(first, calm)))
        await pilot.pause()
        assert shown(view)[0].startswith(" error ratio")
        assert view.shown == 1
        view.index = 0
        await pilot.pause()
        assert shown(view)[0].startswith(" duration")


def test_a_chart_says_its_window_and_how_much_of_it_is_known() -> None:
    chart = a_chart(*[0.1] * 3_600)
    assert legend(chart, 80, UNICODE, HOUR).text.startswith(" duration  1 h  now")
    assert legend(chart, 80, UNICODE, 60.0 * 15).text.startswith(" duration  15 min  now")
    assert legend(a_chart(*[0.1] * 71), 80, UNICODE).text.startswith(" duration  1 m of 1 h  now")
    assert within(chart, samples.NOW - 59.5).times[0] == samples.NOW - 59
    assert within(chart, 0.0) is chart


async def test_the_window_is_of_the_figures_too() -> None:
    view = BigChart()
    view.index = 0
    night = samples.bad_night(details=samples.details())
    async with Stage(view).run_test(size=(110, 20)) as pilot:
        view.snapshot = night
        await pilot.pause()
        assert "duration  9 m of 1 h  now" in shown(view)[0]
        whole = shown(view)[0]
        view.span = 60.0
        await pilot.pause()
        assert "duration  1 min  now" in shown(view)[0]
        assert whole.partition("mean")[2] != shown(view)[0].partition("mean")[2]
