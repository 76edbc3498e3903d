"""The tables pane: digests, sizes, indexes, slow log: whatever the server brought in rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets.databases.pane import DatabasePane
from widgets.empty import note, nothing_matches
from widgets.frame import Frame
from widgets.lines import ANY_HEIGHT
from widgets.text import Line, Seg, left, line, right

if TYPE_CHECKING:
    from checks.model import Table
    from checks.views import DatabaseView

__all__ = ["TablesPane", "cell_widths", "row_of", "table_rows", "tables_of"]

_GAP: Final = 2
_LEAST: Final = 10
"""Cells below which a column of text says nothing."""
_READABLE: Final = 22
"""Cells of the longest text that are worth leaving out other columns for."""
_MOST_ROWS: Final = 200


def tables_of(view: DatabaseView) -> tuple[Table, ...]:
    """The tables of the server itself, then those that the check brings besides."""
    own = view.facts.tables if view.facts else ()
    titles = {table.title for table in own}
    return (*own, *(table for table in view.tables if table.title not in titles))


def cell_widths(table: Table, width: int) -> list[int]:
    """How wide each column is; 0 for what is left out.

    Figures keep their width, texts share what is left, the longest giving way first: a
    statement never pushes its times off the screen. Where too little of the longest text
    would be left, columns go, the last first.
    """
    natural = _natural(table)
    texts = [i for i, name in enumerate(table.columns) if name not in table.numeric]
    longest = max(texts, key=lambda i: natural[i], default=0)
    shown = len(natural)
    while True:
        widths = _shared(natural[:shown], texts, width)
        cut = texts and longest < shown and widths[longest] < min(natural[longest], _READABLE)
        if shown <= 1 or not (cut or _taken(widths) > width) or shown <= longest + 1:
            break
        shown -= 1
    while len(widths) > 1 and _taken(widths) > width:
        widths.pop()
    if widths and _taken(widths) > width:
        widths[0] = max(1, width)
    return widths + [0] * (len(natural) - len(widths))


def _natural(table: Table) -> list[int]:
    """The width of each column's longest cell."""
    return [
        max([cell_len(name), *(cell_len(row[i]) for row in table.rows if i < len(row))])
        for i, name in enumerate(table.columns)
    ]


def _taken(widths: Sequence[int]) -> int:
    return sum(each + _GAP for each in widths) - _GAP


def _shared(natural: Sequence[int], texts: Sequence[int], width: int) -> list[int]:
    """``natural`` with the longest texts cut until all have room, or none can give more."""
    widths = list(natural)
    while _taken(widths) > width:
        wide = [i for i in texts if i < len(widths) and widths[i] > _LEAST]
        if not wide:
            break
        widest = max(wide, key=lambda i: widths[i])
        others = [widths[i] for i in wide if i != widest]
        floor = max([_LEAST, *(other - 1 for other in others)])
        widths[widest] = max(floor, widths[widest] - (_taken(widths) - width))
    return widths


def _cells(table: Table, row: Sequence[str], widths: Sequence[int], *, head: bool) -> list[Seg]:
    segs = [Seg(" ")]
    for i, width in enumerate(widths):
        if not width:
            continue
        text = row[i] if i < len(row) else ""
        number = table.columns[i] in table.numeric
        shown = (right if number else left)(text, width)
        role = "dim" if head else "value" if number else "name" if i == 0 else "label"
        segs += [Seg(shown, role), Seg(" " * _GAP)]
    return segs


def _key(table: Table, place: int) -> str:
    """A row's identity: its first cell, and how many such rows come before it."""
    first = table.rows[place][:1]
    before = sum(row[:1] == first for row in table.rows[:place])
    return f"{table.title}/{first[0] if first else ''}/{before}"


def row_of(view: DatabaseView, key: str) -> tuple[Table, tuple[str, ...]] | None:
    """The row whose identity is ``key``, and the table it is in."""
    for table in tables_of(view):
        if key.startswith(f"{table.title}/"):
            for place, row in enumerate(table.rows[:_MOST_ROWS]):
                if _key(table, place) == key:
                    return table, row
    return None


def table_rows(table: Table, frame: Frame, check: str) -> list[Line]:
    """Title, names of the columns, rows; none of it where the filter lets no row pass."""
    places = [i for i, row in enumerate(table.rows[:_MOST_ROWS]) if frame.wants(table.title, *row)]
    if table.rows and not places:
        return []
    widths = cell_widths(table, frame.width - 2)
    left_out = widths.count(0)
    more = f", {left_out} more column{'' if left_out == 1 else 's'}" if left_out else ""
    lines = [
        line(Seg(f" {table.title}", "title"), Seg(f" {len(table.rows)}{more}", "dim")),
        line(*_cells(table, table.columns, widths, head=True)),
    ]
    for place in places:
        cells = _cells(table, table.rows[place], widths, head=False)
        lines.append(line(*cells, key=_key(table, place), check=check))
    if not table.rows:
        lines.append(line(Seg("   none", "dim")))
    return lines


def table_lines(view: DatabaseView, frame: Frame) -> list[Line]:
    """Every table, a blank line between them."""
    tables = tables_of(view)
    if not tables:
        return note("this server brings no tables", frame.width)
    lines: list[Line] = []
    for table in tables:
        made = table_rows(table, frame, view.check)
        lines += [line(), *made] if lines and made else made
    return lines or nothing_matches(frame.filter_text, frame.width)


class TablesPane(DatabasePane):
    """What there is in rows. Enter shows a row whole."""

    title = "Tables"

    def summary(self, view: DatabaseView) -> Sequence[Seg]:
        tables = tables_of(view)
        told = f" {self.glyphs.dot} ".join(f"{t.title} {len(t.rows)}" for t in tables)
        return [Seg(f" {told or 'none'}", "dim")]

    def lines_wanted(self, width: int, height: int = ANY_HEIGHT) -> int:
        """All rows of all tables: cheaper than to build what will not be shown."""
        tables = tables_of(self.view) if self.view else ()
        return 1 + sum(min(_MOST_ROWS, len(table.rows)) + 3 for table in tables)

    def build_view(self, view: DatabaseView, frame: Frame) -> list[Line]:
        return table_lines(view, frame)
