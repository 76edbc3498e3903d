"""The table of all queues: how long each is, where it is going, what failed, how old it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len

from checks.model import Status
from checks.outlook import LEAST_COURSE, seconds_to
from widgets import format as fmt
from widgets.empty import WAITING, no_queues, note
from widgets.frame import Frame
from widgets.glyphs import WORDS
from widgets.listing.pane import ListPane
from widgets.queue_list.curve import columns_of
from widgets.queue_list.words import outlook, per_minute
from widgets.queues import LEAST_ITEMS, expects_queues, queue_key
from widgets.spark import spark
from widgets.text import Line, Seg, groups_in, left, line, name_in, right, role_of

if TYPE_CHECKING:
    from checks.views import QueueView

__all__ = ["QueueTable", "chosen_columns", "totals"]

_COLUMNS: Final = (
    ("size", 9), ("outlook", 19), ("growth", 11), ("failed", 8), ("spark", 12), ("busy", 7),
    ("oldest", 8), ("word", 9), ("in", 9), ("out", 9), ("workers", 9), ("delayed", 9),
)  # fmt: skip
"""Columns with their cells, what matters most first."""
_ORDER: Final = (
    "word", "size", "growth", "outlook", "busy", "failed", "delayed", "oldest", "in", "out",
    "workers", "spark",
)  # fmt: skip
"""From left to right."""
_TITLES: Final = {
    "word": " status", "size": "waiting", "growth": "growth", "outlook": "  at this rate",
    "busy": "busy", "failed": "failed", "delayed": "later", "oldest": "oldest", "in": "in",
    "out": "out", "workers": "workers",
}  # fmt: skip
_LEFT: Final = ("word", "outlook")
_LONGER: Final = 3
"""Cells that ``critical in 1 h 20 m`` needs more than the outlook has at least."""
_STEP: Final = 4


@dataclass(frozen=True, slots=True)
class _Widths:
    """Cells of the names, and of the other columns from left to right."""

    name: int
    check: int
    columns: tuple[tuple[str, int], ...]


def chosen_columns(width: int, has: frozenset[str]) -> tuple[tuple[str, int], ...]:
    """What ``width`` cells have room for; of the columns in ``has`` alone. What is left is for a
    second unit of the outlook's times, then for the curve.
    """
    rest, given = width, {}
    for name, cells in _COLUMNS:
        if name in has and cells <= rest:
            given[name] = cells
            rest -= cells
    if "outlook" in given:
        more = min(rest, _LONGER)
        given["outlook"] += more
        rest -= more
    if "spark" in given:
        given["spark"] += min(rest, 50)
    return tuple((name, given[name]) for name in _ORDER if name in given)


def totals(queues: Sequence[QueueView], width: int) -> Line:
    """All of ``queues`` in one line; what is not known of one is left out of the sum."""

    def sum_of(name: str) -> float | None:
        known = [value for queue in queues if (value := getattr(queue, name)) is not None]
        return sum(known) if known else None

    failed, unseen = sum_of("failed"), sum(queue.size is None for queue in queues)
    count = "1 queue" if len(queues) == 1 else f"all {len(queues):,} queues"
    groups = [
        [Seg(f"   {count}", "label")],
        [Seg(fmt.count(sum_of("size")), "value"), Seg(" waiting", "dim")],
        [Seg(fmt.growth(sum_of("growth")), "label")],
        [Seg(fmt.count(failed), "high" if failed else "dim"), Seg(" failed", "dim")],
        [Seg(fmt.count(sum_of("processing")), "label"), Seg(" busy", "dim")],
    ]
    if unseen:
        groups.insert(2, [Seg(f"{unseen:,} not read", "unknown")])
    return line(*groups_in(groups, width)[0])


class QueueTable(ListPane["QueueView"]):
    """A row a queue."""

    title = "Queues"
    ORDERS: ClassVar[tuple[str, ...]] = (
        "status", "waiting", "growth", "time left", "failed", "oldest", "name"
    )  # fmt: skip

    _widths: _Widths = _Widths(8, 0, ())
    _width: int = 80

    def items(self) -> Sequence[QueueView]:
        return self.snapshot.queues if self.snapshot else ()

    def inputs(self) -> tuple[object, ...]:
        checks = self.snapshot.checks if self.snapshot and not self.snapshot.queues else ()
        return (*super().inputs(), *checks)

    def key_of(self, item: QueueView) -> str:
        return queue_key(item)

    def check_of(self, item: QueueView) -> str:
        return item.check

    def status_of(self, item: QueueView) -> Status:
        return item.status

    def texts_of(self, item: QueueView) -> tuple[str, ...]:
        return (queue_key(item), WORDS[item.status], outlook(item)[0])

    def groupings(self) -> Sequence[str]:
        return ("", "check")

    def group_of(self, item: QueueView) -> str:
        return item.check

    def rank(self, item: QueueView) -> tuple[object, ...]:
        def most(value: float | None) -> tuple[object, ...]:
            return (math.inf if value is None else -value,)

        if self.order == "name":
            return (item.name.casefold(), item.check.casefold())
        if self.order == "time left":
            left_over = seconds_to(item, 0.0)
            # What never ends comes first, what is empty or unknown last.
            grows = item.growth is not None and item.growth > 0
            return (not grows, -(left_over or 0.0))
        figures = {
            "waiting": item.size,
            "growth": item.growth,
            "failed": item.failed,
            "oldest": item.oldest,
        }
        return most(figures[self.order]) if self.order in figures else ()

    def nothing(self, width: int) -> list[Line]:
        if self.snapshot is None or expects_queues(self.snapshot):
            return note(WAITING, width)
        return no_queues(width)

    def measure(self, items: Sequence[QueueView], frame: Frame) -> None:
        self._width = frame.width
        several = len({queue.check for queue in items}) > 1 and self.grouping != "check"
        names = -(-max(cell_len(queue.name) for queue in items) // _STEP) * _STEP
        name = max(5, min(names, 28, int(frame.width * 0.3)))
        longest = max(cell_len(queue.check) for queue in items)
        check = min(16, longest) + 1 if several and frame.width >= 100 else 0
        has = {"size", "outlook", "growth", "failed", "spark", "busy", "oldest", "word"}
        for what, field in (
            ("in", "arriving"), ("out", "leaving"), ("workers", "workers"), ("delayed", "delayed")
        ):  # fmt: skip
            if any(getattr(queue, field) is not None for queue in items):
                has.add(what)
        room = frame.width - 3 - name - check
        self._widths = _Widths(name, check, chosen_columns(room, frozenset(has)))

    def total(self, items: Sequence[QueueView]) -> Line | None:
        return totals(items, self._width) if len(items) > 1 else None

    def names(self) -> Line:
        widths = self._widths
        text = " " * 3 + left("queue", widths.name)
        text += f" {left('check', widths.check - 1)}" if widths.check else ""
        for name, cells in widths.columns:
            if name == "spark":
                window = self.snapshot.window if self.snapshot else 0.0
                text += f"  {left(f'last {fmt.window(max(window, LEAST_COURSE))}', cells - 2)}"
            else:
                place = left if name in _LEFT else right
                text += place(_TITLES[name], cells)
        return line(Seg(text, "dim"))

    def row(self, item: QueueView) -> Line:
        widths = self._widths
        fine = item.status is Status.OK
        role = role_of(item.status)
        segs = [
            Seg(" "),
            Seg(self.glyphs.status(item.status), role),
            Seg(" "),
            Seg(name_in(item.name, widths.name), "name" if fine else role),
        ]
        if widths.check:
            segs.append(Seg(f" {name_in(item.check, widths.check - 1)}", "dim"))
        for name, cells in widths.columns:
            text, shade = self._cell(item, name, cells)
            segs.append(Seg((left if name in _LEFT else right)(text, cells), shade))
        return line(*segs, key=queue_key(item), check=item.check)

    def _cell(self, item: QueueView, name: str, cells: int) -> tuple[str, str]:
        """What stands in the column ``name``, and the role it is written in."""
        fine = item.status is Status.OK
        if name == "spark":
            points, _ = columns_of(item, cells - 2)
            drawn = spark(points, cells - 2, LEAST_ITEMS, self.glyphs)
            return f"  {drawn}", "spark" if fine else role_of(item.status)
        if name == "outlook":
            text, role = outlook(item, cells - 2)
            return f"  {text}", role
        rises = item.growth is not None and item.growth > 0
        told = {
            "word": (f" {WORDS[item.status]}", role_of(item.status)),
            "size": (fmt.count(item.size), "value" if fine else role_of(item.status)),
            "growth": (fmt.growth(item.growth), "value" if rises else "dim"),
            "failed": (fmt.count(item.failed), "high" if item.failed else "dim"),
            "busy": (fmt.count(item.processing), "label"),
            "oldest": (fmt.coarse(item.oldest), "label"),
            "in": (per_minute(item.arriving), "label"),
            "out": (per_minute(item.leaving), "label"),
            "workers": (fmt.count(item.workers), "high" if item.workers == 0 else "label"),
            "delayed": (fmt.count(item.delayed), "dim"),
        }
        return told[name]
