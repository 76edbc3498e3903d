"""Fewer bytes to the terminal: only cells that look otherwise than before are sent.

Textual sends a changed span from the start of the widget it lies in, and all cells of the
terminal when a screen opens; a clock at the end of a line then costs the whole line each second,
and a box upon a screen as much as a screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.strip import Strip

from tui.pen import Cell, Pen, blank, can_erase, look_of

__all__ = ["Mirror", "Mirrored", "forget_closed"]

Piece = tuple[int, int, Strip]
"""A strip and where it goes: its line and its first cell."""

GAP: Final = 4
"""Cells between two changes that are sent along: moving the cursor costs about as many bytes."""


class Mirror:
    """What the terminal shows, as far as it is known; ``erases``: in the colour that is set."""

    def __init__(self, *, erases: bool | None = None) -> None:
        self.erases = can_erase() if erases is None else erases
        self._rows: dict[int, list[Cell | None]] = {}

    def forget(self) -> None:
        """Know nothing of it any more: somebody else has drawn there."""
        self._rows.clear()

    def draw(self, pen: Pen, y: int, x: int, strip: Strip, console: Console) -> None:
        """Have ``pen`` draw what of ``strip``, at ``x`` of line ``y``, is not there yet."""
        length = strip.cell_length
        cells = cells_of(strip, _system(console))
        row = self._rows.setdefault(y, [])
        if len(row) < x + length:
            row += [None] * (x + length - len(row))
        before = row[x : x + length]
        if before == cells:
            return
        if len(cells) != length:
            # Characters whose widths do not add up: nobody knows which cell shows what.
            row[x : x + length] = [None] * length
            pen.insert(y, x, strip.render(console))
            return
        row[x : x + length] = cells
        _break_halves(row, x, x + length)
        for start, end in _differences(before, cells):
            pen.draw(y, x + start, cells[start:end])


def _system(console: Console) -> ColorSystem:
    return console._color_system or ColorSystem.TRUECOLOR  # noqa: SLF001 - as Textual does


def forget_closed() -> None:
    """Let go of the lines of screens that are closed.

    Textual 8.2 remembers colours by the cache of the widget that has them, a thousand of them,
    each with all its lines.
    """
    StylesCache.get_inner_outer.cache_clear()


def cells_of(strip: Strip, system: ColorSystem) -> list[Cell]:
    """The cells of ``strip``; marks that combine stand with what they combine with."""
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        look = look_of(style, system)
        space = (" ", blank(look))
        if text.isascii():
            cells += [space if character == " " else (character, look) for character in text]
            continue
        for character in text:
            if character == " ":
                cells.append(space)
                continue
            width = get_character_cell_size(character)
            if width == 0 and cells:
                cells[-1] = (cells[-1][0] + character, look)
                continue
            cells.append((character, look))
            cells += [("", look)] * (width - 1)
    return cells


def _break_halves(row: list[Cell | None], start: int, end: int) -> None:
    """Forget the half of a wide character whose other half is drawn over."""
    after = row[end] if end < len(row) else None
    if after is not None and after[0] == "":
        row[end] = None
    before = row[start - 1] if start else None
    if before is not None and get_character_cell_size(before[0][:1] or " ") == 2:
        row[start - 1] = None


def _differences(before: Sequence[Cell | None], after: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Spans of cells that differ, those close to each other as one."""
    changed = [at for at, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    if not changed:
        return
    edges = [changed[0]]
    for one, other in pairwise(changed):
        if other - one > GAP:
            edges += [one, other]
    edges.append(changed[-1])
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        start, end = first, last + 1
        while start > 0 and after[start][0] == "":
            start -= 1
        while end < len(after) and after[end][0] == "":
            end += 1
        yield start, end


class Mirrored(CompositorUpdate):
    """The same update as the one it is made of, without what ``mirror`` shows already."""

    def __init__(self, update: ChopsUpdate | LayoutUpdate, mirror: Mirror) -> None:
        self.update = update
        self._mirror = mirror

    def render_segments(self, console: Console) -> str:
        """The update as text and escape sequences, which are taken as sent."""
        pen = Pen(erases=self._mirror.erases)
        update = self.update
        pieces = _of_chops(update) if isinstance(update, ChopsUpdate) else _of_layout(update)
        for y, x, strip in pieces:
            self._mirror.draw(pen, y, x, strip, console)
        return pen.finish()


def _of_chops(update: ChopsUpdate) -> Iterator[Piece]:
    for y, start, end in update.spans:
        for stop, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            first, last = max(x, start), min(stop, end)
            if strip is not None and first < last:
                yield y, first, strip.crop(first - x, last - x)


def _of_layout(update: LayoutUpdate) -> Iterator[Piece]:
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in _shown(strips):
            yield y, x, strip
            x += strip.cell_length


def _shown(strips: Iterable[Strip | None]) -> Iterator[Strip]:
    return (strip for strip in strips if strip is not None)
