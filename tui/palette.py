"""The command palette: what keys do, checks by name, windows, themes, the demo's commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, runtime_checkable

from textual import events, on
from textual.await_complete import AwaitComplete
from textual.command import Command, CommandList, CommandPalette, Hit, Hits, Provider
from textual.content import Content
from textual.css.styles import RulesMap
from textual.fuzzy import Matcher
from textual.screen import Screen
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import Input

__all__ = ["CommandProvider", "Commands", "Offers", "Palette", "PaletteCommand"]

QUERY: Final = "query"
"""The command that takes an expression."""
_LONGEST: Final = 200
"""Characters that can be typed: with thousands of them each key takes long."""
_ALWAYS: Final = 12
"""Cells of a description that are shown whatever the title needs: keys are told so."""
_WORTH: Final = 8
"""Cells below which the beginning of a longer description says nothing."""
_ROOMY: Final = 20
"""Lines of a terminal from which on some of the first alert can be seen above the palette."""
_GAP: Final = 2
"""Cells between a title and its description, at least."""


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

    def open_query(self, text: str) -> None:
        """Open the prompt for PromQL with ``text`` in it."""


@dataclass(eq=False)
class _Found(Hit):
    """A command with its description, which Textual would put on a line of its own."""

    about: str = ""


class _Entry(Visual):
    """A title and, at the right, as much of its description as there is room for."""

    def __init__(self, title: Content, about: Content) -> None:
        self._title = title
        self._about = about

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        about = self._about
        if about.cell_length > _ALWAYS:
            room = width - self._title.cell_length - _GAP
            about = about.truncate(room, ellipsis=True) if room >= _WORTH else Content("")
        left = width - (about.cell_length + _GAP if about else 0)
        line = self._title.truncate(max(0, left), ellipsis=True, pad=True)
        if about:
            line = Content.assemble(line, " " * _GAP, about)
        return line.truncate(width).render_strips(width, 1, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return 1


class CommandProvider(Provider):
    """Hands the app's commands to Textual's palette, as text in which nothing is markup."""

    async def discover(self) -> Hits:
        for command, run in self._offers():
            if command.common:
                yield _Found(0.0, Content(command.title), run, command.title, about=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command, run in self._offers():
            title = command.title
            score, places = matcher.fuzzy_search.match(matcher.query, title)
            if score > 0:
                shown = _marked(title, places, matcher)
                yield _Found(score, shown, run, title, about=command.help)

    def _offers(self) -> Iterable[tuple[PaletteCommand, Callable[[], None]]]:
        app = self.app
        if not isinstance(app, Offers):
            return
        for command in app.palette_commands(self.screen):
            yield command, partial(app.run_command, command)


def _marked(title: str, places: Sequence[int], matcher: Matcher) -> Content:
    """``title`` with what was typed marked in it."""
    content = Content(title)
    for place in places:
        if not title[place].isspace():
            content = content.stylize(matcher.match_style, place, place + 1)
    return content


def _in_a_line(command: Command, dim: Style) -> Command:
    hit = command.hit
    if not (isinstance(hit, _Found) and isinstance(hit.match_display, Content)):
        return command
    about = Content(hit.about).stylize_before(dim)
    return Command(_Entry(hit.match_display, about), hit, id=command.id)


class Palette(CommandPalette):
    """Textual's palette, with a line for each command. It does not stumble over a page of its list
    where no line of it has room, a second click beside it, or a text that nobody typed.
    """

    def on_mount(self) -> None:
        field = self.query_one(Input)
        field.max_length = _LONGEST
        # A cursor that blinks is sent twice a second, over whatever link.
        field.cursor_blink = False

    @on(Input.Changed)
    def _lead_on(self, event: Input.Changed) -> None:
        """``query`` and a blank lead to the prompt for PromQL, with what follows in it."""
        word, blank, rest = event.value.partition(" ")
        app = self.app
        if word == QUERY and blank and isinstance(app, Offers):
            event.stop()
            event.prevent_default()
            self.dismiss()
            app.call_later(app.open_query, rest)

    def on_resize(self, event: events.Resize) -> None:
        """Leave the verdict to be seen, and where there are few lines no more than that."""
        self.query_one("#--container").styles.margin = (
            3 if event.size.height >= _ROOMY else 1,
            0,
            0,
            0,
        )

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close, once."""
        return super().dismiss(result) if self.is_current else AwaitComplete()

    def _refresh_command_list(
        self, command_list: CommandList, commands: list[Command], clear_current: bool
    ) -> None:
        dim = Style.from_styles(self.get_component_styles("command-palette--help-text"))
        entries = [_in_a_line(command, dim) for command in commands]
        super()._refresh_command_list(command_list, entries, clear_current)

    def _action_command_list(self, action: str) -> None:
        if self.query_one(CommandList).scrollable_content_region.height:
            super()._action_command_list(action)
