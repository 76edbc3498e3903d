"""What is seen of the screen beneath a box."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from widgets.strip import LeanStrip

__all__ = ["Overlay"]


class Overlay(Screen[None], inherit_bindings=False):
    """A screen that shows the one beneath it wherever it has nothing itself.

    Textual has Rich print the screen beneath and takes that for text to be laid out, which
    takes longer than all else before a box is seen. Where that screen is on the terminal
    already, the box alone is drawn.
    """

    _box_alone = False

    def _on_timer_update(self) -> None:
        if self._repaint_required and not self._layout_required and self._lies_on_what_is_seen:
            self._paint_box()
        super()._on_timer_update()

    @property
    def _lies_on_what_is_seen(self) -> bool:
        """Whether the terminal shows the screen beneath as it is, and nothing of this one yet."""
        beneath = self._beneath
        shown = beneath is not None and getattr(self.app, "drawn", None) is beneath
        # What changes beneath is told as a region of this screen.
        whole = (
            self._repaint_regions == {self.outer_size.region} and self not in self._dirty_widgets
        )
        return shown and whole and self.styles.background.is_transparent

    def _paint_box(self) -> None:
        """Paint what lies on the screen beneath, but not that one once more."""
        self._repaint_required = False
        self._exchange_repaint_regions()
        placed = self._compositor.visible_widgets.items()
        own = {region.intersection(clip) for widget, (region, clip) in placed if widget is not self}
        self._compositor._dirty_regions.update(own)  # noqa: SLF001 - as Textual does
        self._box_alone = True
        self._compositor_refresh()
        self._box_alone = False

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of the screen beneath, if this one's own background is transparent."""
        if self._box_alone:
            return [Strip.blank(crop.width)] * crop.height
        beneath = self._beneath
        if beneath is None or not self.styles.background.is_transparent:
            return super().render_lines(crop)
        drawn = beneath._compositor.render_strips(self.size)  # noqa: SLF001 - as Textual does
        # A screen beneath is told of another size of the terminal only when it is uncovered.
        style = self.rich_style
        blank = Strip.blank(self.size.width, style)
        lines = (_mute(drawn[y]) if y < len(drawn) else blank for y in crop.line_range)
        return [strip.crop_extend(*crop.column_span, style) for strip in lines]

    @property
    def _beneath(self) -> Screen[object] | None:
        """The screen that this one lies on, None where it is not open."""
        over: Widget = self
        return next((low for low, high in pairwise(self.app.screen_stack) if over is high), None)


def _mute(strip: Strip) -> Strip:
    """``strip`` without what a mouse would find in it."""
    segments = list(strip)
    if any(_plain(style) is not style for _, style, _ in segments):
        segments = [Segment(text, _plain(style), control) for text, style, control in segments]
    return LeanStrip(segments, strip.cell_length)


@lru_cache(maxsize=4096)
def _plain(style: Style | None) -> Style | None:
    """``style`` as it looks alone. Rich unpickles what a mouse would find each time that it is
    asked for.
    """
    found = style is not None and (style.link or style.meta)
    return style.clear_meta_and_links() if style is not None and found else style
