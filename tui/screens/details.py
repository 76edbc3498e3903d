"""Everything about one check: a large chart, its last runs, and what it answered."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.reactive import reactive
from textual.widget import Widget

from checks.views import CheckDetails, Snapshot
from tui import keymap
from tui.screens.picture import PictureScreen
from widgets.chart import BigChart
from widgets.details import (
    DetailPane,
    EventsPane,
    FactsPane,
    PhasesPane,
    RawPane,
    ResultsPane,
    SamplesPane,
    TablesPane,
)
from widgets.header import CheckHeader
from widgets.related import RelatedPane

__all__ = ["DetailsScreen", "columns_for"]

_PANES: Final = (
    FactsPane,
    ResultsPane,
    PhasesPane,
    RelatedPane,
    TablesPane,
    RawPane,
    EventsPane,
    SamplesPane,
)


def columns_for(width: int) -> int:
    """How many panes stand side by side in ``width`` cells."""
    return 1 if width < 104 else 2 if width < 168 else 3


class DetailsScreen(PictureScreen):
    """The check ``check``. Left and right change the chart."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.DETAILS]
    AUTO_FOCUS = "FactsPane"
    TITLE = "Details"
    can_go_back = True
    HINTS = (
        (("screen.back",), "back"),
        (("details.previous_chart", "details.next_chart"), "chart"),
        (("screen.next_pane",), "next pane"),
        (("screen.maximise",), "maximise"),
        (("screen.filter",), "filter"),
        (("app.help",), "help"),
        (("app.poll",), "poll now"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )

    check: reactive[str] = reactive("", repaint=False)
    chart: reactive[int] = reactive(0, repaint=False)

    def __init__(self, check: str, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self.set_reactive(DetailsScreen.check, check)

    def header(self) -> Widget:
        return CheckHeader(id="verdict").data_bind(
            DetailsScreen.snapshot,
            DetailsScreen.frozen,
            DetailsScreen.check,
            DetailsScreen.use_ascii,
        )

    def body(self) -> Widget:
        bound = (DetailsScreen.snapshot, DetailsScreen.check, DetailsScreen.use_ascii)
        chart = BigChart(id="chart").data_bind(*bound, index=DetailsScreen.chart)
        panes = (
            pane(id=pane.__name__.removesuffix("Pane").lower()).data_bind(
                *bound, DetailsScreen.filter_text
            )
            for pane in _PANES
        )
        return VerticalScroll(chart, Container(*panes, id="facets"), id="page", can_focus=False)

    def on_resize(self, event: events.Resize) -> None:
        columns = columns_for(event.size.width)
        self.query_one("#facets").styles.grid_size_columns = columns
        self.query_one(BigChart).styles.height = max(8, event.size.height * 2 // 5 - 1)

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        details = new.details if new else None
        if details is not None and details.check == self.check:
            self._leave_out(details)

    def _leave_out(self, details: CheckDetails) -> None:
        """Show no pane for what this kind of check does not have."""
        for pane, has in (
            (PhasesPane, details.phases),
            (TablesPane, details.tables),
            (RawPane, details.raw),
        ):
            self.query_one(pane, DetailPane).display = bool(has)

    def action_chart(self, step: int) -> None:
        details = self.snapshot.details if self.snapshot else None
        if details is not None and details.charts:
            self.chart = (self.chart + step) % len(details.charts)
