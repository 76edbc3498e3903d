"""The request logs, a tab each: how many requests, which fail, which are slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.reactive import reactive
from textual.widget import Widget

from tui import keymap
from tui.screens.filter import FilterLine
from tui.screens.picture import NO_ROW
from tui.screens.request_places import RequestPanes
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from tui.screens.tabs import TabbedScreen
from widgets.databases.session import Told
from widgets.frame import Frame
from widgets.glyphs import glyphs_for
from widgets.lines import LinePane
from widgets.request_log.breakdown import BreakdownPane, chosen_label, next_order
from widgets.request_log.distribution import DistributionPane
from widgets.request_log.durations import DurationsPane
from widgets.request_log.kinds import KindsPane, kind_whole
from widgets.request_log.minutes import MinutesPane
from widgets.request_log.pane import RequestLogPane, requests_of
from widgets.request_log.rate import RatePane
from widgets.request_log.rows import NewestErrorsPane, RowsPane, SlowestPane, request_whole
from widgets.request_log.tabs import LogTabs
from widgets.requests import fails, worst_first
from widgets.tabs import TabLine
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.views import RequestView, Snapshot
    from tui.screens.logs_about import LogsAbout

__all__ = ["RequestScreen", "RequestsScreen"]

_TABLES: Final = (BreakdownPane, KindsPane, RowsPane)
"""Panes whose rows can be filtered; the figures of the others are always those of all."""


class RequestsScreen(TabbedScreen):
    """One request log at a time. Enter shows a request or a kind of error whole, and narrows
    the tables down to a label's value.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.REQUESTS]
    ALLOW_IN_MAXIMIZED_VIEW = ".header, TabLine, Banner, FilterLine, HintLine"
    AUTO_FOCUS = ""
    TITLE = "Requests"
    QUESTION = (
        "How many requests come, how many fail and how slow are they; which of them, since "
        "when, and what do they say?"
    )
    HINTS = (
        (("screen.back",), "back"),
        (("tabs.previous", "tabs.next"), "log"),
        (("app.window_longer", "app.window_shorter"), "window"),
        (("pane.open",), "whole"),
        (("requests.sort",), "sort"),
        (("screen.logs",), "logs"),
        (("requests.label",), "label"),
        (("screen.filter",), "filter"),
        (("screen.next_pane",), "next pane"),
        (("screen.maximise",), "maximise"),
        (("requests.details",), "details"),
        (("app.help",), "help"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )

    order: reactive[str] = reactive("requests", repaint=False)
    label: reactive[str] = reactive("", repaint=False)
    names: reactive[tuple[str, ...]] = reactive((), repaint=False)

    def begin(self, standing: Standing) -> None:
        super().begin(standing)
        if standing.shown is not None:
            names = tuple(self.subjects(standing.shown))
            self.set_reactive(RequestsScreen.names, names)

    def subjects(self, snapshot: Snapshot) -> Sequence[str]:
        read = [view.check for view in snapshot.requests]
        unread = (check.name for check in snapshot.checks if check.tells_requests)
        return [*read, *(name for name in unread if name not in read)]

    def first(self, snapshot: Snapshot) -> str:
        worst = worst_first(snapshot.requests)
        return worst[0].check if worst else super().first(snapshot)

    def may_begin(self, snapshot: Snapshot, name: str) -> bool:
        """A log without trouble never before one whose requests fail."""
        worse = [view.check for view in snapshot.requests if fails(view)]
        return not worse or name in worse

    @property
    def attends(self) -> str | None:
        # Everything that is shown comes with each result: nothing is to be asked for it.
        return None

    @property
    def view(self) -> RequestView | None:
        """The log that is shown."""
        return requests_of(self.snapshot, self.check)

    def header(self) -> Widget:
        bound = (RequestsScreen.snapshot, RequestsScreen.frozen, RequestsScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        bound = (RequestsScreen.snapshot, RequestsScreen.check, RequestsScreen.use_ascii)
        breakdown = BreakdownPane(id="breakdown")
        breakdown.data_bind(RequestsScreen.order, RequestsScreen.label)
        panes: list[RequestLogPane] = [
            RatePane(id="rate"),
            DurationsPane(id="durations"),
            breakdown,
            KindsPane(id="kinds"),
            NewestErrorsPane(id="errors"),
            SlowestPane(id="slowest"),
            DistributionPane(id="distribution"),
            MinutesPane(id="minutes"),
        ]
        for pane in panes:
            pane.data_bind(*bound)
            if isinstance(pane, _TABLES):
                pane.data_bind(RequestsScreen.filter_text)
            pane.display = pane.id == "rate" or self.view is not None
        return RequestPanes(*panes)

    def compose(self) -> ComposeResult:
        header, *rest = super().compose()
        yield header
        yield LogTabs(id="tabs").data_bind(
            RequestsScreen.snapshot,
            RequestsScreen.names,
            RequestsScreen.check,
            RequestsScreen.use_ascii,
        )
        yield from rest

    def on_resize(self) -> None:
        self._settle()

    # What is shown

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        before = requests_of(old, self.check)
        super().watch_snapshot(old, new)
        self.names = tuple(self.subjects(new)) if new else ()
        if self.view is not before:
            self._settle()

    def watch_check(self, old: str, new: str) -> None:
        super().watch_check(old, new)
        self._settle()

    def _settle(self) -> None:
        """Show the panes if there is anything to show, and share the room among them."""
        if not self.is_mounted or not self.query(RequestPanes):
            return
        panes = self.query_one(RequestPanes)
        for pane in panes.query(RequestLogPane):
            pane.display = pane.id == "rate" or self.view is not None
        panes.fit()
        self._focus_first()
        self.refresh_bindings()

    def _focus_first(self) -> None:
        """Begin with what fails, where something does."""
        if self.focused is not None and self.focused.display:
            return
        view = self.view
        first = "rate" if view is None else "errors" if view.window.errors else "breakdown"
        self.set_focus(self.query_one(f"#{first}", LinePane))

    @on(TabLine.Chosen)
    def _show_tab(self, event: TabLine.Chosen) -> None:
        self.check = event.check

    def logs_about(self) -> LogsAbout | None:
        """Around the request that the cursor is on, where it is on one."""
        pane = self.focused
        row = pane.found(pane.selected or "") if isinstance(pane, RowsPane) else None
        if row is None:
            return super().logs_about()
        from tui.screens.logs_about import about_request  # noqa: PLC0415 - when wanted

        return about_request(self.snapshot, self.check, row.time, row.duration or 0.0)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        view = self.view
        if action in ("sort", "label"):
            labels = len(view.window.breakdown) if view else 0
            return labels > (action == "label")
        if action == "details":
            return bool(self.check)
        return super().check_action(action, parameters)

    def action_sort(self) -> None:
        self.order = next_order(self.order)

    def action_label(self) -> None:
        """Break the figures down by the next label."""
        if self.view is not None:
            shown, _ = chosen_label(self.view, self.label)
            names = [name for name, _ in self.view.window.breakdown]
            self.label = names[(names.index(shown) + 1) % len(names)]

    def action_details(self) -> None:
        self.post_message(self.Deeper(self.check))

    def action_copy_row(self) -> None:
        pane = self.focused
        if isinstance(pane, RequestLogPane) and pane.selected is not None:
            text = f"{self.check}: {pane.sentence(pane.selected)}"
            self.post_message(self.Copied(text, "the row"))
        else:
            self.mention(NO_ROW)

    @on(LinePane.Opened)
    def _whole(self, event: LinePane.Opened) -> None:
        """Show the row whole; the rate leads to the details of its check."""
        if isinstance(event.pane, RatePane) or self.view is None:
            return
        event.stop()
        if isinstance(event.pane, BreakdownPane):
            self._narrow(event.key)
        elif told := self._told(event.pane, event.key):
            plain = self.use_ascii
            self.post_message(self.Opens(lambda _: RequestScreen(told, ascii_only=plain)))

    def _narrow(self, value: str) -> None:
        """Filter by ``value``, or no longer where that is the filter."""
        line = self.query_one(FilterLine)
        line.value = "" if self.filter_text == value else value

    def _told(self, pane: LinePane, key: str) -> Told | None:
        """What a box says about the row ``key`` of ``pane``."""
        view, glyphs = self.view, glyphs_for(self.use_ascii)
        if view is None:
            return None
        if isinstance(pane, RowsPane) and (row := pane.found(key)) is not None:
            return Told(f"{self.check}: a request", lambda width: request_whole(row, view, width))
        kind = next((one for one in view.window.kinds if one.text == key), None)
        if isinstance(pane, KindsPane) and kind is not None:
            return Told(
                f"{self.check}: what fails",
                lambda width: kind_whole(kind, view, Frame(width, 0, glyphs)),
            )
        return None


class RequestScreen(WholeBox):
    """A request, or a kind of error, whole."""

    TITLE = "Request"
    QUESTION = "What is known of this request, or of those that fail in this way?"

    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE]
