"""Sparklines and bars as text, one cell a point."""

from __future__ import annotations

import math
from collections.abc import Sequence

from widgets.glyphs import UNICODE, Glyphs

__all__ = ["bar", "spark", "top_of"]


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
    if width <= 0:
        return ""
    newest = points[-width:]
    top = top_of(newest, least)
    blocks = glyphs.blocks
    steps = len(blocks)
    drawn = "".join(
        blocks[min(steps - 1, max(0, math.ceil(point / top * steps) - 1))]
        if math.isfinite(point)
        else " "
        for point in newest
    )
    return drawn.rjust(width)


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
