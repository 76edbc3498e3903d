"""The signs that panes are drawn with, in Unicode and in ASCII.

Which set is used is data: whoever knows the terminal passes ``use_ascii`` down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from checks.model import Status

__all__ = ["ASCII", "UNICODE", "WORDS", "Glyphs", "glyphs_for"]

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
    """One set of signs. Every sign is one cell wide; ``blocks`` rise from low to high."""

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

    def status(self, status: Status) -> str:
        return self.statuses[status.severity]

    def text(self, text: str) -> str:
        """``text`` in characters that this set's terminal has, as wide as before."""
        if not self.plain or text.isascii():
            return text
        shown = text.translate(_TO_ASCII)
        return "".join(c if c.isascii() else "?" * cell_len(c) for c in shown)


_TO_ASCII = str.maketrans("—–·…×µ±←→─│┌┐└┘├┤┬┴┼", "---~xu~<>-|+++++++++")

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


def glyphs_for(use_ascii: bool) -> Glyphs:
    """The ASCII set where the terminal or locale needs it, else the Unicode one."""
    return ASCII if use_ascii else UNICODE
