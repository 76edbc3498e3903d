"""A step whole, with its values, and the question whether it is to run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input

from checks.runbooks.model import Marking
from tui import keymap
from tui.screens.fields import TextLine
from tui.screens.hinting import HintSource
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from tui.steps import GivesValue, RunsStep
from widgets.databases.session import Told, WholePane
from widgets.frame import Frame
from widgets.glyphs import glyphs_for
from widgets.runbook.asking import offer_lines
from widgets.runbook.question import QuestionPane
from widgets.runbook.words import offer_of

if TYPE_CHECKING:
    from checks.runbooks.views import RunbooksView, StepOffer

__all__ = ["AnswerLine", "StepScreen"]

_READ_ONLY = "onwatch runs with --read-only: no step runs from here"
_CHANGED = "it has changed since it was shown: close this, and look again"


class AnswerLine(TextLine):
    """Where the target of a dangerous step is typed, or a value that nothing else gives."""

    def __init__(self) -> None:
        super().__init__("answer")


class StepScreen(WholeBox):
    """The step as it was offered when this was opened: that runs, or nothing. Where it would run
    otherwise by now, it has to be looked at again, unless it is for a value that was given here.
    """

    TITLE = "Step"
    QUESTION = "What exactly will run, with which values, against what?"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.STEP]
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("step.confirm",), "yes, run it"),
        (("step.run",), "run it"),
        (("session.close",), "back"),
        (("step.page_down", "step.page_up"), "scroll"),
    )

    def __init__(self, offer: StepOffer, books: RunbooksView, *, ascii_only: bool = False) -> None:
        self.offer = offer
        self._runbook = books.focus.name if books.focus is not None else ""
        self._subject = books.focus.subject if books.focus is not None else None
        self._read_only = books.read_only
        self._changed = False
        self._given = ""
        self._note = ""
        self._glyphs = glyphs_for(ascii_only)
        super().__init__(self._text(), ascii_only=ascii_only)

    def _text(self) -> Told:
        offer, glyphs = self.offer, self._glyphs
        return Told(offer.name, lambda width: offer_lines(offer, Frame(width, 0, glyphs)))

    def hints(self) -> tuple[HintSource, ...]:
        """Of Enter while something is typed what comes of it."""
        typed = "give it" if self._wanted else "run it"
        return ((("field.submit",), typed), *self.HINTS)

    def parts(self) -> Iterable[Widget]:
        return (QuestionPane(id="question"), AnswerLine())

    @property
    def refusal(self) -> str:
        """Why it does not run; empty where it can."""
        if self._read_only:
            return _READ_ONLY
        return _CHANGED if self._changed else self.offer.refused

    @property
    def _wanted(self) -> str:
        """The variable whose value is asked for; empty for none."""
        asks = self.offer.missing and not self._read_only and not self._changed
        return self.offer.missing[0] if asks else ""

    @property
    def _types(self) -> bool:
        """Whether something is to be typed: a value, or the target."""
        return bool(self._wanted) or (self.offer.marking is Marking.DANGER and not self.refusal)

    def on_mount(self) -> None:
        self._ask()

    def take(self, standing: Standing) -> None:
        """Notice that it would run otherwise by now."""
        books = standing.newest.runbooks if standing.newest is not None else None
        focus = books.focus if books is not None else None
        if focus is None or (focus.name, focus.subject) != (self._runbook, self._subject):
            return
        now = offer_of(focus, self.offer.name)
        if now is not None and now.token == self.offer.token:
            return
        if now is not None and self._is_for_what_was_given(now):
            self._given, self.offer, self._note = "", now, ""
            self.tell(self._text())
        elif not self._changed:
            self._changed = True
        if self.query(QuestionPane):
            self._ask()

    def _is_for_what_was_given(self, now: StepOffer) -> bool:
        """Whether ``now`` is another only for the value that was typed here."""
        shown, given = self.offer, self._given
        if not given or (now.text, now.target) != (shown.text, shown.target):
            return False
        values, before = dict(now.variables), dict(shown.variables)
        return all(values.get(name) == before.get(name) for name in {*values, *before} - {given})

    def _ask(self) -> None:
        """Ask as the step is marked, or say why it does not run."""
        pane, answer = self.query_one(QuestionPane), self.query_one(AnswerLine)
        pane.refusal = self.refusal
        pane.note = self._note
        pane.question = self._question()
        answer.display = self._types
        answer.placeholder = self._wanted
        if self._types and self.focused is not answer:
            self.set_focus(answer)
        elif not self._types:
            self.set_focus(self.query_one(WholePane))
        self.fit()
        self.refresh_bindings()

    def _question(self) -> str:
        if self._wanted:
            return f"Type a value for ${self._wanted} and press Enter."
        if self.refusal:
            return ""
        if self.offer.marking is Marking.DANGER:
            return f"Type {self.offer.target} and press Enter to run it."
        return "Run it?"

    def fit_choices(self, width: int) -> int:
        pane = self.query_one(QuestionPane)
        lines = pane.lines_for(width)
        pane.styles.height = lines
        return lines + (1 if self._types else 0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("confirm", "run"):
            if self.refusal or self.offer.marking is Marking.DANGER:
                return False
            return action == "confirm" or self.offer.marking is Marking.SAFE
        return True

    def action_confirm(self) -> None:
        self._run("")

    def action_run(self) -> None:
        self._run("")

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip()
        if self._wanted:
            if typed:
                self._given = self._wanted
                self.post_message(GivesValue(self._wanted, typed))
                self.query_one(AnswerLine).value = ""
        elif typed != self.offer.target:
            self._note = f"that is not {self.offer.target}"
            self._ask()
            # What is typed next replaces it; whoever wants to mend it goes on with an arrow.
            event.input.select_all()
        else:
            self._run(typed)

    def _run(self, typed: str) -> None:
        if not self.refusal:
            self.post_message(RunsStep(self.offer, typed))
            self.dismiss()

    def action_page(self, pages: int) -> None:
        """Scroll the command, also while something is typed."""
        self.query_one(WholePane).action_page(pages)
