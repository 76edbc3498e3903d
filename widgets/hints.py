"""The bottom line: the keys that matter here."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from widgets.text import Line, Seg, line, segs_width
from widgets.view import LineView

__all__ = ["Hint", "HintLine", "hint_line"]

Hint = tuple[str, str]
"""A key as it is shown and what it does: ``("r", "runbook")``."""


def hint_line(hints: Sequence[Hint], width: int) -> Line:
    """As many whole hints as there is room for, in their order."""
    segs: list[Seg] = [Seg(" ")]
    for key, text in hints:
        more = [Seg(key, "key"), Seg(f" {text}  ", "dim")]
        if segs_width(segs) + segs_width(more) - 2 > width:
            break
        segs += more
    return line(*segs)


class HintLine(LineView):
    """Keys with what they do; which ones is said by whoever knows the screen."""

    DEFAULT_CSS = "HintLine { height: 1; }"

    hints: reactive[tuple[Hint, ...]] = reactive((), repaint=False, layout=False)

    def compose_lines(self, width: int, height: int) -> list[Line]:
        return [hint_line(self.hints, width)]

    def watch_hints(self) -> None:
        self.update_lines()
