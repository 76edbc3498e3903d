"""A panel of a table, and one of text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Table, clean_lines
from widgets.dashboard.room import Room, Row, named, padded
from widgets.dashboard.units import shown
from widgets.text import Seg, broken, fit

if TYPE_CHECKING:
    from checks.dashboards.views import PanelView

__all__ = ["table_of", "table_rows", "text_rows"]

_GAP: Final = 2
_NARROW: Final = 6
"""Cells of a column, at least, where there is not room for all of them."""
_MARKS = re.compile(r"\*\*|__|`|<[^>]+>")
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)]*)\)")


def table_of(view: PanelView) -> Table:
    """The table of a panel; one of names and values where it has only series."""
    if view.table is not None:
        return view.table
    rows = tuple((named(one), shown(one, view.panel)) for one in view.series)
    return Table(view.panel.title, ("series", "value"), rows, frozenset({"value"}))


def widths_of(table: Table, width: int) -> list[int]:
    """How wide each column is: as its cells, the widest narrower until all fit; those that do not
    fit even so leave from the right.
    """
    wide = [
        max([cell_len(name), *(cell_len(row[i]) for row in table.rows if i < len(row))])
        for i, name in enumerate(table.columns)
    ]
    while wide and sum(wide) + _GAP * (len(wide) - 1) > width:
        largest = max(range(len(wide)), key=wide.__getitem__)
        if wide[largest] > _NARROW:
            over = sum(wide) + _GAP * (len(wide) - 1) - width
            second = max([each for i, each in enumerate(wide) if i != largest], default=_NARROW)
            wide[largest] = max(_NARROW, wide[largest] - over, min(second - 1, wide[largest] - 1))
        elif len(wide) > 1:
            wide.pop()
        else:
            wide[0] = max(1, width)
            break
    return wide


def table_rows(view: PanelView, room: Room) -> list[Row]:
    """The columns' names, and as many rows as there is room for."""
    table = table_of(view)
    wide = widths_of(table, room.width - 2)
    rows = [_cells(table, table.columns, wide, room, "dim")]
    more = len(table.rows) - (room.height - 1)
    count = room.height - 2 if more > 0 else room.height - 1
    rows += [_cells(table, row, wide, room, "label") for row in table.rows[: max(0, count)]]
    if more > 0 and room.height > 1:
        rows.append([Seg(f" +{more + 1} more rows", "dim")])
    return rows


def _cells(table: Table, row: tuple[str, ...], wide: list[int], room: Room, role: str) -> Row:
    cells = []
    for i, width in enumerate(wide):
        text = row[i] if i < len(row) else ""
        number = table.columns[i] in table.numeric
        told = fit(text, width, room.glyphs.cut)
        cells.append(" " * (width - cell_len(told)) + told if number else padded(told, width, ""))
    return [Seg(f" {(' ' * _GAP).join(cells)}", role)]


def text_rows(view: PanelView, room: Room) -> list[Row]:
    """The text of a panel, without the marks of Markdown or HTML."""
    rows: list[Row] = []
    for paragraph in clean_lines(view.panel.text).splitlines():
        title = paragraph.lstrip().startswith("#")
        plain = _MARKS.sub("", _LINK.sub(r"\1 (\2)", paragraph.strip().lstrip("# ")))
        own = "title" if title else "label"
        rows += [[Seg(f" {text}", own)] for text in broken(plain, room.width - 2) or [""]]
    return rows[: room.height]
