"""What screens have in common: text may be selected with the mouse, notices do not pile up."""

from __future__ import annotations

from textual import events
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget

from widgets.view import LineView

__all__ = ["SelectingScreen"]


class SelectingScreen(Screen[None], inherit_bindings=False):
    """Knows which character of a :class:`LineView` stands where."""

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        widget, offset = super().get_widget_and_offset_at(x, y)
        if isinstance(widget, LineView):
            offset = widget.place_at(x, y)
        return widget, offset

    def on_screen_suspend(self, _event: events.ScreenSuspend) -> None:
        """Put away the notices on a screen that is being covered, and what is left of others.

        What is still to be read appears on the screen above. Of a notice that has expired when
        Textual looks, before its own timer has run, it leaves the box that it was in.
        """
        self.query("ToastHolder").remove()
