"""Everything about one check: a large chart, its last runs, and what it answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.reactive import reactive
from textual.widget import Widget

from tui import keymap
from tui.screens.arrangement import row_heights
from tui.screens.filter import FilterLine
from tui.screens.picture import PictureScreen, Standing
from widgets.asked import QueriesPane
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
from widgets.hints import HintLine
from widgets.related import RelatedPane

if TYPE_CHECKING:
    from checks.views import CheckDetails

__all__ = ["DetailsScreen", "columns_for"]

_MOST: Final = 12
"""Lines of a pane, at most; the rest is scrolled to."""


PANES: Final = (
    FactsPane,
    ResultsPane,
    PhasesPane,
    RelatedPane,
    QueriesPane,
    TablesPane,
    RawPane,
    EventsPane,
    SamplesPane,
)


class Page(VerticalScroll, inherit_bindings=False):
    """Scrolls to the pane with the focus; its arrow keys are the screen's."""


def columns_for(width: int) -> int:
    """How many panes stand side by side in ``width`` cells."""
    return 1 if width < 104 else 2 if width < 168 else 3


class DetailsScreen(PictureScreen):
    """The check ``check``. Left and right change the chart.

    It is composed once and turns to another check by :meth:`turn_to`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.DETAILS]
    AUTO_FOCUS = "FactsPane"
    TITLE = "Details"
    QUESTION = (
        "Everything about one check: what it said, how that went over time, what it asked and "
        "what came back."
    )
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
        self._fitted: tuple[int, tuple[int, ...]] = (0, ())
        self._panes: list[DetailPane] = []
        self._themed_as = ""

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
        panes: list[DetailPane] = [
            pane(id=pane.__name__.removesuffix("Pane").lower()).data_bind(
                *bound, DetailsScreen.filter_text
            )
            for pane in PANES
        ]
        for pane in panes:
            # Until the engine has seen to it, nobody knows which of them have something to show.
            pane.display = isinstance(pane, FactsPane)
        self._panes = panes
        return Page(chart, Container(*panes, id="facets"), id="page", can_focus=False)

    def begin(self, standing: Standing) -> None:
        if self._composed:
            self.take(standing)
        else:
            super().begin(standing)

    def turn_to(self, check: str) -> None:
        """Show ``check`` from its beginning, as a screen that is newly made does."""
        if not self._composed:
            self.set_reactive(DetailsScreen.check, check)
            return
        self.maximized = None
        self.query_one(FilterLine).forget()
        self.query_one(HintLine).display = True
        self.filter_text = ""
        for pane in self._panes:
            pane.rewind()
        self.chart = 0
        self.check = check
        self.query_one(Page).scroll_home(animate=False)
        self.set_focus(self.query_one(FactsPane))

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        # Nothing but a theme changes styles of a screen while it is not shown.
        event.refresh_styles = self._themed_as != self.app.theme
        self._themed_as = self.app.theme

    def on_resize(self, event: events.Resize) -> None:
        self.query_one(BigChart).styles.height = max(8, event.size.height * 2 // 5 - 1)
        self._fit()

    def watch_snapshot(self) -> None:
        self._fit()

    @property
    def attends(self) -> str | None:
        return self.check

    @property
    def chosen(self) -> str:
        return self.check

    @property
    def details(self) -> CheckDetails | None:
        """What the picture says about this check; None until the engine has seen to it."""
        details = self.snapshot.details if self.snapshot else None
        return details if details is not None and details.check == self.check else None

    def _fit(self) -> None:
        """Give the panes the lines they need; none to what this kind of check lacks."""
        if self.details is None:
            return
        needs = _needs(self.details)
        for kind, lines in needs.items():
            self.query_one(kind).display = lines > 0
        shown = [lines + 1 for lines in needs.values() if lines]
        columns = columns_for(self.size.width)
        heights = row_heights(shown, columns, _MOST)
        if (columns, heights) != self._fitted:
            self._fitted = (columns, heights)
            facets = self.query_one("#facets")
            facets.styles.grid_size_columns = columns
            facets.styles.grid_rows = " ".join(map(str, heights))

    def action_chart(self, step: int) -> None:
        if self.details is not None and self.details.charts:
            self.chart = (self.chart + step) % len(self.details.charts)


def _needs(details: CheckDetails) -> dict[type[DetailPane], int]:
    """The lines that each pane has to show, in the order of the panes."""
    tables = sum(len(table.rows) + 3 for table in details.tables)
    return {
        FactsPane: len(details.facts) + 9,
        ResultsPane: max(1, len(details.results)),
        PhasesPane: len(details.phases),
        RelatedPane: 5,
        QueriesPane: len(details.asked) + 2 if details.asked else 0,
        TablesPane: tables,
        RawPane: details.raw.count("\n") + 1 if details.raw else 0,
        EventsPane: max(1, len(details.events)),
        SamplesPane: max(1, len(details.samples)),
    }
