"""How long requests take: the window's percentiles, and their course."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from widgets import format as fmt
from widgets.empty import note
from widgets.figures import figure
from widgets.frame import Frame
from widgets.glyphs import Glyphs
from widgets.promises import baseline_line, beside, objective_line
from widgets.request_log.course import Course, course_of
from widgets.request_log.pane import RequestLogPane
from widgets.request_log.plot import LogScale, Plotted, plot, scale_of
from widgets.request_log.words import no_durations
from widgets.spark import spark
from widgets.text import Line, Seg, groups_in, line, right

if TYPE_CHECKING:
    from checks.requests.stats import Curves, WindowStats
    from checks.views import RequestView

__all__ = ["DurationsPane", "duration_lines"]

_SCALE: Final = 8
_NAMES: Final = 5
_LOW: Final = 5
"""Lines below which the course is that of one percentile alone, in one of them."""
_RECENT: Final = 12
"""Points that decide which one."""
_WANTED: Final = 14
_FEW: Final = {"p50": 2, "p95": 20, "p99": 100}
"""Requests from which on a percentile differs from the slowest of them."""


def _figures(window: WindowStats, width: int) -> Line:
    """What matters most first; as many as there is room for."""
    named = (
        ("p50", window.p50),
        ("p95", window.p95),
        ("p99", window.p99),
        ("max", window.maximum),
        ("mean", window.mean),
        ("min", window.minimum),
    )
    groups = [[Seg(f"{name} ", "label"), *figure(fmt.duration(value))] for name, value in named]
    return line(" ", *groups_in(groups, width - 1)[0])


def _plotted(course: Course) -> list[Plotted]:
    curves = course.curves
    return [
        Plotted(course.columns(curves.p50s), "label", "5"),
        Plotted(course.columns(curves.p95s), "spark", "9"),
        Plotted(course.columns(curves.p99s), "value", "#"),
    ]


def _named(curves: Sequence[Plotted], scale: LogScale, height: int) -> dict[int, tuple[str, str]]:
    """The name of each curve by the line where it ends, with its role, from top to bottom."""
    names: dict[int, tuple[str, str]] = {}
    ends = [_end(curve.points) for curve in curves]
    # Those beneath still need a line each.
    beneath = sum(end is not None for end in ends)
    lowest = -1
    for name, curve, end in zip(
        ("p99", "p95", "p50"), reversed(curves), reversed(ends), strict=True
    ):
        if end is not None:
            beneath -= 1
            wanted = round((1 - scale.place(end)) * (height - 1))
            lowest = min(max(wanted, lowest + 1), height - 1 - beneath)
            names[lowest] = (name, curve.role)
    return names


def _end(points: Sequence[float]) -> float | None:
    """Where a curve ends; None where it does not reach up to now."""
    return next((point for point in reversed(points[-3:]) if math.isfinite(point)), None)


def _only(curves: Curves) -> tuple[str, Sequence[float]]:
    """The one percentile that is drawn where there is room for no other: p95, and p50 where p95 is
    mostly not known of late. Slow requests are fewer, and it would be blank while they are slow.
    """
    p95, p50 = (sum(map(math.isfinite, points[-_RECENT:])) for points in (curves.p95s, curves.p50s))
    return ("p95", curves.p95s) if 2 * p95 >= p50 else ("p50", curves.p50s)


def _missing(curves: Curves) -> str:
    """Which percentiles the course is without, and why; empty where it has them all."""
    courses = (("p50", curves.p50s), ("p95", curves.p95s), ("p99", curves.p99s))
    without = [name for name, points in courses if not any(map(math.isfinite, points))]
    if not without:
        return ""
    return f"{', '.join(without)} needs {_FEW[without[0]]} in {fmt.span(curves.seconds)}"


def _targets(bounds: Iterable[float], columns: int) -> list[Plotted]:
    """Dotted lines at ``bounds`` (seconds): what is promised."""
    return [
        Plotted(tuple(bound if at % 3 == 0 else math.nan for at in range(columns)), "warning", "-")
        for bound in bounds
    ]


def _chart(course: Course, height: int, glyphs: Glyphs, bounds: Sequence[float] = ()) -> list[Line]:
    """Three curves, a scale on their left, their names on their right, times beneath; what is
    promised as dotted lines, where anything is known.
    """
    curves = _plotted(course)
    if scale_of([curve.points for curve in curves]) is None:
        return []
    targets = _targets(bounds, course.width)
    scale = scale_of([curve.points for curve in (*targets, *curves)])
    if scale is None:
        return []
    rows = height - 1
    drawn = plot([*targets, *curves], scale, rows, glyphs, course.since)
    ticks = scale.ticks(rows)
    names = _named(curves, scale, rows)
    for bound in bounds:
        place = round((1 - scale.place(bound)) * (rows - 1))
        names.setdefault(place, ("goal", "warning"))
    lines = []
    for place, row in enumerate(drawn):
        mark = fmt.duration(ticks[place]) if place in ticks else ""
        name, role = names.get(place, ("", "dim"))
        lines.append(line(Seg(f"{right(mark, _SCALE)} ", "dim"), *row, Seg(f" {name}", role)))
    return [*lines, line(Seg(" " * (_SCALE + 1)), Seg(course.axis(), "dim"))]


def duration_lines(
    view: RequestView,
    frame: Frame,
    told: Sequence[Line] = (),
    bounds: Sequence[float] = (),
) -> list[Line]:
    """The percentiles of the window, and beneath them what they were before.

    ``told`` is what is promised, and what they were on a good day; ``bounds`` (seconds) are drawn.
    """
    window = view.window
    if "duration" not in view.stats.columns:
        return note(no_durations(view), frame.width)
    lines = [_figures(window, frame.width), *told[: max(0, frame.height - 2)]]
    room = frame.height - len(lines)
    if room < _LOW:
        course = course_of(view, frame.width - 7)
        if room >= 1 and course is not None:
            name, points = _only(course.curves)
            drawn = spark(course.columns(points), course.width, 0.1, frame.glyphs)
            lines.append(line(Seg(f" {name}  ", "label"), *course.inked(drawn, "spark")))
        return lines
    course = course_of(view, frame.width - _SCALE - 1 - _NAMES)
    if course is not None:
        lines += _chart(course, min(room, _WANTED), frame.glyphs, bounds)
    return lines


class DurationsPane(RequestLogPane):
    """The percentiles of how long requests take."""

    title = "Durations"

    def summary(self, view: RequestView) -> Sequence[Seg]:
        curves, window = view.window.curves, view.window
        if curves is None or "duration" not in view.stats.columns:
            return ()
        shown = curves.seconds * len(curves.rates)
        told = [f"course {fmt.window(shown)}"] if shown > window.seconds else []
        if view.stats.counted:
            told.append("interpolated within buckets")
        if window.count and (missing := _missing(curves)):
            told.append(missing)
        return [Seg(f" {self.glyphs.dot} ".join(told), "dim")] if told else ()

    def needs(self, view: RequestView) -> int:
        if "duration" not in view.stats.columns:
            return 2
        return _WANTED + 1 + len(self._told(view, self.frame(80, 24)))

    def inputs(self) -> tuple[object, ...]:
        return (self.view or self.snapshot, beside(self.snapshot, self.check))

    def _told(self, view: RequestView, frame: Frame) -> list[Line]:
        objectives, baseline = beside(self.snapshot, self.check)
        lines = [objective_line(one, frame) for one in objectives if one.latency is not None]
        return [*lines, *baseline_line(baseline, view, ("p95", "p50", "p99"), frame)]

    def build_view(self, view: RequestView, frame: Frame) -> list[Line]:
        objectives, _ = beside(self.snapshot, self.check)
        bounds = sorted({one.latency for one in objectives if one.latency is not None})
        return duration_lines(view, frame, self._told(view, frame), bounds)
