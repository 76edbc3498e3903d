"""Text that others wrote, put into Markdown so that it stays text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["cell", "code", "fenced", "plain", "table"]

_SPECIAL = re.compile(r"([\\`*\[\]<|]|(?<!\w)_|_(?!\w)|~(?=~)|&(?=#?\w+;))")
_LIST = re.compile(r"^(\s*)(?:([-+=:>#~])|(\d{1,9})([.)]))")
_ADDRESS = re.compile(r"\b(https?|ftp)://", re.IGNORECASE)
_TICKS = re.compile(r"`+")


def plain(text: str) -> str:
    """``text``, which is one line, such that Markdown shows it as it stands.

    As CommonMark has it any ASCII punctuation can be escaped by a backslash. Addresses are not
    made into links: whoever is watched could have written them.
    """
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    escaped = _ADDRESS.sub(r"\1:\\//", escaped).replace("www.", "www\\.")
    return _LIST.sub(_as_text, escaped)


def _as_text(found: re.Match[str]) -> str:
    blank, sign, number, after = found.groups()
    return f"{blank}\\{sign}" if sign else f"{blank}{number}\\{after}"


def code(text: str) -> str:
    """``text`` as a span of code: no mark-up within, whatever backticks it has."""
    text = " ".join(text.split())
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def fenced(lines: Iterable[str], language: str = "text") -> list[str]:
    """``lines`` as a block of code that none of them can end."""
    body = list(lines)
    longest = max((len(run) for line in body for run in _TICKS.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *body, fence]


def cell(text: str) -> str:
    """``text``, which is Markdown already, as a cell of a table: of code its bars escaped too.

    Backslashes before a bar escape each other first: behind an even number of them it ends a cell.
    """
    return re.sub(r"(?<!\\)((?:\\\\)*)\|", r"\1\\|", text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(cell(each) for each in row)} |" for row in rows)]
