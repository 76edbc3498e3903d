"""The table of all checks: how each does, since when, and how good it was."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len

from checks.model import Status
from widgets import format as fmt
from widgets.availability.words import (
    PARTIAL,
    is_partial,
    p95_of,
    runs_within,
    short_window,
    strip,
    strip_name,
    window_cell,
)
from widgets.empty import WAITING, no_checks, note
from widgets.frame import Frame
from widgets.glyphs import WORDS
from widgets.listing.pane import ListPane
from widgets.services import texts_of
from widgets.text import Line, Seg, fit, left, line, name_in, right, role_of

if TYPE_CHECKING:
    from checks.views import CheckView

__all__ = ["Columns", "ServiceTable", "columns_for"]

_WINDOWS: Final = (60.0, 300.0, 900.0, 3600.0)
"""Seconds, where there is room for all."""
_CELL: Final = 7
"""Cells of an availability and the blank before it."""
_TIME: Final = 8
"""Cells of a response time and the blank before it."""
_STEP: Final = 4
"""Cells in steps of which a column is as wide as its texts, so that it rarely moves."""
_SINCE: Final = 6
_LEAST_STRIP: Final = 10
_STRIP: Final = 60
_NARROW: Final = 56
"""Cells below which there is no room for more than one availability and a strip."""
_SENTENCE: Final = 24


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells; 0 where a column has no room. ``windows`` are seconds."""

    name: int
    word: int
    since: int
    windows: tuple[float, ...]
    failed: int
    now: int
    p95: int
    kind: int
    strip: int
    message: int


def columns_for(names: int, kinds: int, width: int, window: float) -> Columns:
    """What ``width`` cells have room for, what matters most first.

    ``names`` and ``kinds`` are the cells of the longest; ``window`` is the one chosen.
    """
    narrow = width < _NARROW
    name = max(6, min(names, 28 if width >= 100 else 20, int(width * 0.36)))
    word = 0 if narrow else 9
    windows = (window,) if narrow else tuple(dict.fromkeys((window, _WINDOWS[-1])))
    room = width - 3 - name - word - _SINCE - _CELL * len(windows)
    strip = min(_LEAST_STRIP, max(0, room))
    wishes = {
        "now": _TIME,
        "windows": _CELL * (len(_WINDOWS) - len(windows)),
        "strip": 20,
        "failed": 12,
        "kind": kinds + 1,
        "p95": _TIME,
        "message": _SENTENCE,
    }
    given = _granted(wishes, 0 if narrow else room - strip)
    spare = room - strip - sum(given.values())
    strip += given["strip"]
    longer = min(spare, _STRIP + 1 - strip) if strip else 0
    return Columns(
        name=name,
        word=word,
        since=_SINCE,
        windows=_WINDOWS if given["windows"] else windows,
        failed=given["failed"],
        now=given["now"],
        p95=given["p95"],
        kind=given["kind"],
        strip=strip + longer if strip + longer >= 5 else 0,
        message=given["message"] and given["message"] + spare - longer,
    )


def _granted(wishes: Mapping[str, int], room: int) -> dict[str, int]:
    """The cells of each of ``wishes`` that fits into what those before it left; else 0."""
    given = {}
    for what, cells in wishes.items():
        given[what] = cells if cells <= room else 0
        room -= given[what]
    return given


class ServiceTable(ListPane["CheckView"]):
    """A row a check."""

    title = "Services"
    ORDERS: ClassVar[tuple[str, ...]] = ("status", "name", "availability", "response time", "since")

    _columns: Columns = columns_for(8, 4, 80, 60.0)

    def items(self) -> Sequence[CheckView]:
        return self.snapshot.checks if self.snapshot else ()

    def inputs(self) -> tuple[object, ...]:
        return (*super().inputs(), self._window)

    @property
    def _window(self) -> float:
        return self.snapshot.window if self.snapshot else 60.0

    def key_of(self, item: CheckView) -> str:
        return item.name

    def check_of(self, item: CheckView) -> str:
        return item.name

    def status_of(self, item: CheckView) -> Status:
        return item.status

    def texts_of(self, item: CheckView) -> tuple[str, ...]:
        return texts_of(item)

    def groupings(self) -> Sequence[str]:
        """Labels first: somebody has thought of them. Nothing that gives each check its own."""
        items = self.items()
        labels = sorted({name for check in items for name in check.labels})
        several = (name for name in (*labels, "kind", "instance") if _gathers(items, name))
        return ("", *several)

    def group_of(self, item: CheckView) -> str:
        return _group_of(item, self.grouping)

    def rank(self, item: CheckView) -> tuple[object, ...]:
        if self.order == "name":
            return (item.name.casefold(),)
        if self.order == "availability":
            found = item.record.over(self._window).availability if item.record else None
            return (math.inf if found is None else found,)
        if self.order == "response time":
            return (math.inf if item.duration is None else -item.duration,)
        # As the picture has them: worst first.
        return (-item.since,) if self.order == "since" else ()

    def nothing(self, width: int) -> list[Line]:
        if self.snapshot is None:
            return note(WAITING, width)
        return no_checks(width)

    def measure(self, items: Sequence[CheckView], frame: Frame) -> None:
        names = max(cell_len(check.name) for check in items)
        kinds = max(len(check.kind) for check in items)
        names = -(-names // _STEP) * _STEP
        self._columns = columns_for(names, kinds, frame.width, self._window)

    def names(self) -> Line:
        columns = self._columns
        text = " " * 3 + left("check", columns.name)
        text += f" {left('status', 8)}" if columns.word else ""
        text += right("since", columns.since)
        if columns.kind:
            text += " " + left("kind", columns.kind - 1)
        for seconds in columns.windows:
            sign = "% " if seconds == columns.windows[0] else ""
            text += right(f"{sign}{short_window(seconds)} ", _CELL)
        if columns.failed:
            text += right(f"bad runs {short_window(self._window)}", columns.failed)
        text += right("now", columns.now) if columns.now else ""
        text += right("p95", columns.p95) if columns.p95 else ""
        if columns.strip:
            cells = columns.strip - 1
            text += " " + left(strip_name(cells, self._window), cells)
        if columns.message:
            text += "  " + left("what it says", columns.message - 2)
        return line(Seg(text, "dim"))

    def row(self, item: CheckView) -> Line:
        columns, glyphs = self._columns, self.glyphs
        fine = item.status in (Status.OK, Status.WAITING)
        role = role_of(item.status)
        segs = [
            Seg(" "),
            Seg(glyphs.status(item.status), role),
            Seg(" "),
            Seg(name_in(item.name, columns.name), "name" if fine else role),
        ]
        if columns.word:
            segs.append(Seg(f" {left(WORDS[item.status], 8)}", role))
        segs.append(Seg(right(self._since(item), columns.since), "dim" if fine else "label"))
        if columns.kind:
            segs.append(Seg(f" {left(item.kind, columns.kind - 1)}", "dim"))
        segs += self._figures(item)
        if columns.strip:
            segs += [Seg(" "), *strip(item.record, columns.strip - 1, glyphs, self._window)]
        if columns.message:
            text = fit(item.message, columns.message - 2, glyphs.cut)
            segs.append(Seg(f"  {text}", "dim" if fine else "text"))
        return line(*segs, key=item.name, check=item.name)

    def told(self, item: CheckView) -> tuple[object, ...]:
        return (self._since(item),)

    def _since(self, item: CheckView) -> str:
        now = self.snapshot.time if self.snapshot else item.since
        return fmt.coarse(max(0.0, now - item.since))

    def _figures(self, item: CheckView) -> list[Seg]:
        """Availability over the windows, failures, and how long answers take."""
        columns, record = self._columns, item.record
        segs = []
        for seconds in columns.windows:
            text, role = window_cell(record.over(seconds)) if record else (f"{fmt.DASH} ", "dim")
            segs.append(Seg(right(text, _CELL), role))
        if columns.failed:
            told = record.over(self._window) if record else None
            text = f"{told.failed:,} in {told.outages:,}" if told and told.failed else ""
            quiet = "" if told is None or told.failed else "0"
            segs.append(Seg(right(text or quiet, columns.failed), "critical" if text else "dim"))
        if columns.now:
            segs.append(Seg(right(fmt.duration(item.duration), columns.now), "label"))
        if columns.p95:
            found = p95_of(runs_within(item, self._window))
            segs.append(Seg(right(fmt.duration(found), columns.p95), "dim"))
        return segs

    def heading(self) -> Sequence[Seg]:
        segs = [*super().heading()]
        if not self.items():
            return segs
        dot = self.glyphs.dot
        segs.append(Seg(f" {dot} {fmt.window(self._window)}", "dim"))
        reach = self._reach
        if reach is not None:
            told = f" {dot} {PARTIAL} watched only {fmt.coarse(reach)}"
            segs.append(Seg(told, "label"))
        return segs

    @property
    def _reach(self) -> float | None:
        """Seconds that the least known check has been watched; None where an hour is covered."""
        records = [check.record for check in self.items() if check.record is not None]
        longest = [record.windows[-1] for record in records if is_partial(record.windows[-1])]
        return min((window.covered for window in longest), default=None)


def _group_of(item: CheckView, grouping: str) -> str:
    if grouping in ("kind", "instance"):
        return str(getattr(item, grouping))
    return item.labels.get(grouping, "")


def _gathers(items: Sequence[CheckView], grouping: str) -> bool:
    """Whether some of ``items`` are then in one group."""
    return len({_group_of(item, grouping) for item in items}) < len(items)
