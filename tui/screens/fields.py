"""Lines of a box that something is typed into."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from tui import keymap

__all__ = ["ChoiceLine", "Field", "TextLine"]

_NAME: Final = 10
"""Cells of a field's name."""
_LEAST: Final = 6
"""Cells for what is typed, below which the word after it goes."""


class TextLine(Input):
    """A line of text. What is typed here triggers no key."""

    DEFAULT_CSS = """
    TextLine {
        width: 1fr;
        height: 1;
        border: none;
        background: $panel;
        &.-textual-compact { padding: 0 1; }
        &:focus { border: none; background: $panel; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.FIELD]

    def __init__(
        self, name: str, value: str = "", *, hint: str = "", max_length: int = 500
    ) -> None:
        super().__init__(value, id=name, placeholder=hint, compact=True, max_length=max_length)
        self.cursor_blink = False


class ChoiceLine(TextLine):
    """A line of text with usual ones, which up and down go through."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.CHOICE]

    class Chose(Message):
        """Another of the choices stands there."""

    def __init__(self, name: str, choices: tuple[str, ...], value: str) -> None:
        super().__init__(name, value, hint=" ".join(choices), max_length=40)
        self._choices = choices

    def action_choose(self, step: int) -> None:
        """Take the next of the choices, or the one before."""
        at = self._choices.index(self.value) if self.value in self._choices else -1
        place = max(0, min(len(self._choices) - 1, at + step))
        self.value = self._choices[place]
        self.cursor_position = len(self.value)


class Field(Horizontal):
    """A line with its name before it, and a word after it where that leaves it some cells."""

    DEFAULT_CSS = f"""
    Field {{
        height: 1;
        & > Static {{ width: {_NAME}; height: 1; color: $text-muted; }}
        & > .after {{ width: auto; padding: 0 1; }}
    }}
    """

    def __init__(self, title: str, line: TextLine, after: str = "") -> None:
        super().__init__()
        self._title = title
        self._line = line
        self._after = after

    def compose(self) -> ComposeResult:
        yield Static(f" {self._title}", markup=False)
        yield self._line
        if self._after:
            yield Static(self._after, markup=False, classes="after")

    def on_resize(self, event: events.Resize) -> None:
        # The word takes its text and a blank on both sides; what is typed also has one each.
        room = event.size.width - _NAME - (cell_len(self._after) + 2) - 2
        self.query(".after").set(display=room >= _LEAST)
