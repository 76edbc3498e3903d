"""The child rows of a check, each with all that it says: which part is ill, and how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.brief import brief_name
from widgets.details import DetailPane
from widgets.empty import nothing_matches
from widgets.frame import Frame
from widgets.glyphs import WORDS, Glyphs
from widgets.text import Line, Seg, broken, left, line, right, role_of, segs_width

if TYPE_CHECKING:
    from checks.views import CheckDetails, CheckView, PartView

__all__ = ["PartsPane", "part_lines"]

_SINCE: Final = 5
"""Cells of how long it has been as it is."""
_VALUE: Final = 16


def part_lines(check: CheckView, now: float, frame: Frame) -> list[Line]:
    """Each part, worst first: its name, value, since when, and its message whole."""
    wanted = [
        part
        for part in sorted(check.parts, key=lambda part: -part.status.severity)
        if frame.wants(part.name, WORDS[part.status], part.value, part.message)
    ]
    if not wanted:
        return nothing_matches(frame.filter_text, frame.width) if check.parts else []
    values = min(_VALUE, max(cell_len(part.value) for part in wanted))
    room = max(8, frame.width - 3 - values - _SINCE - 3)
    names = min(max(cell_len(part.name) for part in wanted), room)
    lines = []
    for part in wanted:
        key = f"{check.name}/{part.name}"
        head = _head(part, names, values, max(0.0, now - part.since), frame.glyphs)
        if cell_len(part.message) <= frame.width - segs_width(head) - 2:
            lines.append(line(*head, Seg(f"  {part.message}", "label"), key=key))
            continue
        said = broken(part.message, frame.width - 4)
        lines += [line(*head, key=key), *(line("   ", Seg(row, "label"), key=key) for row in said)]
    return lines


def _head(part: PartView, names: int, values: int, lasted: float, glyphs: Glyphs) -> list[Seg]:
    role = role_of(part.status)
    fine = part.status is Status.OK
    return [
        Seg(" "),
        Seg(f"{glyphs.status(part.status)} ", role),
        Seg(left(brief_name(part.name, names, glyphs.cut), names), "name" if fine else role),
        *([Seg(f" {right(part.value, values)}", "label" if fine else role)] if values else []),
        Seg(f" {right(fmt.coarse(lasted), _SINCE)}", "dim"),
    ]


class PartsPane(DetailPane):
    """The parts that the check told of, worst first."""

    title = "Parts"

    def heading(self) -> Sequence[Seg]:
        check = self._view()
        bad = sum(part.status is not Status.OK for part in check.parts) if check else 0
        count = len(check.parts) if check else 0
        text = f" {bad} of {count} not ok" if bad else f" {count} ok" if count else ""
        return [Seg("Parts", "title"), Seg(text, "dim")]

    def _view(self) -> CheckView | None:
        return self.snapshot.check(self.details.check) if self.snapshot and self.details else None

    def build_details(self, details: CheckDetails, frame: Frame) -> list[Line]:
        check = self._view()
        if check is None or self.snapshot is None:
            return []
        return part_lines(check, self.snapshot.time, frame)
