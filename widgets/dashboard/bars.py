"""A panel of bars: the largest first, each with its share of them all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets import format as fmt
from widgets.dashboard.room import Room, Row, figure, named, padded, toned
from widgets.spark import bar
from widgets.text import Seg, segs_width

if TYPE_CHECKING:
    from checks.dashboards.views import PanelView, SeriesView

__all__ = ["bar_rows", "shares"]

_NO_PARTS: Final = frozenset({"%", "ratio", "s"})
"""Units of which a sum says nothing."""
_SHARE: Final = 7
"""Cells of a share."""
_LEAST: Final = 34
"""Cells from which on shares are shown."""


def shares(view: PanelView) -> float:
    """What all bars come to, where that says something; else 0."""
    known = [one.value for one in view.series if math.isfinite(one.value)]
    if view.panel.unit in _NO_PARTS or len(known) < 2 or min(known) < 0:
        return 0.0
    return sum(known)


def bar_rows(view: PanelView, room: Room) -> list[Row]:
    """A line a series."""
    series = sorted(view.series, key=_largest)
    more = max(view.total, len(series)) - room.height
    shown = series[: room.height - 1 if more > 0 else room.height]
    figures = [figure(one, view.panel, room.glyphs) for one in shown]
    whole = shares(view) if room.width >= _LEAST else 0.0
    told = max((segs_width(each) for each in figures), default=0)
    names = max((cell_len(named(one)) for one in shown), default=0)
    left = room.width - told - 4 - (_SHARE if whole else 0)
    names = min(names, max(4, left // 2))
    top = max([abs(one.value) for one in series if math.isfinite(one.value)], default=0.0)
    rows = []
    for one, each in zip(shown, figures, strict=True):
        ratio = abs(one.value) / top if top and math.isfinite(one.value) else 0.0
        full, _ = bar(ratio, max(0, left - names), room.glyphs)
        own = toned(one, "spark")
        row = [
            Seg(f" {padded(named(one), names, room.glyphs.cut)} ", "label"),
            Seg(padded(full, max(0, left - names), ""), own),
            Seg(" " * (told - segs_width(each) + 1)),
            *each,
        ]
        if whole:
            row.append(Seg(f"{fmt.percent(one.value / whole):>{_SHARE}}", "dim"))
        rows.append(row)
    if more > 0:
        rows.append([Seg(f" +{more + 1} more", "dim")])
    return rows


def _largest(one: SeriesView) -> float:
    return -one.value if math.isfinite(one.value) else math.inf
