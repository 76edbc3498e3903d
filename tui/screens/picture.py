"""What the screens that show a picture have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tui import keymap
from tui.screens.concerned import ConcernedScreen
from tui.screens.filter import FilterLine
from tui.screens.hinting import HintSource
from tui.screens.standing import Board, Query, Standing
from tui.sentences import sentence_of, situation_of
from tui.steps import Reads
from widgets.hints import HintLine
from widgets.lines import LinePane
from widgets.verdict import VerdictLine
from widgets.view import PictureView

if TYPE_CHECKING:
    from checks.logs.views import LogsWanted

__all__ = ["NO_ROW", "Banner", "PictureScreen"]

NO_ROW: Final = "the cursor is on no row here: nothing is copied"


class Banner(Static):
    """One line that is there only when it has something to say."""

    DEFAULT_CSS = """
    Banner {
        height: 1;
        display: none;
        color: $text-warning;
        text-style: bold reverse;
        padding: 0 1;
    }
    Banner.-told { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("", id="banner", markup=False)
        self._sentence = ""

    def tell(self, sentence: str) -> None:
        """Show ``sentence``, or nothing."""
        if sentence != self._sentence:
            self._sentence = sentence
            self.update(sentence)
            self.set_class(bool(sentence), "-told")


class PictureScreen(ConcernedScreen, inherit_bindings=False):
    """A screen that shows the newest picture while it is on top.

    Its panes are bound to :attr:`snapshot`; the app hands pictures to the top screen
    alone, because the bindings of a covered screen would keep its panes working.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.SCREEN]
    ALLOW_IN_MAXIMIZED_VIEW = ".header, Banner, FilterLine, HintLine"
    QUESTION: ClassVar[str] = ""
    """What it is looked at for, in a sentence or two; the help begins with it."""

    frozen: reactive[bool] = reactive(False, repaint=False)
    filter_text: reactive[str] = reactive("", repaint=False)

    class Copied(Message):
        """``text`` is to go to the clipboard; ``what`` it is in a word or two."""

        def __init__(self, text: str, what: str) -> None:
            self.text = text
            self.what = what
            super().__init__()

    class Left(Message):
        """Somebody wants to go back to where they came from."""

    class Deeper(Message):
        """Somebody wants the details of ``check``."""

        def __init__(self, check: str) -> None:
            self.check = check
            super().__init__()

    class DeeperAlert(Message):
        """Somebody wants all about the alert with the id ``alert`` of the rule with the key
        ``rule``, or about that rule where ``alert`` is empty.
        """

        def __init__(self, rule: str, alert: str = "") -> None:
            self.rule = rule
            self.alert = alert
            super().__init__()

    class Attends(Message):
        """:attr:`attends`, :attr:`asks` or :attr:`board` has become another."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.set_reactive(PictureScreen.use_ascii, ascii_only)
        self._filtered: Widget | None = None
        self._begun_with: Standing | None = None
        self._emptied: Sequence[PictureView] = ()

    def widen(self, step: int) -> bool:
        """Take the next longer (1) or shorter (-1) window, where it has one of its own."""
        del step
        return False

    def begin(self, standing: Standing) -> None:
        """Start with the picture of ``standing``; called before its panes are there."""
        self._begun_with = standing
        self.set_reactive(PictureScreen.frozen, standing.frozen)
        self.set_reactive(PictureScreen.snapshot, standing.shown)

    @property
    def attends(self) -> str | None:
        """The check that the source is to look at closely while this screen is on top."""
        return None

    @property
    def asks(self) -> Query | None:
        """What the source is to evaluate while this screen is on top; None for nothing."""
        return None

    @property
    def board(self) -> Board | None:
        """The dashboard that the source is to measure while this screen is on top."""
        return None

    @property
    def reads(self) -> Reads | None:
        """The runbook that the source is to tell of while this screen is on top."""
        return None

    @property
    def follows(self) -> LogsWanted | None:
        """The log lines that the source is to show while this screen is on top."""
        return None

    def interrupt(self) -> bool:
        """End what Ctrl-C is to end here, where there is something; whether there was."""
        return False

    @property
    def all_about(self) -> str:
        """The check that it tells everything about, over a window of its own; else empty."""
        return ""

    def header(self) -> Widget:
        """The line at the top."""
        raise NotImplementedError

    def body(self) -> Widget:
        """Everything between the header and the hints."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        header = self.header()
        header.add_class("header", update=False)
        yield header
        yield Banner()
        yield self.body()
        yield FilterLine()
        yield HintLine(id="hints").data_bind(PictureScreen.use_ascii)

    def on_mount(self) -> None:
        if self._composed:
            # Textual calls it for each class, also after a subclass that needs it sooner has.
            return
        self._composed = True
        if self._begun_with is not None:
            self.take(self._begun_with)
            self._begun_with = None
        self.name_keys()
        self.bindings_updated_signal.subscribe(self, self.keys_changed, immediate=True)

    def now_does(self, hint: HintSource) -> HintSource:
        """Of the key that freezes the picture what it does while that is frozen."""
        names, _ = hint
        return (names, "live") if self.frozen and names == ("app.freeze",) else hint

    def watch_frozen(self) -> None:
        if self._composed:
            self.keys_changed(None)

    def take(self, standing: Standing) -> None:
        """Show what ``standing`` says; a screen that is just being opened, once it is."""
        if not self._composed:
            self._begun_with = standing
            return
        self.frozen = standing.frozen
        # How it arranges its panes hangs on what they show, which they are told after that.
        for view in self._emptied:
            view.set_reactive(PictureView.snapshot, standing.shown)
        self._emptied = ()
        self.snapshot = standing.shown
        # What its keys do now depends on the picture.
        self._tell(standing)
        self.look_at_concern()

    def let_go(self) -> None:
        """Hold the picture no longer that was shown last: another comes with the next opening."""
        if self.snapshot is None:
            return
        self._begun_with = None
        self.set_reactive(PictureScreen.snapshot, None)
        self._emptied = [view for view in self.query(PictureView) if view.snapshot is not None]
        for view in self._emptied:
            view.let_go()

    def glance(self, standing: Standing) -> None:
        """Go on with the verdict alone, and how old the picture is, while a box covers the rest."""
        if self._composed:
            header = self._tell(standing)
            header.frozen = standing.frozen
            header.snapshot = standing.shown

    def _tell(self, standing: Standing) -> VerdictLine:
        """Say how old the picture is, also in the top line, of which no box covers the end."""
        thaw = self.key_of("app.freeze") if standing.frozen else ""
        self.query_one(Banner).tell(standing.sentence(thaw))
        header = self.query_one(".header", VerdictLine)
        header.silent = standing.silence > 0
        header.outdated = standing.outdated
        noted = not self.can_go_back and bool(standing.notice)
        header.away = self.key_of("screen.back") if noted else ""
        return header

    # Keys

    @property
    def _noted(self) -> bool:
        """Whether the engine's word about itself stands beneath the verdict."""
        return self.snapshot is not None and bool(self.snapshot.health.notice)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what needs a pane only where the focus is on one, what needs a row where one is."""
        if action == "maximise":
            return isinstance(self.focused, LinePane)
        if action == "copy_row":
            return isinstance(self.focused, LinePane) and not self.bare
        if action == "back":
            return self.can_go_back or bool(self.filter_text or self.maximized or self._noted)
        return super().check_action(action, parameters)

    can_go_back: ClassVar[bool] = False
    """Whether there is a screen beneath."""

    def action_filter(self) -> None:
        self._filtered = self.focused
        self.query_one(FilterLine).open()
        self.query_one(HintLine).display = False

    @on(FilterLine.Typed)
    def _filter(self, event: FilterLine.Typed) -> None:
        self.filter_text = event.text
        self.query_one(HintLine).display = not self.query_one(FilterLine).is_open
        if event.done and self._filtered is not None:
            self.set_focus(self._filtered)
        self.refresh_bindings()

    def action_maximise(self) -> None:
        pane = self.focused
        self.maximized = None if self.maximized or not isinstance(pane, LinePane) else pane
        self.arranged()
        self.refresh_bindings()

    def arranged(self) -> None:
        """Called when a pane has been given the whole screen or has given it back."""

    def be_whole(self) -> None:
        """Be as when newly opened: no pane alone, no row left out, the keys named at the bottom."""
        if self.maximized:
            self.maximized = None
            self.arranged()
        line, hints = self.query_one(FilterLine), self.query_one(HintLine)
        if self.focused is line and self._filtered is not None:
            self.set_focus(self._filtered)
        line.forget()
        hints.say("", 0)
        if not hints.display:
            hints.display = True
        self.filter_text = ""

    def action_back(self) -> None:
        if self.maximized:
            self.action_maximise()
        elif self.filter_text:
            # Whoever has gone on to another pane stays there.
            self._filtered = self.focused
            self.query_one(FilterLine).action_give_up()
        elif self.can_go_back:
            self.post_message(self.Left())
        elif self._noted:
            self.post_message(VerdictLine.PutAway())

    def action_copy_row(self) -> None:
        pane, snapshot = self.focused, self.snapshot
        if not isinstance(pane, LinePane) or snapshot is None:
            return
        key = pane.selected
        check = pane.selected_check if key is not None else self.chosen
        if snapshot.check(check) is not None:
            what = "the row" if key is not None else f"how {check} is"
            told = sentence_of(snapshot, key or "", check)
            self.post_message(self.Copied(told or f"{check}: {pane.text_of(key or '')}", what))
        elif key is not None:
            about = f"{self.chosen}: " if self.chosen else ""
            self.post_message(self.Copied(about + pane.text_of(key), "the row"))
        else:
            self.mention(NO_ROW)

    def action_copy_all(self) -> None:
        if self.snapshot is not None:
            count = len(self.snapshot.alerts)
            what = f"the verdict and {count} alert{'' if count == 1 else 's'}"
            self.post_message(self.Copied(situation_of(self.snapshot), what))
