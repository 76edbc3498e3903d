"""Tables of the details: columns as wide as their cells, numbers aligned right."""

from __future__ import annotations

from rich.cells import cell_len

from checks.model import Table
from widgets.text import Line, Seg, left, line, right

__all__ = ["column_widths", "table_lines"]

GAP = 2
"""Cells between columns."""


def column_widths(table: Table, width: int) -> list[int]:
    """How wide each column is; the last ones give way where the room does not suffice.

    A column that gets nothing has width 0 and is not shown.
    """
    natural = [
        max([cell_len(name), *(cell_len(row[i]) for row in table.rows if i < len(row))])
        for i, name in enumerate(table.columns)
    ]
    widths, room = [], width
    for want in natural:
        given = min(want, room)
        given = given if given >= min(want, 4) else 0
        widths.append(given)
        room = max(0, room - given - GAP)
    return widths


def _cells(table: Table, row: tuple[str, ...], widths: list[int], role: str) -> list[Seg]:
    segs = [Seg(" ")]
    for i, width in enumerate(widths):
        if not width:
            continue
        text = row[i] if i < len(row) else ""
        place = right if table.columns[i] in table.numeric else left
        shown = place(text, width)
        segs += [Seg(shown, "name" if role == "row" and i == 0 else "label"), Seg(" " * GAP)]
    return segs if role == "row" else [Seg("".join(seg.text for seg in segs), "dim")]


def table_lines(table: Table, width: int) -> list[Line]:
    """Title, column names and rows; a row is known by its first cell and its place."""
    widths = column_widths(table, width - 2)
    lines = [
        line(Seg(f" {table.title}", "title")),
        line(*_cells(table, table.columns, widths, "head")),
    ]
    seen: dict[str, int] = {}
    for row in table.rows:
        first = row[0] if row else ""
        seen[first] = seen.get(first, 0) + 1
        key = f"{table.title}/{first}/{seen[first]}"
        lines.append(line(*_cells(table, row, widths, "row"), key=key))
    if not table.rows:
        lines.append(line(Seg("   none", "dim")))
    return lines
