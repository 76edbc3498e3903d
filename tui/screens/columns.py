"""Panes beneath each other."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from textual.geometry import Region

__all__ = ["column"]


def column(x: int, y: int, width: int, given: Mapping[str, int]) -> dict[str, Region]:
    """Panes beneath each other from ``x`` and ``y`` on, each of the lines it is given; one of
    none is nowhere.
    """
    tops = accumulate(given.values(), initial=y)
    return {
        name: Region(x, top, width, own)
        for (name, own), top in zip(given.items(), tops, strict=False)
        if own > 0
    }
