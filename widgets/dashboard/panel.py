"""One panel: its title on a rule, and beneath it what its queries came to, or why nothing did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from checks.dashboards.model import PanelKind
from widgets.dashboard.bars import bar_rows
from widgets.dashboard.chart import chart_rows
from widgets.dashboard.gauge import gauge_rows
from widgets.dashboard.number import number_rows
from widgets.dashboard.room import Room, Row, figure, worded, worst
from widgets.dashboard.table import table_rows, text_rows
from widgets.text import Line, Seg, broken, fit_segs, line, segs_width

if TYPE_CHECKING:
    from checks.dashboards.views import PanelView
    from checks.model import Status

__all__ = ["TITLE", "panel_lines", "status_of", "told_rows"]

TITLE: Final = 1
"""Lines above what a panel shows."""
_ROWS: Final = {
    PanelKind.CHART: chart_rows,
    PanelKind.NUMBER: number_rows,
    PanelKind.GAUGE: gauge_rows,
    PanelKind.BARS: bar_rows,
    PanelKind.TABLE: table_rows,
}
_UNMEASURED: Final = "being measured"
_NO_ROWS: Final = "no rows"


def status_of(view: PanelView) -> Status | None:
    """How a panel stands to its thresholds: as the worst of its series."""
    return worst(view.series)


def panel_lines(view: PanelView, room: Room, *, chosen: bool) -> list[Line]:
    """The panel in the room, its title beneath the first line; ``chosen`` has the focus."""
    inner = replace(room, height=room.height - TITLE)
    rows = _body(view, inner) if inner.height > 0 else []
    lines = [line(*fit_segs(row, room.width, room.glyphs.cut)) for row in rows[: inner.height]]
    return [_title(view, room, chosen=chosen), *lines]


def _title(view: PanelView, room: Room, *, chosen: bool) -> Line:
    glyphs = room.glyphs
    told = [Seg(" "), *_beside(view, room)]
    told = told if len(told) > 1 and segs_width(told) < room.width // 2 else []
    mark = glyphs.cursor if chosen else " "
    name = [Seg(f"{mark}{view.panel.title} ", "focus" if chosen else "title")]
    name = list(fit_segs(name, room.width - segs_width(told), glyphs.cut))
    rule = glyphs.rule * (room.width - segs_width(name) - segs_width(told))
    return line(*name, Seg(rule, "focus" if chosen else "rule"), *told)


def _beside(view: PanelView, room: Room) -> Row:
    """What stands at the end of the title: the figure of a single curve, else what is wrong."""
    status = status_of(view)
    ill = status is not None and status.severity > 0
    if view.panel.kind is PanelKind.CHART and len(view.series) == 1:
        return figure(view.series[0], view.panel, room.glyphs)
    large = view.panel.kind in (PanelKind.NUMBER, PanelKind.GAUGE) and len(view.series) == 1
    return [worded(status, room.glyphs)] if ill and status is not None and not large else []


def _body(view: PanelView, room: Room) -> list[Row]:
    panel = view.panel
    if panel.unshown:
        return told_rows(panel.unshown, room, "dim")
    if panel.kind is PanelKind.TEXT:
        return text_rows(view, room)
    empty = not view.series and (view.table is None or not view.table.rows)
    if empty:
        # Of what is empty for good the error says why.
        told = view.error or (_UNMEASURED if view.table is None else _NO_ROWS)
        return told_rows(told, room, "warning" if view.error else "dim")
    if not view.error:
        return _ROWS[panel.kind](view, room)
    said = told_rows(view.error, room, "warning")[: max(1, room.height // 3)]
    less = replace(room, height=room.height - len(said))
    rows = _ROWS[panel.kind](view, less) if less.height > 0 else []
    return [*rows[: less.height], *([[]] * (less.height - len(rows))), *said]


def told_rows(text: str, room: Room, role: str) -> list[Row]:
    """A sentence in as many lines as it takes, cut where there are fewer."""
    rows: list[Row] = [[Seg(f" {one}", role)] for one in broken(text, room.width - 2)]
    if len(rows) > room.height > 0:
        last = rows[room.height - 1][0]
        rows[room.height - 1] = [Seg(f"{last.text[: room.width - 3]}{room.glyphs.cut}", role)]
    return rows[: room.height]
