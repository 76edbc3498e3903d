"""Large figures side by side, as large as they fit. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from widgets import format as fmt
from widgets.dashboard import digits
from widgets.glyphs import Glyphs
from widgets.text import Line, Seg, fit, line, name_in, without_middle

__all__ = ["Figure", "figure_of", "figure_rows", "scaled"]

_NUMBER: Final = re.compile(r"([<>-]?[\d.,]*\d)\s*(.*)", re.DOTALL)
_LARGEST: Final = 12
"""How many times a figure is magnified at most."""
_WORDS: Final = 2
"""Lines of a figure besides its number: what it is, and what is to be said of it."""
_TOP: Final = {"█": 1, "▀": 1}
_BOTTOM: Final = {"█": 1, "▄": 1, "▞": 1}
_BLOCKS: Final = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its ``unit``, what it is of, and a few words on it."""

    number: str
    unit: str
    label: str
    words: str = ""
    role: str = "value"


def figure_of(text: str, label: str, words: str = "", role: str = "value") -> Figure:
    """``12 %`` or ``1.2k/s`` taken apart; what is not known is said to be so."""
    if text == fmt.DASH:
        return Figure("-", "", label, words or "not known", role)
    found = _NUMBER.fullmatch(text)
    number, unit = found.groups() if found else (text, "")
    return Figure(number, unit, label, words, role)


def scaled(rows: Sequence[str], times: int) -> list[str]:
    """``rows`` of half blocks, ``times`` as wide and as high."""
    dots = [
        "".join(str(half.get(cell, 0)) * times for cell in row)
        for row in rows
        for half in (_TOP, _BOTTOM)
    ]
    tall = [row for row in dots for _ in range(times)]
    return [
        "".join(_BLOCKS[int(top), int(bottom)] for top, bottom in zip(upper, lower, strict=True))
        for upper, lower in zip(tall[::2], tall[1::2], strict=True)
    ]


def figure_rows(figures: Sequence[Figure], width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """``figures`` in ``height`` lines at most, in as many columns as make them largest; as text
    where nothing larger has room, or the terminal has no signs for it.
    """
    if not figures or height < 1:
        return []
    sizes = {columns: _times(figures, width, height, columns) for columns in _columns(figures)}
    columns = max(sizes, key=lambda columns: (sizes[columns], columns))
    if sizes[columns] < 1 or glyphs.plain:
        return _as_text(figures, width, height, glyphs)
    rows: list[Line] = []
    cell = width // columns
    for first in range(0, len(figures), columns):
        beside = figures[first : first + columns]
        blocks = [_block(one, cell, sizes[columns], glyphs) for one in beside]
        rows += [
            line(*(seg for part in parts for seg in part)) for parts in zip(*blocks, strict=True)
        ]
        rows.append(line())
    return rows[:height]


def _columns(figures: Sequence[Figure]) -> range:
    return range(1, len(figures) + 1)


def _times(figures: Sequence[Figure], width: int, height: int, columns: int) -> int:
    """How many times they may be magnified in so many columns; 0 where they have no room."""
    rows = -(-len(figures) // columns)
    high = (height // rows - _WORDS - 1) // digits.HIGH
    wide = min((_room(width // columns, one) // _wide(one) for one in figures), default=0)
    return max(0, min(high, wide, _LARGEST))


def _wide(one: Figure) -> int:
    shapes = digits.large(one.number)
    return len(shapes[0]) if shapes else 10_000


def _room(cell: int, one: Figure) -> int:
    return cell - 4 - cell_len(one.unit)


def _block(one: Figure, cell: int, times: int, glyphs: Glyphs) -> list[list[Seg]]:
    """One figure in ``cell`` columns: its name, its number, and its words."""
    shapes = scaled(digits.large(one.number) or (), times)
    rows = [[Seg(f" {without_middle(one.label, cell - 2)}", "title")]]
    # Below the line that the number stands on is what its signs leave blank.
    stands = max((at for at, shape in enumerate(shapes) if shape.strip()), default=0)
    rows += [[Seg(f" {shape}", one.role)] for shape in shapes[: stands + 1]]
    rows[-1].append(Seg(f" {one.unit}", "label"))
    rows.append([Seg(f" {fit(one.words, cell - 2, glyphs.cut)}", "label")])
    rows += [[] for _ in shapes[stands + 1 :]]
    return [[*row, Seg(" " * (cell - sum(cell_len(seg.text) for seg in row)))] for row in rows]


def _as_text(figures: Sequence[Figure], width: int, height: int, glyphs: Glyphs) -> list[Line]:
    longest = max(cell_len(one.label) for one in figures)
    names = min(longest, width // 2)
    rows = []
    for one in figures[:height]:
        told = f" {one.number}{f' {one.unit}' if one.unit else ''}"
        room = max(0, width - names - cell_len(told) - 4)
        words = fit(one.words, room, glyphs.cut)
        rows.append(
            line(
                Seg(f" {name_in(one.label, names)}", "title"),
                Seg(told, one.role),
                Seg(f"  {words}" if words else "", "label"),
            )
        )
    return rows
