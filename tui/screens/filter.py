"""The line at the bottom that a filter is typed into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

__all__ = ["FilterLine"]


class FilterLine(Input):
    """There only while somebody types, in the place of the hints, so that nothing else has to
    move. Enter keeps the filter, Esc clears it.
    """

    DEFAULT_CSS = """
    FilterLine {
        display: none;
        height: 1;
        border: none;
        padding: 0 1;
        background: $panel;
        background-tint: $foreground 5%;
        &:focus { border: none; background: $panel; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Clear the filter", show=False, id="filter.clear"),
    ]

    @dataclass
    class Typed(Message):
        """The filter is ``text`` now; ``done`` when the line has closed."""

        text: str
        done: bool

    def __init__(self) -> None:
        super().__init__(
            id="filter",
            placeholder="filter by name, kind, status or text",
            compact=True,
            # With thousands of characters, as of a bad line, each key takes long.
            max_length=200,
        )
        self.cursor_blink = False

    @property
    def is_open(self) -> bool:
        return self.display

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Have no styles worked out: where it is seen it has the focus, and looks so."""

    def open(self) -> None:
        """Show the line and type into it."""
        # As a class it would have its styles worked out once more than the focus has.
        self.display = True
        # focus() would take effect a few messages later.
        self.screen.set_focus(self)

    def set_text(self, text: str) -> None:
        """Filter by ``text``, as if somebody had typed it."""
        with self.prevent(Input.Changed):
            self.value = text
        self.post_message(self.Typed(text, done=False))

    def forget(self) -> None:
        """Close the line and empty it, silently."""
        if self.display:
            # Said twice, it would have all laid out again.
            self.display = False
        with self.prevent(Input.Changed):
            self.value = ""

    def on_blur(self) -> None:
        """Close with the filter kept where Tab or a click has put the focus elsewhere: there Esc
        would do something else than to close it.
        """
        if self.is_open:
            self.display = False
            self.post_message(self.Typed(self.value, done=False))

    def _shut(self) -> None:
        self.display = False
        self.post_message(self.Typed(self.value, done=True))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(self.value, done=False))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._shut()

    def action_give_up(self) -> None:
        with self.prevent(Input.Changed):
            self.value = ""
        self._shut()
