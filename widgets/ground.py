"""What lies beneath panes: nothing but a background, in lines that are all the same."""

from __future__ import annotations

from rich.style import Style
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["Ground"]


class Ground(Widget):
    """A widget that panes stand on, without a border or anything of its own to say.

    Textual draws each of its lines, of which hardly a cell is seen, as carefully as text.
    """

    def render_lines(self, crop: Region) -> list[Strip]:
        """As many lines of the background as ``crop`` has."""
        if self.gutter.width or self.gutter.height:
            return super().render_lines(crop)
        beneath, own = self.background_colors
        colour = beneath + own
        strip = Strip.blank(crop.width, Style.from_color(bgcolor=colour.rich_color))
        for filtering in self.get_line_filters():
            # Themes give no ANSI colours where they were to be translated.
            if not isinstance(filtering, ANSIToTruecolor):
                strip = strip.apply_filter(filtering, colour)
        return [strip] * crop.height
