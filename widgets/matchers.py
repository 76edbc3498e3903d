"""The labels of an alert, and by which of them a silence goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message
from textual.reactive import reactive

from widgets.lines import LinePane
from widgets.text import Line, Seg, fit, line

if TYPE_CHECKING:
    from checks.story.model import Matcher

__all__ = ["MatchersPane"]


class MatchersPane(LinePane):
    """A row a label: marked is what the silence goes by."""

    offered: reactive[tuple[Matcher, ...]] = reactive((), repaint=False, layout=False)
    chosen: reactive[tuple[Matcher, ...]] = reactive((), repaint=False, layout=False)

    class Toggled(Message):
        """``matcher`` is to be gone by, or no more."""

        def __init__(self, matcher: Matcher) -> None:
            self.matcher = matcher
            super().__init__()

    def inputs(self) -> tuple[object, ...]:
        return (self.offered, self.chosen)

    def heading(self) -> Sequence[Seg]:
        return [Seg("Labels", "title")]

    def build(self, width: int, height: int) -> list[Line]:
        return [self._row(one, width) for one in self.offered]

    def _row(self, one: Matcher, width: int) -> Line:
        on = one in self.chosen
        text = fit(str(one), width - 6, self.glyphs.cut)
        return line(f" [{'x' if on else ' '}] ", Seg(text, "value" if on else "dim"), key=one.name)

    def toggle(self) -> None:
        """Mark the row under the cursor, or take its mark away."""
        found = next((one for one in self.offered if one.name == self.selected), None)
        if found is not None:
            self.post_message(self.Toggled(found))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Enter is for the box.
        return action != "open"

    def watch_offered(self) -> None:
        self.update_lines()

    def watch_chosen(self) -> None:
        self.update_lines()
