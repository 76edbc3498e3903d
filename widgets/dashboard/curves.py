"""Curves in braille dots, or in letters where there are none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from widgets.dashboard.scale import PanelScale, TimeColumns
from widgets.glyphs import Glyphs
from widgets.text import Seg

__all__ = ["Curve", "drawn"]

_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The dots of a braille cell, by row from the top and column."""
_BRAILLE: Final = 0x2800
_HIGH: Final = len(_DOTS)
_BOUND: Final = "⠉⠒⠤⣀"
"""A piece of a bound by the row of dots that it lies in, from the top."""
_DASH: Final = 4
"""Every so many cells of a bound one is left out: it is told from a curve without colours too."""

Dots = dict[tuple[int, int], tuple[int, str]]
"""The dots of each cell as bits, and the role of what was drawn there last."""
Cells = dict[tuple[int, int], tuple[str, str]]
"""The sign of each cell and its role, by column and row."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """``values`` at ``times`` in a role; its letter draws it where dots cannot."""

    times: Sequence[float]
    values: Sequence[float]
    role: str
    letter: str


def drawn(
    curves: Sequence[Curve], scale: PanelScale, columns: TimeColumns, rows: int, glyphs: Glyphs
) -> list[list[Seg]]:
    """``rows`` lines of ``columns``; the first of ``curves`` lies on top."""
    cells: Cells = {}
    _draw_bounds(cells, scale, columns.count, rows, glyphs)
    if glyphs.plain and glyphs.curves:
        for curve in reversed(curves):
            _draw_letters(cells, curve, scale, columns, rows)
    elif glyphs.curves:
        dots: Dots = {}
        for curve in reversed(curves):
            _draw_dots(dots, curve, scale, columns, rows)
        for place, (bits, role) in dots.items():
            cells[place] = (chr(_BRAILLE | bits), role)
    return [_row(cells, y, columns.count) for y in range(rows)]


def _row(cells: Cells, y: int, width: int) -> list[Seg]:
    segs: list[Seg] = []
    text, role = "", "text"
    for x in range(width):
        sign, own = cells.get((x, y), (" ", role))
        if own != role and text:
            segs.append(Seg(text, role))
            text = ""
        text, role = text + sign, own
    segs.append(Seg(text, role))
    return segs


def _draw_bounds(cells: Cells, scale: PanelScale, width: int, rows: int, glyphs: Glyphs) -> None:
    """Each threshold as a dashed line."""
    for value, role in scale.bounds:
        if glyphs.plain:
            y, sign = scale.dot(value, rows), "-"
        else:
            y, dot = divmod(scale.dot(value, rows * _HIGH), _HIGH)
            sign = _BOUND[dot]
        for x in range(width):
            if x % _DASH:
                cells[x, y] = (sign, role)


def _draw_letters(
    cells: Cells, curve: Curve, scale: PanelScale, columns: TimeColumns, rows: int
) -> None:
    """A letter in each column, at the newest value of it."""
    for moment, value in zip(curve.times, curve.values, strict=False):
        x = columns.of(moment)
        if 0 <= x < columns.count and math.isfinite(value):
            for y in [y for y in range(rows) if cells.get((x, y)) == (curve.letter, curve.role)]:
                del cells[x, y]
            cells[x, scale.dot(value, rows)] = (curve.letter, curve.role)


def _draw_dots(
    dots: Dots, curve: Curve, scale: PanelScale, columns: TimeColumns, rows: int
) -> None:
    """Lines between points that follow each other; what is not known leaves a gap."""
    fine = TimeColumns(columns.start, columns.each / 2, columns.count * 2)
    high = rows * _HIGH
    places = [
        (fine.of(moment), scale.dot(value, high)) if math.isfinite(value) else None
        for moment, value in zip(curve.times, curve.values, strict=False)
    ]
    for place in places:
        if place is not None:
            _dot(dots, *place, curve.role, fine.count)
    for here, there in pairwise(places):
        if here is not None and there is not None and here != there:
            for x, y in _between(here, there):
                _dot(dots, x, y, curve.role, fine.count)


def _between(here: tuple[int, int], there: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The dots of a straight line."""
    (x, y), (end_x, end_y) = here, there
    steps = max(abs(end_x - x), abs(end_y - y))
    for step in range(1, steps):
        yield x + round((end_x - x) * step / steps), y + round((end_y - y) * step / steps)


def _dot(dots: Dots, x: int, y: int, role: str, width: int) -> None:
    if 0 <= x < width:
        place = (x // 2, y // _HIGH)
        bits, _ = dots.get(place, (0, role))
        dots[place] = (bits | _DOTS[y % _HIGH][x % 2], role)
