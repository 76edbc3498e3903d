"""Several curves in one chart, on a logarithmic scale, drawn with braille dots or letters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

from widgets.glyphs import Glyphs
from widgets.text import Seg

if TYPE_CHECKING:
    from checks.views import Points

__all__ = ["LogScale", "Plotted", "Scale", "plot", "scale_of"]

_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The dots of a braille cell, by row from the top and column."""
_BRAILLE: Final = 0x2800
_FASTEST: Final = 1e-9
_SLOWEST: Final = 1e9
"""Seconds beyond which a log has something else in the column of its durations."""

_Cells = dict[tuple[int, int], tuple[str, str]]
"""What is drawn where: a sign and its role by column and row."""


@dataclass(frozen=True, slots=True, eq=False)
class Plotted:
    """A curve: its columns, the role it is drawn in, and its letter where dots are none."""

    points: Points
    role: str
    letter: str


class Scale(Protocol):
    """Says how high values lie."""

    def place(self, value: float) -> float:
        """Where ``value`` lies, from 0 at the bottom to 1 at the top."""


@dataclass(frozen=True, slots=True)
class LogScale:
    """From ``low`` to ``high``, both above 0."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Where ``value`` lies, from 0 at the bottom to 1 at the top."""
        span = math.log(self.high / self.low)
        return min(1.0, max(0.0, math.log(max(value, self.low) / self.low) / span))

    def ticks(self, height: int) -> dict[int, float]:
        """Round values by the line, counted from the top, that they lie in; lines apart."""
        found: dict[int, float] = {height - 1: self.low, 0: self.high}
        for value in _round_between(self.low, self.high):
            line = round((1 - self.place(value)) * (height - 1))
            if all(abs(line - taken) >= 2 for taken in found):
                found[line] = value
        return found


def _round_between(low: float, high: float) -> list[float]:
    """Powers of ten first, then the other round figures between them."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [mantissa * 10.0**power for mantissa in (1, 2, 5) for power in exponents]
    return [value for value in values if low < value < high]


def _down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (5, 2, 1) if step * power <= value * (1 + 1e-9))


def scale_of(curves: Sequence[Points]) -> LogScale | None:
    """From a round figure below all points to one above; None where none is known."""
    known = [point for points in curves for point in points if math.isfinite(point)]
    above = [max(_FASTEST, min(_SLOWEST, point)) for point in known if point > 0]
    if not known:
        return None
    low = _down(min(above, default=1e-3))
    high = low
    while high < max(above, default=low) or high < 2 * low:
        high = next(s for s in (high * 2, high * 2.5) if _is_round(s))
    return LogScale(low, high)


def _is_round(value: float) -> bool:
    mantissa = value / 10.0 ** math.floor(math.log10(value) + 1e-9)
    return any(abs(mantissa - step) < 1e-6 for step in (1, 2, 5, 10))


def plot(
    curves: Sequence[Plotted], scale: Scale, height: int, glyphs: Glyphs, since: int = 0
) -> list[list[Seg]]:
    """``height`` rows, as wide as the curves have points; the last of ``curves`` lies on top.

    Columns before ``since`` are drawn quietly.
    """
    draw = _letters if glyphs.plain else _dots
    cells: _Cells = {}
    for curve in curves if glyphs.curves else ():
        draw(curve, scale, height, cells)
    width = max((len(curve.points) for curve in curves), default=0)
    return [_row(cells, y, width, since) for y in range(height)]


def _row(cells: _Cells, y: int, width: int, since: int) -> list[Seg]:
    segs: list[Seg] = []
    for x in range(width):
        sign, role = cells.get((x, y), (" ", ""))
        role = "dim" if x < since and role else role
        if segs and segs[-1].role == (role or "text"):
            segs[-1] = Seg(segs[-1].text + sign, segs[-1].role)
        else:
            segs.append(Seg(sign, role or "text"))
    return segs


def _letters(curve: Plotted, scale: Scale, height: int, cells: _Cells) -> None:
    for x, point in enumerate(curve.points):
        if math.isfinite(point):
            y = round((1 - scale.place(point)) * (height - 1))
            cells[x, y] = (curve.letter, curve.role)


def _dots(curve: Plotted, scale: Scale, height: int, cells: _Cells) -> None:
    rows = height * 4 - 1
    heights = [
        round((1 - scale.place(point)) * rows) if math.isfinite(point) else None
        for point in curve.points
    ]
    for x, y in enumerate(heights):
        if y is not None:
            for half in (0, 1):
                _dot(cells, 2 * x + half, y, curve.role)
    for x, (here, there) in enumerate(pairwise(heights)):
        if here is not None and there is not None:
            middle = (here + there) // 2
            for y in _between(here, middle):
                _dot(cells, 2 * x + 1, y, curve.role)
            for y in _between(middle, there):
                _dot(cells, 2 * x + 2, y, curve.role)


def _between(one: int, other: int) -> range:
    return range(min(one, other), max(one, other) + 1)


def _dot(cells: _Cells, x: int, y: int, role: str) -> None:
    place = (x // 2, y // 4)
    before, _ = cells.get(place, (chr(_BRAILLE), role))
    cells[place] = (chr(ord(before) | _DOTS[y % 4][x % 2]), role)
