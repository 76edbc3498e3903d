"""Curves as text, for a report: blocks over a line of time, with marks beneath. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

__all__ = ["Axis", "chart"]

WIDTH: Final = 60
HEIGHT: Final = 5
_BLOCKS: Final = "▁▂▃▄▅▆▇█"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """The time that charts are of; ``clock`` writes a moment, ``marks`` are letters at moments."""

    begin: float
    end: float
    clock: Callable[[float], str]
    marks: Sequence[tuple[float, str]] = ()


def chart(points: Sequence[Point], axis: Axis, shown: Callable[[float], str]) -> list[str]:
    """The largest value of each of :data:`WIDTH` equal spans of ``axis``.

    ``points`` are times and values; ``shown`` writes a value. Nothing where none is known.
    """
    begin, end = axis.begin, axis.end
    length = max(end - begin, 1.0)
    columns = [math.nan] * WIDTH
    for at, value in points:
        place = int((at - begin) / length * WIDTH)
        if begin <= at <= end and math.isfinite(value):
            place = min(place, WIDTH - 1)
            before = columns[place]
            columns[place] = value if math.isnan(before) else max(before, value)
    held = _held(columns, points, length / WIDTH)
    known = [value for value in held if not math.isnan(value)]
    if not known:
        return []
    top, low = max(known), min([0.0, *known])
    scale = top - low or 1.0
    heights = [_height(value, low, scale) for value in held]
    labels = [shown(top), *[""] * (HEIGHT - 2), shown(low)]
    wide = max(map(len, labels))
    lines = []
    for row, label in enumerate(labels):
        floor = (HEIGHT - 1 - row) * len(_BLOCKS)
        lines.append(
            f"{label.rjust(wide)} ┤{''.join(_cell(one, floor) for one in heights)}".rstrip()
        )
    lines.append(f"{' ' * wide} └{'─' * WIDTH}")
    if axis.marks:
        lines.append(f"{' ' * wide}  {_marked(axis.marks, begin, length)}".rstrip())
    first, last = axis.clock(begin), axis.clock(end)
    lines.append(f"{' ' * wide}  {first}{last.rjust(WIDTH - len(first))}")
    return lines


def _held(columns: list[float], points: Sequence[Point], width: float) -> list[float]:
    """Columns between two points that are not far apart take the one before: where there are
    more columns than points a curve would be a comb.
    """
    times = sorted(at for at, value in points if math.isfinite(value))
    gaps = [after - before for before, after in pairwise(times)]
    usual = sorted(gaps)[len(gaps) // 2] if gaps else 0.0
    reach = math.ceil(1.5 * usual / width)
    held, last, since = list(columns), math.nan, reach + 1
    for place, value in enumerate(columns):
        if math.isnan(value):
            since += 1
            held[place] = last if since <= reach else math.nan
        else:
            last, since = value, 0
    return held


def _height(value: float, low: float, scale: float) -> int:
    """In eighths of a line; what is known is never without a trace."""
    if math.isnan(value):
        return 0
    return max(1, round((value - low) / scale * HEIGHT * len(_BLOCKS)))


def _cell(height: int, floor: int) -> str:
    return _BLOCKS[min(len(_BLOCKS), height - floor) - 1] if height > floor else " "


def _marked(marks: Sequence[tuple[float, str]], begin: float, length: float) -> str:
    """The first letter of each column."""
    row = [" "] * WIDTH
    for at, letter in sorted(marks):
        place = min(WIDTH - 1, int((at - begin) / length * WIDTH))
        if place >= 0 and row[place] == " ":
            row[place] = letter
    return "".join(row)
