"""What is looked for in the logs: how often it was found, and whether that is too often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from textual.reactive import reactive

from widgets import format as fmt
from widgets.empty import no_log_patterns, no_logs, note
from widgets.frame import Frame
from widgets.lines import LinePane
from widgets.logs.words import per_minute
from widgets.spark import spark
from widgets.text import Line, Seg, fit, left, line, right, role_of

if TYPE_CHECKING:
    from checks.logs.views import LogsView, LogsWanted, PatternView

__all__ = ["PatternsPane", "pattern_key", "pattern_lines"]

_NAME: Final = 30
_CURVE: Final = 24
_LEAST_CURVE: Final = 6
_BOUND: Final = 12
"""Cells that a bound needs at least to say something."""
_RATE: Final = 10
_COUNT: Final = 14
"""Cells of a column at least; one more than its longest text where that is long."""
_LAST: Final = 12


def pattern_key(pattern: PatternView) -> str:
    """What its row is known by."""
    return f"{pattern.check}/{pattern.name}"


def pattern_lines(
    patterns: Sequence[PatternView], now: float, frame: Frame, chosen: str = ""
) -> list[Line]:
    """A row each; ``chosen`` is the key of the one whose lines are shown alone."""
    names = [_name(one, patterns) for one in patterns]
    width = min(_NAME, max(map(cell_len, names), default=0))
    rates = _column([per_minute(one.rate) for one in patterns], _RATE)
    counts = _column([_counted(one) for one in patterns], _COUNT)
    made = []
    for one, name, rate, count in zip(patterns, names, rates, counts, strict=True):
        role = "key" if pattern_key(one) == chosen else "name"
        told = [
            Seg(left(fit(name, width, frame.glyphs.cut), width), role),
            Seg(rate, "value" if one.rate else "dim"),
            Seg(count, "label"),
        ]
        made.append(_row(one, told, now, frame))
    return made


def _column(texts: Sequence[str], least: int) -> list[str]:
    """``texts`` on the right of ``least`` cells, or of as many as leave one before each."""
    width = max([least, *(cell_len(text) + 1 for text in texts)])
    return [right(text, width) for text in texts]


def _counted(pattern: PatternView) -> str:
    """``12 in 5min``."""
    return f"{fmt.count(pattern.count)} in {fmt.window(pattern.window).replace(' ', '')}"


def _name(pattern: PatternView, patterns: Sequence[PatternView]) -> str:
    """Its own, and its check's where another check has one of the same name."""
    twins = sum(one.name == pattern.name for one in patterns) > 1
    return pattern_key(pattern) if twins else pattern.name


def _row(one: PatternView, told: Sequence[Seg], now: float, frame: Frame) -> Line:
    last = "never" if one.last is None else f"{fmt.coarse(max(0.0, now - one.last))} ago"
    segs = [
        Seg(f" {frame.glyphs.status(one.status)} ", role_of(one.status)),
        *told,
    ]
    used = sum(cell_len(seg.text) for seg in segs)
    if used + _LAST <= frame.width:
        segs.append(Seg(right(last, _LAST), "dim"))
        used += _LAST
    curve = min(_CURVE, frame.width - used - 2 - (_BOUND if one.bound else 0))
    if curve >= _LEAST_CURVE:
        segs.append(Seg(f"  {spark(one.history, curve, 1.0, frame.glyphs)}", "spark"))
        used += curve + 2
    room = frame.width - used - 2
    if one.bound and room >= 8:
        segs.append(Seg(f"  {fit(one.bound, room, frame.glyphs.cut)}", "dim"))
    return line(*segs, key=pattern_key(one), check=one.check)


class PatternsPane(LinePane):
    """A row a pattern; Enter shows the lines that it matched alone, and all again."""

    wanted: reactive[LogsWanted | None] = reactive(None, repaint=False, layout=False)

    @property
    def view(self) -> LogsView | None:
        """Of the picture."""
        return self.snapshot.logs if self.snapshot is not None else None

    def pattern(self, key: str) -> PatternView | None:
        """The one whose row has the identity ``key``."""
        found = self.view.patterns if self.view is not None else ()
        return next((one for one in found if pattern_key(one) == key), None)

    def heading(self) -> Sequence[Seg]:
        found = self.view.patterns if self.view is not None else ()
        told = f" {fmt.count(len(found))}" if found else ""
        return [Seg("Patterns", "title"), Seg(told, "dim")]

    def build(self, width: int, height: int) -> list[Line]:
        snapshot, view = self.snapshot, self.view
        if snapshot is None:
            return []
        if not any(one.kind == "log" for one in snapshot.checks):
            return no_logs(width)
        if view is None:
            return note("gathering what was found", width)
        if not view.patterns:
            return no_log_patterns(width)
        return pattern_lines(view.patterns, snapshot.time, self.frame(width, height), self._chosen)

    @property
    def _chosen(self) -> str:
        """The key of the pattern whose lines are shown alone."""
        wanted = self.wanted
        if wanted is None or not wanted.pattern:
            return ""
        found = self.view.patterns if self.view is not None else ()
        named = (one for one in found if one.name == wanted.pattern)
        return next(
            (pattern_key(one) for one in named if one.check in wanted.checks or not wanted.checks),
            "",
        )

    def inputs(self) -> tuple[object, ...]:
        return (self.snapshot, self.wanted)

    def watch_wanted(self) -> None:
        self.update_lines()
