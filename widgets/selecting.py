"""What screens have in common on which text may be selected with the mouse."""

from __future__ import annotations

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
