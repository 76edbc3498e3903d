"""What panes show of runbooks and of steps that run: frozen values, text already clean.

Times are seconds since 1970 in UTC, durations seconds. What did not change is the same object as
in the picture before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from checks.runbooks.model import Language, Marking, Runbook
from checks.views import AlertView

__all__ = ["Offer", "RunState", "RunView", "RunbookFocus", "RunbooksView", "StepOffer", "Subject"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a runbook is opened for: an alert by its id, a check by its name, or neither."""

    alert: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class StepOffer:
    """A step as it would run now.

    Attributes:
        variables: each that its text uses, with the value that it would get.
        target: the check (of SQL) or what stands in a danger's prompt; empty where there is none.
        missing: variables that it needs and that have no value, or none that is allowed; somebody
            may give them one.
        login: as which check its shell is logged in; empty where it is not.
        refused: why it cannot run now (a variable without a value, a value that does not match,
            a target that is not there, ``--read-only``); empty where it can.
        token: what :meth:`~checks.source.SnapshotSource.run_step` wants back: it stands for this
            text, these values and this file; when one of them has changed it is refused.
    """

    name: str
    title: str
    language: Language
    marking: Marking
    text: str
    description: str
    variables: tuple[tuple[str, str], ...] = ()
    target: str = ""
    missing: tuple[str, ...] = ()
    refused: str = ""
    interactive: bool = False
    login: str = ""
    timeout: float = 60.0
    token: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class RunbookFocus:
    """The runbook that somebody looks at; ``step`` is the one that the link to it names, empty
    for none. ``problem`` says why there is no runbook.

    ``alert`` is the one that it is opened for, as it was when it was there last; ``over`` says
    that it is there no more.
    """

    subject: Subject
    name: str
    runbook: Runbook | None
    steps: tuple[StepOffer, ...] = ()
    step: str = ""
    problem: str = ""
    alert: AlertView | None = None
    over: bool = False


class RunState(StrEnum):
    """How a run of a step stands."""

    RUNNING = "running"
    DONE = "done"
    """It ended by itself; the exit code says how."""
    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"
    FAILED = "failed"
    """It could not be started, or what it ran in was lost."""


@dataclass(frozen=True, slots=True, eq=False)
class RunView:
    """One run of a step.

    Attributes:
        id: unique within the session.
        subject: what the runbook was opened for.
        lines: of its output, the last :data:`~checks.runbooks.running.output.LINES` at most;
            without control characters, secrets masked.
        dropped: how many lines before these are kept no more.
        exit_code: None while it runs, and where there is none.
        said: a sentence on how it ended; empty while it runs.
        captured: variable and value that its output set.
        text: of the step, as it ran.
        variables: with the values that it got.
        interactive: whether it had the terminal, so that its output is not known.
    """

    id: str
    runbook: str
    step: str
    title: str
    subject: Subject
    state: RunState
    began: float
    ended: float | None = None
    exit_code: int | None = None
    lines: tuple[str, ...] = ()
    dropped: int = 0
    said: str = ""
    captured: tuple[str, str] | None = None
    text: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    interactive: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A runbook in lists."""

    name: str
    title: str
    path: str
    steps: tuple[tuple[str, str], ...]
    """Name and title of each."""


@dataclass(frozen=True, slots=True, eq=False)
class RunbooksView:
    """All about runbooks in a picture.

    ``links`` has the names of runbooks by what links to them: ids of alerts and names of checks.
    ``hangs`` says why they are not read, empty where they are. ``read_only`` says that none of
    their steps runs; ``problems`` are sentences on files that cannot be used.
    """

    offers: tuple[Offer, ...] = ()
    focus: RunbookFocus | None = None
    runs: tuple[RunView, ...] = ()
    read_only: bool = False
    problems: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    hangs: str = ""
    loading: bool = False
    """Whether they are still to be read."""

    @property
    def running(self) -> int:
        """How many steps run now."""
        return sum(run.state is RunState.RUNNING for run in self.runs)
