"""The processes that use most of a machine, as lines of the host pane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.cells import cell_len

from widgets.text import Seg, left, right

if TYPE_CHECKING:
    from checks.model import Table

__all__ = ["process_lines"]

_WANTED = ("pid", "name", "user", "cpu %", "memory", "command")
_WIDEST = {"pid": 8, "name": 18, "user": 12, "cpu %": 7, "memory": 8, "command": 200}
"""Cells that a column takes at most; the command takes what is left."""
_LEAST_NAME = 6
"""Cells of a name that are left of it at least."""
_LEAST = 12
"""Cells without which the command is not worth showing."""


def process_lines(table: Table, width: int, height: int) -> list[list[Seg]]:
    """The first processes of ``table`` under the names of its columns, ``height`` lines at most."""
    rows = table.rows[: max(0, height - 1)]
    if not rows:
        return []
    columns = _columns(table, rows, width)
    head = "".join(f" {_placed(table, name, name, room)} " for name, room in columns)
    made = [[Seg(head, "dim")]]
    for row in rows:
        cells = dict(zip(table.columns, row, strict=False))
        made.append(
            [
                Seg(f" {_placed(table, name, cells.get(name, ''), room)} ", _role(name))
                for name, room in columns
            ]
        )
    return made


def _columns(table: Table, rows: tuple[tuple[str, ...], ...], width: int) -> list[tuple[str, int]]:
    """The columns that there is room for, and their widths; users give way first, then the ends of
    names: a figure that is cut would be another one.
    """
    rooms = {}
    for name in _WANTED:
        if name in table.columns:
            place = table.columns.index(name)
            longest = max(cell_len(row[place]) for row in rows if place < len(row))
            rooms[name] = min(_WIDEST[name], max(longest, cell_len(name)))
    command = rooms.pop("command", 0)
    if _taken(rooms) > width:
        rooms.pop("user", None)
    if _taken(rooms) > width and "name" in rooms:
        rooms["name"] = max(_LEAST_NAME, rooms["name"] - (_taken(rooms) - width))
    left_over = width - _taken(rooms) - 2
    if command and left_over >= _LEAST:
        rooms["command"] = min(command, left_over)
    return list(rooms.items())


def _taken(rooms: Mapping[str, int]) -> int:
    return sum(room + 2 for room in rooms.values())


def _placed(table: Table, name: str, text: str, room: int) -> str:
    return right(text, room) if name in table.numeric else left(text, room)


def _role(name: str) -> str:
    return {"name": "name", "cpu %": "value", "memory": "value"}.get(name, "dim")
