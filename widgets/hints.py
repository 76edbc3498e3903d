"""The bottom line: the keys that matter here."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from widgets.text import Line, Seg, groups_in, line
from widgets.view import LineView

__all__ = ["Hint", "HintLine", "hint_line"]

Hint = tuple[str, str]
"""A key as it is shown and what it does: ``("p", "freeze")``."""


def hint_line(hints: Sequence[Hint], width: int) -> Line:
    """As many whole hints as there is room for, in their order."""
    groups = [[Seg(key, "key"), Seg(f" {text}", "dim")] for key, text in hints]
    return line(" ", *groups_in(groups, width - 1)[0])


class HintLine(LineView):
    """Keys with what they do; which ones is said by whoever knows the screen."""

    DEFAULT_CSS = "HintLine { height: 1; }"

    hints: reactive[tuple[Hint, ...]] = reactive((), repaint=False, layout=False)

    def compose_lines(self, width: int, height: int) -> list[Line]:
        return [hint_line(self.hints, width)]

    def watch_hints(self) -> None:
        self.update_lines()
