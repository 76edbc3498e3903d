"""The dashboards, one at a time: panels as they are arranged, over a span that can be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.reactive import reactive
from textual.widget import Widget

from tui import keymap
from tui.screens.hinting import HintSource
from tui.screens.opened import NumberedScreen
from tui.screens.standing import Board, Standing
from widgets import format as fmt
from widgets.dashboard.pane import DashboardPane, panel_sentence
from widgets.dashboard.steady import Steady
from widgets.dashboard.tabs import BoardTabs
from widgets.databases.session import Told
from widgets.empty import note
from widgets.lines import LinePane
from widgets.text import Line, Seg, line
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.dashboards.views import DashboardName, DashboardView, VariableView
    from checks.views import Snapshot
    from tui.screens.modal import PictureModal

__all__ = ["SPANS", "DashboardsScreen"]

SPANS: Final = (300.0, 900.0, 1800.0, 3600.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0)
"""Seconds that can be chosen."""
_ROOM_FOR_TABS: Final = 14
"""Lines of a screen from which on the dashboards have tabs."""
_ALWAYS: Final[tuple[HintSource, ...]] = (
    (("app.help",), "help"),
    (("app.freeze",), "freeze"),
    (("app.quit",), "quit"),
)
"""The hints that are left where there is no panel."""
_SAID: Final = 2.0
_FROZEN: Final = "the picture was frozen before anybody looked at this dashboard"
_WAITS: Final = "being measured"


class DashboardsScreen(NumberedScreen):
    """The source measures :attr:`shown` alone, while this is on top. Enter shows a panel large."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.DASHBOARDS]
    ALLOW_IN_MAXIMIZED_VIEW = ".header, BoardTabs, Banner, FilterLine, HintLine"
    AUTO_FOCUS = "DashboardPane"
    TITLE = "Dashboards"
    QUESTION = (
        "What do the panels of this dashboard come to, now and over its span, and which of them "
        "are past a threshold?"
    )
    HINTS = (
        (("screen.back",), "back"),
        (("dashboards.previous", "dashboards.next"), "dashboard"),
        (("pane.open",), "whole"),
        (("app.window_longer", "app.window_shorter"), "span"),
        (("dashboards.variables",), "variables"),
        (("screen.maximise",), "maximise"),
        (("app.help",), "help"),
        (("dashboards.next_ill",), "next not ok"),
        (("screen.filter",), "filter"),
        (("screen.copy",), "copy"),
        (("dashboards.notes",), "notes"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )

    names: reactive[tuple[DashboardName, ...]] = reactive((), repaint=False)
    shown: reactive[str] = reactive("", repaint=False)
    """The name of the dashboard that is shown; empty while there is none."""
    view: reactive[DashboardView | None] = reactive(None, repaint=False)

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self._steady = Steady()
        self._spans: dict[str, float] = {}
        self._values: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def header(self) -> Widget:
        bound = (DashboardsScreen.snapshot, DashboardsScreen.frozen, DashboardsScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        pane = DashboardPane(id="dashboard")
        return pane.data_bind(
            DashboardsScreen.snapshot,
            DashboardsScreen.view,
            DashboardsScreen.filter_text,
            DashboardsScreen.use_ascii,
        )

    def compose(self) -> ComposeResult:
        header, *rest = super().compose()
        yield header
        tabs = BoardTabs(id="boards")
        yield tabs.data_bind(
            DashboardsScreen.names, DashboardsScreen.use_ascii, board=DashboardsScreen.shown
        )
        yield from rest

    def on_mount(self) -> None:
        super().on_mount()
        self._settle()

    def on_resize(self, event: events.Resize) -> None:
        self._settle()

    @property
    def pane(self) -> DashboardPane:
        return self.query_one(DashboardPane)

    # What is shown

    @property
    def board(self) -> Board | None:
        if not self.shown:
            return None
        name = self.shown
        return Board(name, self._spans.get(name, 0.0), self._values.get(name, {}))

    @property
    def chosen(self) -> str:
        """What is at hand here is a panel, and no check."""
        return ""

    def begin(self, standing: Standing) -> None:
        super().begin(standing)
        if standing.newest is not None:
            self.set_reactive(DashboardsScreen.names, standing.newest.dashboards)
        self.set_reactive(DashboardsScreen.shown, self._shown_of(standing.newest))
        self.set_reactive(DashboardsScreen.view, self._view_in(standing.shown))

    def come_back(self, wanted: Sequence[str], standing: Standing) -> None:
        self.pane.alone = ""
        super().come_back(wanted, standing)

    def take(self, standing: Standing) -> None:
        if self._composed:
            self.names = standing.newest.dashboards if standing.newest is not None else ()
            self._turn_to(self._shown_of(standing.newest))
        super().take(standing)

    def watch_snapshot(self, old: Snapshot | None, new: Snapshot | None) -> None:
        del old
        self.view = self._view_in(new)
        self._settle()

    def _view_in(self, snapshot: Snapshot | None) -> DashboardView | None:
        """What a picture has of the dashboard that is shown."""
        found = snapshot.dashboard if snapshot is not None else None
        if found is None or found.name != self.shown:
            return None
        return self._steady.view(found)

    def _shown_of(self, newest: Snapshot | None) -> str:
        """The dashboard that is shown, one that is wanted, or the first."""
        names = [one.name for one in newest.dashboards] if newest is not None else []
        wanted = self.pointed if self.pointed in names else ""
        self.pointed = "" if wanted else self.pointed
        if not names:
            return self.shown if newest is None else ""
        return wanted or (self.shown if self.shown in names else names[0])

    def _turn_to(self, name: str) -> None:
        if name == self.shown:
            return
        self.shown = name
        self.view = self._view_in(self.snapshot)
        if self._composed:
            self.pane.alone = ""
            self._settle()
        self.post_message(self.Attends())
        self.refresh_bindings()

    def _settle(self) -> None:
        """Show tabs where there is something to choose, and say why there are no panels."""
        if not self._composed:
            return
        tabs = len(self.names) > 1 and self.app.size.height >= _ROOM_FOR_TABS
        self.query_one(BoardTabs).display = tabs
        pane = self.pane
        pane.titled = not tabs
        pane.configures = self.snapshot is not None and not self.names
        pane.none = _FROZEN if self.frozen else _WAITS

    def widen(self, step: int) -> bool:
        """The span of the dashboard is what can be chosen."""
        if self.view is not None:
            now = self._spans.get(self.shown) or self.view.span
            near = min(range(len(SPANS)), key=lambda place: abs(SPANS[place] - now))
            place = near + step if SPANS[near] == now or (SPANS[near] - now) * step < 0 else near
            span = SPANS[max(0, min(len(SPANS) - 1, place))]
            self._spans[self.shown] = span
            self.post_message(self.Attends())
            self.say(f"the last {fmt.span(span)}", _SAID)
        return True

    def choose(self, chosen: Mapping[str, tuple[str, ...]]) -> None:
        """Give the variables of the dashboard these values."""
        self._values[self.shown] = dict(chosen)
        self.post_message(self.Attends())

    # Keys

    def hints(self) -> tuple[HintSource, ...]:
        return self.HINTS if self._has_panels else (*self.HINTS[:2], *_ALWAYS)

    def watch_view(self, old: DashboardView | None, new: DashboardView | None) -> None:
        if (old is None) != (new is None):
            self.refresh_bindings()

    @property
    def _has_panels(self) -> bool:
        return self.view is not None and bool(self.view.panels)

    @property
    def _variables(self) -> tuple[VariableView, ...]:
        view = self.view
        return tuple(one for one in view.variables if not one.hidden) if view else ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what needs panels, another dashboard or variables where there are some."""
        on_panels = self._has_panels and isinstance(self.focused, DashboardPane)
        own = {
            "beside": on_panels,
            "ill": on_panels,
            "maximise": on_panels,
            "copy_row": on_panels,
            "turn": len(self.names) > 1,
            "variables": bool(self._variables),
            "notes": self.view is not None,
        }
        if action in own:
            return own[action]
        alone = self._composed and bool(self.pane.alone)
        return (action == "back" and alone) or super().check_action(action, parameters)

    def focus_next(self, selector: str | type[Widget] = "*") -> Widget | None:
        """Go to the next panel: a pane of its own for whoever looks."""
        return self._step(1) or super().focus_next(selector)

    def focus_previous(self, selector: str | type[Widget] = "*") -> Widget | None:
        return self._step(-1) or super().focus_previous(selector)

    def _step(self, panels: int) -> Widget | None:
        """The pane, gone on by so many panels; None where the focus is elsewhere."""
        pane = self.focused
        if not isinstance(pane, DashboardPane) or not self._has_panels:
            return None
        pane.step(panels)
        return pane

    def action_beside(self, step: int) -> None:
        self.pane.go(step)

    def action_ill(self, step: int) -> None:
        if not self.pane.step_ill(step):
            self.mention("every panel is fine", _SAID)

    def action_turn(self, step: int) -> None:
        """Show the dashboard ``step`` tabs further; the first follows the last."""
        names = [one.name for one in self.names]
        if self.shown in names:
            self._turn_to(names[(names.index(self.shown) + step) % len(names)])

    @on(BoardTabs.Chosen)
    def _show_tab(self, event: BoardTabs.Chosen) -> None:
        self._turn_to(event.board)

    def action_maximise(self) -> None:
        """Give the panel under the cursor all the room, or take it."""
        pane = self.pane
        pane.alone = "" if pane.alone else pane.selected or ""
        self.refresh_bindings()

    def action_back(self) -> None:
        if self.pane.alone:
            self.action_maximise()
        else:
            super().action_back()

    @on(LinePane.Selected)
    def _go_on_alone(self, event: LinePane.Selected) -> None:
        """Where one panel has all the room, the next that is gone to has it."""
        if self.pane.alone and event.key:
            self.pane.alone = event.key

    def action_copy_row(self) -> None:
        found = self.pane.panel
        if found is not None:
            self.post_message(self.Copied(panel_sentence(found), "the panel"))

    @on(LinePane.Opened)
    def _whole(self, event: LinePane.Opened) -> None:
        from tui.screens.dashboard_panel import PanelScreen  # noqa: PLC0415 - when wanted

        event.stop()
        key, plain = event.key, self.use_ascii

        def made(standing: Standing) -> PictureModal:
            return PanelScreen(key, standing, self.widen, self._steady, ascii_only=plain)

        self.post_message(self.Opens(made))

    def action_variables(self) -> None:
        from tui.screens.dashboard_options import OptionsScreen  # noqa: PLC0415 - when wanted

        variables, plain = self._variables, self.use_ascii

        def made(_: Standing) -> PictureModal:
            return OptionsScreen(variables, self.choose, ascii_only=plain)

        self.post_message(self.Opens(made))

    def action_notes(self) -> None:
        from tui.screens.dashboard_panel import NotesScreen  # noqa: PLC0415 - when wanted

        view = self.view
        place = next((one.place for one in self.names if one.name == self.shown), "")
        if view is not None:
            told = Told(view.title, lambda width: note_lines(view, place, width))
            plain = self.use_ascii
            self.post_message(self.Opens(lambda _: NotesScreen(told, ascii_only=plain)))


def note_lines(view: DashboardView, place: str, width: int) -> list[Line]:
    """Where a dashboard is from, and what of it is shown otherwise than there."""
    lines = [line(Seg(f" from {place}", "label"))] if place else []
    for text in view.notes:
        lines += [line(), *note(text, width, "text", limit=12)]
    return lines if view.notes else [*lines, *note("all of it is shown as it is there", width)]
