"""The part of the overview that puts its panes where the arrangement says."""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Region, Size
from textual.layout import ArrangeResult, Layout
from textual.widget import Widget

from tui.screens.arrangement import Arrangement, pane_widths, shows_events, steady
from tui.screens.columns import StandingPanes, placements
from widgets.lines import LinePane
from widgets.requests import RequestsPane

__all__ = ["Panes"]


class _PanesLayout(Layout):
    """Gives each pane lines by what it has to show; the panes are known by their ids."""

    name = "panes"

    def __init__(self) -> None:
        self.arrangement = Arrangement.GRID
        self._held: tuple[object, int] = ((), 0)

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        parent.pre_layout(self)
        panes = {str(child.id): child for child in children if isinstance(child, LinePane)}
        requests = panes.get("requests")
        unfed = isinstance(requests, RequestsPane) and requests.is_unfed
        widths = pane_widths(self.arrangement, size.width, unfed=unfed)
        wanted = {name: pane.lines_wanted(widths[name]) for name, pane in panes.items()}
        alerts = panes.get("alerts")
        brief = alerts.lines_wanted(size.width, 0) if alerts else 0
        regions = self._regions(size, wanted, brief, unfed=unfed)
        return placements(panes, regions)

    def _regions(
        self, size: Size, wanted: Mapping[str, int], brief: int, *, unfed: bool
    ) -> dict[str, Region]:
        """Steady on one screen, as long as the requests have the same to show."""
        key = (self.arrangement, size, wanted.get("requests"))
        held = self._held[1] if key == self._held[0] else 0
        width, height = size
        regions = steady(
            self.arrangement, width, height, wanted, held=held, brief=brief, unfed=unfed
        )
        self._held = (key, regions["requests"].height if "requests" in regions else 0)
        return regions


class Panes(StandingPanes):
    """The panes of the overview, in an arrangement that may change."""

    def __init__(self, *panes: LinePane, arrangement: Arrangement, height: int) -> None:
        self._places = _PanesLayout()
        super().__init__(*panes, places=self._places)
        self.fit(arrangement, height)

    def fit(self, arrangement: Arrangement, height: int) -> None:
        """Stand as ``arrangement`` says, on a screen of ``height`` lines."""
        self._places.arrangement = arrangement
        for pane in self._nodes:
            if pane.id == "events":
                pane.display = shows_events(arrangement, height)
        self.share_anew()
