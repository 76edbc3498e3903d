"""Rows as a table of text, as the databases' own clients print them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from checks.model import clean

__all__ = ["CELL", "as_table", "as_text", "cells_of"]

CELL: Final = 500
"""Characters of a value that are kept."""
_COLUMN: Final = 80
"""Cells of a column in a table; what is longer is cut."""
_BLOCK_LINES: Final = 1_500
"""Lines that rows may take as blocks."""
_BINARY: Final = 32
"""Bytes of a binary value that are shown."""


def as_text(value: object) -> str:
    """A value as the clients print it: ``NULL``, ``t``, ``\\x00ff``."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        more = "…" if len(data) > _BINARY else ""
        return f"\\x{data[:_BINARY].hex()}{more}"
    if isinstance(value, list | tuple):
        return "{" + ",".join(map(as_text, value[:CELL])) + "}"
    # A line break would end the row; here it is seen as what it is.
    text = str(value)[: 4 * CELL].replace("\r\n", "\n").replace("\n", "↵")
    return clean(text, CELL)


def as_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool], width: int
) -> list[str]:
    """The lines of a table; where it is wider than ``width`` cells, and of few rows, each row
    is a block with a line for each column.
    """
    names = [clean(name, _COLUMN) for name in columns]
    widths = [
        max(cells_of(name), *(min(cells_of(row[at]), _COLUMN) for row in rows), 1)
        for at, name in enumerate(names)
    ]
    wide = sum(widths) + 3 * len(widths) > width and len(names) > 1
    if wide and len(rows) * len(names) <= _BLOCK_LINES:
        return _blocks(names, rows)
    lines = [" | ".join(_padded(name, size) for name, size in zip(names, widths, strict=True))]
    lines.append("-+-".join("-" * size for size in widths))
    for row in rows:
        cells = (
            _padded(_cut(cell), size, right=right)
            for cell, size, right in zip(row, widths, numeric, strict=True)
        )
        lines.append(" | ".join(cells))
    return [line.rstrip() for line in lines]


def _blocks(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    size = max(map(cells_of, names))
    lines = []
    for number, row in enumerate(rows, 1):
        lines.append(f"-- row {number} --")
        lines += [
            f"{_padded(name, size)} | {cell}".rstrip()
            for name, cell in zip(names, row, strict=True)
        ]
    return lines


def _cut(text: str) -> str:
    if cells_of(text) <= _COLUMN:
        return text
    while cells_of(text) >= _COLUMN:
        text = text[: max(1, len(text) - max(1, (cells_of(text) - _COLUMN) // 2))]
    return f"{text}…"


def _padded(text: str, size: int, *, right: bool = False) -> str:
    space = " " * (size - cells_of(text))
    return space + text if right else text + space


def cells_of(text: str) -> int:
    """The cells of a terminal that ``text`` takes: two for wide letters, none for accents."""
    if text.isascii():
        return len(text)
    return sum(_cells(letter) for letter in text)


def _cells(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
