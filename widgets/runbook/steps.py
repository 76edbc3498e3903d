"""The steps of a runbook: how each is marked, what it is written in, how it went last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from widgets.empty import note
from widgets.frame import Frame
from widgets.runbook.pane import BooksPane
from widgets.runbook.words import ROLES, WORDS, last_run, marking_sign, outcome, run_role
from widgets.text import Line, Seg, broken, fit, left, line, right

if TYPE_CHECKING:
    from checks.runbooks.views import RunbookFocus, RunbooksView, RunView, StepOffer

__all__ = ["StepsPane", "no_runbook", "step_lines"]

_WORD: Final = 6
_LANGUAGE: Final = 4
_NAMES: Final = 24
_MOST: Final = 22
"""Cells of how a step went last."""

_LINK: Final = (
    "runbooks: [runbooks/*.md]",
    "checks:",
    "  - name: api",
    "    runbook: api-down      # the stem of runbooks/api-down.md",
)
_LINK_RULE: Final = ("annotations: {runbook_url: runbooks/api-down}",)


def no_runbook(focus: RunbookFocus, width: int) -> list[Line]:
    """Why there is none, and how to link one."""
    name = focus.subject.check or (focus.alert.check if focus.alert is not None else "")
    linked = [row.replace("name: api", f"name: {name}") if name else row for row in _LINK]
    lines = [line(" ", Seg(row, "high")) for row in broken(focus.problem, width - 2)]
    lines += [line(), *_said("To link one to a check, in onwatch.yaml:", width)]
    lines += [line("   ", Seg(fit(row, width - 4), "value")) for row in linked]
    lines += _said("To link one to a rule, in its file of rules:", width)
    return lines + [line("   ", Seg(fit(row, width - 4), "value")) for row in _LINK_RULE]


def _problems(books: RunbooksView, focus: RunbookFocus, width: int) -> list[Line]:
    """What is wrong with the file, whose other steps go on."""
    path = focus.runbook.path if focus.runbook is not None else ""
    told = [text for text in books.problems if text.startswith(f"{path}:")]
    return [line(" ", Seg(row, "high")) for text in told for row in broken(text, width - 2)]


def _said(text: str, width: int) -> list[Line]:
    return [line(" ", Seg(row, "dim")) for row in broken(text, width - 2)]


def step_lines(books: RunbooksView, now: float, frame: Frame) -> list[Line]:
    """A row a step; beneath one that cannot run, why."""
    focus = books.focus
    if focus is None:
        return note(books.hangs or "reading the runbook", frame.width)
    if focus.runbook is None:
        return no_runbook(focus, frame.width)
    if not focus.steps:
        return note("this runbook has no steps to run: it is to be read", frame.width)
    lines: list[Line] = []
    names = min(_NAMES, frame.width // 3, max(cell_len(offer.name) for offer in focus.steps))
    for offer in focus.steps:
        lines.append(_row(offer, last_run(books, offer.name), now, frame, names))
        if offer.refused and not books.read_only:
            # All of it is said where the step is shown whole.
            short = fit(offer.refused, frame.width - 4, frame.glyphs.cut)
            lines.append(line("   ", Seg(short, "dim"), key=offer.name))
    return [*lines, *_problems(books, focus, frame.width)]


def _row(offer: StepOffer, run: RunView | None, now: float, frame: Frame, names: int) -> Line:
    quiet = bool(offer.refused)
    role = "dim" if quiet else ROLES[offer.marking]
    head = f" {marking_sign(offer.marking, frame.glyphs)} {left(WORDS[offer.marking], _WORD)} "
    told = fit(outcome(run, now, "  "), min(_MOST, frame.width // 3)) if run is not None else ""
    spoken = f"{left(offer.language.value, _LANGUAGE)} "
    about = (offer.description or offer.title).rstrip(":. ")
    room = frame.width - len(head) - len(spoken) - names - 2 - cell_len(told) - 2
    return line(
        Seg(head, role),
        Seg(spoken, "dim"),
        Seg(left(offer.name, names), "dim" if quiet else "name"),
        Seg(f"  {left(about, max(0, room))}", "dim"),
        *([Seg(right(f" {told}", cell_len(told) + 2), run_role(run))] if run is not None else []),
        key=offer.name,
    )


class StepsPane(BooksPane):
    """A row a step; Enter runs it, or shows it and asks, by its marking."""

    opens = True

    def _begin_at(self, key: str) -> None:
        """Put the cursor on the step that the link names, else on the first."""
        focus, keys = self.focus_shown, self.keys
        first = focus.step if focus is not None and focus.step in keys else key
        super()._begin_at(first)
        self._scroll_to_row(first)

    def heading(self) -> Sequence[Seg]:
        books, focus = self.books, self.focus_shown
        if books is None or focus is None or focus.runbook is None:
            return [Seg("Runbook", "title")]
        told = [Seg("Steps", "title"), Seg(f" {fit(focus.runbook.title, 60)}", "dim")]
        if books.read_only:
            told.append(Seg(" read-only: none runs", "high"))
        return told

    def build(self, width: int, height: int) -> list[Line]:
        if self.books is None or self.books.loading:
            hangs = self.books.hangs if self.books is not None else ""
            return note(hangs or "reading the runbooks", width)
        now = self.snapshot.time if self.snapshot is not None else 0.0
        return step_lines(self.books, now, self.frame(width, height))
