"""Fewer bytes to the terminal: only cells that look otherwise than before are sent.

Textual sends a changed span from the start of the widget it lies in, and all cells of the
terminal when a screen opens; a clock at the end of a line then costs the whole line each second,
and a box upon a screen as much as a screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import compress, count, pairwise
from operator import ne
from typing import Final, NamedTuple

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.strip import Strip

from tui.pen import Cell, Look, Pen, blank, can_erase, look_of
from tui.scrolling import LEAST, moved, shift_of, worthwhile
from widgets.strip import LeanStrip
from widgets.text import is_narrow

__all__ = ["Mirror", "Mirrored", "forget_closed"]

Piece = tuple[int, int, Strip]
"""A strip and where it goes: its line and its first cell."""

GAP: Final = 4
"""Cells between two changes that are sent along: moving the cursor costs about as many bytes."""
_CHARACTERS: Final = 1024
"""Different characters of a look that are kept: more are shown where somebody means harm."""


class Mirror:
    """What the terminal shows, as far as it is known; ``erases``: in the colour that is set."""

    def __init__(self, *, erases: bool | None = None) -> None:
        self.erases = can_erase() if erases is None else erases
        self._rows: dict[int, list[Cell | None]] = {}
        self._drawn: dict[int, dict[int, Strip]] = {}

    def forget(self) -> None:
        """Know nothing of it any more: somebody else has drawn there."""
        self._rows.clear()
        self._drawn.clear()

    def shows(self, piece: Piece) -> bool:
        """Whether the very strip is there: a pane makes new ones of the lines that have changed,
        and of no others.
        """
        y, x, strip = piece
        return y in self._drawn and self._drawn[y].get(x) is strip

    def scroll(self, pen: Pen, pieces: Sequence[Piece], console: Console) -> tuple[str, range]:
        """Move lines that are only elsewhere than before, where that is worthwhile, and have
        ``pen`` draw what then differs: the sequence that moves them, and the lines that are done.
        """
        none = "", range(0)
        changed = {y for y, _, _ in pieces}
        if not self.erases or len(changed) < LEAST:
            return none
        after = self._after(pieces, console)
        shift = shift_of(self._rows, after)
        if shift is None or any(y not in self._rows for y in shift.lines):
            return none
        wanted = {y: after.get(y) or self._rows[y] for y in shift.lines}
        width = len(wanted[shift.top])
        if any(len(row) != width or None in row for row in wanted.values()):
            return none
        rows = moved(self._rows, shift, width)
        if not worthwhile(self._rows, rows, wanted):
            return none
        for y, row in wanted.items():
            cells = [cell for cell in row if cell is not None]
            for start, end in _differences(rows[y], cells):
                pen.draw(y, start, cells[start:end])
            self._rows[y], self._drawn[y] = row, {}
        return shift.sequence, range(shift.top, shift.bottom + 1)

    def _after(self, pieces: Sequence[Piece], console: Console) -> dict[int, list[Cell | None]]:
        """The lines that change, as they are to look."""
        after: dict[int, list[Cell | None]] = {}
        for y, x, strip in pieces:
            row = after.setdefault(y, list(self._rows.get(y, ())))
            cells = cells_of(strip, _system(console))
            if len(row) < x + strip.cell_length:
                row += [None] * (x + strip.cell_length - len(row))
            sound = len(cells) == strip.cell_length
            row[x : x + strip.cell_length] = cells if sound else [None] * strip.cell_length
        return after

    def draw(self, pen: Pen, y: int, x: int, strip: Strip, console: Console) -> None:
        """Have ``pen`` draw what of ``strip``, at ``x`` of line ``y``, is not there yet."""
        drawn = self._drawn.setdefault(y, {})
        length = strip.cell_length
        for other in [
            at for at, one in drawn.items() if x < at + one.cell_length and at < x + length
        ]:
            del drawn[other]
        cells = cells_of(strip, _system(console))
        row = self._rows.setdefault(y, [])
        if len(row) < x + length:
            row += [None] * (x + length - len(row))
        before = row[x : x + length]
        if len(cells) != length:
            # Characters whose widths do not add up: nobody knows which cell shows what.
            row[x : x + length] = [None] * length
            pen.insert(y, x, strip.render(console))
            return
        if before != cells:
            row[x : x + length] = cells
            if _break_halves(row, x, x + length):
                drawn.clear()
            for start, end in _differences(before, cells):
                pen.draw(y, x + start, cells[start:end])
        drawn[x] = strip


def _system(console: Console) -> ColorSystem:
    return console._color_system or ColorSystem.TRUECOLOR  # noqa: SLF001 - as Textual does


def forget_closed() -> None:
    """Let go of the lines of screens that are closed.

    Textual 8.2 remembers colours by the cache of the widget that has them, a thousand of them,
    each with all its lines.
    """
    StylesCache.get_inner_outer.cache_clear()


class _Cells(dict[str, Cell]):
    """The cells of one look by their characters: the same objects again and again, so that what
    has not changed is told at a glance.
    """

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self[" "] = (" ", blank(look))

    def __missing__(self, character: str) -> Cell:
        cell = (character, self._look)
        if len(self) < _CHARACTERS:
            self[character] = cell
        return cell


_cells_in = lru_cache(maxsize=1024)(_Cells)


@lru_cache(maxsize=4096)
def _known(style: Style | None, system: ColorSystem) -> _Cells:
    """The cells of what is written in ``style``."""
    return _cells_in(look_of(style, system))


def cells_of(strip: Strip, system: ColorSystem) -> list[Cell]:
    """The cells of ``strip``, which are nobody's to change; marks that combine stand with what
    they combine with.
    """
    if not isinstance(strip, LeanStrip):
        return _cells_of(strip, system)
    # A pane that is shown again mostly has the lines that it had.
    made = strip.made
    if not isinstance(made, _Made) or made.system != system:
        made = strip.made = _Made(system, _cells_of(strip, system))
    return made.cells


class _Made(NamedTuple):
    """The cells of a strip on a terminal with the colours of ``system``."""

    system: ColorSystem
    cells: list[Cell]


def _cells_of(strip: Strip, system: ColorSystem) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        known = _known(style, system)
        if is_narrow(text):
            cells += map(known.__getitem__, text)
            continue
        for character in text:
            width = get_character_cell_size(character)
            if width == 0 and cells:
                cells[-1] = known[cells[-1][0] + character]
                continue
            cells.append(known[character])
            if width > 1:
                cells += [known[""]] * (width - 1)
    return cells


def _break_halves(row: list[Cell | None], start: int, end: int) -> bool:
    """Forget the half of a wide character whose other half is drawn over; whether there was one."""
    after = row[end] if end < len(row) else None
    broken = after is not None and after[0] == ""
    if broken:
        row[end] = None
    before = row[start - 1] if start else None
    if before is not None and get_character_cell_size(before[0][:1] or " ") == 2:
        row[start - 1], broken = None, True
    return broken


def _differences(before: Sequence[Cell | None], after: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Spans of cells that differ, those close to each other as one."""
    changed = [*compress(count(), map(ne, before, after))]
    if not changed:
        return
    edges = [changed[0]]
    if changed[-1] - changed[0] >= len(changed):
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
    """The same update as the one it is made of, without what ``mirror`` shows already.

    ``opens`` is whether another screen was shown before: then no lines have only moved.
    """

    def __init__(
        self, update: ChopsUpdate | LayoutUpdate, mirror: Mirror, *, opens: bool = False
    ) -> None:
        self.update = update
        self._mirror = mirror
        self._opens = opens

    def render_segments(self, console: Console) -> str:
        """The update as text and escape sequences, which are taken as sent."""
        pen = Pen(erases=self._mirror.erases)
        update = self.update
        all_pieces = _of_chops(update) if isinstance(update, ChopsUpdate) else _of_layout(update)
        pieces = [piece for piece in all_pieces if not self._mirror.shows(piece)]
        scrolls, done = "", range(0)
        if not self._opens:
            scrolls, done = self._mirror.scroll(pen, pieces, console)
        for y, x, strip in pieces:
            if y not in done:
                self._mirror.draw(pen, y, x, strip, console)
        return scrolls + pen.finish()


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
