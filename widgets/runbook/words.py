"""What is said of steps and of their runs in a word or two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from checks.runbooks.model import Marking
from checks.runbooks.views import RunState
from widgets import format as fmt

if TYPE_CHECKING:
    from checks.runbooks.views import RunbookFocus, RunbooksView, RunView, StepOffer
    from widgets.glyphs import Glyphs

__all__ = [
    "MEANINGS",
    "ROLES",
    "WORDS",
    "last_run",
    "marking_sign",
    "offer_of",
    "outcome",
    "run_of",
    "run_role",
    "run_sign",
]

WORDS: Final = {Marking.SAFE: "safe", Marking.ASKS: "asks", Marking.DANGER: "danger"}
"""How a step is marked, as the word that stands beside its sign."""
ROLES: Final = {Marking.SAFE: "ok", Marking.ASKS: "warning", Marking.DANGER: "critical"}
MEANINGS: Final = {
    Marking.SAFE: "changes nothing",
    Marking.ASKS: "may change something",
    Marking.DANGER: "does what cannot be undone, or hurts somebody",
}


def marking_sign(marking: Marking, glyphs: Glyphs) -> str:
    """One cell that says how a step is marked."""
    signs = {Marking.SAFE: glyphs.statuses[0], Marking.ASKS: "?", Marking.DANGER: glyphs.notice}
    return signs[marking]


def run_sign(run: RunView, glyphs: Glyphs) -> str:
    """One cell that says how a run stands."""
    if run.state is RunState.RUNNING:
        return glyphs.live
    return glyphs.statuses[0] if _went_well(run) else glyphs.statuses[-1]


def run_role(run: RunView) -> str:
    """The role that a run's outcome is written in."""
    if run.state is RunState.RUNNING:
        return "focus"
    if run.state is RunState.CANCELLED:
        return "warning"
    return "ok" if _went_well(run) else "critical"


def _went_well(run: RunView) -> bool:
    return run.state is RunState.DONE and run.exit_code in (0, None)


def outcome(run: RunView, now: float, after: str = " after ") -> str:
    """``running 12 s``, ``exit 0 after 1.2 s``, ``cancelled after 3 s``; ``after`` stands before
    how long it took.
    """
    took = fmt.duration(max(0.0, (now if run.ended is None else run.ended) - run.began))
    if run.state is RunState.RUNNING:
        return f"running {fmt.coarse(max(0.0, now - run.began))}"
    if run.state is RunState.DONE:
        return f"{'done' if run.exit_code is None else f'exit {run.exit_code}'}{after}{took}"
    return f"{run.state.value}{after}{took}"


def offer_of(focus: RunbookFocus | None, step: str) -> StepOffer | None:
    """The step called ``step`` of what is looked at."""
    steps = focus.steps if focus is not None else ()
    return next((one for one in steps if one.name == step), None)


def last_run(books: RunbooksView | None, step: str) -> RunView | None:
    """The latest run of ``step`` of the runbook and for the subject that is looked at."""
    focus = books.focus if books is not None else None
    if books is None or focus is None:
        return None
    key = (focus.name, step, focus.subject)
    runs = reversed(books.runs)
    return next((run for run in runs if (run.runbook, run.step, run.subject) == key), None)


def run_of(books: RunbooksView | None, run: str) -> RunView | None:
    """The run with the id ``run``; where there is none, the latest."""
    runs = books.runs if books is not None else ()
    return next((one for one in runs if one.id == run), runs[-1] if runs else None)
