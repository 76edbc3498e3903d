"""The first screen: the verdict, and a pane for everything that is watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.containers import Container
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from tui.screens.arrangement import Arrangement, alerts_height, arrange, lower_height
from tui.screens.picture import PictureScreen
from widgets.alerts import AlertsPane
from widgets.host import HostPane
from widgets.lines import LinePane
from widgets.queues import QueuesPane
from widgets.requests import RequestsPane
from widgets.services import ServicesPane
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.views import Snapshot

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

    arrangement: reactive[Arrangement] = reactive(Arrangement.GRID, repaint=False)

    def header(self) -> Widget:
        bound = (OverviewScreen.snapshot, OverviewScreen.frozen, OverviewScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        # Arranged for the terminal there is from the start: the first frame is the right one.
        size = self.app.size
        self.set_reactive(OverviewScreen.arrangement, arrange(size.width, size.height))
        self.add_class(self.arrangement.value, update=False)
        bound = (OverviewScreen.snapshot, OverviewScreen.filter_text, OverviewScreen.use_ascii)
        alerts = AlertsPane(id="alerts")
        panes: list[LinePane] = [
            ServicesPane(id="services"),
            RequestsPane(id="requests"),
            QueuesPane(id="queues"),
            HostPane(id="host"),
        ]
        panes.insert(2 if self.arrangement is Arrangement.GRID else 0, alerts)
        for pane in panes:
            pane.set_reactive(LinePane.compact, self.arrangement is Arrangement.FOLDED)
            pane.data_bind(*bound)
        container = Container(*panes, id="panes")
        self._fit(container, alerts, size)
        return container

    def on_resize(self, event: events.Resize) -> None:
        self.arrangement = arrange(event.size.width, event.size.height)
        self._fit(self.query_one("#panes"), self.query_one(AlertsPane), event.size)

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        if new is not None and (old is None or len(old.alerts) != len(new.alerts)):
            self._fit(self.query_one("#panes"), self.query_one(AlertsPane), self.size)

    def watch_arrangement(self, old: Arrangement, new: Arrangement) -> None:
        if new is old:
            return
        self.update_classes({each.value: each is new for each in Arrangement})
        panes, alerts = self.query_one("#panes"), self.query_one(AlertsPane)
        if new is Arrangement.GRID:
            panes.move_child(alerts, after=self.query_one(RequestsPane))
        else:
            panes.move_child(alerts, before=self.query_one(ServicesPane))
        self.arranged()

    def _fit(self, panes: Widget, alerts: Widget, size: Size) -> None:
        """Give a machine in full the lines it takes; the alerts theirs, in one column."""
        if self.arrangement is Arrangement.GRID:
            panes.styles.grid_rows = f"1fr {lower_height(size.height)}"
        if self.arrangement is Arrangement.GRID or self.maximized:
            alerts.styles.height = "1fr"
            return
        count = len(self.snapshot.alerts) if self.snapshot else 0
        folded = self.arrangement is Arrangement.FOLDED
        room = size.height - (5 if folded else 25)
        alerts.styles.height = alerts_height(count, room, 1 if folded else 2)

    def arranged(self) -> None:
        """Make a line of what has no room for more; a maximised pane always has."""
        folded = self.arrangement is Arrangement.FOLDED
        for pane in self.query(LinePane):
            pane.compact = folded and pane is not self.maximized
        self._fit(self.query_one("#panes"), self.query_one(AlertsPane), self.size)
