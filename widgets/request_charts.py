"""Rate, errors and durations of requests as figures beside their curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from widgets import format as fmt
from widgets.figures import aligned
from widgets.glyphs import Glyphs
from widgets.spark import area, mean, peak, spark, time_columns, top_of
from widgets.text import Seg, left, right, segs_width

if TYPE_CHECKING:
    from checks.requests.stats import RequestStats, WindowStats
    from checks.views import Points, RequestView

__all__ = ["LEVELS", "chart_lines", "spark_lines"]

LEVELS: Final = (8, 7, 6, 5, 4, 3)
"""How many lines each of the three charts may have, from the most to the least."""

_COLUMN: Final = 10.0
"""Seconds that a column stands for at least: the curve moves no more often, and every
move sends all its cells."""

_SCALE: Final = 7
"""Cells for the figure at the top of a chart."""


@dataclass(frozen=True, slots=True)
class _History:
    """The ``columns`` that ``seconds`` are cut into, fewer where less is known: mean rate,
    ratio of errors, highest p95."""

    seconds: float
    columns: int
    rates: Points
    errors: Points
    p95s: Points


def _history(view: RequestView, width: int) -> _History:
    """What ``width`` columns can show: the window, or whole minutes where it is shorter."""
    stats = view.stats
    steps, width = _columns(view.window.seconds, stats.step, max(1, width))
    last = math.ceil(stats.at / stats.step) - 1
    cuts = time_columns(len(stats.rates), last, steps, width)
    return _History(
        steps * stats.step * width,
        width,
        tuple(mean(stats.rates[cut]) for cut in cuts),
        tuple(_errors(stats, cut) for cut in cuts),
        tuple(peak(stats.p95s[cut]) for cut in cuts),
    )


def _columns(window: float, step: float, width: int) -> tuple[int, int]:
    """How many steps of time a column stands for, and how many columns there are.

    Together they are the ``window`` exactly, where some number of at most ``width``
    columns is. A window that would leave more than half of them empty is shown with what
    was before it, in minutes.
    """
    least = math.ceil(_COLUMN / step)
    if window < least * step * width / 2:
        minute = round(60 / (least * step))
        return least, width - width % minute if width >= minute else width
    lowest = max(least, math.ceil(window / width / step))
    for steps in range(lowest, 2 * lowest):
        if (window / (steps * step)).is_integer():
            return steps, round(window / (steps * step))
    return lowest, width


def _span(seconds: float) -> str:
    return fmt.window(seconds) if seconds >= 60 else fmt.span(seconds)


def _errors(stats: RequestStats, cut: slice) -> float:
    """The share of all requests in ``cut`` that failed, NaN without requests."""
    pairs = zip(stats.rates[cut], stats.error_ratios[cut], strict=True)
    known = [(rate, ratio) for rate, ratio in pairs if math.isfinite(rate) and math.isfinite(ratio)]
    total = sum(rate for rate, _ in known)
    return sum(rate * ratio for rate, ratio in known) / total if total > 0 else math.nan


@dataclass(frozen=True, slots=True)
class _Curve:
    """A figure and its history; ``least`` is what the whole height stands for at least.

    ``scale`` writes a value of it; ``below`` is said under the figure, a line each, where
    the chart is higher than one.
    """

    label: str
    figure: str
    points: Points
    least: float
    scale: Callable[[float], str]
    bad: bool = False
    below: Sequence[Sequence[Seg]] = ()

    @property
    def role(self) -> str:
        return "critical" if self.bad else "spark"

    def head(self) -> list[Seg]:
        role = "critical" if self.bad else "value"
        return [Seg(f" {left(self.label, 7)}", "label"), *aligned(self.figure, 9, role)]

    def line(self, width: int, glyphs: Glyphs) -> list[Seg]:
        """The figure and its curve in one line."""
        segs = [*self.head(), Seg("  ")]
        room = width - segs_width(segs) - 1
        drawn = spark(self.points, room, self.least, glyphs) if room >= 4 else ""
        return [*segs, Seg(drawn, self.role)]

    def chart(self, width: int, height: int, glyphs: Glyphs) -> list[list[Seg]]:
        """The figure beside an area chart of ``height`` lines, with its scale between them."""
        head = self.head()
        heads = [head, *self.below, *([] for _ in range(height))][:height]
        top = self.scale(top_of(self.points[-width:], self.least))
        scale = [top, *[""] * (height - 2), "0"]
        drawn = area(self.points, width, height, self.least, glyphs)
        return [
            [
                *segs,
                Seg(" " * (segs_width(head) - segs_width(segs))),
                Seg(f" {right(mark, _SCALE)} ", "dim"),
                Seg(row, self.role),
            ]
            for segs, mark, row in zip(heads, scale, drawn, strict=True)
        ]


def _curves(view: RequestView, history: _History, span: str = "") -> tuple[_Curve, _Curve, _Curve]:
    window = view.window
    bad = (window.error_ratio or 0.0) >= 0.01
    below = [[Seg(f" {left(span, 16)}", "dim")]] if span else []
    return (
        _Curve("rate", fmt.rate(window.rate), history.rates, 1.0, fmt.rate, below=below),
        _Curve(
            "errors", fmt.percent(window.error_ratio), history.errors, 0.05, fmt.percent, bad=bad
        ),
        _Curve(
            "p95", fmt.duration(window.p95), history.p95s, 0.1, fmt.duration, below=_others(window)
        ),
    )


def _others(window: WindowStats) -> list[list[Seg]]:
    """The other durations, those that matter most first."""
    named = (
        ("p50", window.p50),
        ("p99", window.p99),
        ("max", window.maximum),
        ("mean", window.mean),
        ("min", window.minimum),
    )
    return [
        [Seg(f" {left(name, 7)}", "dim"), *aligned(fmt.duration(value), 9, "label")]
        for name, value in named
    ]


def chart_lines(view: RequestView, width: int, height: int, glyphs: Glyphs) -> list[list[Seg]]:
    """Three charts of ``height`` lines each."""
    room = max(1, width - 17 - _SCALE - 3)
    history = _history(view, room)
    span = f"chart {_span(history.seconds)}"
    curves = _curves(view, history, span)
    return [row for curve in curves for row in curve.chart(history.columns, height, glyphs)]


def spark_lines(view: RequestView, width: int, glyphs: Glyphs) -> list[list[Seg]]:
    """The same in a line each, the percentiles together."""
    history = _history(view, max(1, width - 20))
    rate, errors, _ = _curves(view, history)
    return [
        rate.line(width, glyphs),
        errors.line(width, glyphs),
        _percentiles(view, width, glyphs),
    ]


def _percentiles(view: RequestView, width: int, glyphs: Glyphs) -> list[Seg]:
    window = view.window
    roomy = width >= 41
    segs = [Seg(" ")]
    for name, value in (("p50", window.p50), ("p95", window.p95), ("p99", window.p99)):
        text = fmt.duration(value)
        segs += [Seg(f"{name} ", "label"), *aligned(text, 7 if roomy else 0)]
        segs.append(Seg("  " if roomy else " "))
    room = width - segs_width(segs) - 1
    if room >= 8:
        points = _history(view, room).p95s
        segs.append(Seg(spark(points, room, 0.1, glyphs), "spark"))
    return segs
