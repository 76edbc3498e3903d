"""The part of the app that goes from screen to screen: which is on top, and what it begins with."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual import on
from textual.await_complete import AwaitComplete
from textual.screen import Screen

from checks.model import Status
from tui.dressed import DressedApp
from tui.economy import forget_closed
from tui.holding import Holding
from tui.numbered import NUMBERED
from tui.palette import Palette
from tui.screens.picture import PictureScreen
from tui.screens.standing import Board, Query, Standing
from tui.steps import Reads
from tui.terminal import Looks
from widgets.lines import LinePane

if TYPE_CHECKING:
    from checks.logs.views import LogsWanted
    from checks.views import Snapshot
    from tui.query_history import QueryHistory
    from tui.screens.alert import AlertScreen
    from tui.screens.details import DetailsScreen
    from tui.screens.help import HelpScreen
    from tui.screens.logs_about import LogsAbout
    from tui.screens.opened import NumberedScreen
    from tui.screens.query import QueryScreen

__all__ = ["NavigatingApp"]


class NavigatingApp(DressedApp, inherit_bindings=False):
    """Opens screens and closes them; subclasses say which picture they are to show."""

    def __init__(self, looks: Looks, theme: str | None, *, curves: bool = True) -> None:
        super().__init__(looks, theme, curves=curves)
        self.holding = Holding(self)
        self._numbered: tuple[str, NumberedScreen | None] = ("", None)
        self._left_at: dict[str, tuple[str, str]] = {}
        self._kept: dict[str, NumberedScreen] = {}
        self._details: DetailsScreen | None = None
        self._alert: AlertScreen | None = None
        self._query: QueryScreen | None = None
        self.queries: QueryHistory | None = None
        """Where it is kept what is asked in PromQL."""
        self._help: HelpScreen | None = None
        self._asked_for: Query | None = None
        self._attended: str | None = None
        self._read: Reads | None = None
        self._board: Board | None = None
        self._followed: LogsWanted | None = None
        self.drawn: Screen[object] | None = None
        """The screen that was sent to the terminal last."""

    # What subclasses say

    def standing(self) -> Standing:
        """The picture as it is to be shown now."""
        raise NotImplementedError

    def show(self) -> None:
        """Hand the picture to the screen on top."""
        raise NotImplementedError

    def look_closely(self, check: str | None) -> None:
        """Have the source look closely at ``check``, at none where it is None."""
        raise NotImplementedError

    def evaluate(self, query: Query | None) -> None:
        """Have the source evaluate ``query`` for its pictures, nothing any more for None."""
        raise NotImplementedError

    def read(self, reads: Reads | None) -> None:
        """Have the source tell of a runbook, of none any more for None."""
        raise NotImplementedError

    def follow(self, wanted: LogsWanted | None) -> None:
        """Have the source show log lines, none any more for None."""
        raise NotImplementedError

    def measure(self, board: Board | None) -> None:
        """Have the source measure a dashboard for its pictures, none any more for None."""
        raise NotImplementedError

    # Screens

    @property
    def picture_screen(self) -> PictureScreen | None:
        """The uppermost screen that shows a picture, be it beneath a box."""
        return next((s for s in reversed(self.screen_stack) if isinstance(s, PictureScreen)), None)

    def action_overview(self) -> None:
        """Back to the first screen, from wherever."""
        self._uncover(1)
        self.show()
        self._attend()

    @on(PictureScreen.Left)
    def go_back(self) -> None:
        """Back to the screen beneath."""
        self._uncover(max(1, len(self.screen_stack) - 1))
        self.show()
        self._attend()

    def action_go_to(self, name: str) -> None:
        """Open the numbered screen ``name`` on the check that the user is at, or was at there."""
        if self._on_top() != name:
            self.go_to(name)

    def go_to(self, name: str, check: str = "") -> None:
        """Open the numbered screen ``name`` on ``check``, where one is given."""
        numbered = next(each for each in NUMBERED if each.name == name)
        wanted = (check,) if check else self._wanted(name)
        self._uncover(1)
        screen = self._kept.get(name)
        if screen is None:
            made = getattr(import_module(numbered.module), numbered.screen)
            screen = self._kept[name] = made(ascii_only=self.ascii_only)
            # Textual removes what it shows no longer, unless it was told of it.
            self.install_screen(screen, name)
        if screen.is_composed:
            screen.come_back(wanted, self.standing())
        else:
            screen.want(wanted)
            screen.begin(self.standing())
        self._numbered = (name, screen)
        self.push_screen(screen)
        # The source would take the interpreter away from what is being drawn.
        self.call_after_refresh(self._attend)

    def _cover(self, screen: PictureScreen) -> None:
        """Open ``screen`` with the picture there is."""
        screen.begin(self.standing())
        self.push_screen(screen)
        self._attend()

    def _on_top(self) -> str:
        """The name of the numbered screen on top, empty where another one is."""
        name, screen = self._numbered
        return name if screen is self.screen else ""

    def _wanted(self, name: str) -> tuple[str, ...]:
        """What the screen ``name`` may begin with: the check that the screen on top is about,
        the one that its cursor is on, what that one suffers from, and the check that it was
        left at, unless the worst is another since.
        """
        top, picture = self.picture_screen, self.standing().shown
        chosen = top.chosen if top else ""
        meant = chosen if top and top.attends == chosen else ""
        view = picture.check(chosen) if picture else None
        ill = view is not None and view.status not in (Status.OK, Status.WAITING)
        left, worst = self._left_at.get(name, ("", ""))
        same = _first_alert(picture) in ("", worst)
        return (meant, chosen, *(view.depends_on if view and ill else ()), left if same else "")

    def action_details(self, check: str) -> None:
        """Open the details of ``check``, instead of those that are open; upon the alert from which
        they are asked for, to which they lead back."""
        from tui.screens.details import DetailsScreen  # noqa: PLC0415 - loads the chart

        if self._details is None:
            # Kept for the next check: to compose its panes takes longer than all the rest.
            self._details = DetailsScreen(check, ascii_only=self.ascii_only)
            self.install_screen(self._details, "details")
        stack = self.screen_stack
        opened = self._details in stack
        beneath = 1 + (self._numbered[1] in stack[:2])
        if self._alert in stack:
            beneath = stack.index(self._alert) + 1
        self._details.turn_to(check)
        self._uncover(stack.index(self._details) + 1 if opened else beneath)
        if opened:
            self.show()
            self._attend()
        else:
            self.holding.until(check, self.standing().shown)
            self._cover(self._details)

    @on(PictureScreen.Deeper)
    def _show_details(self, event: PictureScreen.Deeper) -> None:
        self.action_details(event.check)

    def action_alert(self, rule: str, alert: str = "") -> None:
        """Open all about the alert ``alert`` of ``rule``, or about that rule alone."""
        from tui.screens.alert import AlertScreen  # noqa: PLC0415 - loads the chart

        if self._alert is None:
            self._alert = AlertScreen(ascii_only=self.ascii_only)
            self.install_screen(self._alert, "alert")
        opened = self._alert in self.screen_stack
        self._alert.turn_to(rule, alert)
        if opened:
            self._uncover(self.screen_stack.index(self._alert) + 1)
            self.show()
            self._attend()
        else:
            self._uncover(1 + (self._numbered[1] in self.screen_stack[:2]))
            self._alert.begin(self.standing())
            self.push_screen(self._alert)
            # Its curve would take the interpreter away from what is being drawn.
            self.call_after_refresh(self._attend)

    @on(PictureScreen.DeeperAlert)
    def _show_alert(self, event: PictureScreen.DeeperAlert) -> None:
        self.action_alert(event.rule, event.alert)

    def open_query(self, text: str = "") -> None:
        """Open the prompt for PromQL on whatever is shown, with ``text`` in it."""
        from tui.screens.query import QueryScreen  # noqa: PLC0415 - few ask

        if self._query is None:
            self._query = QueryScreen(ascii_only=self.ascii_only)
            self._query.history = self.queries
            self.install_screen(self._query, "query")
        self._query.ask(text)
        if self._query in self.screen_stack:
            self._uncover(self.screen_stack.index(self._query) + 1)
            self.show()
        else:
            self._cover(self._query)

    @on(PictureScreen.OpensLogs)
    def _show_logs(self, event: PictureScreen.OpensLogs) -> None:
        self.open_logs(event.about)

    def open_logs(self, about: LogsAbout) -> None:
        """Open log lines upon what they are asked for from, to which they lead back."""
        from tui.screens.logs import LogsScreen  # noqa: PLC0415 - when wanted

        kept = self._kept.get("logs")
        screen = kept if isinstance(kept, LogsScreen) else LogsScreen(ascii_only=self.ascii_only)
        if screen is not kept:
            self._kept["logs"] = screen
            self.install_screen(screen, "logs")
        if screen in self.screen_stack:
            self._uncover(self.screen_stack.index(screen) + 1)
            screen.look_at(about)
            self.show()
            self._attend()
            return
        if screen.is_composed:
            screen.come_back((), self.standing())
        else:
            screen.begin(self.standing())
        screen.look_at(about)
        self.push_screen(screen)
        self.call_after_refresh(self._attend)

    @on(PictureScreen.Opens)
    def _open_box(self, event: PictureScreen.Opens) -> None:
        self.push_screen(event.make(self.standing()))
        # What the screen beneath was to ask for after it was drawn would wait until it is seen.
        self._attend()

    def push_screen(self, *args: Any, **options: Any) -> Any:
        """As the library does, but without having the screen beneath painted again, of which
        nothing has changed: it is painted as a whole when it comes back.
        """
        beneath = self.screen_stack[-1] if self.screen_stack else None
        due = beneath is not None and beneath._repaint_required  # noqa: SLF001
        pushed = super().push_screen(*args, **options)
        if beneath is not None:
            beneath._repaint_required = due  # noqa: SLF001
        return pushed

    def pop_screen(self) -> AwaitComplete:
        popped = super().pop_screen()
        forget_closed()
        return popped

    def let_go(self) -> None:
        """Have the screens that are kept and not open hold their pictures no longer: one of each,
        from when it was left, would be more than all that is shown.
        """
        kept = (*self._kept.values(), self._details, self._alert, self._query)
        for screen in kept:
            if screen is not None and screen not in self.screen_stack:
                screen.let_go()

    def _uncover(self, screens: int) -> None:
        """Close what lies upon the lowest ``screens`` screens. The one that is on top then is
        handed the picture by :meth:`show`, unless another is opened at once.
        """
        while len(self.screen_stack) > screens:
            name, top = self._numbered
            if top is not None and top is self.screen:
                self._left_at[name] = (top.chosen, _first_alert(self.standing().shown))
            self.pop_screen()

    @on(PictureScreen.Attends)
    def _attend(self) -> None:
        """Have the source look closely at what the screen on top attends, and evaluate what it
        asks.
        """
        top = self.picture_screen
        check = top.attends if top else None
        if check != self._attended:
            self._attended = check
            self.look_closely(check)
        query = top.asks if top else None
        if query != self._asked_for:
            self._asked_for = query
            self.evaluate(query)
        reads = top.reads if top else None
        if reads != self._read:
            self._read = reads
            self.read(reads)
        board = top.board if top else None
        if board != self._board:
            self._board = board
            self.measure(board)
        wanted = top.follows if top else None
        if wanted != self._followed:
            self._followed = wanted
            self.follow(wanted)

    @on(LinePane.Opened)
    def _deeper(self, event: LinePane.Opened) -> None:
        picture = self.standing().shown
        alerts = (one for one in picture.alerts if one.rule) if picture else ()
        alert = next((one for one in alerts if one.id == event.key), None)
        if alert is not None:
            self.action_alert(alert.rule, alert.id)
        elif event.check:
            self.action_details(event.check)

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen  # noqa: PLC0415 - seldom opened

        if isinstance(self.screen, HelpScreen):
            return
        if self._help is None:
            # Kept, as the details are.
            self._help = HelpScreen(self.screen)
            self.install_screen(self._help, "help")
        else:
            self._help.turn_to(self.screen)
        self.push_screen(self._help)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))


def _first_alert(snapshot: Snapshot | None) -> str:
    """The check of the first alert of ``snapshot``, empty where there is none."""
    return snapshot.alerts[0].check if snapshot and snapshot.alerts else ""
