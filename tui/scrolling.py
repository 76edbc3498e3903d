"""Lines that have only moved are moved by the terminal, instead of being sent again.

A log's tail, or a list that scrolls, shows after each step nearly the lines that it showed
before, higher up. Terminals since the VT102 can delete or insert lines between two margins
(DECSTBM, DL, IL), which takes some twenty bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import is_not
from typing import Final, NamedTuple

from tui.pen import Cell

__all__ = ["LEAST", "Row", "Shift", "moved", "shift_of", "worthwhile"]

Row = Sequence[Cell | None]
"""The cells of a line; None where it is not known what is there."""

LEAST: Final = 6
"""Lines that must have moved together, or there is too little to be gained."""
_PART: Final = 0.8
"""Of the cells that would be sent else, at most: lines that are new come whole, others in spans."""


class Shift(NamedTuple):
    """The lines from ``top`` to ``bottom`` move up by ``by``, or down where it is negative."""

    top: int
    bottom: int
    by: int

    @property
    def sequence(self) -> str:
        """What has a terminal do that; the cursor is then at home and the margins are gone."""
        what = f"{self.by}M" if self.by > 0 else f"{-self.by}L"
        return f"\x1b[{self.top + 1};{self.bottom + 1}r\x1b[{self.top + 1}H\x1b[{what}\x1b[r"

    @property
    def lines(self) -> range:
        return range(self.top, self.bottom + 1)


def shift_of(before: Mapping[int, Row], after: Mapping[int, Row]) -> Shift | None:
    """By how much most of the lines ``after`` stood elsewhere ``before``; None where too few
    did. Never the first line: what moves out above it some terminals keep in their history.
    """
    places: dict[tuple[int, ...], int] = {}
    for y, row in before.items():
        if y:
            key = _key(row)
            # Of lines that look alike nobody knows which one has moved.
            places[key] = -1 if key in places else y
    votes: dict[int, list[int]] = {}
    for y, row in after.items():
        place = places.get(_key(row), -1) if y else -1
        if place > 0 and place != y and not _is_blank(row):
            votes.setdefault(place - y, []).append(y)
    if not votes:
        return None
    by = max(votes, key=lambda one: len(votes[one]))
    moved_to = votes[by]
    if len(moved_to) < LEAST:
        return None
    first, last = min(moved_to), max(moved_to)
    return Shift(min(first, first + by), max(last, last + by), by)


def _key(row: Row) -> tuple[int, ...]:
    """What tells ``row`` from others: cells that look alike are mostly the same object, and where
    they are not, the line is sent as if there were no terminal that moves lines.
    """
    return tuple(map(id, row))


def _is_blank(row: Row) -> bool:
    return all(cell is not None and cell[0] == " " for cell in row)


def moved(rows: Mapping[int, Row], shift: Shift, width: int) -> dict[int, list[Cell | None]]:
    """What the lines within ``shift`` show once the terminal has moved them."""
    unknown: list[Cell | None] = [None] * width
    return {
        y: list(rows[y + shift.by]) if y + shift.by in shift.lines else list(unknown)
        for y in shift.lines
    }


def worthwhile(
    rows: Mapping[int, Row], after_move: Mapping[int, Row], wanted: Mapping[int, Row]
) -> bool:
    """Whether fewer cells are to be sent for ``wanted`` once the lines have been moved."""
    plain = sum(_differing(rows[y], row) for y, row in wanted.items())
    left = sum(_differing(after_move[y], row) for y, row in wanted.items())
    return left < plain * _PART


def _differing(before: Row, wanted: Row) -> int:
    """About how many cells are to be sent: few that look alike are other objects, and long blanks
    on a line that is new are erased.
    """
    if before and before[0] is None:
        return sum(cell is not None and cell[0] != " " for cell in wanted)
    return sum(map(is_not, before, wanted))
