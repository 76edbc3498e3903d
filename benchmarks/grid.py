"""What a terminal shows after what onwatch sent it: positions and text, no looks."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

from rich.cells import get_character_cell_size

__all__ = ["Grid"]

_SEQUENCE = re.compile(
    r"\x1b\[(?P<parameters>[0-9;]*)(?P<final>[A-Za-z])|\x1b\[[?>=][0-9;$]*[A-Za-z]"
    r"|\x1b[\]P_^][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*(?![\[\]P_^])[0-~]"
)
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]P_^][^\x07\x1b]*\x1b?|[ -/]*)\Z")
"""A sequence of which the end is still to come."""


class Grid:
    """Cells as they stand after :meth:`feed`; what does not place text is ignored."""

    def __init__(self, columns: int, rows: int) -> None:
        self._cells = [[" "] * columns for _ in range(rows)]
        self._x = self._y = 0
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self.fed = 0
        """Bytes taken in so far."""

    def feed(self, data: bytes) -> None:
        """Take in output, which may end within a character or a sequence."""
        self.fed += len(data)
        text = self._rest + self._decoder.decode(data)
        begun = _BEGUN.search(text)
        cut = begun.start() if begun else len(text)
        text, self._rest = text[:cut], text[cut:]
        at = 0
        for match in _SEQUENCE.finditer(text):
            self._write(text[at : match.start()])
            at = match.end()
            self._follow(match["final"] or "", match["parameters"] or "")
        self._write(text[at:])

    def _follow(self, final: str, parameters: str) -> None:
        """Move, or erase characters, as the sequence says."""
        if final == "H":
            y, _, x = parameters.partition(";")
            self._x, self._y = int(x or 1) - 1, int(y or 1) - 1
        elif final == "G":
            self._x = int(parameters or 1) - 1
        elif final == "C":
            self._x += int(parameters or 1)
        elif final == "X":
            row = self._cells[self._y]
            end = min(len(row), self._x + int(parameters or 1))
            row[self._x : end] = [" "] * (end - self._x)

    def _write(self, text: str) -> None:
        for character in text:
            if character in "\r\n" or self._y >= len(self._cells):
                continue
            row = self._cells[self._y]
            width = get_character_cell_size(character)
            if width and self._x + width <= len(row):
                row[self._x : self._x + width] = [character, *[""] * (width - 1)]
            self._x += width

    @property
    def text(self) -> str:
        """The lines from top to bottom."""
        return "\n".join("".join(row) for row in self._cells)
