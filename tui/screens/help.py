"""Help: the keys that work on the screen it was opened from, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui import keymap
from tui.keymap import key_name

__all__ = ["HelpScreen", "KeyHelp", "keys_of"]


_LATER: Final = ("tabs", "pane", "screen", "app")
"""Scopes of keys that are not one screen's own, in the order in which they are listed."""


class KeyHelp(Static):
    """A line a key, and what it does."""


class HelpScreen(ModalScreen[None], inherit_bindings=False):
    """A list of what can be pressed."""

    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        background: transparent;
        & > VerticalScroll {
            width: 76;
            max-width: 96%;
            height: auto;
            max-height: 94%;
            padding: 1 2;
            background: $surface;
            border: round $border;
            border-title-color: $text-accent;
        }
        & KeyHelp { height: auto; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.HELP]

    def __init__(self, screen: Screen[object]) -> None:
        super().__init__()
        self._title = screen.title or ""
        self._keys = keys_of(screen.active_bindings.values())

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = f"{self._title}: keys" if self._title else "Keys"
            width = max((len(keys) for keys, _ in self._keys), default=0)
            # One widget for all lines: each more would cost a millisecond to open.
            lines = (
                Content.assemble((f"{keys:<{width}}", "bold $text-accent"), f"  {description}")
                for keys, description in self._keys
            )
            yield KeyHelp(Content("\n").join(lines))

    def action_close(self) -> None:
        self.dismiss()


def keys_of(active: Iterable[ActiveBinding]) -> list[tuple[str, str]]:
    """The keys of each action with its description: first those that only this screen has,
    then what moves within it, what many screens have, and what works everywhere.
    """
    found: dict[str, tuple[list[str], Binding]] = {}
    for each in sorted(active, key=_rank):
        binding = each.binding
        if each.enabled and binding.description:
            keys, _ = found.setdefault(binding.description, ([], binding))
            name = key_name(binding.key)
            if name not in keys:
                keys.append(name)
    return [(" ".join(keys), description) for description, (keys, _) in found.items()]


def _rank(each: ActiveBinding) -> int:
    scope = (each.binding.id or "").partition(".")[0]
    return _LATER.index(scope) + 1 if scope in _LATER else 0
