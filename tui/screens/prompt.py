"""The line that an expression in PromQL is typed into: it completes names and remembers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from tui import keymap
from tui.completing import Completion, completion, inserted
from tui.query_history import QueryHistory, with_newest

__all__ = ["PromptLine"]


class PromptLine(Input):
    """Enter asks. Tab takes the next of the candidates for the word before the cursor; up and
    down go through what was asked before. ``metrics`` and ``labels`` are the names that there are.
    """

    DEFAULT_CSS = """
    PromptLine {
        height: 1;
        border: none;
        background: $panel;
        &.-textual-compact { padding: 0 1; }
        &:focus { border: none; background: $panel; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.PROMPT]

    @dataclass
    class Asked(Message):
        """``text`` is to be evaluated."""

        text: str

    @dataclass
    class Candidates(Message):
        """What may follow in the text is now this; ``chosen`` says which of it stands there, -1
        for none.
        """

        names: tuple[str, ...]
        chosen: int = -1

    @dataclass
    class Remembered(Message):
        """``texts`` were asked in earlier sessions, the oldest first."""

        texts: list[str]

    class LeftEmpty(Message):
        """Somebody has had enough of typing."""

    def __init__(self, history: QueryHistory | None = None) -> None:
        super().__init__(
            id="prompt",
            placeholder="rate(node_cpu_seconds_total[5m])",
            compact=True,
            # Whoever comes with an expression goes on with it.
            select_on_focus=False,
            # With thousands of characters each key takes long.
            max_length=1000,
        )
        self.cursor_blink = False
        self.metrics: tuple[str, ...] = ()
        self.labels: tuple[str, ...] = ()
        self._history = history or QueryHistory()
        self._earlier: list[str] = []
        self._place = 0
        self._draft = ""
        self._found = Completion(0)
        self._chosen = -1
        self._inserted = ("", 0)

    def on_mount(self) -> None:
        self._history.load(lambda texts: self.post_message(self.Remembered(texts)))

    @on(Remembered)
    def _remember(self, event: Remembered) -> None:
        """Go back to what was asked in earlier sessions behind what was asked in this one."""
        event.stop()
        older = [one for one in event.texts if one not in self._earlier]
        self._earlier = [*older, *self._earlier]
        self._place += len(older)

    def begin(self, text: str) -> None:
        """Have ``text`` in it, with the cursor at its end."""
        self.value = text
        self.cursor_position = len(text)

    def know(self, metrics: tuple[str, ...], labels: tuple[str, ...]) -> None:
        """Complete with these names from now on."""
        if metrics is not self.metrics or labels is not self.labels:
            self.metrics, self.labels = metrics, labels
            if self.has_focus and self.value and self._chosen < 0:
                self._look()

    # Completing

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if not self._stands:
            self._look()

    @property
    def _stands(self) -> bool:
        """Whether the text is the one that the candidate was chosen for: nothing was pasted since,
        nor the cursor put elsewhere with the mouse.
        """
        return self._chosen >= 0 and (self.value, self.cursor_position) == self._inserted

    def _look(self) -> None:
        self._found = completion(self.value, self.cursor_position, self.metrics, self.labels)
        self._chosen = -1
        self.post_message(self.Candidates(self._found.candidates))

    def _forget(self) -> None:
        self._found, self._chosen = Completion(0), -1
        self.post_message(self.Candidates(()))

    def on_key(self, event: events.Key) -> None:
        """What is typed next goes on from what was chosen."""
        if event.key not in ("tab", "shift+tab"):
            self._chosen = -1

    def action_complete(self, step: int) -> None:
        """Take the next candidate, or the one before; where there are none, leave."""
        if not self._stands:
            # The cursor may have moved since.
            self._look()
        names = self._found.candidates
        if not names:
            self.app.action_focus_next() if step > 0 else self.app.action_focus_previous()
            return
        self._chosen = (self._chosen + step) % len(names) if self._chosen >= 0 else min(0, step)
        name = names[self._chosen]
        with self.prevent(Input.Changed):
            text, cursor = inserted(self.value, self.cursor_position, self._found.start, name)
            self.value = text
            self.cursor_position = cursor
        self._inserted = (text, cursor)
        self._chosen %= len(names)
        self.post_message(self.Candidates(names, self._chosen))

    # What was asked before

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = self.value.strip()
        self._forget()
        if not text:
            return
        self._earlier = with_newest(self._earlier, text)
        self._history.add(text)
        self._place, self._draft = len(self._earlier), ""
        self.post_message(self.Asked(text))

    def action_earlier(self, step: int) -> None:
        """Go to what was asked before (-1) or after (1); after the last, to what was begun."""
        place = max(0, min(len(self._earlier), self._place + step))
        if place == self._place:
            return
        if self._place == len(self._earlier):
            self._draft = self.value
        self._place = place
        with self.prevent(Input.Changed):
            self.begin(self._earlier[place] if place < len(self._earlier) else self._draft)
        self._forget()

    def action_leave(self) -> None:
        """Show no candidates, or leave the line."""
        if self._found.candidates:
            self._forget()
        else:
            self.post_message(self.LeftEmpty())
