"""A large chart of one curve, with its thresholds drawn in.

plotext draws it (imported when the first chart is shown) and is asked only when the
data or the size has changed; painting reads the lines that it left.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from textual.reactive import reactive

from checks.model import Status
from widgets import format as fmt
from widgets.empty import GATHERING, WAITING, note
from widgets.figures import figure
from widgets.frame import Frame
from widgets.glyphs import Glyphs
from widgets.spark import top_of
from widgets.text import Line, Seg, groups_in, line
from widgets.view import LineView

if TYPE_CHECKING:
    from checks.views import Chart, CheckDetails, Snapshot

__all__ = ["BigChart", "chart_lines", "legend", "thinned"]

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_ROLES: Final = {"38;5;4": "spark", "38;5;3": "warning", "38;5;1": "critical"}
"""plotext's codes for blue, orange and red, which the curve and its bounds are drawn in."""
_FRAME = re.compile(r"([─│┌┐└┘├┤┬┴┼]+)")


def thinned(
    times: Sequence[float], values: Sequence[float], buckets: int
) -> tuple[list[float], list[float]]:
    """At most two points a bucket, its lowest and its highest in their order.

    A bucket without any known value stays as one NaN, so that a gap is not drawn over.
    """
    count = len(values)
    if count <= 2 * buckets or buckets <= 0:
        return list(times), list(values)
    kept: list[int] = []
    edges = [round(i * count / buckets) for i in range(buckets + 1)]
    for start, end in pairwise(edges):
        known = [i for i in range(start, end) if math.isfinite(values[i])]
        if not known:
            kept.append(start)
            continue
        lowest = min(known, key=lambda i: values[i])
        highest = max(known, key=lambda i: values[i])
        kept += sorted({lowest, highest})
    return [times[i] for i in kept], [values[i] for i in kept]


def _runs(times: Sequence[float], values: Sequence[float]) -> list[tuple[list[float], list[float]]]:
    """The stretches of known values between gaps."""
    runs: list[tuple[list[float], list[float]]] = []
    open_run = False
    for time, value in zip(times, values, strict=True):
        if not math.isfinite(value):
            open_run = False
            continue
        if not open_run:
            runs.append(([], []))
            open_run = True
        runs[-1][0].append(time)
        runs[-1][1].append(value)
    return runs


@dataclass(frozen=True, slots=True)
class _Scale:
    """The value axis: from ``low`` to ``high``, and the bounds that lie within."""

    low: float
    high: float
    bounds: tuple[tuple[float, str], ...]

    def ticks(self, count: int) -> list[float]:
        step = (self.high - self.low) / count
        return [self.low + step * i for i in range(count + 1)]


def _scale(chart: Chart) -> _Scale:
    """From 0 (or the lowest) to a round figure above the highest.

    A bound more than four times the highest value is left to the legend: it would
    press the curve flat.
    """
    known = [value for value in chart.values if math.isfinite(value)]
    peak = max(known, default=0.0)
    named = ((chart.warning, "orange"), (chart.critical, "red"))
    near = tuple(
        (v, colour) for v, colour in named if v is not None and (v <= 4 * peak or not peak)
    )
    highest = max([peak, *(value for value, _ in near)])
    low = min(0.0, *known) if known else 0.0
    high = top_of([highest * 1.02], 1e-6) if highest > 0 else 1.0
    for step in (0.4, 0.6, 0.8):
        if highest * 1.02 <= high * step:
            high *= step
            break
    return _Scale(low, high, near)


def _time_ticks(start: float, end: float, width: int) -> tuple[list[float], list[str]]:
    """Where to label the time axis, away from its ends, in local time."""
    count = max(1, width // 18)
    places = [start + (end - start) * (i + 0.5) / count for i in range(count)]
    layout = "%H:%M:%S" if end - start < 600 else "%H:%M" if end - start < 86400 else "%d %b %H:%M"
    return places, [datetime.fromtimestamp(t).astimezone().strftime(layout) for t in places]


def _draw(chart: Chart, width: int, height: int, glyphs: Glyphs) -> str:
    """The chart as plotext writes it, colours as escape codes."""
    import plotext as plt  # noqa: PLC0415

    scale = _scale(chart)
    times, values = thinned(chart.times, chart.values, width)
    start, end = chart.times[0], max(chart.times[-1], chart.times[0] + 1)
    plt.clear_figure()
    plt.theme("clear")
    plt.limit_size(False, False)
    plt.plotsize(width, height)
    plt.xlim(start, end)
    plt.ylim(scale.low, scale.high)
    for bound, colour in scale.bounds:
        plt.hline(bound, colour)
    # An area would hide a bound that it passes; a line leaves it to be seen.
    filled = not any(value > bound for bound, _ in scale.bounds for value in values)
    marker = "*" if glyphs.plain else "braille"
    for run_times, run_values in _runs(times, values):
        draw = plt.plot if len(run_times) > 1 else plt.scatter
        draw(run_times, run_values, marker=marker, color="blue", fillx=filled)
    ticks = scale.ticks(4 if height >= 12 else 2)
    plt.yticks(ticks, [fmt.value_in(chart.unit, tick) for tick in ticks])
    plt.xticks(*_time_ticks(start, end, width))
    drawn = str(plt.build())
    plt.clear_figure()
    return drawn


def _axis(text: str) -> list[Seg]:
    """What is not the curve: its frame quieter than the labels."""
    pieces = _FRAME.split(text)
    return [Seg(piece, "rule" if i % 2 else "dim") for i, piece in enumerate(pieces)]


def _styled(drawn: str) -> list[Line]:
    """plotext's text as lines: its colours become roles, all else is quiet."""
    lines = []
    for row in drawn.splitlines():
        pieces = _SGR.split(row)
        roles = ["", *(_ROLES.get(code, "") for code in pieces[1::2])]
        segs: list[Seg] = []
        for text, role in zip(pieces[::2], roles, strict=True):
            segs += [Seg(text, role)] if role else _axis(text)
        lines.append(line(*segs))
    return lines


def legend(chart: Chart, width: int, glyphs: Glyphs) -> Line:
    """The title, the newest and highest value, the bounds, and the mean where it fits."""
    known = [value for value in chart.values if math.isfinite(value)]
    newest = chart.values[-1] if chart.values else None
    mean = sum(known) / len(known) if known else None

    def told(name: str, value: float | None) -> list[Seg]:
        return [Seg(f"{name} ", "dim"), *figure(fmt.value_in(chart.unit, value))]

    groups = [[Seg(f" {chart.title}", "title")], told("now", newest)]
    groups.append(told("max", max(known, default=None)))
    for name, bound in (("warning", chart.warning), ("critical", chart.critical)):
        if bound is not None:
            sign = glyphs.rule * 2
            groups.append([Seg(f"{sign} {name} {fmt.value_in(chart.unit, bound)}", name)])
    groups.append(told("mean", mean))
    return line(*groups_in(groups, width - 1)[0])


def chart_lines(chart: Chart | None, frame: Frame, missing: str = "no chart") -> list[Line]:
    """Legend and chart in the frame; the legend alone where a chart has no room.

    Where there is no chart, ``missing`` says why.
    """
    if chart is None:
        return note(missing, frame.width)
    lines = [legend(chart, frame.width, frame.glyphs)]
    if not any(math.isfinite(value) for value in chart.values):
        return [*lines, *note("no figures yet", frame.width)]
    if frame.height < 6 or frame.width < 24:
        return lines
    return lines + _styled(_draw(chart, frame.width, frame.height - 1, frame.glyphs))


class BigChart(LineView):
    """One chart of the details: bound to a snapshot and a place, or given its chart."""

    DEFAULT_CSS = "BigChart { height: 1fr; min-height: 6; }"

    snapshot: reactive[Snapshot | None] = reactive(None, repaint=False, layout=False)
    check: reactive[str] = reactive("", repaint=False, layout=False)
    """The check whose details are meant; any where it is empty."""
    index: reactive[int] = reactive(0, repaint=False, layout=False)
    """Which of the details' charts."""
    chart: reactive[Chart | None] = reactive(None, repaint=False, layout=False)

    _drawn_for: tuple[object, ...] = ()
    _drawing: list[Line]

    def watch_snapshot(self) -> None:
        details = self._details()
        if details is None:
            return
        charts = details.charts
        self.chart = charts[self.index % len(charts)] if charts else None
        if self.chart is None:
            self.update_lines()

    def watch_check(self) -> None:
        """Another check's curve is not this one's, not even for a moment."""
        details = self._details()
        if details is None:
            self.chart = None
            self.update_lines()
        else:
            self.watch_snapshot()

    def watch_index(self) -> None:
        self.watch_snapshot()

    def watch_chart(self, old: Chart | None, new: Chart | None) -> None:
        if old is None and new is not None:
            # The first takes longest to draw: all that is beneath it is shown before.
            self.call_after_refresh(self.update_lines)
        else:
            self.update_lines()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        missing = "" if self.chart else self._missing()
        wanted = (_content(self.chart), width, height, self.use_ascii, missing)
        if wanted != self._drawn_for:
            self._drawing = chart_lines(self.chart, Frame(width, height, self.glyphs), missing)
            self._drawn_for = wanted
        return self._drawing

    def _details(self) -> CheckDetails | None:
        """Those of :attr:`check`; None until the picture has them."""
        details = self.snapshot.details if self.snapshot else None
        return None if details is None or self.check not in ("", details.check) else details

    def _missing(self) -> str:
        """Why there is no chart."""
        details = self._details()
        if self.snapshot is None or details is None:
            return GATHERING
        view = self.snapshot.check(details.check)
        if view is not None and view.status is Status.WAITING:
            return WAITING
        return "no run of this check has brought figures that a chart could show"


def _content(chart: Chart | None) -> tuple[object, ...]:
    """What a chart shows, comparable (NaN equals NaN)."""
    if chart is None:
        return ()
    values = tuple(value if math.isfinite(value) else None for value in chart.values)
    return (chart.title, chart.unit, chart.times, values, chart.warning, chart.critical)
