"""The first screen: the verdict, and a pane for everything that is watched."""

from __future__ import annotations

from textual import events
from textual.containers import Container
from textual.reactive import reactive
from textual.widget import Widget

from checks.views import Snapshot
from tui.screens.arrangement import Arrangement, alerts_height, arrange, lower_height
from tui.screens.picture import PictureScreen
from widgets.alerts import AlertsPane
from widgets.host import HostPane
from widgets.lines import LinePane
from widgets.queues import QueuesPane
from widgets.requests import RequestsPane
from widgets.services import ServicesPane
from widgets.verdict import VerdictLine

__all__ = ["OverviewScreen"]


class OverviewScreen(PictureScreen):
    """Everything at once. Enter on a row opens the details of its check."""

    AUTO_FOCUS = "ServicesPane"
    TITLE = "Overview"
    HINTS = (
        (("pane.open",), "details"),
        (("screen.filter",), "filter"),
        (("app.palette",), "command"),
        (("app.help",), "help"),
        (("screen.next_pane",), "next pane"),
        (("app.freeze",), "freeze"),
        (("app.window_longer", "app.window_shorter"), "window"),
        (("screen.maximise",), "maximise"),
        (("screen.copy",), "copy"),
        (("app.poll",), "poll now"),
        (("app.quit",), "quit"),
    )

    arrangement: reactive[Arrangement | None] = reactive(None, repaint=False)

    def header(self) -> Widget:
        bound = (OverviewScreen.snapshot, OverviewScreen.frozen, OverviewScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        bound = (OverviewScreen.snapshot, OverviewScreen.filter_text, OverviewScreen.use_ascii)
        panes = (
            ServicesPane(id="services"),
            RequestsPane(id="requests"),
            AlertsPane(id="alerts"),
            QueuesPane(id="queues"),
            HostPane(id="host"),
        )
        return Container(*(pane.data_bind(*bound) for pane in panes), id="panes")

    def on_resize(self, event: events.Resize) -> None:
        self.arrangement = arrange(event.size.width, event.size.height)
        self.query_one("#panes").styles.grid_rows = f"1fr {lower_height(event.size.height)}"
        self._fit_alerts()

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        if new is not None and (old is None or len(old.alerts) != len(new.alerts)):
            self._fit_alerts()

    def watch_arrangement(self, arrangement: Arrangement | None) -> None:
        if arrangement is None:
            return
        for each in Arrangement:
            self.set_class(each is arrangement, each.value)
        panes, alerts = self.query_one("#panes"), self.query_one(AlertsPane)
        if arrangement is Arrangement.GRID:
            panes.move_child(alerts, after=self.query_one(RequestsPane))
        else:
            panes.move_child(alerts, before=self.query_one(ServicesPane))
        self.arranged()

    def _fit_alerts(self) -> None:
        """Give the alerts the lines they need, where panes stand in one column."""
        pane = self.query_one(AlertsPane)
        if self.arrangement is Arrangement.GRID:
            pane.styles.height = "100%"
            return
        alerts = len(self.snapshot.alerts) if self.snapshot else 0
        folded = self.arrangement is Arrangement.FOLDED
        room = self.size.height - (5 if folded else 25)
        pane.styles.height = alerts_height(alerts, room, 1 if folded else 2)

    def arranged(self) -> None:
        """Make a line of what has no room for more; a maximised pane always has."""
        folded = self.arrangement is Arrangement.FOLDED
        for pane in self.query(LinePane):
            pane.compact = folded and pane is not self.maximized
