"""The first screen: the verdict, and a pane for everything that is watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.reactive import reactive
from textual.widget import Widget

from checks.model import Status
from tui.numbered import NUMBERED
from tui.screens.arrangement import Arrangement, arrange
from tui.screens.picture import PictureScreen
from tui.screens.places import Panes
from widgets.alerts import AlertsPane
from widgets.events import EventsPane
from widgets.host import HostPane
from widgets.lines import LinePane
from widgets.queues import QueuesPane
from widgets.requests import RequestsPane
from widgets.services import ServicesPane
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.views import Snapshot

__all__ = ["OverviewScreen"]

MOST_EVENTS = 8
"""From so many events on, another one changes nothing about who needs how much room."""


class OverviewScreen(PictureScreen):
    """Everything at once. Enter on a row opens the details of its check."""

    AUTO_FOCUS = "ServicesPane"
    TITLE = "Overview"
    QUESTION = (
        "What is wrong now, since when, and is anything else in trouble? The top line is the "
        "worst of it in words; Enter on any row tells all about its check."
    )
    HINTS = (
        (("screen.runbook",), "runbook"),
        (("screen.acknowledge",), "acknowledge"),
        (("screen.silence",), "silence"),
        (("pane.open",), "details"),
        (("app.overview", *(f"app.{e.name}" for e in NUMBERED if e.key.isdecimal())), "screens"),
        (("screen.logs",), "logs"),
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

    @property
    def bare(self) -> bool:
        snapshot = self.snapshot
        return snapshot is not None and not snapshot.checks and not snapshot.alerts

    def header(self) -> Widget:
        bound = (OverviewScreen.snapshot, OverviewScreen.frozen, OverviewScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        # Arranged for the terminal there is from the start: the first frame is the right one.
        size = self.app.size
        self.set_reactive(OverviewScreen.arrangement, arrange(size.width, size.height))
        self.add_class(self.arrangement.value, update=False)
        bound = (OverviewScreen.snapshot, OverviewScreen.filter_text, OverviewScreen.use_ascii)
        panes: list[LinePane] = [
            ServicesPane(id="services"),
            RequestsPane(id="requests"),
            AlertsPane(id="alerts"),
            QueuesPane(id="queues"),
            HostPane(id="host"),
            EventsPane(id="events"),
        ]
        for pane in panes:
            pane.set_reactive(LinePane.compact, self.arrangement is Arrangement.FOLDED)
            pane.data_bind(*bound)
        return Panes(*panes, arrangement=self.arrangement, height=size.height)

    def on_resize(self, event: events.Resize) -> None:
        self.arrangement = arrange(event.size.width, event.size.height)
        self.query_one(Panes).fit(self.arrangement, event.size.height)

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        if new is not None and (old is None or _shape(old) != _shape(new)):
            self.query_one(Panes).share_anew()

    def watch_arrangement(self, old: Arrangement, new: Arrangement) -> None:
        if new is old:
            return
        self.update_classes({each.value: each is new for each in Arrangement})
        self.arranged()

    def arranged(self) -> None:
        """Make a line of what has no room for more; a maximised pane always has."""
        folded = self.arrangement is Arrangement.FOLDED
        for pane in self.query(LinePane):
            pane.compact = folded and pane is not self.maximized
        self.query_one(Panes).share_anew()


def _shape(snapshot: Snapshot) -> tuple[int, ...]:
    """How much there is of everything: while it stays the same, so do the panes' heights."""
    checks, hosts = snapshot.checks, snapshot.hosts
    return (
        len(checks),
        sum(len(check.parts) for check in checks),
        sum(check.status is not Status.OK for check in checks),
        len(snapshot.alerts),
        len(snapshot.story.handled) if snapshot.story is not None else 0,
        min(len(snapshot.events), MOST_EVENTS),
        len(snapshot.queues),
        sum(1 + len(rows) for view in snapshot.requests for _, rows in view.window.breakdown),
        len(snapshot.requests),
        sum(1 + len(host.filesystems) for host in hosts),
        sum(len(host.processes.rows) for host in hosts if host.processes),
    )
