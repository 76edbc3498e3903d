"""The last outages of all checks, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets import format as fmt
from widgets.empty import WAITING, no_checks, note, nothing_matches
from widgets.frame import Frame
from widgets.lines import LinePane
from widgets.text import Line, Seg, fit, left, line, name_in, right, segs_width

if TYPE_CHECKING:
    from checks.records import OutageView
    from checks.views import CheckView, Snapshot

__all__ = ["OutagesPane", "outage_lines", "outage_segs"]

MOST: Final = 200
"""Outages that are listed."""


def outage_segs(outage: OutageView, time: float, dash: str) -> list[Seg]:
    """From when to when, how long, and how many runs failed."""
    lasts = outage.ended is None
    until = "now" if outage.ended is None else fmt.clock(outage.ended)
    lasted = (time if outage.ended is None else outage.ended) - outage.began
    told = fmt.coarse(lasted) if lasts else fmt.span(lasted)
    runs = fmt.many(outage.failed, "run")
    role = "critical" if lasts else "label"
    return [
        Seg(f" {fmt.clock(outage.began)} {dash} {left(until, 8)} {right(told, 9)}", role),
        Seg(f" {right(runs, 9)}  ", "dim"),
    ]


def _row(check: CheckView, outage: OutageView, names: int, time: float, frame: Frame) -> Line:
    segs = outage_segs(outage, time, frame.glyphs.dash)
    role = "critical" if outage.ended is None else "name"
    segs.append(Seg(f"{name_in(check.name, names)}  ", role))
    room = max(0, frame.width - segs_width(segs))
    return line(
        *segs,
        Seg(fit(outage.message, room, frame.glyphs.cut), "text"),
        key=f"{check.name}@{outage.began}",
        check=check.name,
    )


def outage_lines(snapshot: Snapshot | None, frame: Frame) -> list[Line]:
    """A row an outage, those that last first."""
    if snapshot is None:
        return note(WAITING, frame.width)
    found = [
        (check, outage)
        for check in snapshot.checks
        if check.record is not None
        for outage in check.record.outages
        if frame.wants(check.name, outage.message)
    ]
    if not found and frame.filter_text:
        return nothing_matches(frame.filter_text, frame.width)
    if not snapshot.checks:
        return no_checks(frame.width)
    if not found:
        return note("no check has failed since onwatch began to watch", frame.width)
    found.sort(key=lambda one: (one[1].ended is not None, -one[1].began))
    names = min(24, max(cell_len(check.name) for check, _ in found[:MOST]))
    return [_row(check, outage, names, snapshot.time, frame) for check, outage in found[:MOST]]


class OutagesPane(LinePane):
    """What went wrong lately, wherever it was."""

    def heading(self) -> Sequence[Seg]:
        checks = self.snapshot.checks if self.snapshot else ()
        lasting = sum(
            outage.ended is None
            for check in checks
            if check.record is not None
            for outage in check.record.outages[:1]
        )
        told = f" {lasting:,} going on" if lasting else ""
        return [Seg("Last outages", "title"), Seg(told, "critical")]

    def build(self, width: int, height: int) -> list[Line]:
        return outage_lines(self.snapshot, self.frame(width, height))
