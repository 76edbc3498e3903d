"""A panel of one figure, as large as it fits, and of several in a line each."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets.dashboard import digits
from widgets.dashboard.curves import Curve, drawn
from widgets.dashboard.room import Room, Row, figure, named, padded, toned, worded
from widgets.dashboard.scale import panel_scale, time_columns
from widgets.dashboard.units import divided, shown
from widgets.text import Seg, segs_width

if TYPE_CHECKING:
    from checks.dashboards.model import Panel
    from checks.dashboards.views import PanelView, SeriesView

__all__ = ["number_rows"]

_COURSE: Final = 3
"""Lines of a course, at most."""
_LEAST_MOVE: Final = 0.2
"""The share of the highest value that the height of a course stands for, at least: what jitters
is to look calm.
"""


def number_rows(view: PanelView, room: Room) -> list[Row]:
    """The figure, its unit, how it stands to the thresholds, and its course."""
    if len(view.series) == 1:
        return _alone(view, room)
    return _listed(view, room)


def _alone(view: PanelView, room: Room) -> list[Row]:
    one = view.series[0]
    rows = _large(one, view.panel, room) or _small(one, view.panel, room)
    high = min(_COURSE, room.height - len(rows))
    return rows + _course(view, one, room, high) if high > 0 else rows


def _status(one: SeriesView, room: Room) -> Row:
    return [worded(one.status, room.glyphs)] if one.status is not None else []


def _small(one: SeriesView, panel: Panel, room: Room) -> list[Row]:
    row = [Seg(" "), *figure(one, panel, room.glyphs, signed=False)]
    status = _status(one, room)
    if status and segs_width(row) + segs_width(status) + 2 <= room.width:
        row += [Seg("  "), *status]
        status = []
    return [row, [Seg(" "), *status]] if status and room.height > 1 else [row]


def _large(one: SeriesView, panel: Panel, room: Room) -> list[Row]:
    """The figure in three lines, its unit beside it, its status too or beneath; nothing where it
    has no room, or the terminal no signs for it.
    """
    number, unit = divided(shown(one, panel))
    shapes = digits.large(number)
    if shapes is None or room.glyphs.plain or room.height < digits.HIGH:
        return []
    own = toned(one, "value")
    status = _status(one, room)
    free = room.width - len(shapes[0]) - 4
    beside = segs_width(status) <= free
    if cell_len(unit) > free or (not beside and room.height == digits.HIGH):
        return []
    rows = [[Seg(f" {shape} ", own)] for shape in shapes]
    rows[-1] += [Seg(f" {unit}", "dim")]
    if beside:
        rows[0] += [Seg(" "), *status]
    return rows if beside else [*rows, [Seg(" "), *status]]


def _course(view: PanelView, one: SeriesView, room: Room, high: int) -> list[Row]:
    """The curve alone: what it stands at is said above."""
    columns = time_columns(room.at, room.span, room.width - 2)
    highest = max((value for value in one.points if math.isfinite(value)), default=0.0)
    low = highest - _LEAST_MOVE * abs(highest) if view.panel.low is None else view.panel.low
    scale = panel_scale(replace(view.panel, thresholds=(), low=low), one.points, 1)
    if scale is None or columns.count < 1:
        return []
    curve = Curve(view.times, one.points, "spark", "*")
    return [[Seg(" "), *row] for row in drawn([curve], scale, columns, high, room.glyphs)]


def _listed(view: PanelView, room: Room) -> list[Row]:
    """A line a series: its name, its course where there is room, and its figure."""
    more = max(view.total, len(view.series)) - room.height
    count = room.height - 1 if more > 0 else room.height
    rows = []
    for one in view.series[: max(0, count)]:
        told = figure(one, view.panel, room.glyphs)
        name = padded(named(one), room.width - 2 - segs_width(told), room.glyphs.cut)
        rows.append([Seg(f" {name} ", "label"), *told])
    if more > 0:
        rows.append([Seg(f" +{more + 1} more", "dim")])
    return rows
