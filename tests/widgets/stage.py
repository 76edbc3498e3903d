"""An app that shows widgets as the overview would, and a spy on what they repaint."""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from widgets.lines import LinePane
from widgets.selecting import SelectingScreen
from widgets.view import LineView

__all__ = ["Stage", "shown", "spy_on"]


class Stage(App[None]):
    """Shows ``widgets`` beneath each other and keeps the messages of panes."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, *widgets: Widget) -> None:
        super().__init__()
        self.shown_widgets = widgets
        self.opened: list[tuple[str, str]] = []
        self.chosen: list[str | None] = []

    def get_default_screen(self) -> Screen[None]:
        return SelectingScreen(id="_default")

    def compose(self) -> ComposeResult:
        yield from self.shown_widgets

    def on_line_pane_opened(self, message: LinePane.Opened) -> None:
        self.opened.append((message.key, message.check))

    def on_line_pane_selected(self, message: LinePane.Selected) -> None:
        self.chosen.append(message.key)


def shown(view: LineView) -> list[str]:
    """The text on screen, a line each, as it is painted."""
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def spy_on(view: LineView) -> list[Region | None]:
    """The regions that ``view`` asks to have repainted from now on; None for all of it."""
    asked: list[Region | None] = []
    refresh = view.refresh

    def spy(*regions: Region, **options: Any) -> Widget:
        asked.extend(regions or [None])
        return refresh(*regions, **options)

    view.refresh = spy  # type: ignore[method-assign, assignment]
    return asked
