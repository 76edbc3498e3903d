"""Where panels stand: in Grafana's grid, scaled to the cells there are, or in rows of like ones.

The grid has 24 columns; a unit of its height is some 38 points of a browser, two lines of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Final

from textual.geometry import Region

from checks.dashboards.model import Panel, PanelKind

__all__ = ["COLUMNS", "SMALL", "Laid", "laid"]

COLUMNS: Final = 24
"""Columns of the grid."""
LEAST_WIDE: Final = {
    PanelKind.CHART: 36,
    PanelKind.NUMBER: 15,
    PanelKind.GAUGE: 19,
    PanelKind.TABLE: 36,
    PanelKind.BARS: 30,
    PanelKind.TEXT: 18,
}
"""Cells without which a panel of a kind stands elsewhere."""
LEAST_HIGH: Final = {
    PanelKind.CHART: 7,
    PanelKind.NUMBER: 3,
    PanelKind.GAUGE: 4,
    PanelKind.TABLE: 5,
    PanelKind.BARS: 4,
    PanelKind.TEXT: 3,
}
"""Lines of a panel, its title among them."""
OWN_HIGH: Final = {
    PanelKind.CHART: 8,
    PanelKind.NUMBER: 4,
    PanelKind.GAUGE: 4,
    PanelKind.TABLE: 7,
    PanelKind.BARS: 6,
    PanelKind.TEXT: 3,
}
"""Units of the grid that a panel without a place is high."""
_SENTENCE: Final = 20
"""Cells for the sentence on why a panel cannot be shown."""
SMALL: Final = frozenset({PanelKind.NUMBER, PanelKind.GAUGE})
"""Kinds of panels that stand side by side in a row of their own."""
_TALLEST: Final = 9
"""Lines beyond which a figure or a gauge has nothing more to show."""
_SCALES: Final = (4.0, 3.6, 3.2, 2.9, 2.6, 2.4, 2.2, 2.0, 1.8, 1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0)
"""Lines for a unit of the grid, where all panels are to be seen at once."""
_SCROLLED: Final = 1.3
"""The same where they are not."""


@dataclass(frozen=True, slots=True)
class Laid:
    """``panels`` are the regions of the panels, by their place in the dashboard, in a canvas of
    ``height`` lines; ``heads`` the lines in which groups' titles stand.
    """

    height: int
    panels: Mapping[int, Region] = field(default_factory=dict)
    heads: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Numbered:
    number: int
    panel: Panel


def laid(panels: Sequence[Panel], width: int, height: int, *, flowing: bool = False) -> Laid:
    """Where ``panels`` stand in ``width`` cells: so that all fit into ``height`` lines where they
    can, else beneath each other further down. No panel is higher than that.

    ``flowing`` ignores their places.
    """
    lowest = _laid(panels, width, height, _SCALES[-1], flowing=flowing)
    if lowest.height > height:
        return _laid(panels, width, height, _SCROLLED, flowing=flowing)
    tries = (_laid(panels, width, height, scale, flowing=flowing) for scale in _SCALES)
    return next((found for found in tries if found.height <= height), lowest)


def _laid(panels: Sequence[Panel], width: int, height: int, scale: float, *, flowing: bool) -> Laid:
    numbered = [_Numbered(number, panel) for number, panel in enumerate(panels)]
    names = dict.fromkeys(panel.group for panel in panels)
    regions: dict[int, Region] = {}
    heads: dict[int, str] = {}
    y = 0
    for name in names:
        own = [one for one in numbered if one.panel.group == name]
        if name:
            heads[y] = name
            y += 1
        for row in _rows(own, width, flowing=flowing):
            placed = row.placed(width, scale, max(3, height - bool(name)))
            regions |= {number: region.translate((0, y)) for number, region in placed.items()}
            y = max(region.bottom for region in regions.values())
    return Laid(y, regions, heads)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Panels that are placed together, in their grid or, ``flowing``, one after the other."""

    panels: tuple[_Numbered, ...]
    flowing: bool

    def placed(self, width: int, scale: float, most: int) -> dict[int, Region]:
        if self.flowing:
            return _flow(self.panels, width, scale, most)
        return _grid(self.panels, width, scale, most)


def _rows(panels: Sequence[_Numbered], width: int, *, flowing: bool) -> Iterable[_Rows]:
    """The panels in parts that lie one beneath the other; one whose panels would be too narrow in
    its grid flows.
    """
    placed = [one for one in panels if one.panel.place is not None and not flowing]
    loose = [one for one in panels if one.panel.place is None or flowing]
    parts = [
        (_small_first(part) if narrow else part, narrow)
        for part in _bands(placed)
        for narrow in (_too_narrow(part, width),)
    ]
    if loose:
        # Without places figures come first, as anywhere: each by itself would take a whole row.
        parts.append((loose if flowing else _small_first(loose), True))
    for flows, run in groupby(parts, key=lambda part: part[1]):
        yield _Rows(tuple(one for part, _ in run for one in part), flows)


def _place(panel: Panel) -> tuple[int, int, int, int]:
    """Its place, within the grid."""
    x, y, wide, high = panel.place or (0, 0, COLUMNS, OWN_HIGH[panel.kind])
    x = max(0, min(x, COLUMNS - 1))
    return x, y, max(1, min(wide, COLUMNS - x)), max(1, high)


def _bands(panels: Sequence[_Numbered]) -> list[list[_Numbered]]:
    """The panels from top to bottom, parted wherever a straight line passes between them."""
    bands: list[list[_Numbered]] = []
    end = 0
    for one in sorted(panels, key=_reading_order):
        _, y, _, high = _place(one.panel)
        if not bands or y >= end:
            bands.append([])
        bands[-1].append(one)
        end = max(end, y + high)
    return bands


def _small_first(panels: Sequence[_Numbered]) -> list[_Numbered]:
    """What stands beside a large panel comes before it, together."""
    return sorted(panels, key=lambda one: one.panel.kind not in SMALL)


def _reading_order(one: _Numbered) -> tuple[int, int]:
    x, y, *_ = _place(one.panel)
    return y, x


def _edges(panel: Panel, width: int) -> tuple[int, int]:
    x, _, wide, _ = _place(panel)
    return round(x * width / COLUMNS), round((x + wide) * width / COLUMNS)


def _least_wide(panel: Panel) -> int:
    return _SENTENCE if panel.unshown else LEAST_WIDE[panel.kind]


def _too_narrow(panels: Iterable[_Numbered], width: int) -> bool:
    for one in panels:
        left, right = _edges(one.panel, width)
        if right - left < min(width, _least_wide(one.panel)):
            return True
    return False


def _high(panel: Panel, units: int, scale: float, most: int) -> int:
    """The lines that a panel of so many ``units`` has."""
    lines = round(units * scale)
    if panel.kind in SMALL:
        lines = min(lines, _TALLEST)
    least = LEAST_HIGH[PanelKind.TEXT if panel.unshown else panel.kind]
    return min(max(least, lines), most)


def _grid(panels: Sequence[_Numbered], width: int, scale: float, most: int) -> dict[int, Region]:
    """In the grid: each of its lines where the panels above it leave off, so that what was
    aligned stays so.
    """
    places = {one.number: _place(one.panel) for one in panels}
    lines = sorted({edge for _, y, _, high in places.values() for edge in (y, y + high)})
    at = {lines[0]: 0}
    for before, edge in pairwise(lines):
        ends = [
            at[y] + _high(one.panel, high, scale, most)
            for one in panels
            for _, y, _, high in (places[one.number],)
            if y + high == edge
        ]
        at[edge] = max([at[before], *ends])
    made = {}
    for one in panels:
        _, y, _, high = places[one.number]
        left, right = _edges(one.panel, width)
        made[one.number] = Region(left, at[y], right - left, at[y + high] - at[y])
    return made


def _flow(panels: Sequence[_Numbered], width: int, scale: float, most: int) -> dict[int, Region]:
    """One after the other in rows of equals: small ones with small ones."""
    made: dict[int, Region] = {}
    y = 0
    for small, run in groupby(panels, key=lambda one: one.panel.kind in SMALL):
        row = list(run)
        least = max(_least_wide(one.panel) for one in row)
        beside = max(1, min(len(row), width // least, 6 if small else 3))
        lines = -(-len(row) // beside)
        beside = -(-len(row) // lines)
        for start in range(0, len(row), beside):
            part = row[start : start + beside]
            high = max(_high(one.panel, _units(one.panel), scale, most) for one in part)
            # The last of large ones take all the room there is; figures stay in their columns.
            cells = beside if small else len(part)
            for place, one in enumerate(part):
                left, right = place * width // cells, (place + 1) * width // cells
                made[one.number] = Region(left, y, right - left, high)
            y += high
    return made


def _units(panel: Panel) -> int:
    return panel.place[3] if panel.place else OWN_HIGH[panel.kind]
