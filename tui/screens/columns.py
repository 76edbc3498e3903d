"""Panes beneath each other, and what those have in common that stand so."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Final

from textual import events, on
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region
from textual.layout import Layout, WidgetPlacement
from textual.widget import Widget

from widgets.ground import Ground

__all__ = ["FoldingLayout", "FoldingPanes", "StandingPanes", "column", "placements", "stepped"]

_NOWHERE: Final = Region(0, 0, 0, 0)


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


def stepped(lines: int, least: int, step: int) -> int:
    """``lines``, rounded up where a pane of more than ``least`` grows in steps."""
    return lines if lines <= least else least + -(-(lines - least) // step) * step


def placements(panes: Mapping[str, Widget], regions: Mapping[str, Region]) -> list[WidgetPlacement]:
    """Each of ``panes`` in its region; those that have none have no room."""
    return [
        WidgetPlacement(regions.get(name, _NOWHERE), NULL_OFFSET, NULL_SPACING, pane)
        for name, pane in panes.items()
    ]


class StandingPanes(Ground):
    """Panes that stand where ``places`` says; they are known by their ids."""

    DEFAULT_CSS = "StandingPanes { height: 1fr; }"

    def __init__(self, *panes: Widget, places: Layout) -> None:
        super().__init__(*panes, id="panes")
        self._layout_of_panes = places

    @property
    def layout(self) -> Layout:
        return self._layout_of_panes

    def share_anew(self) -> None:
        """Have the panes placed again: what they have to show has become more or less."""
        # Textual forgets where children stand only where one of them asks for it.
        for pane in self.children:
            pane.refresh(layout=True)


class FoldingLayout(Layout):
    """A layout in which, where there is little room, the pane ``opened`` has most of it."""

    def __init__(self, opened: str) -> None:
        self.opened = opened


class FoldingPanes(StandingPanes):
    """Where the screen is small, the one with the focus is open."""

    def __init__(self, *panes: Widget, places: FoldingLayout) -> None:
        super().__init__(*panes, places=places)
        self._folding = places

    @on(events.DescendantFocus)
    def _open(self, event: events.DescendantFocus) -> None:
        name = str(event.widget.id)
        if name != self._folding.opened and any(pane.id == name for pane in self.children):
            self._folding.opened = name
            self.share_anew()
