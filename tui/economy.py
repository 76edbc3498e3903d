"""Fewer bytes to the terminal: an update begins at the cell that changed.

Textual crops a changed span on its right alone and sends it from the start of the widget it
lies in; a clock at the end of a line then costs the whole line each second.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate

__all__ = ["SpanUpdate"]


class SpanUpdate(ChopsUpdate):
    """The same update as the :class:`ChopsUpdate` it is made of, cropped on both sides."""

    def __init__(self, update: ChopsUpdate) -> None:
        super().__init__(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        """The update as text and escape sequences."""
        made: list[str] = []
        for y, start, end in self.spans:
            for stop, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                first, last = max(x, start), min(stop, end)
                if strip is not None and first < last:
                    made.append(Control.move_to(first, y).segment.text)
                    made.append(strip.crop(first - x, last - x).render(console))
        return "".join(made)
