"""What fails: the kinds of errors of the window, most frequent first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from widgets import format as fmt
from widgets.databases.session import pair_lines
from widgets.empty import config_lines, note, nothing_matches
from widgets.figures import aligned
from widgets.frame import Frame
from widgets.request_log.pane import RequestLogPane
from widgets.request_log.words import errors_config, status_of, status_role
from widgets.spark import bar
from widgets.text import Line, Seg, fit, left, line, right

if TYPE_CHECKING:
    from checks.requests.stats import ErrorKind
    from checks.views import RequestView

__all__ = ["KindsPane", "kind_lines", "kind_whole"]

_MOST = 12
"""Requests of a kind that are named one by one, at most."""


def kind_lines(view: RequestView, frame: Frame) -> tuple[list[Line], list[Line]]:
    """The names of the columns, and a line for each kind."""
    kinds = view.window.kinds
    if not view.stats.columns & {"status", "error"}:
        return [], config_lines("Nothing tells of errors. Add:", errors_config(view), frame.width)
    if not kinds:
        return [], note("no errors in this time", frame.width)
    wanted = [kind for kind in kinds if frame.wants(kind.text)]
    if not wanted:
        return [], nothing_matches(frame.filter_text, frame.width)
    bars = 10 if frame.width >= 64 else 0
    texts = frame.width - 1 - 8 - 8 - 2 - (bars + 2 if bars else 0) - 10
    head = f" {right('errors', 8)}{right('share', 8)}  {' ' * (bars + 2 if bars else 0)}"
    lines = []
    for kind in wanted:
        full, free = bar(kind.share, bars, frame.glyphs)
        segs = [
            Seg(" "),
            *aligned(fmt.count(kind.count), 8, "critical"),
            *aligned(fmt.percent(kind.share), 8, "label"),
            Seg("  "),
            Seg(full, "critical"),
            Seg(free, "rule"),
            Seg("  " if bars else ""),
            Seg(left(kind.text, max(4, texts)), "name"),
            Seg(f"  {fmt.clock(kind.last)}", "dim"),
        ]
        lines.append(line(*segs, key=kind.text, check=view.check))
    title = left("kind", max(4, texts))
    return [line(Seg(f"{head}{title}  {right('last', 8)}", "dim"))], lines


def kind_whole(kind: ErrorKind, view: RequestView, frame: Frame) -> list[Line]:
    """Everything that is known of ``kind``, and the newest requests of it."""
    pairs = [
        ("kind", kind.text),
        ("errors", f"{fmt.count(kind.count)}, {fmt.percent(kind.share)} of all errors"),
        ("window", fmt.window(view.window.seconds)),
        ("last", fmt.date_clock(kind.last)),
    ]
    lines = pair_lines(pairs, frame.width)
    rows = [row for row in view.window.newest_errors if row.kind == kind.text][:_MOST]
    if rows:
        lines += [line(), line(Seg(" the newest of them", "dim"))]
    for row in rows:
        text = f"{' '.join(row.labels)}  {row.error}".strip()
        lines.append(
            line(
                Seg(f" {fmt.clock(row.time)} ", "dim"),
                Seg(f"{right(status_of(row, frame.glyphs), 4)} ", status_role(row)),
                *aligned(fmt.duration(row.duration), 8),
                Seg(f"  {fit(text, max(1, frame.width - 26), frame.glyphs.cut)}", "label"),
            )
        )
    return lines


class KindsPane(RequestLogPane):
    """The errors by what they have in common."""

    title = "What fails"

    def summary(self, view: RequestView) -> Sequence[Seg]:
        kinds = view.window.kinds
        if not kinds:
            return [Seg("no errors", "dim")] if view.stats.columns & {"status", "error"} else ()
        if self.size.height == 1:
            return [Seg(f"{fmt.count(kind.count)} {kind.text}  ", "critical") for kind in kinds[:4]]
        return [Seg(fmt.many(view.window.errors, "error"), "dim")]

    def needs(self, view: RequestView) -> int:
        return len(view.window.kinds) + 1 if view.window.kinds else 1

    def build_view(self, view: RequestView, frame: Frame) -> list[Line]:
        heads, lines = kind_lines(view, frame)
        self.pin(*heads)
        return lines
