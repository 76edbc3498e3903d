"""The panes of the requests screen: what they say of one log, and what they leave out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from checks.requests.stats import (
    BreakdownRow,
    Bucket,
    Curves,
    ErrorKind,
    RequestRow,
    RequestStats,
    WindowStats,
)
from checks.views import RequestView
from tests.widgets import sample_requests, samples
from tests.widgets.sample_requests import COLUMNS, view_of
from tests.widgets.stage import Stage, shown, spy_on
from widgets.frame import Frame
from widgets.glyphs import ASCII, UNICODE
from widgets.request_log.breakdown import ORDERS, BreakdownPane, breakdown_lines, next_order
from widgets.request_log.course import course_of, resampled
from widgets.request_log.distribution import DistributionPane, distribution_lines, merged
from widgets.request_log.durations import DurationsPane, duration_lines
from widgets.request_log.kinds import KindsPane, kind_lines, kind_whole
from widgets.request_log.minutes import MinutesPane, minute_lines
from widgets.request_log.pane import RequestLogPane
from widgets.request_log.plot import LogScale, Plotted, plot, scale_of
from widgets.request_log.rate import RatePane, rate_lines
from widgets.request_log.rows import (
    NewestErrorsPane,
    SlowestPane,
    request_whole,
    row_lines,
)
from widgets.request_log.words import over, rows_over
from widgets.text import Line

NAN = math.nan
NOW = samples.NOW
PANES: tuple[type[RequestLogPane], ...] = (
    RatePane,
    DurationsPane,
    DistributionPane,
    BreakdownPane,
    KindsPane,
    NewestErrorsPane,
    SlowestPane,
    MinutesPane,
)


def gateway(seconds: float = 60.0, **changes: object) -> RequestView:
    """The log in trouble; ``changes`` to its window."""
    view = view_of("gateway log", sample_requests.gateway_log(), seconds)
    return replace(view, window=replace(view.window, **changes))  # type: ignore[arg-type]


def texts(lines: Iterable[Line]) -> list[str]:
    return [line.text.rstrip() for line in lines]


def roles(lines: Iterable[Line], text: str) -> set[str]:
    """The roles of the segments that hold ``text``."""
    return {seg.role for line in lines for seg in line.segs if text in seg.text}


def curves(**changes: object) -> Curves:
    """Sixty points of five seconds up to now."""
    flat = (1.0,) * 60
    made = Curves(5.0, NOW - 300, flat, flat, (("2xx", flat),), flat, flat, flat)
    return replace(made, **changes)  # type: ignore[arg-type]


# Courses


@pytest.mark.parametrize("width", [8, 30, 44, 60, 61, 133, 240])
def test_resampling_keeps_the_mean(width: int) -> None:
    points = tuple(float(i * i % 17) for i in range(60))
    made = resampled(points, width)
    assert len(made) == width
    assert sum(made) / width == pytest.approx(sum(points) / 60)


def test_what_is_not_known_is_no_column() -> None:
    points = (*(NAN,) * 20, *(4.0,) * 40)
    made = resampled(points, 30)
    assert all(math.isnan(value) for value in made[:10])
    assert made[10:] == (4.0,) * 20
    assert resampled((), 9) == ()


def test_the_part_of_the_window_stands_out_from_what_was_before() -> None:
    course = course_of(gateway(), 50)
    assert course is not None
    assert (course.seconds, course.since) == (300.0, 40)
    before, within = course.inked("#" * 50, "critical")
    assert (len(before.text), before.role) == (40, "dim")
    assert (len(within.text), within.role) == (10, "critical")
    for seconds in (300.0, 900.0, 3600.0):
        whole = course_of(gateway(seconds), 50)
        assert whole is not None
        assert (whole.seconds, whole.since) == (seconds, 0)


def test_the_axis_names_round_times_where_they_are() -> None:
    course = course_of(gateway(), 60)
    assert course is not None
    axis = course.axis()
    assert len(axis) == 60
    # A column is five seconds, and the first begins at 22:08:25.
    assert [axis.index(f"22:{minute:02}") for minute in (9, 10, 11, 12)] == [7, 19, 31, 43]
    hour = course_of(gateway(3600.0), 120)
    assert hour is not None
    assert "22:00" in hour.axis()


@pytest.mark.parametrize("width", [-5, 0, 3, 7])
def test_no_room_is_no_course(width: int) -> None:
    assert course_of(gateway(), width) is None


# The chart of several curves


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ((0.041, 0.9), (0.02, 1.0)),
        ((0.5,), (0.5, 1.0)),
        ((1e-6, 3600.0), (1e-6, 5000.0)),
        ((0.0, 0.0), (0.001, 0.002)),
        ((0.02, 0.02), (0.02, 0.05)),
    ],
)
def test_the_scale_ends_at_round_figures(
    points: Sequence[float], expected: tuple[float, float]
) -> None:
    found = scale_of([tuple(points), (NAN,)])
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected)


def test_without_a_point_there_is_no_scale() -> None:
    assert scale_of([(NAN, NAN), ()]) is None
    assert scale_of([(5e-324, 1.0, 1e308)]) == LogScale(1e-9, 1e9)


def test_curves_lie_where_the_scale_says() -> None:
    scale = LogScale(0.01, 1.0)
    flat = Plotted((0.1,) * 10, "spark", "9")
    rows = plot([flat], scale, 9, ASCII)
    drawn = ["".join(seg.text for seg in row) for row in rows]
    assert drawn == ["          "] * 4 + ["9999999999"] + ["          "] * 4
    assert scale.ticks(9) == pytest.approx({0: 1.0, 8: 0.01, 4: 0.1}, rel=1e-6)


def test_gaps_are_not_bridged_and_steps_are() -> None:
    scale = LogScale(0.01, 1.0)
    line = Plotted((0.01, 1.0, NAN, NAN, NAN, 0.01), "spark", "9")
    rows = ["".join(seg.text for seg in row) for row in plot([line], scale, 4, UNICODE)]
    columns = ["".join(row[x] for row in rows) for x in range(6)]
    assert all(any(char != " " for char in columns[x]) for x in (0, 1, 5))
    assert all(set(columns[x]) == {" "} for x in (2, 3, 4))
    rising = columns[0] + columns[1]
    assert sum(char != " " for char in rising) >= 5


# Windows and what is covered


def test_a_window_that_is_not_covered_says_how_much_is() -> None:
    assert over(gateway().window) == "1 min"
    assert over(gateway(900.0, covered=130.0).window) == "2 m 10 s of 15 min"


def test_single_requests_say_since_when_they_are_known() -> None:
    view = gateway(900.0)
    assert rows_over(view) == "15 min"
    known = replace(view, stats=replace(view.stats, rows_since=NOW - 120))
    assert rows_over(known) == "15 min, single requests since 22:11:20"
    assert rows_over(replace(known, window=known.stats.window(60.0))) == "1 min"


@pytest.mark.parametrize("kind", PANES)
async def test_every_pane_says_its_window_and_how_much_is_covered(
    kind: type[RequestLogPane],
) -> None:
    pane = kind()
    view = gateway(900.0, covered=130.0)
    pane.check = "gateway log"
    pane.snapshot = samples.request_night(900.0, requests=(view,))
    async with Stage(pane).run_test(size=(90, 20)):
        said = "last 10 full minutes" if kind is MinutesPane else "2 m 10 s of 15 min"
        assert said in shown(pane)[0]


@pytest.mark.parametrize("kind", PANES)
async def test_a_log_that_cannot_be_read_is_shown_as_the_past(
    kind: type[RequestLogPane],
) -> None:
    pane = kind()
    view = replace(gateway(), silent_since=NOW - 240)
    pane.check = "gateway log"
    pane.snapshot = samples.request_night(requests=(view,))
    async with Stage(pane).run_test(size=(90, 20)):
        assert "not read for 4 m" in shown(pane)[0]
        assert {seg.role for line in pane._body for seg in line.segs} == {"dim"}


@pytest.mark.parametrize("kind", PANES)
async def test_the_same_again_repaints_nothing(kind: type[RequestLogPane]) -> None:
    pane = kind()
    pane.check = "gateway log"
    pane.snapshot = samples.request_night()
    async with Stage(pane).run_test(size=(90, 20)) as pilot:
        asked = spy_on(pane)
        pane.snapshot = samples.request_night(time=NOW + 1)
        await pilot.pause()
        assert asked == []


@pytest.mark.parametrize("size", [(9, 1), (12, 4), (40, 3), (60, 9), (132, 30), (300, 60)])
@pytest.mark.parametrize("kind", PANES)
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_any_size_will_do(
    kind: type[RequestLogPane], size: tuple[int, int], ascii_only: bool
) -> None:
    pane = kind()
    pane.use_ascii = ascii_only
    pane.check = "gateway log"
    pane.snapshot = samples.request_night()
    async with Stage(pane).run_test(size=size) as pilot:
        rows = shown(pane)
        assert len(rows) == size[1]
        assert all(text.isascii() for text in rows) or not ascii_only
        pane.snapshot = samples.request_night(3600.0)
        await pilot.pause()


NOTHING = RequestStats(
    at=NOW,
    windows=(WindowStats(60.0, 60.0, 0, 0.0, 0, None, (), None, None, None, None, None, None, ()),),
    step=2.5,
    rates=(),
    error_ratios=(),
    p95s=(),
)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            frozenset(),
            {
                RatePane: "status",
                DurationsPane: "duration: {column: latency_ms, unit: ms}",
                DistributionPane: "duration: {column: latency_ms, unit: ms}",
                BreakdownPane: "labels: [provider_id]",
                KindsPane: "error: error",
                NewestErrorsPane: "error: error",
                SlowestPane: "duration: {column: latency_ms, unit: ms}",
                MinutesPane: "no full minute",
            },
        ),
        (
            COLUMNS,
            {
                RatePane: "0/s",
                DurationsPane: "p50 —",
                DistributionPane: "no request with a duration",
                BreakdownPane: "no requests in this time",
                KindsPane: "no errors",
                NewestErrorsPane: "no errors in this time",
                SlowestPane: "no requests in this time",
                MinutesPane: "no full minute",
            },
        ),
    ],
    ids=["not configured", "no requests"],
)
@pytest.mark.parametrize("kind", PANES)
async def test_a_pane_without_figures_says_why(
    kind: type[RequestLogPane],
    columns: frozenset[str],
    expected: dict[type[RequestLogPane], str],
) -> None:
    stats = replace(NOTHING, columns=columns)
    if columns:
        window = replace(stats.windows[0], breakdown=(("provider_id", ()),))
        stats = replace(stats, windows=(window,))
    pane = kind()
    pane.check = "gateway log"
    pane.snapshot = samples.request_night(requests=(view_of("gateway log", stats),))
    async with Stage(pane).run_test(size=(100, 12)):
        said = "\n".join(shown(pane)[1:])
        assert expected[kind] in said
        assert "nan" not in said


# Rate and errors


def test_classes_of_status_stand_worst_first_as_far_as_there_are_lines() -> None:
    view = gateway()
    for height, expected in (
        (2, ["rate", "errors"]),
        (4, ["rate", "errors", "5xx", "4xx"]),
        (7, ["rate", "errors", "5xx", "4xx", "2xx"]),
    ):
        lines = texts(rate_lines(view, Frame(80, height)))
        assert len(lines) == height
        assert [line.split()[0] for line in lines if line[1:8].strip()] == expected


def test_the_rate_of_each_class_adds_up_to_that_of_all() -> None:
    window = gateway().window
    lines = texts(rate_lines(gateway(), Frame(80, 7)))
    figures = {line.split()[0]: line.split()[1] for line in lines if line[1:8].strip()}
    assert figures["rate"] == "14/s"
    assert figures["errors"] == "13"
    by_class = dict(window.by_class)
    assert figures["5xx"] == f"{window.rate * by_class['5xx'] / window.count:.1f}/s"


def test_what_limits_the_figures_comes_first() -> None:
    view = gateway()
    limited = replace(view, stats=replace(view.stats, note="reading the last hour: 40%"))
    lines = rate_lines(limited, Frame(80, 5))
    assert lines[0].text.strip() == "reading the last hour: 40%"
    assert roles(lines, "reading") == {"warning"}
    assert len(lines) == 5


def test_failures_stand_out() -> None:
    lines = rate_lines(gateway(), Frame(80, 10))
    assert "critical" in roles(lines, "13")
    fine = rate_lines(view_of("web log", sample_requests.web_log()), Frame(80, 10))
    assert "critical" not in {seg.role for line in fine for seg in line.segs}


# Durations


def test_durations_are_named_and_their_curves_too() -> None:
    lines = duration_lines(gateway(3600.0), Frame(80, 12))
    first = lines[0].text
    assert first.startswith(" p50 ")
    assert [name for name in ("p95", "p99", "max", "mean", "min") if f" {name} " in first] == [
        "p95", "p99", "max", "mean", "min"
    ]  # fmt: skip
    drawn = texts(lines[1:])
    assert sum(line.endswith(("p50", "p95", "p99")) for line in drawn) == 3
    assert len(lines) <= 12


async def test_a_percentile_of_too_few_requests_has_no_curve_and_says_so() -> None:
    pane = DurationsPane()
    pane.check = "gateway log"
    pane.snapshot = samples.request_night()
    async with Stage(pane).run_test(size=(90, 14)):
        assert "p99 needs 100 in 5 s" in shown(pane)[0]
        assert not any(text.endswith("p99") for text in shown(pane)[2:])


def test_curves_that_end_in_one_place_do_not_write_over_each_other() -> None:
    view = gateway(curves=curves())
    drawn = texts(duration_lines(view, Frame(60, 9)))
    assert [line[-3:] for line in drawn if line.endswith(("50", "95", "99"))] == [
        "p99", "p95", "p50"
    ]  # fmt: skip


@pytest.mark.parametrize("height", [1, 2, 4, 5])
def test_with_few_lines_p95_alone_has_a_course(height: int) -> None:
    lines = texts(duration_lines(gateway(), Frame(60, height)))
    assert len(lines) == min(2, height)
    assert len(lines) == 1 or lines[1].startswith(" p95")


def test_of_few_requests_p50_stands_in_for_a_p95_that_is_not_known() -> None:
    """Five seconds of slow requests have fewer than the twenty that p95 wants."""
    known = curves(p50s=(0.02,) * 60, p95s=(0.05,) * 60)
    slow = replace(
        known, p50s=(*known.p50s[:48], *(0.9,) * 12), p95s=(*known.p95s[:48], *(NAN,) * 12)
    )
    for made, name in ((known, " p95  "), (slow, " p50  ")):
        row = duration_lines(gateway(curves=made), Frame(80, 3))[1].text
        assert row.startswith(name)
        assert row.rstrip()[-1] in "▁▂▃▄▅▆▇█"


# Distribution


def buckets(*counts: int) -> tuple[Bucket, ...]:
    """Ranges from 1 ms on, six of them up to 10 ms."""
    bounds = [m * 10.0**e for e in (-3, -2, -1, 0, 1) for m in (1, 1.5, 2, 3, 5, 7)]
    return tuple(Bucket(bounds[i], bounds[i + 1], n, n // 2) for i, n in enumerate(counts))


def test_ranges_merge_into_1_2_5() -> None:
    made = merged(buckets(1, 2, 3, 4, 5, 6, 7), (1.0, 2.0, 5.0))
    assert [(b.low, b.count) for b in made] == pytest.approx(
        [(0.001, 3), (0.002, 7), (0.005, 11), (0.01, 7)]
    )
    assert made[0].high == made[1].low == 0.002


@pytest.mark.parametrize("height", [3, 4, 6, 9, 12, 40])
def test_no_request_is_lost_in_few_lines(height: int) -> None:
    view = gateway(buckets=buckets(*range(1, 28)))
    _, lines = distribution_lines(view, Frame(80, height))
    assert len(lines) <= max(3, height)
    shares = [float(line.text[15:23].rstrip(" %")) for line in lines]
    assert sum(shares) == pytest.approx(100, abs=len(lines) * 0.5)


def test_of_many_ranges_the_fast_ones_are_put_together_first() -> None:
    view = gateway(buckets=buckets(*[100] * 18, 20, 1))
    _, lines = distribution_lines(view, Frame(80, 6))
    assert [line.text[:15].strip() for line in lines] == [
        "1–50 ms",
        "50–100 ms",
        "100–200 ms",
        "200–500 ms",
        "500 ms–2 s",
    ]


def test_percentiles_stand_beside_their_range_once() -> None:
    _, lines = distribution_lines(gateway(), Frame(80, 30))
    marks = " ".join(line.text[-12:] for line in lines).split()
    assert [mark for mark in marks if mark.startswith("p")] == ["p50", "p95", "p99"]


def test_of_a_bar_what_failed_is_drawn_otherwise() -> None:
    _, lines = distribution_lines(gateway(buckets=buckets(10, 20)), Frame(80, 9))
    bars = [(seg.role, len(seg.text)) for seg in lines[1].segs if "━" in seg.text]
    assert [role for role, _ in bars] == ["spark", "critical"]
    assert bars[0][1] == pytest.approx(bars[1][1], abs=1)
    assert "50 %" in lines[1].text


def test_a_bar_of_one_cell_has_the_colour_of_most_of_it() -> None:
    made = (Bucket(0.001, 0.0015, 1000, 0), Bucket(0.0015, 0.002, 4, 3), Bucket(0.002, 0.003, 4, 1))
    _, lines = distribution_lines(gateway(buckets=made), Frame(80, 9))
    bars = [seg.role for line in lines[1:] for seg in line.segs if "━" in seg.text]
    assert bars == ["critical", "spark"]


# Labels


ROWS = (
    BreakdownRow("openai", 520, 0.6, 0.023, 1.1, 0.3, 1.5),
    BreakdownRow("anthropic", 260, 0.3, 0.37, 30.9, 0.6, 31.0),
    BreakdownRow("local", 86, 0.1, 0.0, None, None, None),
)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("requests", ["openai", "anthropic", "local"]),
        ("errors", ["anthropic", "openai", "local"]),
        ("p95", ["anthropic", "openai", "local"]),
        ("p99", ["anthropic", "openai", "local"]),
        ("name", ["anthropic", "local", "openai"]),
    ],
)
def test_values_are_sorted_by_a_column_that_is_marked(order: str, expected: list[str]) -> None:
    view = gateway(breakdown=(("provider", ROWS),))
    heads, lines = breakdown_lines(view, Frame(120, 9), order=order)
    assert [line.key for line in lines] == expected
    mark = "provider↓" if order == "name" else f"{order}↓"
    assert mark in heads[0].text


def test_sorting_goes_through_every_column_and_begins_anew() -> None:
    order, seen = "requests", []
    for _ in ORDERS:
        seen.append(order)
        order = next_order(order)
    assert seen == list(ORDERS)
    assert order == "requests"


def test_a_value_has_all_its_figures_where_there_is_room() -> None:
    view = gateway(breakdown=(("provider", ROWS),), rate=14.0)
    heads, lines = breakdown_lines(view, Frame(120, 9))
    names = heads[0].text.replace("↓", "").split()
    assert names == ["provider", "requests", "rate", "share", "errors", "p50", "p95", "p99"]
    assert "260   4.2/s   30 %    37 %   600 ms   30.9 s     31 s" in lines[1].text
    assert lines[1].text.startswith(" ✖ anthropic")
    assert lines[2].text.count("—") == 3
    narrow, _ = breakdown_lines(view, Frame(40, 9))
    assert {"errors", "p95"} <= set(narrow[0].text.split())


def test_another_label_is_shown_when_asked_for_and_the_first_when_it_has_gone() -> None:
    heads, _ = breakdown_lines(gateway(), Frame(100, 9), label="model")
    assert heads[0].text.startswith(" model")
    heads, _ = breakdown_lines(gateway(), Frame(100, 9), label="gone")
    assert heads[0].text.startswith(" provider_id")


# Errors


def test_kinds_tell_how_often_and_when_last() -> None:
    kinds = (
        ErrorKind("refresh failed", 49, 0.44, NOW - 1),
        ErrorKind("HTTP 429", 8, 0.072, NOW - 8),
    )
    heads, lines = kind_lines(gateway(kinds=kinds), Frame(80, 9))
    assert heads[0].text.split() == ["errors", "share", "kind", "last"]
    assert [line.key for line in lines] == ["refresh failed", "HTTP 429"]
    assert "49" in lines[0].text
    assert "44 %" in lines[0].text
    assert lines[0].text.rstrip().endswith("22:13:19")


def test_a_kind_whole_names_the_newest_requests_of_it() -> None:
    view = gateway()
    kind = view.window.kinds[0]
    lines = texts(kind_whole(kind, view, Frame(100, 0)))
    own = [row for row in view.window.newest_errors if row.kind == kind.text]
    assert any(line.split()[:1] == ["kind"] for line in lines)
    assert sum(own[0].labels[1] in line for line in lines) >= 1
    assert len([line for line in lines if "refresh failed: token" in line]) == 12


def test_requests_are_told_with_labels_as_far_as_they_leave_room_for_the_error() -> None:
    view = gateway()
    rows = view.window.newest_errors
    wide, lines = row_lines(rows, view, Frame(120, 9))
    assert wide[0].text.split() == ["time", "code", "took", "provider_id", "model", "error"]
    assert [line.key for line in lines] == [row.key for row in rows]
    narrow, lines = row_lines(rows, view, Frame(60, 9))
    assert narrow[0].text.split() == ["time", "code", "took", "provider_id", "error"]
    assert all(len(line.text) <= 60 for line in lines)


def test_of_the_slowest_a_sign_says_which_failed() -> None:
    rows = (
        RequestRow("1@1", NOW, 504, True, 30.0, ("a", "b"), "upstream", "upstream timed out"),
        RequestRow("2@1", NOW, 200, False, 9.0, ("a", "b")),
        RequestRow("3@1", NOW, None, False, 8.0, ("a", "b")),
    )
    _, lines = row_lines(rows, gateway(), Frame(100, 9))
    assert [line.text[10] for line in lines] == ["✖", " ", " "]
    assert " — " in lines[2].text
    assert roles(lines, "504") == {"critical"}
    assert roles(lines, "200") == {"label"}


def test_the_filter_finds_requests_by_any_of_their_texts() -> None:
    view = gateway()
    rows = view.window.newest_errors

    def found(text: str) -> int:
        _, lines = row_lines(rows, view, Frame(100, 9, filter_text=text))
        return sum(line.key is not None for line in lines)

    assert found("504") == sum(row.status == 504 for row in rows)
    assert found("claude-small") == sum("claude-small" in row.labels for row in rows)
    assert 0 < found("TOKEN") < len(rows)
    assert found("no such text") == 0


def test_a_request_whole_says_everything() -> None:
    error = "refresh failed: " + "x" * 300
    row = RequestRow("77@1.000", NOW + 0.25, 500, True, 2.261, ("openai", "gpt"), "refresh", error)
    lines = texts(request_whole(row, gateway(), 60))
    pairs = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line.split()}
    assert pairs["id"] == "77"
    assert pairs["time"] == "2023-11-14 22:13:20.250"
    assert pairs["status"] == "500"
    assert pairs["took"] == "2.26 s"
    assert pairs["model"] == "gpt"
    assert "".join(lines).count("x") == 300
    assert max(map(len, lines)) <= 60
    unknown = replace(row, status=None, duration=None, failed=False, kind="", error="")
    told = texts(request_whole(unknown, gateway(), 60))
    assert sum("unknown" in line for line in told) == 2
    assert "no error" in "".join(told)


async def test_an_hour_without_errors_in_the_window_says_when_the_last_was() -> None:
    view = gateway(newest_errors=(), kinds=(), errors=0)
    pane = NewestErrorsPane()
    pane.check = "gateway log"
    pane.snapshot = samples.request_night(requests=(view,))
    async with Stage(pane).run_test(size=(80, 6)):
        assert shown(pane)[1] == " no errors in this time; the last was at 22:13:19"


async def test_errors_that_were_read_as_sums_are_said_to_be_unknown() -> None:
    view = gateway(newest_errors=(), errors=12)
    pane = NewestErrorsPane()
    pane.check = "gateway log"
    pane.snapshot = samples.request_night(requests=(view,))
    async with Stage(pane).run_test(size=(90, 6)):
        assert "were read as sums" in shown(pane)[1]


# Minutes


def test_minutes_stand_newest_first_with_their_share_of_errors() -> None:
    view = gateway()
    heads, lines = minute_lines(view, Frame(100, 12))
    assert heads[0].text.split() == [
        "minute", "requests", "rate", "errors", "error", "%", "p50", "p95"
    ]  # fmt: skip
    assert [line.text.split()[0] for line in lines] == [f"22:{m:02}" for m in range(12, 2, -1)]
    newest = view.stats.minutes[0]
    cells = lines[0].text.split()
    assert cells[1] == str(newest.count)
    assert cells[3] == str(newest.errors)
    narrow, _ = minute_lines(view, Frame(40, 12))
    assert narrow[0].text.split() == ["minute", "requests", "error", "%", "p95"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (NewestErrorsPane, ["request 81", "status 500", "provider_id anthropic", "token"]),
        (KindsPane, ["49", "refresh failed"]),
        (BreakdownPane, ["openai", "521"]),
        (MinutesPane, ["22:12", "862"]),
    ],
)
async def test_a_row_can_be_told_in_a_line(kind: type[RequestLogPane], words: list[str]) -> None:
    pane = kind()
    pane.check = "gateway log"
    pane.snapshot = samples.request_night()
    async with Stage(pane).run_test(size=(100, 20)) as pilot:
        pane.focus()
        await pilot.pause()
        assert pane.selected is not None
        told = pane.sentence(pane.selected)
        assert all(word in told for word in words), told
        assert "\n" not in told


def counted(**changes: object) -> RequestView:
    """Requests that a page of metrics counts: sums, and nothing of a single one."""
    view = gateway(60.0, newest_errors=(), slowest=(), **changes)
    windows = tuple(replace(one, newest_errors=(), slowest=()) for one in view.stats.windows)
    return replace(view, stats=replace(view.stats, windows=windows, counted=True))


def test_requests_that_are_counted_have_no_single_ones() -> None:
    for kind in (NewestErrorsPane, SlowestPane):
        lines = kind().build_view(counted(), Frame(60, 10))
        text = " ".join(" ".join(line.text for line in lines).split())
        assert text == "a page of metrics counts requests; of a single one it tells nothing"


def test_counted_requests_name_their_own_configuration() -> None:
    view = counted(buckets=(), breakdown=())
    bare = replace(view, stats=replace(view.stats, columns=frozenset()))
    frame = Frame(90, 10)
    said = {
        "no durations: the page has no histogram of them": duration_lines(bare, frame),
        "requests: {histogram: …}": distribution_lines(bare, frame)[1],
        "requests: {labels: [handler]}": breakdown_lines(bare, frame)[1],
        "requests: {counter: http_requests_total, status: code}": kind_lines(bare, frame)[1],
    }
    for text, lines in said.items():
        assert text in " ".join(line.text for line in lines)
        assert not any("request_log" in line.text for line in lines)


async def test_the_titles_say_what_a_histogram_cannot_tell() -> None:
    buckets = (Bucket(0.01, 0.1, 400, 0), Bucket(0.1, 1.0, 100, 0))
    view = counted(buckets=buckets)
    assert view.window.errors
    interpolated = "".join(seg.text for seg in DurationsPane().summary(view))
    assert "interpolated within buckets" in interpolated
    assert "interpolated" not in "".join(seg.text for seg in DurationsPane().summary(gateway()))
