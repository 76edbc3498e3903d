"""A screen that panes cover, drawn no more often than it has to be."""

from __future__ import annotations

from textual import events

from widgets.ground import Ground
from widgets.selecting import SelectingScreen

__all__ = ["DrawnScreen"]


class DrawnScreen(SelectingScreen, Ground, inherit_bindings=False):
    """When it opens, Textual would work out again the styles of all that is on it, and paint it
    twice: what was laid out anew, and then everything.
    """

    _themed_as = ""

    @property
    def is_current(self) -> bool:
        """Whether anything of it is seen: for Textual, also where another covers it whole."""
        if not super().is_current:
            return False
        top = self.app.screen
        return top is self or top.styles.background.a < 1

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Nothing but a theme changes styles of a screen while it is not shown."""
        event.refresh_styles = self._themed_as not in ("", self.app.theme)
        self._themed_as = self.app.theme

    def _on_timer_update(self) -> None:
        if self._layout_required and self._repaint_required:
            # What is laid out is painted too: then with all the rest.
            self._repaint_required = False
            self._dirty_widgets.add(self)
        super()._on_timer_update()
