"""The database servers, a tab each: what they do, who waits for whom, who is connected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.reactive import reactive
from textual.widget import Widget

from checks.model import Status
from tui import keymap
from tui.screens.database_places import ServerPanes, is_wide
from tui.screens.filter import FilterLine
from tui.screens.session import RowScreen, SessionScreen
from tui.screens.standing import Standing
from tui.screens.tabs import TabbedScreen
from widgets.databases.blocking import BlockingPane
from widgets.databases.longest import LongestPane
from widgets.databases.pane import DatabasePane, database_of
from widgets.databases.replication import ReplicationPane
from widgets.databases.server import ServerPane
from widgets.databases.sessions import SessionsPane, next_order
from widgets.databases.tables import TablesPane, row_of, tables_of
from widgets.databases.waits import known_sessions, waits_of
from widgets.lines import LinePane
from widgets.tabs import TabLine
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.views import DatabaseView, Snapshot

__all__ = ["DatabasesScreen"]

_OF_SESSIONS: Final = (BlockingPane, LongestPane, SessionsPane)
"""Panes whose rows are sessions."""
_WELL: Final = (Status.OK, Status.WAITING)
"""What a server's check comes to where there is no reason to look at it first."""
_READ_ONLY: Final = "onwatch runs with --read-only: it cancels and terminates nothing"
_SMALL: Final = 37
"""Lines below which a single column has no room for everything."""


class DatabasesScreen(TabbedScreen):
    """One server at a time. Enter shows a session or a row whole, and opens the details of
    the check from the server's sentence.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.DATABASES]
    ALLOW_IN_MAXIMIZED_VIEW = ".header, TabLine, Banner, FilterLine, HintLine"
    AUTO_FOCUS = ""
    TITLE = "Databases"
    QUESTION = (
        "Who does what on this server: what runs longest, who holds up whom, how far behind "
        "are its replicas, and what takes the room?"
    )
    HINTS = (
        (("screen.back",), "back"),
        (("screen.runbook",), "runbook"),
        (("tabs.previous", "tabs.next"), "server"),
        (("databases.act",), "cancel, terminate"),
        (("pane.open",), "whole"),
        (("screen.filter",), "filter"),
        (("app.help",), "help"),
        (("databases.sort",), "sort"),
        (("databases.idle",), "idle"),
        (("screen.next_pane",), "next pane"),
        (("databases.details",), "details"),
        (("screen.maximise",), "maximise"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )

    order: reactive[str] = reactive("time", repaint=False)
    hide_idle: reactive[bool] = reactive(False, repaint=False)
    names: reactive[tuple[str, ...]] = reactive((), repaint=False)

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self._begun_at = ""
        self._begun_in = ""

    def begin(self, standing: Standing) -> None:
        super().begin(standing)
        if standing.shown is not None:
            names = tuple(self.subjects(standing.shown))
            self.set_reactive(DatabasesScreen.names, names)

    def subjects(self, snapshot: Snapshot) -> Sequence[str]:
        return [view.check for view in snapshot.databases]

    def may_begin(self, snapshot: Snapshot, name: str) -> bool:
        """A server that is well never before one that is not, though the cursor was on it."""
        worse = [view.check for view in snapshot.databases if view.status not in _WELL]
        return not worse or name in worse

    @property
    def view(self) -> DatabaseView | None:
        """The server that is shown."""
        return database_of(self.snapshot, self.check)

    def header(self) -> Widget:
        bound = (DatabasesScreen.snapshot, DatabasesScreen.frozen, DatabasesScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        bound = (
            DatabasesScreen.snapshot,
            DatabasesScreen.check,
            DatabasesScreen.filter_text,
            DatabasesScreen.use_ascii,
        )
        sessions = SessionsPane(id="sessions")
        sessions.data_bind(DatabasesScreen.order, DatabasesScreen.hide_idle)
        panes: list[LinePane] = [
            ServerPane(id="server"),
            BlockingPane(id="blocking"),
            LongestPane(id="longest"),
            sessions,
            ReplicationPane(id="replication"),
            TablesPane(id="tables"),
        ]
        for pane in panes:
            pane.data_bind(*bound)
        self._show_panes(panes)
        return ServerPanes(*panes)

    def compose(self) -> ComposeResult:
        header, *rest = super().compose()
        yield header
        yield TabLine(id="tabs").data_bind(
            DatabasesScreen.snapshot,
            DatabasesScreen.names,
            DatabasesScreen.check,
            DatabasesScreen.use_ascii,
        )
        yield from rest

    def on_mount(self) -> None:
        super().on_mount()
        self._fit(self.app.size.width, self.app.size.height)
        self._settle()

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size.width, event.size.height)

    # What is shown, and where

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        super().watch_snapshot(old, new)
        self.names = tuple(self.subjects(new)) if new else ()
        if database_of(old, self.check) is not self.view or self.view is None:
            self._settle()

    def watch_check(self, old: str, new: str) -> None:
        super().watch_check(old, new)
        self._settle()

    def _settle(self) -> None:
        """Show the panes that this server has something for, and share the room among them."""
        if not self.is_mounted or not self.query(ServerPanes):
            return
        panes = self.query_one(ServerPanes)
        self._show_panes(list(panes.query(LinePane)))
        panes.refit(self.check)
        self._focus_first()
        self.refresh_bindings()

    def _show_panes(self, panes: Sequence[LinePane]) -> None:
        shown = _shown(self.view)
        for pane in panes:
            pane.display = pane.id in shown

    def _focus_first(self) -> None:
        """Begin where the trouble is: with who holds up others, else with the sessions.

        A pane that was gone to by hand keeps the focus as long as it is there.
        """
        at = self.focused
        if self.view is None or isinstance(at, FilterLine):
            return
        if isinstance(at, DatabasePane) and at.display:
            if self._begun_at != self.check and at.id != self._begun_in:
                self._begun_at = self.check
            if self._begun_at == self.check:
                return
        facts = self.view.facts
        first = "server" if not facts else "blocking" if waits_of(facts) else "sessions"
        pane = self.query_one(f"#{first}", LinePane)
        self.set_focus(pane)
        if self.focused is pane:
            self._begun_in = first
            # As long as nothing is known of it, it is not known where the trouble is.
            self._begun_at = self.check if facts else ""

    def _fit(self, width: int, height: int) -> None:
        """Say less on a small screen; a maximised pane always has room."""
        small = not is_wide(width, height - 3) and height < _SMALL
        for pane in self.query(DatabasePane):
            pane.compact = small and pane is not self.maximized
        self._settle()

    def arranged(self) -> None:
        self._fit(self.size.width, self.size.height)

    @on(TabLine.Chosen)
    def _show_tab(self, event: TabLine.Chosen) -> None:
        self.check = event.check

    # Sessions and rows

    @property
    def session(self) -> str:
        """The id of the session that the cursor is on, empty where on none."""
        pane, view = self.focused, self.view
        if not isinstance(pane, _OF_SESSIONS) or pane.selected is None or view is None:
            return ""
        return pane.selected if view.facts and pane.selected in known_sessions(view.facts) else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        view = self.view
        if action == "act" and self._may_do_nothing:
            return None
        if action == "act":
            return bool(self.session and view and view.actions)
        if action in ("sort", "idle"):
            return view is not None and view.facts is not None
        if action == "details":
            return view is not None
        return super().check_action(action, parameters)

    @property
    def _may_do_nothing(self) -> bool:
        """Whether the cursor is on a session, and nothing may be done to any."""
        return bool(self.session and self.view and not self.view.actions)

    def on_key(self, event: events.Key) -> None:
        """Say why nothing happens where a key would do something to a session."""
        found = self.active_bindings.get(event.key)
        if found and found.binding.action == "act" and not found.enabled:
            event.stop()
            self.mention(_READ_ONLY)

    @on(LinePane.Selected)
    def _selected(self) -> None:
        self.refresh_bindings()

    @on(LinePane.Opened)
    def _whole(self, event: LinePane.Opened) -> None:
        """Show the row whole; the sentence of the server leads to the details of its check."""
        if isinstance(event.pane, _OF_SESSIONS):
            event.stop()
            self._open_session(acting=False)
        elif isinstance(event.pane, TablesPane) and self.view is not None:
            event.stop()
            found = row_of(self.view, event.key)
            if found is not None:
                self.post_message(
                    self.Opens(lambda _: RowScreen(*found, ascii_only=self.use_ascii))
                )

    def action_act(self) -> None:
        self._open_session(acting=True)

    def _open_session(self, *, acting: bool) -> None:
        check, subject, plain = self.check, self.session, self.use_ascii
        if subject:
            self.post_message(
                self.Opens(
                    lambda standing: SessionScreen(
                        check, subject, standing, acting=acting, ascii_only=plain
                    )
                )
            )

    def action_details(self) -> None:
        self.post_message(self.Deeper(self.check))

    def action_sort(self) -> None:
        self.order = next_order(self.order)

    def action_idle(self) -> None:
        self.hide_idle = not self.hide_idle


def _shown(view: DatabaseView | None) -> set[str]:
    """The panes that have something to say about this server."""
    shown = {"server"}
    if view is None:
        return shown
    if view.facts is not None:
        shown |= {"blocking", "longest", "sessions"}
        if view.facts.replicas:
            shown.add("replication")
    if tables_of(view):
        shown.add("tables")
    return shown
