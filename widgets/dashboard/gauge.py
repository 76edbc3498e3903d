"""A panel of gauges: how far a figure is between its ends, and where its thresholds lie."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets.axis import bounded
from widgets.dashboard.room import Room, Row, figure, named, padded, toned, worded
from widgets.dashboard.units import value_text
from widgets.spark import bar
from widgets.text import Seg, role_of, segs_width

if TYPE_CHECKING:
    from checks.dashboards.model import Panel
    from checks.dashboards.views import PanelView, SeriesView

__all__ = ["ends", "gauge_rows"]

_WHOLE: Final = {"%": 100.0, "ratio": 1.0}


def ends(view: PanelView) -> tuple[float, float]:
    """Between which values the gauges of a panel go: its own, else what its unit or its figures
    and thresholds need.
    """
    panel = view.panel
    figures = [bounded(one.value) for one in view.series]
    bounds = [bounded(one.value) for one in panel.thresholds]
    low, high = bounded(panel.low), bounded(panel.high)
    if low is None:
        low = min([0.0, *(value for value in figures if value is not None)])
    if high is None:
        high = _WHOLE.get(panel.unit)
    if high is None:
        high = max([low, *(value for value in (*figures, *bounds) if value is not None)])
    return low, high if high > low else low + max(1.0, abs(low))


def gauge_rows(view: PanelView, room: Room) -> list[Row]:
    """A figure, its bar and its scale; of several a line each."""
    low, high = ends(view)
    if len(view.series) == 1 and room.height > 1:
        one = view.series[0]
        status = [Seg("  "), worded(one.status, room.glyphs)] if one.status is not None else []
        told = [Seg(" "), *figure(one, view.panel, room.glyphs, signed=False)]
        if not _is_measured(view, high):
            # Its own value would be the end: a bar that is full whatever the value is.
            return [told + status]
        rows = [told + status, _gauge(one, low, high, room.width - 2, room)]
        return [*rows, _scale(view.panel, low, high, room)][: room.height]
    return _listed(view, low, high, room)


def _is_measured(view: PanelView, high: float) -> bool:
    """Whether ``high``, the upper end, is any but the value of the only figure."""
    panel = view.panel
    own = panel.high is None and panel.unit not in _WHOLE
    return not own or high != view.series[0].value


def _gauge(one: SeriesView, low: float, high: float, width: int, room: Room) -> Row:
    ratio = (one.value - low) / (high - low) if math.isfinite(one.value) else None
    full, empty = bar(ratio, width, room.glyphs)
    return [Seg(" "), Seg(full, toned(one, "spark")), Seg(empty, "rule")]


def _scale(panel: Panel, low: float, high: float, room: Room) -> Row:
    """The ends, and the signs of the thresholds with their values where there is room."""
    width = room.width - 2
    left, last = (value_text(value, panel.unit) for value in (low, high))
    free = width - cell_len(last)
    row: Row = [Seg(f" {left}", "dim")]
    inside = (one for one in panel.thresholds if low <= one.value <= high)
    for one in sorted(inside, key=lambda each: each.value):
        at = 1 + round((one.value - low) / (high - low) * width)
        text = f"{room.glyphs.status(one.status)} {value_text(one.value, panel.unit)}"
        start = segs_width(row)
        if one.status.severity and start < at and at + cell_len(text) <= free:
            row += [Seg(" " * (at - start)), Seg(text, role_of(one.status))]
    return [*row, Seg(" " * max(1, free + 1 - segs_width(row))), Seg(last, "dim")]


def _listed(view: PanelView, low: float, high: float, room: Room) -> list[Row]:
    more = max(view.total, len(view.series)) - room.height
    shown = view.series[: room.height - 1 if more > 0 else room.height]
    figures = [figure(one, view.panel, room.glyphs) for one in shown]
    told = max((segs_width(each) for each in figures), default=0)
    names = max((cell_len(named(one)) for one in shown), default=0)
    names = min(names, max(4, (room.width - told - 4) // 2))
    wide = max(0, room.width - told - names - 4)
    rows = []
    for one, each in zip(shown, figures, strict=True):
        name = padded(named(one), names, room.glyphs.cut)
        gap = Seg(" " * (told - segs_width(each) + 1))
        rows.append([Seg(f" {name}", "label"), *_gauge(one, low, high, wide, room), gap, *each])
    if more > 0:
        rows.append([Seg(f" +{more + 1} more", "dim")])
    return rows
