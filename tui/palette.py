"""The command palette: what keys do, checks by name, windows, themes, the demo's commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, runtime_checkable

from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen
from textual.widgets import Input

__all__ = ["CommandProvider", "Commands", "Offers", "Palette", "PaletteCommand"]

_LONGEST: Final = 200
"""Characters that can be typed: with thousands of them each key takes long."""


@dataclass(frozen=True, slots=True)
class PaletteCommand:
    """Something the palette offers.

    ``run`` is called on the UI's thread and returns at once; a sentence that it returns is
    shown for a few seconds. What is ``common`` is listed before anything is typed.
    """

    title: str
    help: str
    run: Callable[[], str | None] | Callable[[], None]
    common: bool = True


Commands = Sequence[PaletteCommand] | Callable[[], Sequence[PaletteCommand]]
"""Commands, or what is asked for them each time that they are shown."""


@runtime_checkable
class Offers(Protocol):
    """The part of the app that the palette asks."""

    def palette_commands(self, screen: Screen[object]) -> Iterable[PaletteCommand]:
        """What can be done now on ``screen``."""

    def run_command(self, command: PaletteCommand) -> None:
        """Run ``command`` and show what it says."""


class CommandProvider(Provider):
    """Hands the app's commands to Textual's palette."""

    async def discover(self) -> Hits:
        for command, run in self._offers():
            if command.common:
                yield DiscoveryHit(command.title, run, help=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command, run in self._offers():
            score = matcher.match(command.title)
            if score > 0:
                yield Hit(score, matcher.highlight(command.title), run, help=command.help)

    def _offers(self) -> Iterable[tuple[PaletteCommand, Callable[[], None]]]:
        app = self.app
        if not isinstance(app, Offers):
            return
        for command in app.palette_commands(self.screen):
            yield command, partial(app.run_command, command)


class Palette(CommandPalette):
    """Textual's palette, that does not stumble: over a page of its list where no line of it has
    room, over a second click beside it, over a text that nobody typed.
    """

    def on_mount(self) -> None:
        self.query_one(Input).max_length = _LONGEST

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close, once."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region.height:
            super()._action_command_list(action)
