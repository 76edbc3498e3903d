"""Sparklines, area charts and bars as text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from widgets.glyphs import UNICODE, Glyphs

__all__ = ["area", "bar", "mean", "peak", "spark", "time_columns", "top_of"]


def top_of(points: Sequence[float], least: float) -> float:
    """Where the scale ends: a round figure at or above every point and ``least``.

    Round (1, 2, 5 times a power of ten), so that the scale rarely moves and a curve
    that only shifts does not change its shape.
    """
    peak = max((p for p in points if math.isfinite(p)), default=0.0)
    if peak <= least or peak <= 0:
        return least
    power = 10.0 ** math.floor(math.log10(peak))
    return next((power * step for step in (1.0, 2.0, 5.0) if peak <= power * step), power * 10)


def spark(points: Sequence[float], width: int, least: float = 1.0, glyphs: Glyphs = UNICODE) -> str:
    """The newest ``width`` points, newest right; exactly ``width`` cells.

    The baseline is 0 and the scale reaches at least to ``least``, so that jitter stays
    small. NaN is a gap. A history shorter than the width is padded on the left.
    """
    return area(points, width, 1, least, glyphs)[0]


def area(
    points: Sequence[float], width: int, height: int, least: float = 1.0, glyphs: Glyphs = UNICODE
) -> list[str]:
    """The same as :func:`spark`, filled from the baseline over ``height`` lines, topmost first.

    What is known reaches into the lowest line even where it is 0, so that it differs from
    a gap.
    """
    if width <= 0:
        return [""] * height
    newest = points[-width:]
    top = top_of(newest, least)
    blocks = glyphs.blocks
    steps = len(blocks)
    heights = [
        min(steps * height, max(1, math.ceil(max(0.0, point) / top * steps * height)))
        if math.isfinite(point)
        else 0
        for point in newest
    ]
    drawn = []
    for floor in range((height - 1) * steps, -1, -steps):
        row = "".join(
            blocks[min(steps, reach - floor) - 1] if reach > floor else " " for reach in heights
        )
        drawn.append(row.rjust(width))
    return drawn


def time_columns(count: int, last: int, steps: int, width: int) -> list[slice]:
    """Where to cut ``count`` points into at most ``width`` columns of ``steps`` points each.

    ``last`` is the number of the newest point on a count that goes on for ever. Columns
    begin at the multiples of ``steps``, wherever the newest point stands: a new point
    changes the newest column alone, and the others move once in ``steps`` points.
    """
    if count <= 0 or width <= 0:
        return []
    first = last - count + 1
    newest = last // steps
    oldest = max(first // steps, newest - width + 1)
    return [
        slice(max(0, column * steps - first), (column + 1) * steps - first)
        for column in range(oldest, newest + 1)
    ]


def mean(points: Sequence[float]) -> float:
    """The mean of the points that are known, NaN without any."""
    known = [point for point in points if math.isfinite(point)]
    return sum(known) / len(known) if known else math.nan


def peak(points: Sequence[float]) -> float:
    """The largest of the points that are known, NaN without any."""
    return max((point for point in points if math.isfinite(point)), default=math.nan)


def bar(ratio: float | None, width: int, glyphs: Glyphs = UNICODE) -> tuple[str, str]:
    """The filled and the empty part of a bar of ``width`` cells.

    Anything above 0 fills a cell at least; only the whole fills them all.
    """
    if ratio is None or not math.isfinite(ratio) or width <= 0:
        return "", glyphs.empty * max(0, width)
    filled = round(min(1.0, max(0.0, ratio)) * width)
    if 0 < ratio < 1:
        filled = min(max(1, filled), max(1, width - 1))
    return glyphs.full * filled, glyphs.empty * (width - filled)
