"""A record as a line, the columns of such lines, and what is wrong with a filter. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.logs.model import Level
from widgets.logs.words import (
    fields_told,
    level_role,
    level_sign,
    level_told,
    lines_more,
    origin,
    origin_of,
    said,
    source_name,
    when,
)
from widgets.text import Line, Seg, fit, left, line, wrap

if TYPE_CHECKING:
    from checks.logs.views import LogLine, LogsView
    from widgets.glyphs import Glyphs

__all__ = ["Columns", "columns_for", "line_of", "mistake_lines", "origins_of"]

_FINE: Final = 100
"""Cells from which on there is room for milliseconds and whole words."""
_NARROW: Final = 60
"""Cells below which a line does not say where it comes from."""
_LOW_LEVELS: Final = (Level.TRACE, Level.DEBUG)
_COLUMN: Final = re.compile(r"column (\d+): ")
_WITH_FIELDS: Final = 24
"""Cells that must be left behind the message for fields to say something there."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of a line: of all of it, and of where it comes from (0: left out)."""

    width: int
    origin: int
    fine: bool
    checks: bool = True
    """Whether it says of which check it is: not where that is clear."""


def columns_for(width: int, origins: Sequence[tuple[str, str]]) -> Columns:
    """What fits into ``width`` cells, where lines come from ``origins``: checks, and which of
    their files or units.
    """
    checks = len({check for check, _ in origins}) > 1
    names = {origin_of(check, name) if checks else source_name(name) for check, name in origins}
    most = 0 if width < _NARROW or len(names) < 2 else 14 if width < _FINE else 28
    needed = max(map(cell_len, names), default=0)
    return Columns(width, min(most, needed), width >= _FINE, checks)


def origins_of(view: LogsView | None, newest: LogLine) -> list[tuple[str, str]]:
    """Where lines that are wanted may come from."""
    if view is None:
        return [(newest.check, newest.record.source)]
    wanted = view.wanted.checks
    return [
        (each.check, name)
        for each in view.sources
        if not wanted or each.check in wanted
        for name in each.files or ("",)
    ]


def line_of(one: LogLine, now: float, columns: Columns, glyphs: Glyphs) -> Line:
    """A record in a line: when, how grave, where from, what; fields where there is room left."""
    record, fine = one.record, columns.fine
    clock = left(when(record.time, now, fine=fine), 12 if fine else 8)
    level = left(level_told(record.level, short=not fine), 8 if fine else 4)
    segs = [
        Seg(f" {clock} ", "dim"),
        Seg(f"{level_sign(record.level, glyphs)} {level} ", level_role(record.level)),
    ]
    if columns.origin:
        named = origin(one) if columns.checks else source_name(record.source)
        segs.append(Seg(f"{left(named, columns.origin)} ", "label"))
    used = sum(cell_len(seg.text) for seg in segs)
    segs += _told(one, max(1, columns.width - used), glyphs)
    return line(*segs, key=one.key, check=one.check)


def _told(one: LogLine, room: int, glyphs: Glyphs) -> list[Seg]:
    record = one.record
    more = lines_more(record)
    tail = f" +{more} line{'' if more == 1 else 's'}" if more and room >= 2 * _WITH_FIELDS else ""
    text = fit(said(record), room - cell_len(tail), glyphs.cut)
    quiet = record.level in _LOW_LEVELS
    segs = [Seg(text, "dim" if quiet else "text"), Seg(tail, "dim")]
    space = room - cell_len(text) - cell_len(tail) - 2
    if record.message and space >= _WITH_FIELDS:
        segs.append(Seg(fit(f"  {fields_told(record)}".rstrip(), space, glyphs.cut), "dim"))
    return segs


def mistake_lines(text: str, error: str, width: int) -> list[Line]:
    """What is wrong with the filter ``text``, with a caret where; nothing where nothing is."""
    if not error:
        return []
    found = _COLUMN.match(error)
    column = int(found[1]) - 1 if found is not None else -1
    there = 0 <= column <= len(text) and cell_len(text[:column]) < width - 2
    if not there or not text.isprintable():
        return [line(" ", Seg(row, "warning")) for row in wrap(error, width - 2, 2)]
    shown = fit(text, width - 2)
    what = error[found.end() :] if found is not None else error
    rows = wrap(what, width - 2, 2)
    caret = f"{' ' * cell_len(text[:column])}^"
    if cell_len(caret) + 1 + cell_len(what) <= width - 2:
        told = [line(" ", Seg(f"{caret} {what}", "warning"))]
    else:
        told = [line(" ", Seg(caret, "warning"))] + [line(" ", Seg(r, "warning")) for r in rows]
    return [line(" ", Seg(shown, "value")), *told]
