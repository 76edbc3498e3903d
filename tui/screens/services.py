"""All checks: is it up, since when, how good was it, which part is ill, what depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.screens.listing import ListScreen
from widgets import format as fmt
from widgets.availability.outages import OutagesPane
from widgets.availability.selected import SelectedCheck
from widgets.availability.table import ServiceTable
from widgets.availability.words import percent

if TYPE_CHECKING:
    from checks.views import CheckView
    from widgets.lines import LinePane
    from widgets.listing.pane import ListPane

__all__ = ["ServicesScreen"]


class ServicesScreen(ListScreen):
    """A row a check; the one under the cursor whole beside it. Enter opens its details."""

    TABLE = ServiceTable
    TITLE = "Services"
    QUESTION = (
        "Is it up, since when, how good was it over the last minutes and hours, which part of "
        "it is ill, and what depends on it? Bad runs: 18 in 6 are 18 runs in 6 outages."
    )

    def table(self) -> ListPane[Any]:
        return ServiceTable(id="table")

    def selected(self) -> LinePane:
        return SelectedCheck(id="selected")

    def more(self) -> tuple[LinePane, ...]:
        return (OutagesPane(id="outages", classes="more"),)

    def besides(self, item: CheckView) -> str:
        if item.record is None or self.snapshot is None:
            return ""
        window = item.record.over(self.snapshot.window)
        over = fmt.coarse(min(window.seconds, window.covered))
        known = window.availability is not None
        told = f"{percent(window.availability)} % available over {over}" if known else ""
        if not window.failed:
            return told
        outages = fmt.many(window.outages, "outage")
        return f"{told}, {fmt.many(window.failed, 'failed run')} in {outages}"
