"""The space a pane is built for, and how it is to be drawn."""

from __future__ import annotations

from dataclasses import dataclass

from widgets.glyphs import UNICODE, Glyphs

__all__ = ["Frame"]


@dataclass(frozen=True, slots=True)
class Frame:
    """``width`` by ``height`` cells; rows that do not contain ``filter_text`` are left out.

    ``compact`` asks for the short form: one line a row.
    """

    width: int
    height: int
    glyphs: Glyphs = UNICODE
    filter_text: str = ""
    compact: bool = False

    def wants(self, *texts: str) -> bool:
        """Whether the filter lets pass a row that has these ``texts``."""
        wanted = self.filter_text.casefold()
        return not wanted or wanted in " ".join(texts).casefold()
