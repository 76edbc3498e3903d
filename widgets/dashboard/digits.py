"""Figures three lines high, to be read from the other end of a room."""

from __future__ import annotations

from typing import Final

__all__ = ["HIGH", "large"]

HIGH: Final = 3
"""Lines of a large figure."""

_SHAPES: Final = {
    "0": ("█▀█", "█ █", "▀▀▀"),
    "1": ("▀█ ", " █ ", "▀▀▀"),
    "2": ("▀▀█", "█▀▀", "▀▀▀"),
    "3": ("▀▀█", " ▀█", "▀▀▀"),
    "4": ("█ █", "▀▀█", "  ▀"),
    "5": ("█▀▀", "▀▀█", "▀▀▀"),
    "6": ("█▀▀", "█▀█", "▀▀▀"),
    "7": ("▀▀█", "  █", "  ▀"),
    "8": ("█▀█", "█▀█", "▀▀▀"),
    "9": ("█▀█", "▀▀█", "▀▀▀"),
    ".": (" ", " ", "▀"),
    ",": (" ", " ", "▞"),
    "-": ("  ", "▀▀", "  "),
    "<": ("▄▀", "▀▄", "  "),
    ">": ("▀▄", "▄▀", "  "),
}


def large(text: str) -> list[str] | None:
    """``text`` in three lines; None where a sign of it has no large form."""
    if not text or any(sign not in _SHAPES for sign in text):
        return None
    return [" ".join(_SHAPES[sign][row] for sign in text) for row in range(HIGH)]
