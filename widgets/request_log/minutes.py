"""The last full minutes of the clock, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from widgets import format as fmt
from widgets.empty import note
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.request_log.pane import RequestLogPane
from widgets.request_log.words import ratio_role
from widgets.spark import bar
from widgets.text import Line, Seg, line, right

if TYPE_CHECKING:
    from checks.requests.stats import Minute
    from checks.views import RequestView

__all__ = ["MinutesPane", "minute_lines"]

_COLUMNS: Final = (
    ("requests", 10),
    ("rate", 8),
    ("errors", 9),
    ("error %", 9),
    ("p50", 9),
    ("p95", 9),
)
_LEAST_FIRST: Final = ("rate", "errors", "p50")
"""In the order in which columns give way where the room does not suffice."""


def _columns(width: int, timed: bool) -> list[tuple[str, int]]:
    columns = [one for one in _COLUMNS if timed or not one[0].startswith("p")]
    for name in _LEAST_FIRST:
        if 7 + sum(own for _, own in columns) <= width:
            break
        columns = [one for one in columns if one[0] != name]
    return columns


def _clock(minute: Minute) -> str:
    return f"{datetime.fromtimestamp(minute.start).astimezone():%H:%M}"


def _cells(minute: Minute, columns: Sequence[tuple[str, int]]) -> list[Seg]:
    ratio = minute.errors / minute.count if minute.count else None
    role = ratio_role(ratio)
    figures = {
        "requests": (fmt.count(minute.count), "value"),
        "rate": (fmt.rate(minute.count / 60), "label"),
        "errors": (fmt.count(minute.errors), role),
        "error %": (fmt.percent(ratio), role),
        "p50": (fmt.duration(minute.p50), "label"),
        "p95": (fmt.duration(minute.p95), "value"),
    }
    return [
        seg for name, own in columns for seg in aligned(figures[name][0], own, figures[name][1])
    ]


def minute_lines(view: RequestView, frame: Frame) -> tuple[list[Line], list[Line]]:
    """The names of the columns, and a line for each minute, newest first."""
    minutes = view.stats.minutes
    if not minutes:
        return [], note("no full minute has been seen yet", frame.width)
    columns = _columns(frame.width, "duration" in view.stats.columns)
    head = "".join(right(name, own) for name, own in columns)
    most = max(minute.count for minute in minutes)
    room = min(20, frame.width - 7 - sum(own for _, own in columns) - 2)
    lines = []
    for minute in minutes:
        share = minute.count / most if most else 0.0
        full, _ = bar(share, room, frame.glyphs) if room >= 6 else ("", "")
        lines.append(
            line(
                Seg(f" {_clock(minute)} ", "dim"),
                *_cells(minute, columns),
                Seg(f"  {full}", "spark"),
                key=f"{minute.start:.0f}",
                check=view.check,
            )
        )
    return [line(Seg(f" {'minute':<6}{head}", "dim"))], lines


class MinutesPane(RequestLogPane):
    """What each of the last full minutes held; the window is always these."""

    title = "Minute by minute"

    def over(self, view: RequestView) -> str:
        count = len(view.stats.minutes)
        return f"last {count} full minutes" if count > 1 else "full minutes"

    def summary(self, view: RequestView) -> Sequence[Seg]:
        minutes = view.stats.minutes
        if not minutes or self.size.height != 1:
            return ()
        last = minutes[0]
        ratio = last.errors / last.count if last.count else None
        text = f"{_clock(last)} {fmt.rate(last.count / 60)}"
        errors = f", {fmt.percent(ratio)} errors" if ratio is not None else ""
        return [Seg(text, "dim"), Seg(errors, "dim" if not last.errors else ratio_role(ratio))]

    def needs(self, view: RequestView) -> int:
        return len(view.stats.minutes) + 1 if view.stats.minutes else 1

    def build_view(self, view: RequestView, frame: Frame) -> list[Line]:
        heads, lines = minute_lines(view, frame)
        self.pin(*heads)
        return lines
