"""Requests by the values of a label: who has how many, who fails, who is slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.reactive import reactive

from widgets import format as fmt
from widgets.empty import config_lines, note, nothing_matches
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.glyphs import Glyphs
from widgets.request_log.pane import RequestLogPane
from widgets.request_log.words import labels_config, ratio_role, ratio_sign
from widgets.spark import bar
from widgets.text import Line, Seg, left, line, right

if TYPE_CHECKING:
    from checks.requests.stats import BreakdownRow
    from checks.views import RequestView

__all__ = ["ORDERS", "BreakdownPane", "breakdown_lines", "chosen_label", "next_order"]

_BAR: Final = 14

_Key = Callable[["BreakdownRow"], tuple[object, ...]]

ORDERS: Final[Mapping[str, _Key]] = {
    "requests": lambda row: (-row.count, row.value),
    "errors": lambda row: (-row.error_ratio, -row.count, row.value),
    "p95": lambda row: (-(row.p95 or 0.0), row.value),
    "p99": lambda row: (-(row.p99 or 0.0), row.value),
    "name": lambda row: (row.value,),
}
"""What values can be sorted by."""

_COLUMNS: Final = (
    ("requests", 10),
    ("rate", 8),
    ("share", 7),
    ("errors", 8),
    ("p50", 9),
    ("p95", 9),
    ("p99", 9),
)
"""The columns with their widths, from left to right."""
_LEAST_FIRST: Final = ("rate", "p50", "requests", "p99", "share")
"""In the order in which columns give way where the room does not suffice."""


def next_order(order: str) -> str:
    """What they are sorted by after ``order``."""
    names = list(ORDERS)
    return names[(names.index(order) + 1) % len(names)]


def chosen_label(view: RequestView, label: str) -> tuple[str, tuple[BreakdownRow, ...]]:
    """The label with its values; the first one where there is none of that name."""
    known = dict(view.window.breakdown)
    if label in known:
        return label, known[label]
    return view.window.breakdown[0] if view.window.breakdown else ("", ())


def _columns(width: int, timed: bool) -> list[tuple[str, int]]:
    """Those that fit beside a name of a dozen cells."""
    columns = [one for one in _COLUMNS if timed or not one[0].startswith("p")]
    for name in _LEAST_FIRST:
        if sum(own for _, own in columns) + 15 <= width:
            break
        columns = [one for one in columns if one[0] != name]
    return columns


def _head(
    label: str, names: int, columns: Sequence[tuple[str, int]], order: str, glyphs: Glyphs
) -> Line:
    mark = {order: glyphs.down}
    first = left(f"{label}{mark.get('name', '')}", names + 2)
    rest = "".join(right(f"{name}{mark.get(name, '')}", own) for name, own in columns)
    return line(Seg(f" {first}{rest}", "dim"))


def _cells(row: BreakdownRow, columns: Sequence[tuple[str, int]], rate: float) -> list[Seg]:
    figures = {
        "requests": (fmt.count(row.count), "label"),
        "rate": (fmt.rate(rate * row.share), "value"),
        "share": (fmt.percent(row.share), "label"),
        "errors": (fmt.percent(row.error_ratio), ratio_role(row.error_ratio)),
        "p50": (fmt.duration(row.p50), "label"),
        "p95": (fmt.duration(row.p95), "value"),
        "p99": (fmt.duration(row.p99), "label"),
    }
    return [
        seg for name, own in columns for seg in aligned(figures[name][0], own, figures[name][1])
    ]


def breakdown_lines(
    view: RequestView, frame: Frame, label: str = "", order: str = "requests"
) -> tuple[list[Line], list[Line]]:
    """The names of the columns, and a line for each value."""
    name, values = chosen_label(view, label)
    if not name:
        return [], config_lines(
            "No labels. Add columns to break down by:", labels_config(view), frame.width
        )
    if not values:
        return [], note("no requests in this time", frame.width)
    wanted = [row for row in values if frame.wants(row.value, name)]
    if not wanted:
        return [], nothing_matches(frame.filter_text, frame.width)
    columns = _columns(frame.width, "duration" in view.stats.columns)
    taken = sum(own for _, own in columns)
    widest = max(cell_len(name) + 2, *(cell_len(row.value) for row in values))
    names = max(6, min(widest, 28, frame.width - taken - 4))
    room = _BAR if frame.width - taken - names - 4 >= _BAR + 2 else 0
    lines = []
    for row in sorted(wanted, key=ORDERS[order]):
        role = ratio_role(row.error_ratio)
        sign = ratio_sign(row.error_ratio, frame.glyphs)
        full, free = bar(row.share, room, frame.glyphs)
        segs = [
            Seg(" "),
            Seg(f"{sign} {left(row.value, names)}", "name" if role == "label" else role),
            *_cells(row, columns, view.window.rate),
            Seg("  " if room else ""),
            Seg(full, "spark"),
            Seg(free, "rule"),
        ]
        lines.append(line(*segs, key=row.value, check=view.check))
    return [_head(name, names, columns, order, frame.glyphs)], lines


class BreakdownPane(RequestLogPane):
    """The values of one label, sorted by a column."""

    title = "By label"

    label: reactive[str] = reactive("", repaint=False, layout=False)
    order: reactive[str] = reactive("requests", repaint=False, layout=False)

    def inputs(self) -> tuple[object, ...]:
        return (self.view or self.snapshot, self.label, self.order)

    def watch_label(self) -> None:
        self.begin_anew()
        self.update_lines()

    def watch_order(self) -> None:
        self.update_lines()

    def summary(self, view: RequestView) -> Sequence[Seg]:
        """The labels, the one that is shown among them."""
        shown, rows = chosen_label(view, self.label)
        segs: list[Seg] = []
        for name, _ in view.window.breakdown:
            segs.append(Seg(f" {name}" if segs else name, "key" if name == shown else "dim"))
        worst = max(rows, key=lambda row: row.error_ratio, default=None)
        if self.size.height == 1 and worst is not None and ratio_role(worst.error_ratio) != "label":
            text = f"{worst.value} {fmt.percent(worst.error_ratio)} errors"
            segs.append(Seg(f" {self.glyphs.dot} {text}", ratio_role(worst.error_ratio)))
        return segs

    def needs(self, view: RequestView) -> int:
        most = max((len(rows) for _, rows in view.window.breakdown), default=3)
        return most + 1

    def build_view(self, view: RequestView, frame: Frame) -> list[Line]:
        heads, lines = breakdown_lines(view, frame, self.label, self.order)
        self.pin(*heads)
        return lines
