"""What steps put out: a tab a run, its lines as they come, how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import chop_cells
from textual import events
from textual.message import Message
from textual.reactive import reactive

from checks.runbooks.views import RunState
from widgets import format as fmt
from widgets.empty import note
from widgets.runbook.pane import ReadPane
from widgets.runbook.words import outcome, run_of, run_role, run_sign
from widgets.text import Line, Seg, broken, fit, line, segs_width

if TYPE_CHECKING:
    from checks.runbooks.views import RunView
    from widgets.glyphs import Glyphs

__all__ = ["OutputPane", "Rows", "tabs_in"]

_TAB: Final = 24
"""Cells of the title of a run's tab."""
_FAR: Final = 1_000_000
"""Further down than any output goes."""


class Rows:
    """The lines of one run in a width, made once: output only grows, and loses its oldest."""

    def __init__(self, run: RunView, width: int) -> None:
        self.run_id = run.id
        self.width = width
        self.lines: list[Line] = [*_command(run, width)]
        self._head = len(self.lines)
        self._made: list[tuple[str, int]] = []
        self._dropped = 0
        self._note = False

    def take(self, run: RunView) -> int:
        """Go on to what ``run`` holds now; how many lines have gone at the front."""
        gone = self._forget(run.dropped - self._dropped)
        self._dropped = run.dropped
        keep = self._same(run.lines)
        for _, rows in self._made[keep:]:
            del self.lines[len(self.lines) - rows :]
        del self._made[keep:]
        for text in run.lines[keep:]:
            made = _wrapped(text, self.width)
            self._made.append((text, len(made)))
            self.lines += made
        return gone

    def _forget(self, count: int) -> int:
        """Leave out the ``count`` oldest lines of the output; how many rows these were."""
        if count <= 0:
            return 0
        gone = sum(rows for _, rows in self._made[:count])
        del self._made[:count]
        del self.lines[self._head : self._head + gone]
        if not self._note:
            self._note = True
            self.lines.insert(self._head, line(" ", Seg("older lines are not kept", "dim")))
            self._head += 1
        return gone

    def _same(self, lines: Sequence[str]) -> int:
        """How many of ``lines`` are there already: the last ones may have become others."""
        keep = min(len(self._made), len(lines))
        while keep and self._made[keep - 1][0] != lines[keep - 1]:
            keep -= 1
        return keep


def _command(run: RunView, width: int) -> list[Line]:
    """The step as it ran, with its values, above what it put out."""
    lines = []
    for at, row in enumerate(run.text.rstrip().splitlines()):
        lines.append(
            line(Seg(f" {'  ' if at else '$ '}", "dim"), Seg(fit(row, width - 4), "label"))
        )
    for name, value in run.variables:
        lines += [line("   ", Seg(row, "dim")) for row in broken(f"{name}={value}", width - 4)]
    return lines


def _wrapped(text: str, width: int) -> list[Line]:
    """``text`` in as many lines as it takes; blanks are kept, since columns may stand in it."""
    room = max(1, width - 2)
    if len(text) <= room and text.isascii():
        return [line(" ", text)]
    return [line(" ", row) for row in chop_cells(text, room) or [""]]


def tabs_in(
    runs: Sequence[RunView], chosen: str, width: int, glyphs: Glyphs
) -> list[tuple[str, list[Seg]]]:
    """A tab a run by its id, the newest at the right; as many as have room, the chosen among
    them.
    """
    made = [(run.id, _tab(run, run.id == chosen, glyphs)) for run in runs]
    at = next((place for place, run in enumerate(runs) if run.id == chosen), len(runs) - 1)
    first = last = at
    used = segs_width(made[at][1]) if made else 0
    for place in (*range(at + 1, len(made)), *range(at - 1, -1, -1)):
        needed = segs_width(made[place][1])
        if used + needed > width or place not in (first - 1, last + 1):
            continue
        used += needed
        first, last = min(first, place), max(last, place)
    return made[first : last + 1]


def _tab(run: RunView, chosen: bool, glyphs: Glyphs) -> list[Seg]:
    return [
        Seg(f" {run_sign(run, glyphs)} ", run_role(run)),
        Seg(f"{fit(run.step, _TAB, glyphs.cut)} ", "focus" if chosen else "dim"),
    ]


class OutputPane(ReadPane):
    """The output of the run :attr:`run`, or of the latest; it stays at its end until somebody
    scrolls up, and again once they are back there.
    """

    run: reactive[str] = reactive("", repaint=False, layout=False)

    class Chose(Message):
        """Somebody wants to see the run with the id ``run``."""

        def __init__(self, run: str) -> None:
            self.run = run
            super().__init__()

    _rows: Rows | None = None
    _follows = True

    @property
    def shown(self) -> RunView | None:
        """The run whose output this is."""
        return run_of(self.books, self.run)

    @property
    def whole(self) -> str:
        """All the output there is, as text."""
        run = self.shown
        return "\n".join(run.lines) if run is not None else ""

    def inputs(self) -> tuple[object, ...]:
        return (self.books.runs if self.books is not None else (), self.run)

    def watch_run(self) -> None:
        """Another run is shown from its end."""
        self._follows = True
        self._at = -1
        self.update_lines()

    def heading(self) -> Sequence[Seg]:
        run = self.shown
        if run is None:
            return [Seg("Output", "title")]
        now = self.snapshot.time if self.snapshot is not None else run.began
        told = [Seg("Output", "title"), Seg(f" {run_sign(run, self.glyphs)} ", run_role(run))]
        told.append(Seg(f"{fit(run.step, 40)} ", "name"))
        told.append(Seg(outcome(run, now), run_role(run)))
        if run.captured is not None:
            told.append(Seg(f" {run.captured[0]}={fit(run.captured[1], 24)}", "value"))
        elsewhere = self._elsewhere(run)
        return [*told, Seg(elsewhere, "warning")] if elsewhere else told

    def _elsewhere(self, run: RunView) -> str:
        """Of what and when it was, where it is not of what is looked at."""
        focus = self.books.focus if self.books is not None else None
        if focus is None or (focus.name, focus.subject) == (run.runbook, run.subject):
            return ""
        of = f" of {run.subject.check}" if run.subject.check else ""
        return f" {self.glyphs.dot} {fmt.clock(run.began)}, {run.runbook}{of}"

    def pinned(self, width: int) -> list[Line]:
        runs = self.books.runs if self.books is not None else ()
        if len(runs) < 2:
            return []
        chosen = self.shown
        tabs = tabs_in(runs, chosen.id if chosen else "", width, self.glyphs)
        return [line(*(seg for _, tab in tabs for seg in tab))]

    def build(self, width: int, height: int) -> list[Line]:
        run = self.shown
        if run is None:
            return note("what a step puts out is shown here", width)
        rows = self._rows
        if rows is None or rows.run_id != run.id or rows.width != width:
            rows = self._rows = Rows(run, width)
        self._top -= rows.take(run)
        return [*rows.lines, *self._end(run, width)]

    def _end(self, run: RunView, width: int) -> list[Line]:
        """How it ended, where there is more to say than the exit code."""
        if run.state is RunState.RUNNING:
            return []
        known = bool(run.lines) or run.interactive
        silent = [] if known else [line(" ", Seg("it put out nothing", "dim"))]
        if run.exit_code == 0 and ";" not in run.said:
            # The title says so.
            return silent
        return silent + [line(" ", Seg(row, run_role(run))) for row in broken(run.said, width - 2)]

    def compose_lines(self, width: int, height: int) -> list[Line]:
        if self._follows:
            self._top = _FAR
        return super().compose_lines(width, height)

    def _scroll_by(self, lines: int) -> bool:
        """Scroll; whoever goes up stays there while more comes."""
        before = self._top
        self._top = max(0, min(self._top + lines, len(self._body) - self._room))
        self._follows = self._top >= len(self._body) - self._room
        self.update_lines()
        return self._top != before

    def _show_line(self, y: int, *, gently: bool = False) -> None:
        self._follows = False
        super()._show_line(y, gently=gently)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y != 1 or not self._head:
            return
        chosen, runs = self.shown, self.books.runs if self.books is not None else ()
        end = 0
        for run, tab in tabs_in(
            runs, chosen.id if chosen else "", self.size.width - 1, self.glyphs
        ):
            end += segs_width(tab)
            if offset.x < end:
                self.post_message(self.Chose(run))
                return
