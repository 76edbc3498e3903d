"""A large chart of one curve, with its thresholds drawn in.

plotext draws it (:mod:`widgets.plot`) and is asked only when the data or the size has changed;
painting reads the lines that it left.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from textual.reactive import reactive

from checks.model import Status
from widgets import format as fmt
from widgets.empty import GONE, WAITING, gathering, note
from widgets.figures import figure
from widgets.frame import Frame
from widgets.glyphs import Glyphs
from widgets.plot import plotted
from widgets.text import Line, Seg, groups_in, line
from widgets.view import PictureView

if TYPE_CHECKING:
    from checks.views import Chart, CheckDetails, CheckView, Points

__all__ = ["ANY", "HOUR", "BigChart", "chart_lines", "first_chart", "legend", "spanned", "within"]

ANY: Final = -1
"""The index of no chart in particular: of that which the check's status is about."""
HOUR: Final = 3600.0
"""Seconds that a chart is of unless somebody chooses."""


def first_chart(charts: Sequence[Chart], check: CheckView | None) -> int:
    """The index of the chart that the status of ``check`` is about.

    It is the first whose last value is past its critical bound, or past its warning bound; else
    the first whose title has all words of the name of the worst part; else the first.
    """
    if check is None or check.status in (Status.OK, Status.WAITING):
        return 0
    for bounds in ([c.critical for c in charts], [c.warning for c in charts]):
        for place, (chart, bound) in enumerate(zip(charts, bounds, strict=True)):
            if bound is not None and chart.values and _past(chart, bound):
                return place
    worst = max(check.parts, key=lambda part: part.status.severity, default=None)
    if worst is None or worst.status is Status.OK:
        return 0
    words = set(worst.name.casefold().split())
    about = (i for i, chart in enumerate(charts) if words <= _words(chart.title))
    return next(about, 0)


def _past(chart: Chart, bound: float) -> bool:
    """Whether the newest value is ill by ``bound``."""
    return chart.values[-1] < bound if chart.falling else chart.values[-1] > bound


def _words(title: str) -> set[str]:
    return set(title.casefold().replace(",", " ").split())


def within(chart: Chart, since: float) -> Chart:
    """What ``chart`` shows from ``since`` on; the same object where that is all of it."""
    start = bisect_left(chart.times, since)
    if not start:
        return chart
    return replace(chart, times=chart.times[start:], values=chart.values[start:])


def spanned(times: Points, span: float) -> str:
    """The window ``span`` that a chart is of, and how much of it ``times`` cover where that is
    less; both in seconds.
    """
    covered = times[-1] - times[0] if times else 0.0
    told = fmt.window(span)
    return told if covered > 0.9 * span else f"{fmt.coarse(covered)} of {told}"


def legend(chart: Chart, width: int, glyphs: Glyphs, span: float = HOUR) -> Line:
    """The title, the window, the newest and highest value, the bounds, and the mean where it
    fits.
    """
    known = [value for value in chart.values if math.isfinite(value)]
    newest = chart.values[-1] if chart.values else None
    mean = sum(known) / len(known) if known else None

    def told(name: str, value: float | None) -> list[Seg]:
        return [Seg(f"{name} ", "dim"), *figure(fmt.value_in(chart.unit, value))]

    window = [Seg(spanned(chart.times, span), "dim")]
    groups = [[Seg(f" {chart.title}", "title")], window, told("now", newest)]
    groups.append(told("max", max(known, default=None)))
    for name, bound in (("warning", chart.warning), ("critical", chart.critical)):
        if bound is not None:
            sign = "--" if glyphs.plain else "⠒⠒"
            groups.append([Seg(f"{sign} {name} {fmt.value_in(chart.unit, bound)}", name)])
    groups.append(told("mean", mean))
    return line(*groups_in(groups, width - 1)[0])


def chart_lines(
    chart: Chart | None, frame: Frame, missing: str = "no chart", span: float = HOUR
) -> list[Line]:
    """Legend and chart in the frame; the legend alone where a chart has no room.

    Where there is no chart, ``missing`` says why. ``span`` are the seconds that it is of.
    """
    if chart is None:
        return note(missing, frame.width)
    lines = [legend(chart, frame.width, frame.glyphs, span)]
    if not any(math.isfinite(value) for value in chart.values):
        return [*lines, *note("no figures yet", frame.width)]
    if frame.height < 6 or frame.width < 24:
        return lines
    return lines + plotted(chart, frame.width, frame.height - 1, frame.glyphs)


class BigChart(PictureView):
    """One chart of the details: bound to a snapshot and a place, or given its chart."""

    DEFAULT_CSS = "BigChart { height: 1fr; min-height: 6; }"

    check: reactive[str] = reactive("", repaint=False, layout=False)
    """The check whose details are meant; any where it is empty."""
    index: reactive[int] = reactive(ANY, repaint=False, layout=False)
    """Which of the details' charts; :data:`ANY` for the one that the status is about."""
    span: reactive[float] = reactive(HOUR, repaint=False, layout=False)
    """Seconds up to now that it shows."""
    frozen: reactive[bool] = reactive(False, repaint=False, layout=False)
    """Whether the snapshot stays the one that it is."""
    chart: reactive[Chart | None] = reactive(None, repaint=False, layout=False)

    _drawn_for: tuple[object, ...] = ()
    _drawing: list[Line]

    _first: tuple[str, str] = ("", "")
    """The check, and the title of the chart that was shown first of it."""

    def watch_snapshot(self) -> None:
        details = self._details()
        if self._gone:
            self.chart = None
            self.update_lines()
        if details is None or self.snapshot is None:
            return
        charts = details.charts
        since = self.snapshot.time - self.span
        self.chart = within(charts[self.shown % len(charts)], since) if charts else None
        if self.chart is None:
            self.update_lines()

    @property
    def _gone(self) -> bool:
        """Whether the check has left the configuration."""
        snapshot = self.snapshot
        return bool(self.check) and snapshot is not None and snapshot.check(self.check) is None

    @property
    def shown(self) -> int:
        """The index of the chart that is shown; 0 where there is none.

        Where nobody chose one, it stays the one that was shown first, whatever is wrong by now.
        """
        details, snapshot = self._details(), self.snapshot
        if self.index != ANY or details is None or snapshot is None or not details.charts:
            return max(0, self.index)
        titles = [chart.title for chart in details.charts]
        name, title = self._first
        if name == details.check and title in titles:
            return titles.index(title)
        place = first_chart(details.charts, snapshot.check(details.check))
        self._first = (details.check, titles[place])
        return place

    def rewind(self) -> None:
        """Choose anew which chart is shown first."""
        self._first = ("", "")

    def watch_check(self) -> None:
        """Another check's curve is not this one's, not even for a moment."""
        details = self._details()
        if details is None:
            self.chart = None
            self.update_lines()
        else:
            self.watch_snapshot()

    def watch_frozen(self) -> None:
        self.update_lines()

    def watch_index(self) -> None:
        self.watch_snapshot()

    def watch_span(self) -> None:
        self.watch_snapshot()
        self.update_lines()

    def watch_chart(self, old: Chart | None, new: Chart | None) -> None:
        if old is None and new is not None:
            # The first takes longest to draw: all that is beneath it is shown before.
            self.call_after_refresh(self.update_lines)
        else:
            self.update_lines()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        missing = "" if self.chart else self._missing()
        wanted = (_content(self.chart), width, height, self.use_ascii, missing, self.span)
        if wanted != self._drawn_for:
            frame = Frame(width, height, self.glyphs)
            self._drawing = chart_lines(self.chart, frame, missing, self.span)
            self._drawn_for = wanted
        return self._drawing

    def _details(self) -> CheckDetails | None:
        """Those of :attr:`check`; None until the picture has them."""
        details = self.snapshot.details if self.snapshot else None
        return None if details is None or self.check not in ("", details.check) else details

    def _missing(self) -> str:
        """Why there is no chart."""
        details = self._details()
        if self._gone:
            return GONE
        if self.snapshot is None or details is None:
            return gathering(frozen=self.frozen)
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
