"""The large curve of one queue: filled from the ground, its bounds drawn in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets import format as fmt
from widgets.frame import Frame
from widgets.spark import area, peak, time_columns, top_of
from widgets.text import Line, Seg, left, line, right

if TYPE_CHECKING:
    from checks.views import Points, QueueView

__all__ = ["LEAST_LINES", "columns_of", "curve_lines"]

LEAST_LINES: Final = 5
"""Lines of a curve, with its axis, below which it says nothing."""
_LEAST_TOP: Final = 10.0
_AXIS: Final = 9
"""Cells of the figures at the left."""
_ENOUGH: Final = 0.8
"""Share of what is remembered that a curve shows at least, though it fill its width less."""
_FAR: Final = 4.0
"""A bound further above the highest point than this is named and not drawn: it would press
the curve flat."""


def columns_of(queue: QueueView, width: int) -> tuple[Points, float]:
    """A point a column, at most ``width``, and the seconds that one stands for; 0 where that
    is not known.

    A point is the highest of its column, and the last one the size as it is now: no curve is
    below the figures beside it.
    """
    if not queue.course:
        return queue.history[-width:], 0.0
    count = len(queue.course)
    steps = max(1, count // width)
    if steps * width < _ENOUGH * count:
        steps += 1
    slices = time_columns(count, queue.course_last, steps, width)
    points = [peak(queue.course[one]) for one in slices]
    if points and queue.size is not None:
        points[-1] = queue.size
    return tuple(points), steps * queue.course_step


def _bounds(queue: QueueView, highest: float) -> list[tuple[float, str]]:
    """The bounds that are drawn: those within sight of the curve."""
    named = ((queue.critical, "critical"), (queue.warning, "warning"))
    near = max(highest, _LEAST_TOP) * _FAR
    return [(bound, name) for bound, name in named if bound is not None and bound <= near]


def curve_lines(queue: QueueView, frame: Frame) -> list[Line]:
    """The curve in ``frame``: its rows, then the axis of time. Nothing where nothing is known."""
    height, width = frame.height - 1, frame.width - _AXIS - 1
    points, seconds = columns_of(queue, width)
    known = [point for point in points if math.isfinite(point)]
    if not known or height < LEAST_LINES - 1 or width < 10:
        return []
    bounds = _bounds(queue, max(known))
    top = top_of([*known, *(bound for bound, _ in bounds)], _LEAST_TOP)
    rows = area(points, width, height, top, frame.glyphs)
    rules = {_row_of(bound, top, height): (bound, name) for bound, name in bounds}
    inks, lines = _inks(points, width, bounds), []
    for y, row in enumerate(rows):
        bound = rules.get(y)
        label = f"{bound[0]:,.0f}" if bound else _label(y, top, height)
        role = bound[1] if bound else "dim"
        segs = [Seg(right(label, _AXIS - 1) + " ", role)]
        signs = _ruled(row, inks, frame.glyphs.rule, role) if bound else zip(row, inks, strict=True)
        segs += _joined(signs)
        lines.append(line(Seg(" "), *segs, key="curve", check=queue.check))
    return [*lines, _time_axis(len(points), seconds, width, queue)]


def _row_of(bound: float, top: float, height: int) -> int:
    """The row, from the top, that ``bound`` lies in."""
    return min(height - 1, max(0, height - math.ceil(bound / top * height)))


def _label(y: int, top: float, height: int) -> str:
    if y == 0:
        return fmt.count(top)
    return "0" if y == height - 1 else ""


def _inks(points: Points, width: int, bounds: Sequence[tuple[float, str]]) -> list[str]:
    """The role of each column: that of the worst bound that its point has passed."""
    passed = [next((name for bound, name in bounds if one > bound), "spark") for one in points]
    return ["spark"] * (width - len(points)) + passed


def _ruled(row: str, inks: Sequence[str], rule: str, role: str) -> Iterator[tuple[str, str]]:
    """The row with a rule in it wherever the curve is not."""
    for sign, ink in zip(row, inks, strict=True):
        yield (rule, role) if sign == " " else (sign, ink)


def _joined(signs: Iterable[tuple[str, str]]) -> list[Seg]:
    """Signs of one role as one segment."""
    return [
        Seg("".join(sign for sign, _ in run), role)
        for role, run in groupby(signs, key=itemgetter(1))
    ]


def _time_axis(columns: int, seconds: float, width: int, queue: QueueView) -> Line:
    """How far back the left end is, and the right one being now."""
    reach = columns * seconds
    begins = f"{fmt.coarse(reach)} ago" if reach else f"{fmt.many(columns, 'run')} ago"
    pad = " " * max(0, width - columns)
    text = left(pad + begins, width - 4) if columns > cell_len(begins) + 5 else " " * (width - 4)
    return line(Seg(" " * (_AXIS + 1)), Seg(f"{text} now", "dim"), key="curve", check=queue.check)
