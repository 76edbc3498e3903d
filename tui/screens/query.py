"""Asking in PromQL what the checks collect: a prompt, the curves, and a row a series."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.binding import BindingType
from textual.containers import Container
from textual.reactive import reactive
from textual.widget import Widget

from tui import keymap
from tui.screens.hinting import HintSource
from tui.screens.picture import NO_ROW, PictureScreen
from tui.screens.prompt import PromptLine
from tui.screens.standing import Query, Standing
from widgets.answer.curves import CurvesView
from widgets.answer.notes import NotesView
from widgets.answer.rows import ORDERS, RowsPane
from widgets.chart import HOUR
from widgets.lines import LinePane
from widgets.verdict import VerdictLine

if TYPE_CHECKING:
    from checks.rules.views import QueryView
    from tui.query_history import QueryHistory

__all__ = ["QueryScreen"]

_HINT: Final = (
    "An expression in PromQL over what is collected here. Tab completes names, Enter evaluates, "
    "up and down bring back what was asked before."
)
_TYPING: Final[tuple[HintSource, ...]] = (
    (("prompt.leave",), "leave the line"),
    (("prompt.complete",), "complete"),
    (("prompt.earlier", "prompt.later"), "asked before"),
    (("app.quit_always",), "quit"),
)
"""The keys that do something else than to type a letter."""


class QueryScreen(PictureScreen):
    """The expression is evaluated by the engine again and again while this is on top."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.QUERY]
    ALLOW_IN_MAXIMIZED_VIEW = ".header, PromptLine, Banner, FilterLine, HintLine"
    AUTO_FOCUS = "PromptLine"
    TITLE = "Query"
    QUESTION = "What does this expression in PromQL come to, now and over the chosen window?"
    can_go_back = True
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("screen.back",), "back"),
        (("query.edit",), "edit"),
        (("query.sort",), "sort"),
        (("screen.filter",), "filter"),
        (("app.window_longer", "app.window_shorter"), "window"),
        (("screen.copy",), "copy"),
        (("screen.maximise",), "maximise"),
        (("app.help",), "help"),
        (("app.quit",), "quit"),
    )

    text: reactive[str] = reactive("", repaint=False)
    """What is evaluated; empty before anything was asked."""
    history: QueryHistory | None = None
    """What was asked in earlier sessions."""
    span: reactive[float] = reactive(HOUR, repaint=False)
    answer: reactive[QueryView | None] = reactive(None, repaint=False)
    order: reactive[str] = reactive(ORDERS[0], repaint=False)
    candidates: reactive[tuple[str, ...]] = reactive((), repaint=False)
    chosen_name: reactive[int] = reactive(-1, repaint=False)
    series: reactive[str] = reactive("", repaint=False)
    """The row under the cursor."""
    waits: reactive[bool] = reactive(False, repaint=False)

    def header(self) -> Widget:
        bound = (QueryScreen.snapshot, QueryScreen.frozen, QueryScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        plain, answer = QueryScreen.use_ascii, QueryScreen.answer
        notes = NotesView(id="notes").data_bind(
            plain, answer, QueryScreen.candidates, chosen=QueryScreen.chosen_name
        )
        notes.set_reactive(NotesView.hint, _HINT)
        curves = CurvesView(id="curves").data_bind(plain, answer, chosen=QueryScreen.series)
        rows = RowsPane(id="rows").data_bind(
            plain, answer, QueryScreen.order, QueryScreen.filter_text, QueryScreen.waits
        )
        return Container(PromptLine(self.history), notes, curves, rows, id="asking")

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size.height)

    def _fit(self, height: int) -> None:
        """Give the curves what the rows can do without; none on a small screen."""
        notes = 3 if height < 30 else 4
        room = height - 3 - notes
        curves = self.query_one(CurvesView)
        self.query_one(NotesView).styles.height = notes
        curves.styles.height = min(20, room // 2)
        # On a narrow link none are drawn.
        curves.display = room >= 12 and curves.glyphs.curves

    # What is asked

    def ask(self, text: str) -> None:
        """Begin with ``text`` in the prompt, to be gone on with; where it is empty, with what was
        asked last, which the first letter replaces.
        """
        if self._composed:
            self._begin_with(text)
        else:
            self._wanted = text

    _wanted = ""

    def on_mount(self) -> None:
        self._begin_with(self._wanted)

    def _begin_with(self, text: str) -> None:
        prompt = self.query_one(PromptLine)
        self.be_whole()
        if text or not self.text:
            prompt.begin(text)
        else:
            prompt.select_all()
        self.set_focus(prompt)

    def begin(self, standing: Standing) -> None:
        if self._composed:
            self.take(standing)
        else:
            super().begin(standing)

    @property
    def asks(self) -> Query | None:
        return Query(self.text, self.span)

    @on(PromptLine.Asked)
    def _asked(self, event: PromptLine.Asked) -> None:
        self.text = event.text
        self._again()

    def _again(self) -> None:
        """Have it evaluated; until there is an answer there is none."""
        self.answer, self.waits = None, bool(self.text)
        self.post_message(self.Attends())

    def take(self, standing: Standing) -> None:
        super().take(standing)
        # Of a picture that is frozen nothing could be asked.
        newest = standing.newest
        answer = newest.query if newest is not None else None
        if answer is None or not self._composed:
            return
        self._fit(self.size.height)
        self.query_one(PromptLine).know(answer.metrics, answer.labels)
        same = answer.text == self.text and math.isclose(answer.span, self.span)
        if self.text and same:
            self.answer, self.waits = answer, False

    def widen(self, step: int) -> bool:
        """The window of the curves is what can be chosen."""
        from checks.requests.stats import WINDOWS  # noqa: PLC0415 - not for the first frame

        place = max(0, min(len(WINDOWS) - 1, WINDOWS.index(self.span) + step))
        if WINDOWS[place] != self.span:
            self.span = WINDOWS[place]
            self._again()
        return True

    # Keys

    def hints(self) -> tuple[HintSource, ...]:
        return _TYPING if isinstance(self.focused, PromptLine) else self.HINTS

    @on(PromptLine.Candidates)
    def _offer(self, event: PromptLine.Candidates) -> None:
        self.candidates, self.chosen_name = event.names, event.chosen

    @on(PromptLine.LeftEmpty)
    def _leave(self) -> None:
        rows = self.query_one(RowsPane)
        if rows.keys:
            self.set_focus(rows)
        else:
            self.post_message(self.Left())

    @on(LinePane.Selected)
    def _selected(self, event: LinePane.Selected) -> None:
        self.series = event.key or ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        typing = isinstance(self.focused, PromptLine)
        if action in ("edit", "sort", "filter", "back"):
            return not typing
        return super().check_action(action, parameters)

    def action_edit(self) -> None:
        prompt = self.query_one(PromptLine)
        prompt.select_all()
        self.set_focus(prompt)

    def action_sort(self) -> None:
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]

    def action_copy_row(self) -> None:
        rows = self.query_one(RowsPane)
        if rows.selected is not None:
            self.post_message(self.Copied(rows.text_of(rows.selected), "the row"))
        else:
            self.mention(NO_ROW)
