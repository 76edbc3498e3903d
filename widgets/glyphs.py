"""The signs that panes are drawn with, in Unicode and in ASCII.

Which set is used is data: whoever knows the terminal passes ``use_ascii`` down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from rich.cells import cell_len

from checks.model import Status

__all__ = ["ASCII", "UNICODE", "WORDS", "Glyphs", "glyphs_for", "in_ascii", "in_console"]

WORDS: Final = {
    Status.OK: "ok",
    Status.WAITING: "waiting",
    Status.WARNING: "warning",
    Status.STALE: "stale",
    Status.UNKNOWN: "unknown",
    Status.CRITICAL: "critical",
}
"""A status as the word that stands beside its glyph."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs. Every sign is one cell wide; ``blocks`` rise from low to high, and are
    blank where no ``curves`` are to be drawn.
    """

    statuses: tuple[str, str, str, str, str, str]
    """For OK, WAITING, WARNING, STALE, UNKNOWN and CRITICAL."""
    blocks: str
    rule: str
    cursor: str
    branch: str
    cut: str
    dot: str
    up: str
    down: str
    dash: str
    live: str
    frozen: str
    past: str
    full: str
    empty: str
    notice: str
    follows: str
    plain: bool = False
    curves: bool = True

    def status(self, status: Status) -> str:
        return self.statuses[status.severity]

    def text(self, text: str) -> str:
        """``text`` in characters that this set's terminal has, as wide as before."""
        return in_ascii(text) if self.plain else text


UNICODE: Final = Glyphs(
    statuses=("✔", "…", "▲", "◌", "?", "✖"),
    blocks="▁▂▃▄▅▆▇█",
    rule="─",
    cursor="▌",
    branch="└",
    cut="…",
    dot="·",
    up="↑",
    down="↓",
    dash="—",
    live="●",
    frozen="❄",
    past="◷",
    full="━",
    empty="─",
    notice="▲",
    follows="↳",
)
ASCII: Final = Glyphs(
    statuses=("+", ".", "!", "~", "?", "X"),
    blocks="_.-:=+*#",
    rule="-",
    cursor=">",
    branch="`",
    cut="~",
    dot="-",
    up="^",
    down="v",
    dash="-",
    live="*",
    frozen="=",
    past="<",
    full="#",
    empty=".",
    notice="!",
    follows=">",
    plain=True,
)


_SIGNS: Final = {
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰╔╗╚╝┏┓┗┛", "+"),
    **dict.fromkeys("│║┃▌▍▎▏▐▕", "|"),
    **dict.fromkeys("─━═▔", "-"),
    **dict(zip("▉▊▋▀▞", "#=|^,", strict=True)),
    **dict(zip(UNICODE.blocks, ASCII.blocks, strict=True)),
    **dict(zip("—–·•…×µ±←→↑↓", "---*~xu~<>^v", strict=True)),
    **dict(zip("✔✖▲▼◆■●◌❄◷↳❯", "+X!v*#*~=<>>", strict=True)),
}
"""What is drawn beyond ASCII, and the nearest thing within."""
_BRAILLE: Final = range(0x2800, 0x2900)
_UPPER, _LOWER = 0x1B, 0xE4
"""The dots of the upper and of the lower half of a braille cell."""
_CONSOLE: Final = frozenset("▲▼■•°±←↑→↓≤≥─│┌┐└┘├┤┬┴┼═║╔╗╚╝░▒█")
"""Signs that the fonts of Debian's console-setup and the kernel's own (CP437) have in common."""
_NEAR: Final = {
    **dict(zip(UNICODE.blocks, "__░░▒▒██", strict=True)),
    **dict(zip("╭╮╰╯━●▌▀", "┌┐└┘═•>■", strict=True)),
}
"""Signs that come nearer with those of the console than within ASCII."""


@lru_cache(maxsize=4096)
def in_ascii(text: str) -> str:
    """``text`` in ASCII alone, as wide as before."""
    return text if text.isascii() else "".join(map(_ascii, text))


@lru_cache(maxsize=4096)
def in_console(text: str) -> str:
    """``text`` in what the Linux console's fonts have, as wide as before.

    Letters stay: whoever reads their language there has the font for it.
    """
    return text if text.isascii() else "".join(map(_on_console, text))


def _ascii(char: str) -> str:
    if char.isascii():
        return char
    if ord(char) in _BRAILLE:
        dots = ord(char) - _BRAILLE.start
        return " '.:"[bool(dots & _UPPER) + 2 * bool(dots & _LOWER)]
    return _SIGNS.get(char) or "?" * cell_len(char)


def _on_console(char: str) -> str:
    if char in _CONSOLE or (char.isalpha() and cell_len(char) == 1):
        return char
    return _NEAR.get(char) or _ascii(char)


_STILL_ASCII: Final = replace(ASCII, blocks=" " * len(ASCII.blocks), curves=False)
_STILL_UNICODE: Final = replace(UNICODE, blocks=" " * len(UNICODE.blocks), curves=False)


def glyphs_for(use_ascii: bool, *, curves: bool = True) -> Glyphs:
    """The ASCII set where the terminal or locale needs it, else the Unicode one; without
    ``curves`` nothing is to be drawn where one would be.
    """
    if curves:
        return ASCII if use_ascii else UNICODE
    return _STILL_ASCII if use_ascii else _STILL_UNICODE
