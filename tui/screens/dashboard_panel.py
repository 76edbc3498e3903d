"""A panel of a dashboard, large: its curves, all of its series, its expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from checks.dashboards.model import PanelKind
from tui import keymap
from tui.screens.hinting import HintSource
from tui.screens.modal import PictureModal
from tui.screens.picture import PictureScreen
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from widgets.dashboard.steady import Steady, panel_keys
from widgets.dashboard.whole import ORDERS, PanelChart, SeriesPane
from widgets.hints import HintLine
from widgets.lines import LinePane

if TYPE_CHECKING:
    from checks.dashboards.views import DashboardView, PanelView

__all__ = ["NotesScreen", "PanelScreen"]

_DRAWN = frozenset({PanelKind.CHART, PanelKind.NUMBER, PanelKind.GAUGE, PanelKind.BARS})
"""Kinds of which there is more to see than a list of their series."""


class NotesScreen(WholeBox):
    """What of a dashboard is not shown, or shown otherwise than where it is from."""

    TITLE = "Notes"
    QUESTION = "Where is this dashboard from, and what of it is shown otherwise than there?"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE]


class PanelScreen(PictureModal):
    """The panel ``key`` of the dashboard that is shown; it follows the pictures. ``widen`` takes
    the next longer (1) or shorter (-1) span; ``steady`` has its series stay where they are.
    """

    DEFAULT_CSS = """
    PanelScreen {
        align: center middle;
        background: transparent;
        & > Vertical {
            width: 100%;
            height: 100%;
            background: $surface;
            border: round $border;
            padding: 0 1;
        }
        &.-ascii > Vertical { border: ascii $border; }
        & SeriesPane { height: 1fr; }
    }
    """

    TITLE = "Panel"
    QUESTION = "What does each series of this panel come to, how did it get there, what is asked?"
    AUTO_FOCUS = "SeriesPane"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.PANEL]
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("session.close",), "back"),
        (("panel.previous", "panel.next"), "panel"),
        (("panel.longer", "panel.shorter"), "span"),
        (("panel.sort",), "sort"),
        (("panel.copy",), "copy"),
        (("session.help",), "help"),
    )

    def __init__(
        self,
        key: str,
        standing: Standing,
        widen: Callable[[int], bool],
        steady: Steady,
        *,
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self.key = key
        self._widen = widen
        self._steady = steady
        self._ascii_only = ascii_only
        self._view = self._view_of(standing)
        self.set_class(ascii_only, "-ascii")

    def compose(self) -> ComposeResult:
        made = (PanelChart(id="chart"), SeriesPane(id="series"), HintLine(id="hints"))
        for widget in made:
            widget.set_reactive(LinePane.use_ascii, self._ascii_only)
        with Vertical():
            yield from made

    def on_mount(self) -> None:
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        self._fit()

    def take(self, standing: Standing) -> None:
        found = self._view_of(standing)
        if self.is_mounted and found is not None:
            self._view = found
            self._show()

    def _view_of(self, standing: Standing) -> DashboardView | None:
        found = standing.shown.dashboard if standing.shown is not None else None
        return self._steady.view(found) if found is not None else None

    @property
    def panel(self) -> PanelView | None:
        """The panel that is shown; None where it is there no longer."""
        view = self._view
        if view is None:
            return None
        pairs = zip(panel_keys(view), view.panels, strict=True)
        return next((one for key, one in pairs if key == self.key), None)

    def _show(self) -> None:
        chart, series = self.query_one(PanelChart), self.query_one(SeriesPane)
        chart.view, chart.panel, series.panel = self._view, self.panel, self.panel
        self._fit()

    def _fit(self) -> None:
        """Half for the curves, and less for what is no curve; all for a table."""
        if not self.is_mounted:
            return
        panel, room = self.panel, self.app.size.height - 3
        chart = self.query_one(PanelChart)
        kind = panel.panel.kind if panel is not None else None
        curves = kind is PanelKind.CHART
        chart.display = panel is None or kind in _DRAWN or kind is PanelKind.TEXT
        chart.styles.height = max(4, room * 3 // 5 if curves else min(9, room // 2))

    # Keys

    def action_widen(self, step: int) -> None:
        self._widen(step)

    def action_turn(self, step: int) -> None:
        """Go on to the next panel, or back; the first follows the last."""
        keys = panel_keys(self._view) if self._view is not None else []
        if self.key in keys:
            self.key = keys[(keys.index(self.key) + step) % len(keys)]
            self._show()

    def action_sort(self) -> None:
        pane = self.query_one(SeriesPane)
        pane.order = ORDERS[(ORDERS.index(pane.order) + 1) % len(ORDERS)]

    def action_copy(self) -> None:
        pane = self.query_one(SeriesPane)
        if pane.selected is not None:
            what = "the expression" if pane.selected.startswith("query ") else "the row"
            self.post_message(PictureScreen.Copied(pane.text_of(pane.selected), what))
