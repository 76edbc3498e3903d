"""Cells to escape sequences in few bytes: a pen that remembers where it is and what it set.

Each word of Textual's comes with all its colours before it and a reset behind it, which makes
three quarters of what is sent. The pen says only what changes from one cell to the next, moves
along a line by its column, draws blanks in whatever colour its letters have, and lets the
terminal erase long ones.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from rich.color import ColorSystem
from rich.style import Style

__all__ = ["PLAIN", "Cell", "Look", "Pen", "blank", "can_erase", "look_of"]


class Look(NamedTuple):
    """How a cell looks: Rich's bits of attributes, SGR codes of its colours (empty for the
    terminal's own), and the link it belongs to.
    """

    attributes: int
    colour: str
    background: str
    link: str = ""


Cell = tuple[str, Look]
"""What is in a cell: its character, empty behind a wide one, and how it looks."""

PLAIN: Final = Look(0, "", "")
_REVERSE: Final = 1 << 6
_ON_BLANKS: Final = (1 << 3) | _REVERSE | (1 << 8) | (1 << 9) | (1 << 10) | (1 << 11) | (1 << 12)
"""Attributes that are seen where there is no letter: lines of all kinds, and reverse."""
_ON: Final = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")
_OFF: Final = ("22", "22", "23", "24", "25", "25", "27", "28", "29", "24", "54", "54", "55")
"""The codes that set and clear each bit of attributes; one may clear two."""
_WORTH_ERASING: Final = re.compile(r" {11,}")
"""Blanks that are longer than the sequence that erases them and the one that moves past them."""
_ENDS_BLANK: Final = re.compile(r" {6,}$")
"""At the end of what is drawn nothing has to be moved past."""
_ERASE_IN_COLOUR: Final = re.compile(
    r"xterm|tmux|linux|alacritty|foot|wezterm|contour|ghostty|konsole|gnome|vte|putty|mintty|rxvt|iterm"
)
"""Terminals whose erased cells have the background that is set, by the start of their names."""


def can_erase(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal erases in the colour that is set; GNU screen, for one, does not."""
    return "TMUX" in environ or _ERASE_IN_COLOUR.match(environ.get("TERM", "").lower()) is not None


@lru_cache(maxsize=4096)
def look_of(style: Style | None, system: ColorSystem) -> Look:
    """How a cell of ``style`` looks on a terminal with the colours of ``system``."""
    if style is None:
        return PLAIN
    attributes = style._attributes & style._set_attributes  # noqa: SLF001 - as Rich writes them
    colour = _codes(style, system, foreground=True)
    link = f"id={style._link_id};{style.link}" if style.link else ""  # noqa: SLF001
    return Look(attributes, colour, _codes(style, system, foreground=False), link)


def _codes(style: Style, system: ColorSystem, *, foreground: bool) -> str:
    colour = style.color if foreground else style.bgcolor
    if colour is None or colour.is_default:
        return ""
    return ";".join(colour.downgrade(system).get_ansi_codes(foreground))


@lru_cache(maxsize=4096)
def blank(look: Look) -> Look:
    """What is seen of ``look`` where there is no letter."""
    if look.attributes & _REVERSE:
        return look
    lines = look.attributes & _ON_BLANKS
    return look._replace(attributes=lines, colour=look.colour if lines else "")


@lru_cache(maxsize=4096)
def _change(before: Look, after: Look) -> str:
    """The sequence from one look to the other, links aside."""
    afresh = [_ON[bit] for bit in _bits(after.attributes)]
    afresh += [codes for codes in (after.colour, after.background) if codes]
    off = {_OFF[bit] for bit in _bits(before.attributes & ~after.attributes)}
    codes = sorted(off)
    # What clears bold clears dim: what is to stay of such a pair is set again.
    codes += [
        _ON[bit]
        for bit in _bits(after.attributes)
        if not before.attributes & (1 << bit) or _OFF[bit] in off
    ]
    if before.colour != after.colour:
        codes.append(after.colour or "39")
    if before.background != after.background:
        codes.append(after.background or "49")
    shorter = min((";".join(codes), ";".join(["", *afresh])), key=len) if codes else ""
    return f"\x1b[{shorter}m" if codes else ""


def _bits(attributes: int) -> Iterable[int]:
    return (bit for bit in range(len(_ON)) if attributes & (1 << bit))


class Pen:
    """Writes cells down as text and escape sequences; begins and ends with a plain look."""

    def __init__(self, *, erases: bool) -> None:
        self._erases = erases
        self._made: list[str] = []
        self._text: list[str] = []
        self._look = PLAIN
        self._blank = PLAIN
        self._at: tuple[int, int] | None = None

    def draw(self, y: int, x: int, cells: Iterable[Cell]) -> None:
        """Draw ``cells`` from the cell ``x`` of line ``y`` on."""
        self._move(y, x)
        end = x
        text = self._text
        for character, look in cells:
            end += 1
            if look != (self._blank if character == " " else self._look):
                self._flush()
                self._take(look, letter=character != " ")
            text.append(character)
        erased = self._flush(last=True)
        # The cursor stays where erasing begins: only the line is known then.
        self._at = (y, -1 if erased else end)

    def insert(self, y: int, x: int, sequence: str) -> None:
        """Write a finished ``sequence`` there, after which nobody knows where the cursor is."""
        self._take(PLAIN, letter=True)
        self._move(y, x)
        self._made.append(sequence)
        self._at = None

    def finish(self) -> str:
        """All that was drawn; the pen is plain again."""
        self._take(PLAIN, letter=True)
        return "".join(self._made)

    def _move(self, y: int, x: int) -> None:
        if self._at == (y, x):
            return
        if self._erases and self._at is not None and self._at[0] == y:
            self._made.append(f"\x1b[{x + 1}G")
        else:
            self._made.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")

    def _take(self, look: Look, *, letter: bool) -> None:
        """Change to ``look``; for a blank only as far as is seen of it."""
        before = self._look
        if not letter and not look.attributes & _ON_BLANKS:
            kept = before.attributes & ~_ON_BLANKS
            look = Look(kept, before.colour, look.background, look.link)
        if look.link != before.link:
            self._made.append(f"\x1b]8;{look.link or ';'}\x1b\\")
        self._made.append(_change(before, look))
        self._look, self._blank = look, blank(look)

    def _flush(self, *, last: bool = False) -> bool:
        """Write the text down, its long blanks erased where the terminal can do that.

        Returns whether its end was erased, which is done at the ``last`` alone.
        """
        erased = 0
        text = "".join(self._text)
        self._text.clear()
        lines = self._look.attributes & _ON_BLANKS
        if not lines and (self._erases or not self._look.background):
            text, erased = _ENDS_BLANK.subn(_erased, text) if last else (text, 0)
            text = _WORTH_ERASING.sub(_passed, text)
        self._made.append(text)
        return erased > 0


def _erased(blanks: re.Match[str]) -> str:
    return f"\x1b[{len(blanks[0])}X"


def _passed(blanks: re.Match[str]) -> str:
    return f"\x1b[{len(blanks[0])}X\x1b[{len(blanks[0])}C"
