"""The question beneath a step, or why there is none."""

from __future__ import annotations

from textual.reactive import reactive

from widgets.text import Line, Seg, broken, line
from widgets.view import LineView

__all__ = ["QuestionPane"]


class QuestionPane(LineView):
    """A sentence or two, no more lines than they take."""

    question: reactive[str] = reactive("", repaint=False, layout=False)
    refusal: reactive[str] = reactive("", repaint=False, layout=False)
    """Why it does not run as it is."""
    note: reactive[str] = reactive("", repaint=False, layout=False)
    """What was wrong with the answer."""

    def lines_for(self, width: int) -> int:
        """The lines that it needs in ``width`` cells, a blank one above them among these."""
        return len(self._said(width)) + 1

    def _said(self, width: int) -> list[Line]:
        said = ((self.refusal, "warning"), (self.question, "high"), (self.note, "critical"))
        return [line(" ", Seg(row, role)) for text, role in said for row in broken(text, width - 2)]

    def compose_lines(self, width: int, height: int) -> list[Line]:
        return [line(), *self._said(width)]

    def watch_question(self) -> None:
        self.update_lines()

    def watch_refusal(self) -> None:
        self.update_lines()

    def watch_note(self) -> None:
        self.update_lines()
