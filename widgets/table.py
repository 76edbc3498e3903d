"""Tables of the details: columns as wide as their cells, numbers aligned right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len

from checks.model import Table
from widgets.text import Line, Seg, left, line, right, wrap

__all__ = ["column_widths", "table_lines"]

GAP: Final = 2
"""Cells between columns."""
LONG: Final = 24
"""Cells beyond which a column is one of long texts, which may be broken."""
LEAST: Final = 20
"""Cells that such a column needs to be read."""
ROWS: Final = 3
"""Lines that a text is broken into, at most."""


def column_widths(table: Table, width: int) -> list[int]:
    """How wide each column is; those that do not fit leave from the right, whole.

    A column of long texts (a command, a sentence) takes what room is left, where that is
    enough to read, and breaks its texts. A column that has left has width 0.
    """
    natural = [
        max([cell_len(name), *(cell_len(row[i]) for row in table.rows if i < len(row))])
        for i, name in enumerate(table.columns)
    ]
    widths = [0] * len(natural)
    room = width
    for i, want in enumerate(natural):
        if want > room and i and (want <= LONG or room < LEAST):
            break
        widths[i] = min(want, max(0, room))
        room -= widths[i] + GAP
    return widths


def _broken(row: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    """The lines of a row: long texts are broken, into a few."""
    cells = [
        wrap(row[i], width, ROWS)
        if i < len(row) and cell_len(row[i]) > width
        else [*row[i : i + 1]]
        for i, width in enumerate(widths)
    ]
    return [list(texts) for texts in zip_longest(*cells, fillvalue="")] or [[]]


def _cells(table: Table, row: Sequence[str], widths: list[int], role: str) -> list[Seg]:
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
        lines += [
            line(*_cells(table, cells, widths, "row"), key=key) for cells in _broken(row, widths)
        ]
    if not table.rows:
        lines.append(line(Seg("   none", "dim")))
    return lines
