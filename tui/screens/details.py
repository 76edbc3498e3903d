"""Everything about one check: a large chart, its last runs, and what it answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.reactive import reactive
from textual.widget import Widget

from tui import keymap
from tui.screens.facets import Facets
from tui.screens.picture import PictureScreen
from tui.screens.standing import Standing
from widgets.asked import QueriesPane
from widgets.chart import ANY, HOUR, BigChart
from widgets.details import (
    DetailPane,
    EventsPane,
    FactsPane,
    PhasesPane,
    RawPane,
    SamplesPane,
    TablesPane,
    fact_lines,
    tables_lines,
)
from widgets.frame import Frame
from widgets.ground import Ground
from widgets.handling import dealt_with
from widgets.header import CheckHeader
from widgets.lines import ANY_HEIGHT
from widgets.parts import PartsPane, part_lines
from widgets.promises import in_pairs
from widgets.related import RelatedPane, related_lines
from widgets.results import ResultsPane, result_lines

if TYPE_CHECKING:
    from checks.views import CheckDetails

__all__ = ["DetailsScreen"]

_MOST: Final = 12
"""Lines of a pane, at most, on most terminals; the rest is scrolled to."""
_LONG: Final = 40
"""Lines that no pane beside others has."""


PANES: Final = (
    FactsPane,
    PartsPane,
    RelatedPane,
    QueriesPane,
    TablesPane,
    ResultsPane,
    PhasesPane,
    RawPane,
    EventsPane,
    SamplesPane,
)


class Page(VerticalScroll, Ground, inherit_bindings=False):
    """Scrolls to the pane with the focus; its arrow keys are the screen's."""


class DetailsScreen(PictureScreen):
    """The check ``check``. Left and right change the chart, plus and minus its window.

    It is composed once and turns to another check by :meth:`turn_to`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.DETAILS]
    # It would scroll to the pane, past the chart where the screen is small.
    AUTO_FOCUS = ""
    TITLE = "Details"
    QUESTION = (
        "Everything about one check: what it said, how that went over time, what it asked and "
        "what came back."
    )
    can_go_back = True
    HINTS = (
        (("screen.back",), "back"),
        (("screen.runbook",), "runbook"),
        (("screen.acknowledge",), "acknowledge"),
        (("screen.silence",), "silence"),
        (("screen.logs",), "logs"),
        (("details.previous_chart", "details.next_chart"), "chart"),
        (("app.window_longer", "app.window_shorter"), "its window"),
        (("screen.next_pane",), "next pane"),
        (("screen.maximise",), "maximise"),
        (("screen.filter",), "filter"),
        (("app.help",), "help"),
        (("app.poll",), "poll now"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )

    check: reactive[str] = reactive("", repaint=False)
    chart: reactive[int] = reactive(ANY, repaint=False)
    span: reactive[float] = reactive(HOUR, repaint=False)
    """Seconds that the chart is of."""

    def __init__(self, check: str, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self.set_reactive(DetailsScreen.check, check)
        self._panes: list[DetailPane] = []

    def header(self) -> Widget:
        return CheckHeader(id="verdict").data_bind(
            DetailsScreen.snapshot,
            DetailsScreen.frozen,
            DetailsScreen.check,
            DetailsScreen.use_ascii,
        )

    def body(self) -> Widget:
        bound = (
            DetailsScreen.snapshot,
            DetailsScreen.frozen,
            DetailsScreen.check,
            DetailsScreen.use_ascii,
        )
        chart = BigChart(id="chart").data_bind(
            *bound, DetailsScreen.span, index=DetailsScreen.chart
        )
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
        return Page(chart, Facets(panes, self._needs), id="page", can_focus=False)

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
        self.be_whole()
        for pane in self._panes:
            pane.rewind()
        self.query_one(BigChart).rewind()
        self.query_one(Facets).forget()
        self.chart, self.span = ANY, HOUR
        self.check = check
        self._begin_at_top()

    def on_mount(self) -> None:
        self._begin_at_top()

    def _begin_at_top(self) -> None:
        self.query_one(Page).scroll_home(animate=False)
        self.set_focus(self.query_one(FactsPane), scroll_visible=False)

    def on_resize(self, event: events.Resize) -> None:
        height = event.size.height
        # Where the screen is small, the beginning of what is wrong is to be seen too.
        self.query_one(BigChart).styles.height = max(min(8, height - 5), height // 3)
        self._fit()

    def watch_snapshot(self) -> None:
        self._fit()

    @property
    def attends(self) -> str | None:
        return self.check

    @property
    def all_about(self) -> str:
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
        if self.details is not None:
            self.query_one(Facets).fit(max(_MOST, self.size.height // 3))

    def _needs(self, width: int) -> dict[str, int]:
        """The lines that each pane has to show in ``width`` cells, by its id, in their order."""
        details, snapshot = self.details, self.snapshot
        check = snapshot.check(self.check) if snapshot else None
        if snapshot is None or check is None:
            return {"facts": 1}
        frame = Frame(width, ANY_HEIGHT)
        facts = details.facts if details else ()
        dealt = [*dealt_with(snapshot, check.name), *in_pairs(snapshot, check.name)]
        about = len(fact_lines(check, facts, snapshot.time, frame, dealt))
        if details is None:
            return {"facts": about + 1}
        needs = {
            "facts": about,
            "parts": len(part_lines(check, snapshot.time, frame)),
            "related": len(related_lines(snapshot, details.check, frame)),
            "queries": len(details.asked) + 3 if details.asked else 0,
            "tables": _lines_of_tables(details, width),
            "results": len(result_lines(details, frame)),
            # One phase alone is as long as the run, which the results tell.
            "phases": len(details.phases) if len(details.phases) > 1 else 0,
            "raw": details.raw.count("\n") + 1 if details.raw else 0,
            "events": max(1, len(details.events)),
            "samples": max(1, len(details.samples)),
        }
        return {name: lines for name, lines in needs.items() if lines}

    def action_chart(self, step: int) -> None:
        if self.details is not None and self.details.charts:
            self.chart = (self.query_one(BigChart).shown + step) % len(self.details.charts)

    def widen(self, step: int) -> bool:
        """Its figures are of their own windows: the chart's is what can be chosen."""
        from checks.requests.stats import WINDOWS  # noqa: PLC0415 - not for the first frame

        place = WINDOWS.index(self.span) + step
        self.span = WINDOWS[max(0, min(len(WINDOWS) - 1, place))]
        return True


def _lines_of_tables(details: CheckDetails, width: int) -> int:
    """Those of long tables are not made to be counted: they scroll anyway."""
    least = sum(len(table.rows) + 3 for table in details.tables)
    return least if least == 0 or least > _LONG else len(tables_lines(details.tables, width))
