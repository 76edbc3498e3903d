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
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

__all__ = ["Mirror", "Mirrored"]

Cell = tuple[str, Style | None]
"""What is in a cell: its character, empty behind a wide one, and how it looks."""
Piece = tuple[int, int, Strip]
"""A strip and where it goes: its line and its first cell."""

GAP: Final = 8
"""Cells between two changes that are sent along: moving the cursor costs about as many bytes."""


class Mirror:
    """What the terminal shows, as far as it is known."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Cell | None]] = {}

    def forget(self) -> None:
        """Know nothing of it any more: somebody else has drawn there."""
        self._rows.clear()

    def news(self, y: int, x: int, strip: Strip) -> list[tuple[int, int]]:
        """Which cells of ``strip``, to be drawn at ``x`` of line ``y``, are not there yet.

        As ``(start, end)`` within the strip, wide characters whole. They are taken as sent.
        """
        length = strip.cell_length
        cells = cells_of(strip)
        row = self._rows.setdefault(y, [])
        if len(row) < x + length:
            row += [None] * (x + length - len(row))
        before = row[x : x + length]
        if before == cells:
            return []
        if len(cells) != length:
            # Characters whose widths do not add up: nobody knows which cell shows what.
            row[x : x + length] = [None] * length
            return [(0, length)]
        row[x : x + length] = cells
        _break_halves(row, x, x + length)
        return list(_differences(before, cells))


def cells_of(strip: Strip) -> list[Cell]:
    """The cells of ``strip``; marks that combine stand with what they combine with."""
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        if text.isascii():
            cells += [(character, style) for character in text]
            continue
        for character in text:
            width = get_character_cell_size(character)
            if width == 0 and cells:
                cells[-1] = (cells[-1][0] + character, style)
                continue
            cells.append((character, style))
            cells += [("", style)] * (width - 1)
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
        made: list[str] = []
        update = self.update
        pieces = _of_chops(update) if isinstance(update, ChopsUpdate) else _of_layout(update)
        for y, x, strip in pieces:
            for start, end in self._mirror.news(y, x, strip):
                made.append(Control.move_to(x + start, y).segment.text)
                made.append(strip.crop(start, end).render(console))
        return "".join(made)


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
