"""A panel of curves: a scale at the left, a letter at each curve's end, a legend beneath."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets.dashboard.curves import Curve, drawn
from widgets.dashboard.room import Room, Row, figure, letter, named, padded, role
from widgets.dashboard.scale import PanelScale, TimeColumns, panel_scale, time_columns
from widgets.dashboard.units import tick_labels
from widgets.text import Seg, right, segs_width

if TYPE_CHECKING:
    from checks.dashboards.model import Panel
    from checks.dashboards.views import PanelView, SeriesView

__all__ = ["chart_rows", "legend_rows"]

_LEAST: Final = 3
"""Lines below which curves say nothing."""
_TIMED: Final = 6
"""Lines from which on times stand beneath the curves."""
_MARK: Final = 12
"""Cells from one time beneath to the next, at least."""
_ROUND: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1_800),
    *(3_600, 7_200, 10_800, 21_600, 43_200, 86_400),
)
"""Seconds that such a step may be of."""
_ENTRY: Final = 16
"""Cells of an entry of the legend, at least."""
_LONGEST: Final = 44
"""Cells of one, at most."""
_ENDS: Final = 2
"""Cells at the right in which letters name the curves."""
_DRAWN: Final = 40
"""Curves that are drawn at most; more are no curves but a cloud."""


def chart_rows(view: PanelView, room: Room) -> list[Row]:
    """Curves and legend in the room; the legend alone where curves have none."""
    several = len(view.series) > 1 and room.legend
    listed = min(_entry_lines(view.series, view.panel, room), max(1, room.height // 4))
    legend = legend_rows(view, room, listed if several else 0)
    high = room.height - len(legend)
    curves = _curves(view, room, high) if high >= _LEAST and room.width >= _ENTRY else []
    return (curves + legend) if curves else legend_rows(view, room, room.height)


def _curves(view: PanelView, room: Room, high: int) -> list[Row]:
    timed = high >= _TIMED
    rows = high - timed
    series = view.series[:_DRAWN]
    known = [value for one in series for value in one.points]
    scale = panel_scale(view.panel, known, max(1, rows // 3))
    if scale is None:
        return [[Seg(" no figures in this time", "dim")], *([[]] * (high - 1))]
    texts = tick_labels(view.panel.unit, scale.ticks)
    side = max(cell_len(text) for text in texts) + 1
    ends = _ENDS if len(series) > 1 else 0
    columns = time_columns(room.at, room.span, room.width - side - 1 - ends)
    if columns.count < 1:
        return []
    count = len(series)
    curves = [
        Curve(view.times, one.points, role(i), letter(i, count)) for i, one in enumerate(series)
    ]
    plot = drawn(curves, scale, columns, rows, room.glyphs)
    labelled = _labelled(scale, texts, rows)
    letters = _ends(series, scale, rows) if ends else {}
    made = [
        [Seg(f"{right(labelled.get(y, ''), side)} ", "dim"), *row, *letters.get(y, ())]
        for y, row in enumerate(plot)
    ]
    return [*made, _times(columns, side + 1)] if timed else made


def _labelled(scale: PanelScale, texts: Sequence[str], rows: int) -> dict[int, str]:
    """Which mark stands in which line; the ends before those between."""
    order = sorted(range(len(texts)), key=lambda i: (i not in (0, len(texts) - 1), i))
    found: dict[int, str] = {}
    for i in order:
        y = scale.dot(scale.ticks[i], rows * 4) // 4
        if y not in found:
            found[y] = texts[i]
    return found


def _ends(series: Sequence[SeriesView], scale: PanelScale, rows: int) -> dict[int, Row]:
    """The letters of the curves at the heights where these end; two of them in a line."""
    found: dict[int, Row] = {}
    for place, one in enumerate(series):
        last = next((value for value in reversed(one.points) if math.isfinite(value)), None)
        if last is None:
            continue
        row = found.setdefault(scale.dot(last, rows * 4) // 4, [])
        if len(row) < _ENDS:
            row.append(Seg(letter(place), role(place)))
    return found


def _times(columns: TimeColumns, side: int) -> Row:
    """Round local times beneath the columns that they belong to, so that they move with these."""
    span = columns.each * columns.count
    least = _MARK * columns.each
    step = next((one for one in _ROUND if one >= least), _ROUND[-1])
    layout = "%H:%M:%S" if step < 60 else "%H:%M" if span <= 86_400 else "%d %b"
    offset = datetime.fromtimestamp(columns.start).astimezone().utcoffset()
    ahead = offset.total_seconds() if offset is not None else 0.0
    text, moment = "", math.ceil((columns.start + ahead) / step) * step - ahead
    while (column := columns.of(moment)) < columns.count:
        told = datetime.fromtimestamp(moment).astimezone().strftime(layout)
        if len(text) < max(1, column) and column + len(told) <= columns.count:
            text = text.ljust(column) + told
        moment += step
    return [Seg(" " * side + text, "dim")]


def _entry_cells(series: Sequence[SeriesView], panel: Panel, room: Room) -> tuple[int, int]:
    """How wide an entry of the legend is, and how many stand in a line."""
    wide = max(
        cell_len(named(one)) + segs_width(figure(one, panel, room.glyphs)) + 6 for one in series
    )
    wide = min(max(_ENTRY, wide), _LONGEST, room.width)
    return wide, max(1, room.width // wide)


def _entry_lines(series: Sequence[SeriesView], panel: Panel, room: Room) -> int:
    if not series:
        return 0
    return -(-len(series) // _entry_cells(series, panel, room)[1])


def legend_rows(view: PanelView, room: Room, lines: int) -> list[Row]:
    """Each series' letter, name and value, in columns; how many more there are where not all fit
    into ``lines``.
    """
    series = view.series
    if not series or lines < 1:
        return []
    wide, beside = _entry_cells(series, view.panel, room)
    wide = min(room.width // beside, _LONGEST)
    places = lines * beside
    more = max(view.total, len(series)) - places
    kept = places - 1 if more > 0 else places
    entries = [_entry(view, place, wide, room) for place in range(min(kept, len(series)))]
    if more > 0:
        rest = max(view.total, len(series)) - len(entries)
        entries.append([Seg(padded(f" +{rest} more", wide, ""), "dim")])
    return [
        [seg for entry in entries[at : at + beside] for seg in entry]
        for at in range(0, len(entries), beside)
    ]


def _entry(view: PanelView, place: int, wide: int, room: Room) -> Row:
    one = view.series[place]
    told = figure(one, view.panel, room.glyphs)
    name = padded(named(one), wide - 5 - segs_width(told), room.glyphs.cut)
    row = [Seg(f" {letter(place)} ", role(place)), Seg(f"{name} ", "label"), *told]
    return [*row, Seg(" " * max(0, wide - segs_width(row)))]
