"""Figures as segments: the number stands out, its unit does not."""

from __future__ import annotations

from rich.cells import cell_len

from widgets.format import DASH
from widgets.text import Seg

__all__ = ["aligned", "figure"]


def figure(text: str, role: str = "value") -> list[Seg]:
    """``12 ms`` as a number in ``role`` and a dim unit; a figure not known is all dim."""
    if text == DASH:
        return [Seg(text, "dim")]
    number, gap, unit = text.partition(" ")
    if not gap and number.endswith("/s"):
        number, unit = number[:-2], "/s"
    return [Seg(number, role), Seg(gap + unit, "dim")]


def aligned(text: str, width: int, role: str = "value") -> list[Seg]:
    """The same, aligned right in ``width`` cells."""
    return [Seg(" " * max(0, width - cell_len(text))), *figure(text, role)]
