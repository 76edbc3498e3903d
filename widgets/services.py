"""The services pane: a row a check, its parts beneath it, and why it is not OK."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.brief import brief, brief_name
from widgets.empty import WAITING, no_checks, note, nothing_matches
from widgets.frame import Frame
from widgets.glyphs import WORDS, Glyphs
from widgets.lines import LinePane
from widgets.spark import spark
from widgets.text import Line, Seg, fit, left, line, right, role_of, segs_width, without_middle

if TYPE_CHECKING:
    from checks.views import CheckView, PartView, Snapshot

__all__ = ["ServicesPane", "service_lines", "texts_of"]

LEAST_DURATION = 0.05
"""Seconds that a full block stands for at least: a millisecond's jitter stays flat."""


@dataclass(frozen=True, slots=True)
class _Columns:
    name: int
    value: int
    duration: int
    spark: int


_INDENT: Final = 4
"""Cells by which a part's name begins further right than its check's."""


def _columns(checks: Sequence[CheckView], width: int) -> _Columns:
    """The widths of the columns; the sparkline gets what remains, or nothing."""
    duration = 8 if width >= 30 else 0
    longest = max((cell_len(check.name) for check in checks), default=0)
    parts = (cell_len(part.name) + _INDENT for check in checks for part in check.parts)
    longest = max(longest, *parts, 0)
    name = max(6, min(longest, 28, int(width * 0.36)))
    longest = max((cell_len(check.value) for check in checks), default=0)
    value = max(3, min(longest, 12, max(8, int(width * 0.18))))
    rest = width - 3 - name - 1 - value - duration - 2
    return _Columns(name, value, duration, rest if rest >= 4 else 0)


def texts_of(check: CheckView) -> tuple[str, ...]:
    """Everything that a user would look for a check by."""
    parts = " ".join(
        f"{part.name} {WORDS[part.status]} {part.value} {part.message}" for part in check.parts
    )
    labels = " ".join(f"{name}={value}" for name, value in check.labels.items())
    word = WORDS[check.status]
    return (check.name, check.kind, check.address, word, check.value, check.message, parts, labels)


@lru_cache(maxsize=512)
def _row(check: CheckView, columns: _Columns, glyphs: Glyphs) -> Line:
    fine = check.status is Status.OK
    role = role_of(check.status)
    number, _, unit = fmt.duration(check.duration).partition(" ")
    # A name that is longer than its column may use what the value leaves of its own.
    value = fit(check.value, columns.value)
    name = without_middle(check.name, columns.name + columns.value - cell_len(value))
    name = left(name, max(columns.name, cell_len(name)))
    segs = [
        Seg(" "),
        Seg(glyphs.status(check.status), role),
        Seg(" "),
        Seg(name, "name" if fine else role),
        Seg(" "),
        Seg(right(value, columns.name + columns.value - cell_len(name)), "label" if fine else role),
    ]
    if columns.duration:
        segs += [Seg(right(number, columns.duration - 3), "value" if unit else "dim")]
        segs += [Seg(f" {left(unit, 2)}", "dim")]
    if columns.spark:
        drawn = spark(check.history, columns.spark, LEAST_DURATION, glyphs)
        segs += [Seg("  "), Seg(drawn, "spark" if fine else role)]
    return line(*segs, key=check.name, check=check.name)


def _part_row(check: CheckView, part: PartView, columns: _Columns, glyphs: Glyphs) -> Line:
    fine = part.status is Status.OK
    role = role_of(part.status)
    room = max(4, columns.name - _INDENT)
    name = brief_name(part.name, room + columns.value, glyphs.cut)
    text = part.value or ("" if fine else part.message)
    segs = [
        Seg(f"   {glyphs.branch} ", "dim"),
        Seg(glyphs.status(part.status), role),
        Seg(" "),
        Seg(left(name, max(room, cell_len(name))), "label" if fine else role),
        Seg(" "),
        Seg(text, "dim" if fine else role),
    ]
    if part.value and part.message and not fine:
        segs.append(Seg(f"  {part.message}", "dim"))
    return line(*segs, key=f"{check.name}/{part.name}", check=check.name)


def _why(check: CheckView, width: int, glyphs: Glyphs) -> Line:
    """The sentence of a check that is not OK, beneath its row."""
    head = (Seg("   "), Seg(WORDS[check.status], role_of(check.status)), Seg(" "))
    said = brief(check.message, width - segs_width(head), glyphs.cut)
    return line(*head, Seg(said, "dim"), key=check.name, check=check.name)


def service_lines(snapshot: Snapshot | None, frame: Frame) -> list[Line]:
    """The pane's rows.

    Where they do not all fit, the parts that are OK fold away first;
    sentences are shown, worst first, for as long as there is room.
    """
    width, glyphs = frame.width, frame.glyphs
    if snapshot is None:
        return note(WAITING, width)
    if not snapshot.checks:
        return no_checks(width)
    alerts: dict[str, list[str]] = {}
    for alert in snapshot.alerts:
        alerts.setdefault(alert.check, []).append(alert.name)
    checks = [c for c in snapshot.checks if frame.wants(*texts_of(c), *alerts.get(c.name, ()))]
    if not checks:
        return nothing_matches(frame.filter_text, width)
    rows = len(checks) + sum(len(check.parts) for check in checks)
    fold = frame.compact or rows > frame.height
    hidden = sum(part.status is Status.OK for check in checks for part in check.parts)
    room = 0 if frame.compact else frame.height - (rows - hidden if fold else rows)
    columns = _columns(checks, width)
    lines: list[Line] = []
    for check in checks:
        lines.append(_row(check, columns, glyphs))
        if room > 0 and check.status not in (Status.OK, Status.WAITING):
            lines.append(_why(check, width, glyphs))
            room -= 1
        shown = (p for p in check.parts if not fold or p.status is not Status.OK)
        lines.extend(_part_row(check, part, columns, glyphs) for part in shown)
    return lines


class ServicesPane(LinePane):
    """Every check: glyph, name, value, time it took, and how that went lately."""

    leads = True

    def heading(self) -> Sequence[Seg]:
        checks = self.snapshot.checks if self.snapshot else ()
        fine = sum(check.status is Status.OK for check in checks)
        segs = [Seg("Services", "title")]
        if checks:
            segs.append(Seg(f" {fine}/{len(checks)} ok", "dim"))
        return segs

    def inputs(self) -> tuple[object, ...]:
        return (*self.snapshot.checks,) if self.snapshot else (None,)

    def build(self, width: int, height: int) -> list[Line]:
        return service_lines(self.snapshot, self.frame(width, height))
