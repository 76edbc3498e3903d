"""The logs that are read: how they do, how much comes, and what of it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.reactive import reactive

from widgets import format as fmt
from widgets.empty import no_logs, note
from widgets.frame import Frame
from widgets.lines import LinePane
from widgets.logs.words import counted, source_name
from widgets.text import Line, Seg, line, name_in, right, role_of, segs_width, wrap

if TYPE_CHECKING:
    from checks.logs.views import LogSource, LogsView, LogsWanted

__all__ = ["SourcesPane", "source_lines"]

_NAME: Final = 24
_RATE: Final = 9
_NOTE: Final = 2
"""Lines of what is missing, at most."""


def source_lines(
    sources: Sequence[LogSource], now: float, frame: Frame, chosen: Sequence[str] = ()
) -> list[Line]:
    """A row each, and beneath it what is missing; ``chosen`` are the checks shown alone."""
    names = min(_NAME, max((cell_len(one.check) for one in sources), default=0))
    return [made for one in sources for made in _rows(one, names, now, frame, one.check in chosen)]


def _rows(one: LogSource, names: int, now: float, frame: Frame, chosen: bool) -> list[Line]:
    segs = [
        Seg(f" {frame.glyphs.status(one.status)} ", role_of(one.status)),
        Seg(name_in(one.check, names), "key" if chosen else "name"),
        Seg(right(fmt.rate(one.rate), _RATE), "value" if one.rate else "dim"),
    ]
    for group in _groups(one, now, frame):
        if segs_width(segs) + segs_width(group) + 2 <= frame.width:
            segs += [Seg("  "), *group]
    made = [line(*segs, key=one.check, check=one.check)]
    rows = wrap(one.note, max(8, frame.width - 4), _NOTE) if one.note else []
    return made + [
        line(Seg(f"   {row}", "warning"), key=one.check, check=one.check) for row in rows
    ]


def _groups(one: LogSource, now: float, frame: Frame) -> list[list[Seg]]:
    """What is told of it, what matters most first."""
    groups = [[Seg(text, role)] for text, role in counted(one.levels, frame.glyphs)]
    since = "" if one.held_since is None else f" of {fmt.coarse(max(0.0, now - one.held_since))}"
    groups.append([Seg(f"{fmt.count(one.held)} held{since}", "label")])
    if one.files:
        more = f" and {len(one.files) - 1} more" if len(one.files) > 1 else ""
        groups.append([Seg(f"{source_name(one.files[0])}{more}", "dim")])
    return groups


class SourcesPane(LinePane):
    """A row a log check; Enter shows its lines alone, and all again."""

    wanted: reactive[LogsWanted | None] = reactive(None, repaint=False, layout=False)

    @property
    def view(self) -> LogsView | None:
        """Of the picture."""
        return self.snapshot.logs if self.snapshot is not None else None

    def heading(self) -> Sequence[Seg]:
        found = self.view.sources if self.view is not None else ()
        total = sum(one.rate for one in found)
        told = f" {fmt.rate(total)} over {fmt.window(found[0].window)}" if found else ""
        return [Seg("Read", "title"), Seg(told, "dim")]

    def build(self, width: int, height: int) -> list[Line]:
        snapshot, view = self.snapshot, self.view
        if snapshot is None:
            return []
        if not any(one.kind == "log" for one in snapshot.checks):
            return no_logs(width)
        if view is None or not view.sources:
            return note("gathering what is read", width)
        chosen = self.wanted.checks if self.wanted is not None else ()
        return source_lines(view.sources, snapshot.time, self.frame(width, height), chosen)

    def inputs(self) -> tuple[object, ...]:
        return (self.snapshot, self.wanted)

    def watch_wanted(self) -> None:
        self.update_lines()
