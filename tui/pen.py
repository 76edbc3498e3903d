"""Cells to escape sequences in few bytes: a pen that remembers where it is and what it set.

Each word of Textual's comes with all its colours before it and a reset behind it, which makes
three quarters of what is sent. The pen says only what changes from one look to the next, writes
what looks alike together, moves along a line by its column, draws blanks in whatever colour its
letters have, and lets the terminal erase long ones.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, zip_longest
from operator import itemgetter
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
_SHORTEST: Final = " " * 6
"""What every text has in it of which something is erased."""
_MANY: Final = 64
"""Runs from which on their looks in turn are sure to take fewer bytes than their places in turn."""
_ERASE_IN_COLOUR: Final = re.compile(
    r"xterm|tmux|linux|alacritty|foot|wezterm|contour|ghostty|konsole|gnome|vte|putty|mintty|rxvt|iterm"
)
"""Terminals whose erased cells have the background that is set, by the start of their names."""


def can_erase(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal erases in the colour that is set; GNU screen, for one, does not."""
    in_tmux = "TMUX" in environ and "STY" not in environ
    return in_tmux or _ERASE_IN_COLOUR.match(environ.get("TERM", "").lower()) is not None


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
    """The sequence from one look to the other."""
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
    sequence = f"\x1b[{shorter}m" if codes else ""
    return sequence if before.link == after.link else f"{sequence}\x1b]8;{after.link or ';'}\x1b\\"


def _bits(attributes: int) -> Iterable[int]:
    return (bit for bit in range(len(_ON)) if attributes & (1 << bit))


_look_in = itemgetter(1)


_Run = tuple[int, int, int, Look | None, str]
"""Cells of one look side by side: their line, their first cell and the one behind them, the look,
and what they show; the look is None where that is a finished sequence."""
_look_of = itemgetter(3)


class Pen:
    """Writes cells down as text and escape sequences; begins and ends with a plain look.

    What looks alike is written together, wherever it is, if that takes fewer bytes: to move is
    cheaper than to change the colour and back.
    """

    def __init__(self, *, erases: bool) -> None:
        self._erases = erases
        self._runs: list[_Run] = []

    def draw(self, y: int, x: int, cells: Iterable[Cell]) -> None:
        """Draw ``cells`` from the cell ``x`` of line ``y`` on."""
        text = ""
        look = seen = PLAIN
        lettered = False
        end = x
        for wanted, alike in groupby(cells, _look_in):
            characters = [cell[0] for cell in alike]
            # A blank's look is what is seen of it.
            blanks = characters.count(" ") == len(characters)
            ground = wanted if blanks else blank(wanted)
            # Blanks before a letter take its look, as they would not show another one.
            fits = wanted == look if lettered and not blanks else ground == seen
            if text and not fits:
                self._runs.append((y, x, end, look, text))
                x, text, lettered = end, "", False
            if not blanks:
                look, seen, lettered = wanted, ground, True
            elif not text:
                look = seen = wanted
            text += "".join(characters)
            end += len(characters)
        if text:
            self._runs.append((y, x, end, look, text))

    def insert(self, y: int, x: int, sequence: str) -> None:
        """Write a finished ``sequence`` there, after which nobody knows where the cursor is."""
        self._runs.append((y, x, -1, None, sequence))

    def finish(self) -> str:
        """All that was drawn; the pen is plain again."""
        together = self._written(sorted(self._runs, key=self._rank()))
        if len(self._runs) > _MANY:
            return together
        return min(self._written(self._runs), together, key=len)

    def _rank(self) -> Callable[[_Run], int]:
        """Looks as they came; blanks along with the first that has their background."""
        ranks: dict[Look | None, int] = {}
        for look in map(_look_of, self._runs):
            ranks.setdefault(look, len(ranks))
        for look, rank in [*ranks.items()]:
            if look is not None:
                ranks[blank(look)] = min(rank, ranks.get(blank(look), rank))
        return lambda run: ranks[run[3]]

    def _written(self, runs: Sequence[_Run]) -> str:
        made: list[str] = []
        seen, line, column = PLAIN, -1, -1
        for (y, x, end, look, text), after in zip_longest(runs, runs[1:]):
            if line != y or column != x:
                made.append(self._move(line, y, x))
            wanted = PLAIN if look is None else look
            if text.isspace() and not wanted.attributes & _ON_BLANKS:
                # Of blanks only the ground is seen: the letters' colour may stay.
                kept = seen.attributes & ~_ON_BLANKS
                wanted = Look(kept, seen.colour, wanted.background, wanted.link)
            if wanted is not seen:
                made.append(_change(seen, wanted))
                seen = wanted
            line, column = (-1, -1) if look is None else (y, end)
            if _SHORTEST in text and look is not None and not seen.attributes & _ON_BLANKS:
                goes_on = after is not None and after[0] == y and after[1] == end
                text = self._erased(text, seen, goes_on=goes_on)  # noqa: PLW2901
                if text.endswith("X"):
                    # Where the end was erased the cursor has stayed before it.
                    column = -1
            made.append(text)
        made.append(_change(seen, PLAIN))
        return "".join(made)

    def _move(self, line: int, y: int, x: int) -> str:
        """From the line ``line`` to the cell ``x`` of line ``y``."""
        if self._erases and line == y:
            return f"\x1b[{x + 1}G"
        return f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"

    def _erased(self, text: str, look: Look, *, goes_on: bool) -> str:
        """``text``, its long blanks erased where the terminal can do that."""
        if not self._erases and look.background:
            return text
        if not goes_on:
            text = _ENDS_BLANK.sub(_blotted, text)
        return _WORTH_ERASING.sub(_passed, text)


def _blotted(blanks: re.Match[str]) -> str:
    return f"\x1b[{len(blanks[0])}X"


def _passed(blanks: re.Match[str]) -> str:
    return f"\x1b[{len(blanks[0])}X\x1b[{len(blanks[0])}C"
