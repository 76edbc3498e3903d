"""Rate and errors, and the rate of each class of status, with their course."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from widgets import format as fmt
from widgets.empty import WAITING, no_requests, note
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.glyphs import WORDS, Glyphs
from widgets.promises import baseline_line, beside, objective_line
from widgets.request_log.course import Course, course_of
from widgets.request_log.pane import RequestLogPane
from widgets.request_log.words import BAD_RATIO
from widgets.spark import area, top_of
from widgets.text import Line, Seg, left, line, right

if TYPE_CHECKING:
    from checks.requests.stats import WindowStats
    from checks.views import Points, RequestView

__all__ = ["RatePane", "rate_lines"]

_CLASSES: Final = ("5xx", "4xx", "other", "none", "3xx", "1xx", "2xx")
"""In the order in which they matter."""
_ROLES: Final = {"5xx": "critical", "4xx": "warning"}
_HEAD: Final = 17
_SCALE: Final = 9
_SCALED_FROM: Final = 46
"""The width from which on there is room for what the height of a chart stands for."""
_HIGHEST: Final = 5
_WANTED: Final = 14
"""Lines that it can make good use of."""


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A figure and its course; ``least`` is what a chart's height stands for at least."""

    label: str
    figure: str
    points: Points
    least: float
    scale: Callable[[float], str]
    role: str = "spark"

    def lines(self, course: Course | None, level: int, scaled: bool, glyphs: Glyphs) -> list[Line]:
        """The figure, and its course in ``level`` lines beside it."""
        role = "value" if self.role == "spark" else self.role
        head = [Seg(f" {left(self.label, 7)}", "label"), *aligned(self.figure, 9, role)]
        if course is None:
            return [line(*head)]
        columns = course.columns(self.points)
        drawn = area(columns, course.width, level, self.least, glyphs)
        top = self.scale(top_of(columns, self.least)) if level > 1 else ""
        marks = [top, *[""] * (level - 2), "0"][:level]
        made = []
        for place, row in enumerate(drawn):
            begun = head if place == 0 else [Seg(" " * _HEAD)]
            mark = Seg(f"{right(marks[place], _SCALE)} " if scaled else "  ", "dim")
            made.append(line(*begun, mark, *course.inked(row, self.role)))
        return made


def _rows(view: RequestView) -> list[_Row]:
    """What there is to show, in the order in which it matters."""
    window, curves = view.window, view.window.curves
    bad = (window.error_ratio or 0.0) >= BAD_RATIO
    rates, ratios = (curves.rates, curves.error_ratios) if curves else ((), ())
    rows = [
        _Row("rate", fmt.rate(window.rate), rates, 1.0, fmt.rate),
        _Row(
            "errors",
            fmt.percent(window.error_ratio),
            ratios,
            0.05,
            fmt.percent,
            "critical" if bad else "spark",
        ),
    ]
    courses = dict(curves.classes) if curves else {}
    counts = dict(window.by_class)
    for name in _CLASSES if "status" in view.stats.columns else ():
        if name in courses or name in counts:
            count = counts.get(name, 0)
            rate = window.rate * count / window.count if window.count else 0.0
            role = _ROLES.get(name, "spark") if count else "spark"
            points = courses.get(name, ())
            rows.append(_Row(name, fmt.rate(rate), points, 1.0, fmt.rate, role))
    return rows


def _levels(rows: int, room: int) -> list[int]:
    """How many lines each of ``rows`` charts gets: rate and errors first, none too many."""
    levels = [1] * rows
    spare = room - rows
    for most in range(2, _HIGHEST + 1):
        for place in range(rows):
            # The classes grow a line behind the two that stand for them all.
            if levels[place] < (most if place < 2 else most - 1) and spare > 0:
                levels[place] += 1
                spare -= 1
    return levels


def rate_lines(view: RequestView, frame: Frame, beneath: Sequence[Line] = ()) -> list[Line]:
    """Rate and errors; the classes of status as far as there are lines for them.

    ``beneath`` them stands what is promised and what was, where that leaves lines for a chart.
    """
    told = note(view.stats.note, frame.width, "warning", 1)
    if beneath and frame.height >= len(told) + len(beneath) + 2:
        above = replace(frame, height=frame.height - len(beneath))
        return [*rate_lines(view, above), *beneath]
    rows = _rows(view)[: max(2, frame.height - len(told))]
    scaled = frame.width >= _SCALED_FROM
    course = course_of(view, frame.width - _HEAD - (_SCALE + 1 if scaled else 2) - 1)
    room = frame.height - len(told)
    axis = course is not None and room >= len(rows) + 2
    levels = _levels(len(rows), min(room, _WANTED) - axis if course else 0)
    lines = [
        each
        for row, level in zip(rows, levels, strict=True)
        for each in row.lines(course, level, scaled, frame.glyphs)
    ]
    if course is not None and axis:
        indent = " " * (_HEAD + (_SCALE + 1 if scaled else 2))
        lines.append(line(Seg(indent), Seg(course.axis(), "dim")))
    if "status" not in view.stats.columns and frame.height >= len(lines) + len(told) + 1:
        lines += note("by class of status: add `status: <column>` to request_log", frame.width)
    return [*told, *lines]


class RatePane(RequestLogPane):
    """How many requests there are, and how many of them fail."""

    title = "Rate and errors"

    def summary(self, view: RequestView) -> Sequence[Seg]:
        window = view.window
        segs = [Seg(fmt.many(window.count, "request"), "dim")]
        if window.errors:
            segs += [Seg(", ", "dim"), _failed(window)]
        return segs

    def needs(self, view: RequestView) -> int:
        own = max(_WANTED, len(_rows(view)) + 2) + bool(view.stats.note)
        return own + len(self._beneath(view, self.frame(80, 24)))

    def _beneath(self, view: RequestView, frame: Frame) -> list[Line]:
        """What is promised of its requests, and what they were on a good day."""
        objectives, baseline = beside(self.snapshot, self.check)
        lines = [objective_line(one, frame) for one in objectives if one.latency is None]
        return [*lines, *baseline_line(baseline, view, ("throughput", "error rate"), frame)]

    def inputs(self) -> tuple[object, ...]:
        return (self.view or self.snapshot, beside(self.snapshot, self.check))

    def build_unread(self, width: int) -> list[Line]:
        """Why there is nothing to show, or what would have to be configured."""
        check = self.snapshot.check(self.check) if self.snapshot else None
        if self.snapshot is None:
            return note(WAITING, width)
        if check is None:
            return no_requests(width)
        return note(f"No data yet: {check.name} {WORDS[check.status]}: {check.message}", width)

    def build_view(self, view: RequestView, frame: Frame) -> list[Line]:
        return [
            Line(each.segs, view.check, view.check) if place == 0 else each
            for place, each in enumerate(rate_lines(view, frame, self._beneath(view, frame)))
        ]


def _failed(window: WindowStats) -> Seg:
    bad = (window.error_ratio or 0.0) >= BAD_RATIO
    return Seg(f"{fmt.count(window.errors)} failed", "critical" if bad else "dim")
