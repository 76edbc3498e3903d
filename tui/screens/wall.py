"""For a screen on the wall: large digits, few words, one page after the other."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.binding import BindingType
from textual.reactive import reactive
from textual.widget import Widget

from checks.model import Status
from checks.views import Snapshot
from tui import keymap
from tui.screens.hinting import HintSource
from tui.screens.opened import NumberedScreen
from widgets.verdict import VerdictLine
from widgets.wall.pages import in_turn, pages
from widgets.wall.view import WallView

__all__ = ["SECONDS", "WallScreen"]

SECONDS: Final = 10.0
"""For which a page is shown."""


class WallScreen(NumberedScreen):
    """Turns its pages by itself. What is new and critical is shown at once."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.WALL]
    AUTO_FOCUS = ""
    TITLE = "Wall"
    QUESTION = (
        "How does it stand, seen from the other end of the room? Its pages turn by themselves: "
        "what is wrong, requests, queues, hosts, objectives, as far as there are any."
    )
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("screen.back",), "back"),
        (("wall.next", "wall.previous"), "page"),
        (("wall.hold",), "stay"),
        (("screen.runbook",), "runbook"),
        (("screen.acknowledge",), "acknowledge"),
        (("app.help",), "help"),
        (("app.quit",), "quit"),
    )

    page: reactive[str] = reactive("", repaint=False)
    held: reactive[bool] = reactive(False, repaint=False)

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self._turn = 0
        self._critical: frozenset[str] = frozenset()

    def header(self) -> Widget:
        bound = (WallScreen.snapshot, WallScreen.frozen, WallScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        bound = (WallScreen.snapshot, WallScreen.use_ascii, WallScreen.page, WallScreen.held)
        return WallView(id="wall").data_bind(*bound)

    def on_mount(self) -> None:
        self._timer = self.set_interval(SECONDS, self._turn_by_itself, name="turn the page")
        super().on_mount()
        self._critical = _critical(self.snapshot)

    def watch_snapshot(self, new: Snapshot | None) -> None:
        known, self._critical = self._critical, _critical(new)
        if self.is_composed and self._critical - known and not self.held:
            self._show(0)
            self._timer.reset()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There are no rows here to be filtered, copied, or given the whole screen."""
        if action in ("turn", "hold"):
            return self.snapshot is not None and len(pages(self.snapshot)) > 1
        if action in ("filter", "copy_row", "maximise", "app.focus_next", "app.focus_previous"):
            return False
        return super().check_action(action, parameters)

    def action_turn(self, step: int) -> None:
        """Show the next page (1), or the one before (-1), for as long as any."""
        self._show(self._turn + step)
        self._timer.reset()

    def action_hold(self) -> None:
        """Stay on this page, or have them turn again."""
        self.held = not self.held

    def _turn_by_itself(self) -> None:
        if self.is_current and not self.held and not self.frozen:
            self._show(self._turn + 1)

    def _show(self, turn: int) -> None:
        """Show the page at ``turn``."""
        if self.snapshot is None:
            return
        names = in_turn(pages(self.snapshot))
        self._turn = turn % len(names)
        self.page = names[self._turn]


def _critical(snapshot: Snapshot | None) -> frozenset[str]:
    """The ids of the alerts that are."""
    alerts = snapshot.alerts if snapshot is not None else ()
    return frozenset(one.id for one in alerts if one.firing and one.status is Status.CRITICAL)
