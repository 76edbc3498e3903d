"""Screens that are kept and opened again, and drawn no more often than they have to be."""

from __future__ import annotations

from textual import events
from textual.reactive import Reactive
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import Widget

from widgets.ground import Ground
from widgets.selecting import SelectingScreen

__all__ = ["DrawnScreen", "StyledScreen"]


class StyledScreen(Screen[None], inherit_bindings=False):
    """When it opens, Textual would work out again the styles of all that is on it. Nothing but a
    theme changes them, and a theme those of every screen that is open then.
    """

    _outdated = False

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, self._rethemed, immediate=True)

    def _rethemed(self, theme: Theme) -> None:
        del theme
        self._outdated = self._outdated or self not in self.app.screen_stack

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        event.refresh_styles = self._outdated
        self._outdated = False


class DrawnScreen(SelectingScreen, StyledScreen, Ground, inherit_bindings=False):
    """A screen that panes cover. When it opens, Textual would paint it twice: what was laid out
    anew, and then everything; and everything when the focus goes from one pane to another, though
    each paints itself.
    """

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    @property
    def is_current(self) -> bool:
        """Whether anything of it is seen: for Textual, also where another covers it whole."""
        if not super().is_current:
            return False
        top = self.app.screen
        return top is self or top.styles.background.a < 1

    def _on_timer_update(self) -> None:
        if self._layout_required and self._repaint_required:
            # What is laid out is painted too: then with all the rest.
            self._repaint_required = False
            self._dirty_widgets.add(self)
        super()._on_timer_update()
