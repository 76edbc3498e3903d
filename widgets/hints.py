"""The bottom line: the keys that matter here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer

from widgets.text import BETWEEN, Line, Seg, fit, groups_in, line
from widgets.view import LineView

__all__ = ["Hint", "HintLine", "hint_line"]

_BETWEEN = re.compile("[ –]")
"""What stands between keys that are named together, one by one or from the first to the last."""

Hint = tuple[str, str]
"""A key as it is shown and what it does: ``("p", "freeze")``."""
_HELP = "help"


def kept(hints: Sequence[Hint], width: int) -> list[Hint]:
    """As many whole hints as there is room for, in their order; the help is always among them.

    It tells of all the others.
    """
    shown = list(hints)
    while shown and _cells(shown) > width - 1:
        shown.remove(next((one for one in reversed(shown) if one[1] != _HELP), shown[-1]))
    return shown


def _cells(hints: Sequence[Hint]) -> int:
    words = sum(cell_len(keys) + 1 + cell_len(text) for keys, text in hints)
    return words + cell_len(BETWEEN.text) * (len(hints) - 1)


def hint_line(hints: Sequence[Hint], width: int) -> Line:
    """The hints that there is room for."""
    groups = [[Seg(key, "key"), Seg(f" {text}", "dim")] for key, text in kept(hints, width)]
    return line(" ", *groups_in(groups, width - 1)[0])


def key_at(hints: Sequence[Hint], width: int, x: int) -> str:
    """The key that cell ``x`` of the line of ``hints`` tells of, empty where it tells of none.

    Where two keys are named together, what they do is told by the nearer, the last.
    """
    start = 1
    for keys, text in kept(hints, width):
        end = start + cell_len(keys) + 1 + cell_len(text)
        if end > width:
            return ""
        if start <= x < end:
            named = _BETWEEN.split(keys)
            before = len(_BETWEEN.findall(keys[: max(0, x - start)]))
            return named[min(before, len(named) - 1)]
        start = end + cell_len(BETWEEN.text)
    return ""


class HintLine(LineView):
    """Keys with what they do; which ones is said by whoever knows the screen.

    A click on one is told as :class:`Clicked`.

    For a moment it may say something else instead.
    """

    DEFAULT_CSS = "HintLine { height: 1; }"

    class Clicked(Message):
        """Somebody has clicked on what ``key`` does, the key as it is shown."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

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

    def on_click(self, event: events.Click) -> None:
        key = "" if self.said else key_at(self.hints, self.size.width, event.x)
        if key:
            self.post_message(self.Clicked(key))

    def watch_hints(self) -> None:
        self.update_lines()

    def watch_said(self) -> None:
        self.update_lines()
