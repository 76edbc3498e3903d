"""What the terminal can show, told to the terminal library: colours and characters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter, Monochrome, NoColor

from tui.terminal import TRUE_COLOUR, Looks
from widgets.glyphs import in_ascii, in_console

__all__ = ["Repertoire", "filters_for", "limit_colours"]

_SYSTEMS: Final = {
    0: ColorSystem.STANDARD,
    16: ColorSystem.STANDARD,
    256: ColorSystem.EIGHT_BIT,
    TRUE_COLOUR: ColorSystem.TRUECOLOR,
}


class Repertoire(LineFilter):
    """Writes everything in the characters that ``rewrite`` keeps to, whoever has drawn it."""

    def __init__(self, rewrite: Callable[[str], str]) -> None:
        super().__init__()
        self._rewrite = rewrite

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        rewrite = self._rewrite
        return [
            segment if segment.control or segment.text.isascii() else segment._replace(text=text)
            for segment in segments
            for text in (rewrite(segment.text),)
        ]


def filters_for(looks: Looks, given: Sequence[LineFilter]) -> list[LineFilter]:
    """The filters that ``looks`` takes, of those ``given`` by the library and of ours.

    The library's own for NO_COLOR counts an empty one, and writes in greys.
    """
    kept = [each for each in given if not isinstance(each, NoColor | Monochrome)]
    if looks.colours == 0:
        kept.append(NoColor())
    if looks.characters != "unicode":
        kept.append(Repertoire(in_ascii if looks.characters == "ascii" else in_console))
    return kept


def limit_colours(console: Console, looks: Looks) -> None:
    """Have ``console`` write the colours there are, and no others."""
    console._color_system = _SYSTEMS[looks.colours]  # noqa: SLF001 - fixed when it was made
