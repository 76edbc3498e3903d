"""Where the panes of the logs screen stand: lines above, patterns and what is read beneath."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.geometry import Region, Size
from textual.layout import ArrangeResult
from textual.widget import Widget

from tui.screens.columns import FoldingLayout, FoldingPanes, column, placements
from widgets.lines import LinePane

__all__ = ["LogPanes", "place_logs"]

_WIDE: Final = 110
"""Cells from which on patterns and what is read stand side by side."""
_HIGH: Final = 18
"""Lines below which one pane is open and of the others there are titles."""
_BELOW: Final = ("patterns", "sources")


def place_logs(
    width: int, height: int, wanted: Mapping[str, int], opened: str
) -> dict[str, Region]:
    """Where each pane stands in ``width`` by ``height`` cells.

    ``wanted`` is how many lines each of those beneath could use, its title among them.
    """
    if height < _HIGH:
        return column(0, 0, width, _folded(height, opened))
    most = height * 2 // 5
    if width < _WIDE:
        return column(0, 0, width, _stacked(height, most, wanted))
    below = min(most, max(3, *(wanted[name] for name in _BELOW)))
    own = (width - 1) * 3 // 5
    return {
        "tail": Region(0, 0, width, height - below),
        "patterns": Region(0, height - below, own, below),
        "sources": Region(own + 1, height - below, width - own - 1, below),
    }


def _stacked(height: int, most: int, wanted: Mapping[str, int]) -> dict[str, int]:
    sources = min(wanted["sources"], max(2, most // 2))
    patterns = min(wanted["patterns"], max(2, most - sources))
    return {
        "tail": height - patterns - sources,
        "patterns": patterns,
        "sources": sources,
    }


def _folded(height: int, opened: str) -> dict[str, int]:
    """Titles of all but the open one; the lines keep some where another pane is open."""
    if height < 5:
        return {"tail": 0, "patterns": 0, "sources": 0, opened: height}
    if opened == "tail":
        return {"tail": height - 2, "patterns": 1, "sources": 1}
    lines = min(4, height // 3)
    given = {"tail": lines, "patterns": 1, "sources": 1}
    given[opened] = height - lines - 1
    return given


class _LogLayout(FoldingLayout):
    """Gives each pane lines by what it has to show; the panes are known by their ids."""

    name = "logs"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        parent.pre_layout(self)
        panes = {str(child.id): child for child in children if isinstance(child, LinePane)}
        wanted = _wanted_by(panes, size)
        return placements(panes, place_logs(size.width, size.height, wanted, self.opened))


def _wanted_by(panes: Mapping[str, LinePane], size: Size) -> dict[str, int]:
    own = size.width if size.width < _WIDE else size.width // 2
    return {name: min(size.height, panes[name].lines_wanted(own)) for name in _BELOW}


class LogPanes(FoldingPanes):
    """The panes of the logs screen."""

    def __init__(self, *panes: LinePane) -> None:
        super().__init__(*panes, places=_LogLayout("tail"))
        self._wanted: dict[str, int] = {}

    def fit(self) -> None:
        """Share the room anew where a pane has more to show, or clearly less, than before."""
        panes = {str(pane.id): pane for pane in self.children if isinstance(pane, LinePane)}
        wanted = _wanted_by(panes, self.size)
        known = self._wanted
        if known and all(known[name] - 2 <= wanted[name] <= known[name] for name in wanted):
            return
        self._wanted = wanted
        self.share_anew()
