"""The bottom line: the keys that matter here."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive
from textual.timer import Timer

from widgets.text import Line, Seg, fit, groups_in, line
from widgets.view import LineView

__all__ = ["Hint", "HintLine", "hint_line"]

Hint = tuple[str, str]
"""A key as it is shown and what it does: ``("p", "freeze")``."""


def hint_line(hints: Sequence[Hint], width: int) -> Line:
    """As many whole hints as there is room for, in their order."""
    groups = [[Seg(key, "key"), Seg(f" {text}", "dim")] for key, text in hints]
    return line(" ", *groups_in(groups, width - 1)[0])


class HintLine(LineView):
    """Keys with what they do; which ones is said by whoever knows the screen.

    For a moment it may say something else instead.
    """

    DEFAULT_CSS = "HintLine { height: 1; }"

    hints: reactive[tuple[Hint, ...]] = reactive((), repaint=False, layout=False)

    said: reactive[str] = reactive("", repaint=False, layout=False)
    _hush: Timer | None = None

    def say(self, text: str, seconds: float) -> None:
        """Show ``text`` for ``seconds``, or the keys at once where it is empty."""
        if self._hush is not None:
            self._hush.stop()
        self.said = text
        self._hush = self.set_timer(seconds, lambda: self.say("", 0)) if text else None

    def compose_lines(self, width: int, height: int) -> list[Line]:
        if self.said:
            return [line(" ", Seg(fit(self.said, width - 1)))]
        return [hint_line(self.hints, width)]

    def watch_hints(self) -> None:
        self.update_lines()

    def watch_said(self) -> None:
        self.update_lines()
