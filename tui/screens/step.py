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
from tui.screens.picture import HintSource, Standing
from tui.screens.session import WholeBox
from tui.steps import RunsStep
from widgets.databases.session import Told, WholePane
from widgets.frame import Frame
from widgets.glyphs import glyphs_for
from widgets.runbook.asking import offer_lines
from widgets.runbook.question import QuestionPane
from widgets.runbook.words import offer_of

if TYPE_CHECKING:
    from checks.runbooks.views import RunbooksView, StepOffer

__all__ = ["StepScreen", "TargetLine"]

_READ_ONLY = "onwatch runs with --read-only: no step runs from here"
_CHANGED = "it has changed since it was shown: close this, and look again"


class TargetLine(Input):
    """Where the target of a dangerous step is typed."""

    DEFAULT_CSS = """
    TargetLine {
        height: 1;
        border: none;
        background: $panel;
        &.-textual-compact { padding: 0 1; }
        &:focus { border: none; background: $panel; }
    }
    """

    def __init__(self, target: str) -> None:
        super().__init__(id="target", placeholder=target, compact=True, max_length=400)
        self.cursor_blink = False


class StepScreen(WholeBox):
    """The step as it was offered when this was opened: that runs, or nothing. Where it would run
    otherwise by now, it has to be looked at again.
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
        self._note = ""
        glyphs = glyphs_for(ascii_only)
        told = Told(offer.name, lambda width: offer_lines(offer, Frame(width, 0, glyphs)))
        super().__init__(told, ascii_only=ascii_only)

    def parts(self) -> Iterable[Widget]:
        yield QuestionPane(id="question")
        if self._types:
            yield TargetLine(self.offer.target)

    @property
    def _types(self) -> bool:
        """Whether its target is to be typed."""
        return self.offer.marking is Marking.DANGER and not self.refusal

    @property
    def refusal(self) -> str:
        """Why it does not run; empty where it can."""
        if self._read_only:
            return _READ_ONLY
        return _CHANGED if self._changed else self.offer.refused

    def on_mount(self) -> None:
        self._ask()
        if self._types:
            self.set_focus(self.query_one(TargetLine))

    def take(self, standing: Standing) -> None:
        """Notice that it would run otherwise by now."""
        books = standing.newest.runbooks if standing.newest is not None else None
        focus = books.focus if books is not None else None
        if focus is None or (focus.name, focus.subject) != (self._runbook, self._subject):
            return
        now = offer_of(focus, self.offer.name)
        if (now is None or now.token != self.offer.token) and not self._changed:
            self._changed = True
            if self.query(QuestionPane):
                self._ask()

    def _ask(self) -> None:
        """Ask as the step is marked, or say why it does not run."""
        offer, pane = self.offer, self.query_one(QuestionPane)
        pane.refusal = self.refusal
        pane.note = self._note
        typed = f"Type {offer.target} and press Enter to run it."
        pane.question = typed if offer.marking is Marking.DANGER else "Run it?"
        for line in self.query(TargetLine):
            line.display = not self.refusal
        self.fit()
        self.refresh_bindings()

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
        if event.value.strip() != self.offer.target:
            self._note = f"that is not {self.offer.target}"
            self._ask()
        else:
            self._run(event.value.strip())

    def _run(self, typed: str) -> None:
        if not self.refusal:
            self.post_message(RunsStep(self.offer, typed))
            self.dismiss()

    def action_page(self, pages: int) -> None:
        """Scroll the command, also while something is typed."""
        self.query_one(WholePane).action_page(pages)
