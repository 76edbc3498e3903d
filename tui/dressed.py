"""The part of the app that knows its terminal: colours, characters, the driver, copying."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from textual import constants, on
from textual.app import App
from textual.message import Message
from textual.notifications import SeverityLevel

from tui.looks import filters_for, limit_colours
from tui.terminal import Looks
from tui.themes import HOUSE_THEMES, first_theme, theme_problem
from widgets.view import NO_CURVES, LineView

if TYPE_CHECKING:
    from textual.driver import Driver

__all__ = ["DressedApp"]

_SIZES: Final = 0.5
"""Seconds between two sizes that are drawn for while a window is being dragged: each is a whole
screen, and over a slow link they would go on arriving long after the hand has come to rest."""


class DressedApp(App[int], inherit_bindings=False):
    """Draws with what ``looks`` has, in ``theme``, or in the one that goes with them."""

    class Told(Message):
        """A sentence for the user; may be posted from any thread."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Themed(Message):
        """The theme that the configuration wants, empty for none; from any thread."""

        def __init__(self, name: str) -> None:
            self.name = name
            super().__init__()

    def __init__(self, looks: Looks, theme: str | None, *, curves: bool = True) -> None:
        self._curves = curves
        super().__init__()
        self._sized_at = -_SIZES
        self._looks = looks
        self._filters = filters_for(looks, self._filters)
        self.no_color = looks.colours == 0
        limit_colours(self.console, looks)
        self.animation_level = "none"
        self.ascii_only = looks.characters == "ascii"
        for house in HOUSE_THEMES:
            self.register_theme(house)
        self._start_with(theme if theme and not self.no_color else first_theme(looks))

    def say(
        self,
        text: str,
        severity: SeverityLevel = "information",
        seconds: float = 2,
        *,
        over: bool = True,
    ) -> None:
        """Show a sentence for a few seconds, as it is, instead of the one before."""
        raise NotImplementedError

    def _check_resize(self) -> None:
        wait = self._sized_at + _SIZES - time.monotonic()
        if self._resize_event is not None and wait > 0 and not self.is_headless:
            if self._resize_timer is not None:
                self._resize_timer.stop()
            self._resize_timer = self.set_timer(wait, self._check_resize)
            return
        self._sized_at = time.monotonic()
        super()._check_resize()

    def action_suspend_process(self) -> None:
        from tui.suspension import has_shell, stop_job  # noqa: PLC0415 - seldom needed

        if self.is_headless or self.is_web or not has_shell():
            self.say("there is no shell to come back from: nothing suspended", "warning", 4)
            return
        with self.suspend():
            stop_job()

    def get_driver_class(self) -> type[Driver]:
        if constants.DRIVER:
            return super().get_driver_class()
        from tui.driver import OnwatchDriver  # noqa: PLC0415 - none is needed in a browser

        return OnwatchDriver

    def _start_with(self, theme: str) -> None:
        """Set the theme as assigning it does, without parsing the style sheet again."""
        self.set_reactive(DressedApp.theme, theme)
        self.stylesheet.set_variables(self.get_css_variables())
        dark = self.current_theme.dark
        self.update_classes({"-dark-mode": dark, "-light-mode": not dark}, update=False)
        # Or what no pane covers is black instead of the terminal's own background.
        self._refresh_truecolor_filter(self.ansi_theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {} if self._curves else {NO_CURVES: "none"}

    def draw_curves(self, curves: bool) -> None:
        """Draw curves from now on, or leave their places blank."""
        self._curves = curves
        self.stylesheet.set_variables(self.get_css_variables())
        for view in self.screen.query(LineView):
            view.update_lines()

    @on(Themed)
    def _take_theme(self, message: Themed) -> None:
        problem = theme_problem(message.name) if message.name else ""
        if problem:
            self.say(f"theme: {problem}", "warning", seconds=15)
        elif not self.no_color:
            self.set_theme(message.name)

    def set_theme(self, name: str) -> None:
        """Change the colours to those of ``name``; of nothing, to those it began with."""
        self.theme = name or first_theme(self._looks)

    def copy(self, text: str, what: str) -> None:
        """Ask the terminal to copy ``text``, keep it in a file too, and say so."""
        from tui.clipboard import kept  # noqa: PLC0415 - seldom needed

        self.copy_to_clipboard(text)
        kept(text, what, lambda told: self.post_message(self.Told(told)))

    def copy_to_clipboard(self, text: str) -> None:
        from tui.clipboard import written  # noqa: PLC0415 - seldom needed

        self._clipboard = text
        if self._driver is not None and (sequence := written(text)):
            self._driver.write(sequence)

    @on(Told)
    def _tell(self, message: Told) -> None:
        # Over the panes it would hide what is copied, and break its path.
        self.say(message.text, seconds=4, over=False)
