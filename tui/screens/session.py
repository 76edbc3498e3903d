"""A session of a database server whole, and what may be done to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from tui import keymap
from tui.screens.hinting import HintSource
from tui.screens.modal import PictureModal
from tui.screens.standing import Standing
from widgets import format as fmt
from widgets.databases.pane import database_of
from widgets.databases.session import ChoicePane, Told, WholePane, pair_lines, session_whole
from widgets.databases.words import at_rest, who
from widgets.hints import HintLine
from widgets.lines import LinePane

if TYPE_CHECKING:
    from checks.databases.model import Action, DatabaseFacts, SessionRow
    from checks.model import Table
    from checks.views import Snapshot

__all__ = ["RowScreen", "SessionScreen", "WholeBox"]

_WIDEST: Final = 110
_MOST: Final = 10
"""Lines of what can be done, at most."""
_RUNS_NOTHING: Final = (
    "it runs nothing at the moment: there is no statement to end, and what it holds it would go on "
    "holding"
)
_MOVED_ON: Final = "it no longer runs the statement that was chosen: look again"


class WholeBox(PictureModal):
    """A box with a text to scroll, as high as it needs to be."""

    DEFAULT_CSS = """
    WholeBox {
        align: center middle;
        background: transparent;
        & > Vertical {
            height: auto;
            background: $surface;
            border: round $border;
            padding: 0 1;
        }
        &.-ascii > Vertical { border: ascii $border; }
        & ChoicePane { height: 5; }
    }
    """

    AUTO_FOCUS = "WholePane"
    PANE: ClassVar[type[WholePane]] = WholePane
    HINTS: ClassVar[tuple[HintSource, ...]] = ((("session.close",), "back"),)

    def __init__(self, told: Told, *, ascii_only: bool) -> None:
        super().__init__()
        self.told = told
        self._ascii_only = ascii_only
        self.set_class(ascii_only, "-ascii")

    def parts(self) -> Iterable[Widget]:
        """What stands between the text and the hints."""
        return ()

    def compose(self) -> ComposeResult:
        whole = self.PANE(id="whole")
        whole.set_reactive(WholePane.told, self.told)
        made: list[Widget] = [whole, *self.parts(), HintLine(id="hints")]
        for widget in made:
            if isinstance(widget, LinePane | HintLine):
                widget.set_reactive(LinePane.use_ascii, self._ascii_only)
        with Vertical():
            yield from made

    def on_mount(self) -> None:
        self.fit()

    def on_resize(self, event: events.Resize) -> None:
        self.fit()

    def tell(self, told: Told) -> None:
        """Show ``told`` instead."""
        self.told = told
        self.query_one(WholePane).told = told
        self.fit()

    def fit(self) -> None:
        """Give the text the lines that it needs, as far as the screen has them."""
        width, height = self.app.size
        inner = max(1, min(_WIDEST, width - 2) - 4)
        box = self.query_one(Vertical)
        box.styles.width = inner + 4
        needed = len(self.told.lines(max(1, inner - 1))) + 2
        whole = self.query_one(WholePane)
        whole.styles.height = max(2, min(needed, height - 3 - self.fit_choices(inner)))

    def fit_choices(self, width: int) -> int:
        """Give what can be chosen the lines that it needs; how many these are."""
        del width
        return 0


class RowScreen(WholeBox):
    """A row of a table whole: each column's name and what stands in it."""

    TITLE = "Row"
    QUESTION = "The whole row, nothing of it cut."

    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE]

    def __init__(self, table: Table, row: tuple[str, ...], *, ascii_only: bool = False) -> None:
        pairs = [(name, row[i]) for i, name in enumerate(table.columns) if i < len(row)]
        told = Told(table.title, lambda width: pair_lines(pairs, width))
        super().__init__(told, ascii_only=ascii_only)


class SessionScreen(WholeBox):
    """The session ``subject`` of ``check``: it and no later one that is given its number.

    ``acting`` offers at once what the key for that offers later. Something is done only once
    it was chosen and then confirmed, and never to a session that the newest picture does not
    hold any more.
    """

    TITLE = "Session"
    QUESTION = "What is this session doing, for how long, and does it hold up others?"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.SESSION]
    HINTS = (
        (("session.confirm",), "yes, do it"),
        (("pane.open",), "choose"),
        (("session.act",), "cancel, terminate"),
        (("session.close",), "back"),
        (("session.next_pane",), "text, choice"),
    )

    def __init__(
        self,
        check: str,
        subject: str,
        standing: Standing,
        *,
        acting: bool,
        ascii_only: bool = False,
    ) -> None:
        self.check = check
        self.subject = subject
        self._acting = acting
        self._chosen: Action | None = None
        self._statement = ""
        self._session: SessionRow | None = None
        self._facts: DatabaseFacts | None = None
        self._actions: tuple[Action, ...] = ()
        self._gone = False
        self._offered = False
        self._note = ""
        self._choices = 0
        self._look(standing.newest)
        if self._session is None:
            # Only a frozen picture still has it.
            self._remember(standing.shown)
        super().__init__(self._text(), ascii_only=ascii_only)

    def parts(self) -> Iterable[Widget]:
        return (ChoicePane(id="choices"),)

    def on_mount(self) -> None:
        self._offer()

    def on_resize(self, event: events.Resize) -> None:
        self._choices = 0
        super().on_resize(event)

    # What is known of the session

    def _look(self, newest: Snapshot | None) -> None:
        """Find the session in the newest picture, whatever is shown beneath."""
        view = database_of(newest, self.check)
        found = view.facts.session(self.subject) if view and view.facts else None
        self._gone = found is None
        self._actions = view.actions if view else ()
        if found is not None:
            self._remember(newest)

    def _remember(self, snapshot: Snapshot | None) -> None:
        view = database_of(snapshot, self.check)
        self._facts = view.facts if view else None
        self._session = self._facts.session(self.subject) if self._facts else None

    def _text(self) -> Told:
        session, facts = self._session, self._facts
        if session is None or facts is None:
            return Told(f"a session of {self.check}", lambda _: [], past=True)
        title = f"{self.check}: session {session.pid}{' (ended)' if self._gone else ''}"
        return Told(title, lambda width: session_whole(session, facts, width), past=self._gone)

    @property
    def refusal(self) -> str:
        """Why nothing can be done to the session; empty where something can."""
        number = self._session.pid if self._session else ""
        if self._gone:
            return f"session {number} has ended: there is nothing left to do to it"
        if self._session is not None and self._session.own:
            return "this is a session of onwatch itself: it watches, and is left alone"
        return ""

    def fit_choices(self, width: int) -> int:
        if not self.offers:
            return 0
        pane = self.query_one(ChoicePane)
        # Once it was higher it stays so: the question must not move what is above it.
        self._choices = max(self._choices, min(_MOST, len(pane.build(width - 1, _MOST)) + 2))
        pane.styles.height = self._choices
        return self._choices

    @property
    def offers(self) -> bool:
        """Whether there is something to choose, or a reason why not to be told."""
        return self._acting and bool(self._actions or self._gone)

    def take(self, standing: Standing) -> None:
        if not self.query(ChoicePane):
            # Just being opened, on a picture that is hardly older.
            return
        before = self._session
        self._look(standing.newest)
        if self._session is before and not self._gone:
            return
        self.tell(self._text())
        self._take_back()
        self._offer()

    def _take_back(self) -> None:
        """Take back a choice that would do something else by now, and a note that is not so."""
        chosen, session = self._chosen, self._session
        if chosen is not None and self._gone:
            self._chosen = None
        elif chosen is not None and chosen.id == "cancel" and self._moved_on():
            self._chosen, self._note = None, _MOVED_ON
        elif self._note == _RUNS_NOTHING and session is not None and not at_rest(session):
            self._note = ""

    def _moved_on(self) -> bool:
        """Whether it no longer runs the statement that was to be cancelled."""
        session = self._session
        return session is None or session.query != self._statement or at_rest(session)

    # What is done to it

    def _offer(self) -> None:
        """Show what can be chosen, or the question once something is. The cursor goes there once:
        whoever has gone on to the text reads it while pictures come.
        """
        pane = self.query_one(ChoicePane)
        pane.display = self.offers
        resting = self._session is not None and at_rest(self._session)
        pane.preferred = "terminate" if resting else ""
        pane.question = self._question()
        pane.refusal = self.refusal or self._note
        pane.actions = () if self.refusal else self._actions
        self.fit()
        offered, self._offered = self._offered, self.offers and not self.refusal
        if self._offered and not offered:
            self.set_focus(pane)
        self.refresh_bindings()

    def _question(self) -> str:
        session = self._session
        if self._chosen is None or session is None:
            return ""
        named = (
            f"{self._chosen.title}? It is session {session.pid}, {who(session)}, on {self.check}"
        )
        if session.transaction is not None:
            named += f", with a transaction open for {fmt.coarse(session.transaction)}"
        return f"{named}.\n{self._chosen.help}"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "confirm":
            return self._chosen is not None and not self.refusal
        if action == "act":
            return bool(self._actions) and not self._acting and not self.refusal
        if action == "next":
            return self.offers
        return True

    def opens(self) -> str:
        return "Choose what is to be done to it"

    def action_next(self) -> None:
        self.focus_next()

    def action_act(self) -> None:
        self._acting = True
        self._offer()

    @on(LinePane.Opened)
    def _choose(self, event: LinePane.Opened) -> None:
        event.stop()
        found = next((each for each in self._actions if each.id == event.key), None)
        if found is None or self.refusal or self._session is None:
            return
        if found.id == "cancel" and at_rest(self._session):
            # Servers say yes to that, and nothing happens.
            self._note = _RUNS_NOTHING
            self._offer()
            return
        self._chosen, self._statement, self._note = found, self._session.query, ""
        self._offer()

    def action_confirm(self) -> None:
        if self._chosen is not None and not self.refusal:
            title = self._chosen.title
            self.post_message(self.Confirmed(self.check, self._chosen.id, self.subject, title))
            self.dismiss()

    def action_close(self) -> None:
        """Take back the choice, or leave."""
        if self._chosen is not None:
            self._chosen, self._note = None, ""
            self._offer()
        else:
            self.dismiss()
