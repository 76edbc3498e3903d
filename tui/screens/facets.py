"""The part of the details that puts its panes side by side, each as high as it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from widgets.ground import Ground
from widgets.lines import LinePane

__all__ = ["Facets", "columns_for", "shared_out", "steady_heights"]

GUTTER: Final = 1
"""Cells between columns, and lines between panes."""
SLACK: Final = 3
"""Lines that a pane may have too many before it is made lower."""


def columns_for(width: int) -> int:
    """How many panes stand side by side in ``width`` cells."""
    return 1 if width < 104 else 2 if width < 168 else 3


def shared_out(heights: Mapping[str, int], columns: int) -> dict[str, int]:
    """The column of each pane: in their order, each goes where most room is left."""
    below = [0] * columns
    placed = {}
    for name, height in heights.items():
        column = below.index(min(below))
        placed[name] = column
        below[column] += height + GUTTER
    return placed


def steady_heights(needs: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """``needs``, but a pane that was a little higher stays so: what says a line less now and a
    line more then moves nothing below it.
    """
    return {
        name: before[name] if name in before and 0 < before[name] - need < SLACK else need
        for name, need in needs.items()
    }


class _FacetsLayout(Layout):
    """Puts panes, known by their ids, where :class:`Facets` has planned them."""

    name = "facets"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        if not isinstance(parent, Facets):
            return []
        parent.pre_layout(self)
        regions = parent.regions(size.width)
        return [
            WidgetPlacement(regions[child.id], NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child.id in regions
        ]


class Facets(Ground):
    """The panes about a check or an alert, from left to right and from top to bottom.

    ``needs`` tells the lines that each pane has to show in so many cells, its title not among
    them; panes that it does not name are not shown.
    """

    # A height that is a share of what there is would stretch this to the height of the page.
    DEFAULT_CSS = """
    Facets { height: auto; margin-top: 1; }
    Facets > LinePane { height: 12; }
    Facets > LinePane.-maximized { height: 1fr; }
    """

    def __init__(self, panes: Sequence[LinePane], needs: Callable[[int], dict[str, int]]) -> None:
        super().__init__(*panes, id="facets")
        self._places = _FacetsLayout()
        self._panes = {str(pane.id): pane for pane in panes}
        self._needs = needs
        self._most = 12
        self._width = 0
        self._heights: dict[str, int] = {}
        self._columns: tuple[object, dict[str, int]] = ((), {})

    @property
    def layout(self) -> Layout:
        return self._places

    def regions(self, width: int) -> dict[str, Region]:
        """Where each pane stands in ``width`` cells."""
        if width != self._width:
            self._width = width
            self._heights = self._wanted(width)
        count = columns_for(width)
        # A pane keeps its column as long as the same ones are there.
        shown = (count, tuple(self._heights))
        if shown != self._columns[0]:
            self._columns = (shown, shared_out(self._heights, count))
        column_of, own = self._columns[1], _own_width(width)
        below = [0] * count
        placed = {}
        for name, height in self._heights.items():
            column = column_of[name]
            placed[name] = Region(column * (own + GUTTER), below[column], own, height)
            below[column] += height + GUTTER
        return placed

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max((region.bottom for region in self.regions(width).values()), default=0)

    def forget(self) -> None:
        """Another check's panes come: nothing of where these stood holds."""
        self._heights, self._columns = {}, ((), {})

    def fit(self, most: int) -> None:
        """Stand as the panes need it now, none with more than ``most`` lines of its own."""
        self._most = most
        width = self._width or self.app.size.width - 2
        heights = steady_heights(self._wanted(width), self._heights)
        if heights == self._heights:
            return
        self._heights = heights
        for name, pane in self._panes.items():
            pane.display = name in heights
        # Textual forgets where children stand only where one of them asks for it.
        for pane in self._panes.values():
            if pane.display:
                pane.refresh(layout=True, repaint=False)
        # They tell the screen a few messages later, when it may have been drawn already.
        self.screen.refresh(layout=True, repaint=False)

    def _wanted(self, width: int) -> dict[str, int]:
        needs = self._needs(_own_width(width) - 1)
        return {name: min(self._most, lines) + 1 for name, lines in needs.items() if lines > 0}


def _own_width(width: int) -> int:
    """The width of each pane where all of them have ``width`` cells."""
    count = columns_for(width)
    return (width - GUTTER * (count - 1)) // count
