"""The chart and the panes of the detail screen."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import pytest

import widgets.chart as chart_module
from checks.model import Status, Table
from checks.views import Chart, CheckDetails, ResultLine
from tests.widgets import samples
from tests.widgets.stage import Stage, shown
from widgets.asked import QueriesPane, asked_lines
from widgets.chart import BigChart, chart_lines, legend
from widgets.details import (
    MOST_SAMPLES,
    DetailPane,
    EventsPane,
    FactsPane,
    PhasesPane,
    RawPane,
    SamplesPane,
    TablesPane,
    event_lines,
    fact_lines,
    phase_lines,
    raw_lines,
    sample_lines,
)
from widgets.frame import Frame
from widgets.glyphs import ASCII, UNICODE
from widgets.plot import thinned
from widgets.results import ResultsPane, folded, result_lines
from widgets.table import column_widths, table_lines
from widgets.text import Line

NAN = math.nan
BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}


def a_chart(values: tuple[float, ...], **changes: object) -> Chart:
    times = tuple(samples.NOW + i for i in range(len(values)))
    made = Chart("duration", "s", times, values)
    return replace(made, **changes)  # type: ignore[arg-type]


def drawn(lines: list[Line]) -> str:
    return "\n".join(line.text for line in lines)


def test_the_chart_draws_thresholds_in_their_roles() -> None:
    chart = a_chart((0.1,) * 30, warning=0.2, critical=0.3)
    lines = chart_lines(chart, Frame(60, 14))
    roles = {seg.role for line in lines[1:] for seg in line.segs if set(seg.text) & BRAILLE}
    assert {"warning", "critical"} <= roles
    assert any(seg.role == "spark" for line in lines[1:] for seg in line.segs)


def test_a_threshold_far_above_is_told_in_the_legend_alone() -> None:
    lines = chart_lines(a_chart((0.01,) * 30, critical=5.0), Frame(80, 14))
    assert "critical 5 s" in lines[0].text
    assert not any(seg.role == "critical" for line in lines[1:] for seg in line.segs)


def test_a_gap_is_not_drawn_over() -> None:
    chart = a_chart((1.0,) * 40 + (NAN,) * 40 + (1.0,) * 40)
    rows = drawn(chart_lines(chart, Frame(80, 12))[1:]).splitlines()
    curve = next(row for row in rows if set(row) & BRAILLE)
    inner = curve[curve.index("┤") if "┤" in curve else curve.index("│") :]
    marks = [i for i, char in enumerate(inner) if char in BRAILLE]
    assert max(b - a for a, b in pairwise(marks)) > 15


def test_axes_have_units_and_local_times() -> None:
    text = drawn(chart_lines(a_chart(tuple(i / 1000 for i in range(100))), Frame(70, 14)))
    assert "ms┤" in text
    assert "22:1" in text


def test_thinning_keeps_peaks_and_gaps() -> None:
    values = [0.0] * 1000
    values[500] = 9.0
    values[200:300] = [NAN] * 100
    times, kept = thinned(range(1000), values, 50)
    assert len(kept) <= 100
    assert max(v for v in kept if math.isfinite(v)) == 9.0
    assert any(math.isnan(v) for v in kept)
    assert times == sorted(times)


def test_few_points_are_kept_as_they_are() -> None:
    assert thinned((1.0, 2.0), (3.0, NAN), 10)[0] == [1.0, 2.0]


@pytest.mark.parametrize(
    "values",
    [(), (NAN,), (NAN,) * 9, (0.0,), (0.0,) * 9, (-1.0, 1.0), (1e12, 1e-12), (5.0, NAN, 5.0)],
)
@pytest.mark.parametrize("size", [(20, 3), (24, 6), (60, 14), (200, 50)])
def test_any_figures_make_a_chart(values: tuple[float, ...], size: tuple[int, int]) -> None:
    lines = chart_lines(a_chart(values, warning=1.0), Frame(*size))
    assert lines[0].text.startswith(" duration")
    assert "nan" not in drawn(lines)


def test_the_legend_says_unknown_where_the_last_run_gave_nothing() -> None:
    assert "now —" in legend(a_chart((0.1, NAN)), 80, UNICODE).text


def test_plotext_is_imported_by_the_first_chart_alone() -> None:
    code = "import sys, widgets.chart, widgets.details; sys.exit('plotext' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_the_chart_is_redrawn_when_data_or_size_change_and_never_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawings: list[Frame] = []

    def counting(chart: Chart | None, frame: Frame, missing: str, span: float) -> list[Line]:
        drawings.append(frame)
        return chart_lines(chart, frame, missing, span)

    monkeypatch.setattr(chart_module, "chart_lines", counting)
    view = BigChart()
    view.index = 0
    async with Stage(view).run_test(size=(80, 20)) as pilot:
        view.snapshot = samples.bad_night(details=samples.details())
        await pilot.pause()
        before = len(drawings)
        view.snapshot = samples.bad_night(details=samples.details())
        view.refresh()
        await pilot.pause()
        assert len(drawings) == before
        view.index = 1
        await pilot.pause()
        assert len(drawings) == before + 1
        assert shown(view)[0].startswith(" error ratio")
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert len(drawings) > before + 1


async def test_the_chart_in_ascii() -> None:
    view = BigChart()
    async with Stage(view).run_test(size=(80, 20)) as pilot:
        view.use_ascii = True
        view.snapshot = samples.bad_night(details=samples.details())
        await pilot.pause()
        assert all(text.isascii() for text in shown(view))
        assert any("*" in text for text in shown(view))


def test_results_tell_when_what_and_how_long_and_the_same_in_a_row_once() -> None:
    ill, fine = (line.text for line in result_lines(samples.details(), Frame(110, 40)))
    assert ill.startswith(" 22:13:03–22:13:18 ✖ critical  ×4 231 ms")
    assert 'status is "degraded"' in ill
    assert fine.startswith(" 22:10:03–22:12:58 ✔ ok       ×36  31 ms")


def ran(*said: tuple[str, float]) -> CheckDetails:
    """Details with runs, the newest first: what each said, and how long it took."""
    runs = (
        ResultLine(samples.NOW - place, Status.WARNING, text, took)
        for place, (text, took) in enumerate(said)
    )
    return replace(samples.details(), results=tuple(runs))


def test_runs_that_differ_in_figures_alone_are_one_with_the_range_of_how_long_they_took() -> None:
    told = ran(
        ("queue emails: 4,024 waiting, more than 500", 0.0004),
        ("queue emails: 918 waiting, more than 500", 0.025),
        ("queue emails: 612 waiting, more than 500", 0.004),
    )
    only, said = (line.text for line in result_lines(told, Frame(58, 12)))
    assert only.split() == ["22:13:18–22:13:20", "▲", "warning", "×3", "0.4–25", "ms"]
    assert said.strip() == "queue emails: 4,024 waiting, more than 500", "the newest"


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("HTTP 503 after 12 ms", "HTTP 502 after 12 ms"),
        ("ended with exit code 2", "ended with exit code 1"),
        ("PostgreSQL 16.4 answered in 2 ms", "PostgreSQL 15.8 answered in 2 ms"),
        ("worker-2 is not running", "worker-1 is not running"),
        ("connection to 10.0.0.1:80 refused", "connection to 10.0.0.2:80 refused"),
    ],
)
def test_runs_that_said_something_else_are_not_one(newer: str, older: str) -> None:
    assert len(folded(ran((newer, 0.1), (older, 0.1)).results)) == 2


def test_the_row_of_the_runs_that_go_on_keeps_its_identity() -> None:
    """The cursor stays, though each run makes it one more and lets the oldest go."""
    before = ran(*[("all is well", 0.1)] * 5)
    after = replace(before, results=before.results[:-1])
    assert [[line.key for line in result_lines(d, Frame(58, 9))] for d in (before, after)] == [
        ["the first"] * 2
    ] * 2


def test_the_last_run_is_now_or_so_long_ago() -> None:
    check = samples.check("api")
    for passed, told in ((0.2, "now"), (2.5, "2 s ago")):
        check = replace(check, last_run=samples.NOW - passed)
        lines = [line.text.split() for line in fact_lines(check, (), samples.NOW, Frame(60, 20))]
        assert ["last", "run", *told.split()] in lines


def test_phases_are_a_waterfall() -> None:
    lines = phase_lines((("dns", 0.1), ("connect", 0.3)), 60, UNICODE)
    first, second = (line.text for line in lines)
    assert "100 ms" in first
    assert second.index("━") == first.rindex("━") + 1
    assert len({len(line.text) for line in lines}) == 1


def test_phases_of_no_time_and_none_at_all() -> None:
    assert "no phases" in drawn(phase_lines((), 60, UNICODE))
    assert "#" in drawn(phase_lines((("dns", 0.0),), 60, ASCII))


def test_tables_align_numbers_right_and_text_left() -> None:
    lines = [line.text.rstrip() for line in table_lines(samples.details().tables[0], 100)]
    assert lines[0] == " processes"
    assert lines[2].startswith("  412  mysqld        mysql     148.0")
    assert lines[3].startswith(" 2291  php-fpm       www-data   61.2")


def test_columns_without_room_are_left_out() -> None:
    table = Table("t", ("name", "wide", "more"), (("a" * 10, "b" * 30, "c" * 10),))
    assert column_widths(table, 26) == [10, 0, 0]
    assert "ccc" not in drawn(table_lines(table, 28))


def test_rows_of_a_table_have_identities_even_when_alike() -> None:
    table = Table("t", ("pid",), (("1",), ("1",), ()))
    keys = [line.key for line in table_lines(table, 40) if line.key]
    assert len(set(keys)) == 3


def test_the_raw_answer_is_broken_not_cut_and_is_no_markup() -> None:
    lines = raw_lines("x" * 50 + "\n\n[red]y[/]", Frame(42, 9))
    assert "".join(line.text.strip() for line in lines[:2]) == "x" * 50
    assert lines[-1].text == " [red]y[/]"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ResultsPane, "4 of 40 not ok"),
        (PhasesPane, "first byte"),
        (FactsPane, "expires in 12 d"),
        (TablesPane, "redis-server"),
        (EventsPane, "uptime fell from 3 d to 4 s"),
        (SamplesPane, 'probe_success{job="gateway"} 0'),
        (RawPane, '"note": "[red]not markup[/]"'),
    ],
)
async def test_panes_of_the_details_show_theirs_and_wait_for_other_checks(
    kind: type[DetailPane], expected: str
) -> None:
    pane = kind()
    async with Stage(pane).run_test(size=(110, 50)) as pilot:
        pane.check = "gateway"
        pane.snapshot = samples.bad_night(details=samples.details("cache"))
        await pilot.pause()
        early = "\n".join(shown(pane))
        # What others have to show is not known yet: they have no heading over nothing.
        assert (kind is FactsPane) == ("gathering what is known of this check" in early)
        assert (kind is FactsPane) == bool(early.strip())
        pane.snapshot = samples.bad_night(details=samples.details())
        await pilot.pause()
        assert expected in "\n".join(shown(pane))


async def test_text_without_rows_scrolls() -> None:
    pane = RawPane()
    details = replace(samples.details(), raw="\n".join(f"line {i}" for i in range(50)))
    async with Stage(pane).run_test(size=(60, 10)) as pilot:
        pane.snapshot = samples.bad_night(details=details)
        pane.focus()
        await pilot.pause()
        await pilot.press("down", "down")
        assert shown(pane)[1] == " line 2"
        await pilot.press("end")
        assert shown(pane)[-1] == " line 49"
        await pilot.press("home")
        assert shown(pane)[1] == " line 0"


def test_of_thousands_of_samples_the_first_are_listed_and_the_rest_found() -> None:
    many = [(f"metric_{number}", float(number)) for number in range(9_000)]
    lines = sample_lines(many, Frame(80, 20))
    assert len(lines) == MOST_SAMPLES + 1
    assert "7,000 more; / finds any of them" in lines[-1].text
    (found,) = sample_lines(many, Frame(80, 20, filter_text="metric_8765"))
    assert found.text.split() == ["metric_8765", "8765"]


async def test_queries_tell_what_each_took_and_with_room_what_it_costs() -> None:
    pane = QueriesPane()
    async with Stage(pane).run_test(size=(110, 40)) as pilot:
        pane.check = "shop"
        night = samples.database_night()
        pane.snapshot = replace(night, details=samples.details("shop"))
        await pilot.pause()
        text = "\n".join(shown(pane))
    assert "Queries 8 last run 8.1 ms of 5 s" in text
    assert re.search(r"databases +2\.4 ms +2\.1 ms +2\.4 ms +9  every run +1 s ago", text)
    assert "0.09 ms of the server's CPU for four databases" in text
    assert "SELECT d.datid" in text
    assert re.search(r"database_sizes .* each minute", text)


def test_queries_in_a_small_pane_are_a_line_each_and_the_filter_finds_them() -> None:
    asked = samples.details("shop").asked
    lines = asked_lines(asked, samples.NOW, Frame(60, 11))
    assert [line.text.split()[0] for line in lines[1:3]] == ["databases", "sessions_by_state"]
    assert len(lines) == len(asked) + 3
    found = asked_lines(asked, samples.NOW, Frame(60, 11, filter_text="failed_jobs"))
    assert [line.key for line in found if line.key] == ["query failed_jobs"]


def test_a_query_that_failed_has_no_rows() -> None:
    failed = replace(samples.details("shop").asked[0], rows=None)
    line = asked_lines((failed,), samples.NOW, Frame(80, 11))[1]
    assert "ms      —  every run" in line.text


async def test_the_chart_of_another_check_is_never_shown_for_this_one() -> None:
    chart = BigChart()
    chart.index = 0
    async with Stage(chart).run_test(size=(110, 20)) as pilot:
        chart.check = "gateway"
        chart.snapshot = samples.bad_night(details=samples.details("gateway"))
        await pilot.pause()
        await pilot.pause()
        assert "duration" in shown(chart)[0]
        chart.check = "cache"
        await pilot.pause()
        assert "gathering" in "\n".join(shown(chart))
        chart.snapshot = samples.bad_night(details=samples.details("cache"))
        await pilot.pause()
        await pilot.pause()
        assert "duration" in shown(chart)[0]


def test_a_filter_that_nothing_matches_is_no_reason_to_tell_of_none() -> None:
    details, frame = samples.details("shop"), Frame(80, 20, filter_text="zzzz")
    events = samples.bad_night().events
    shown = (
        event_lines(events, frame),
        sample_lines(details.samples, frame),
        raw_lines("200 OK", frame),
        asked_lines(details.asked, samples.NOW, frame),
    )
    assert events
    assert details.samples
    assert details.asked
    for lines in shown:
        assert [line.text.strip() for line in lines] == ["nothing matches 'zzzz'"]
