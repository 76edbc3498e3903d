"""What screens and boxes ask of the app about runbooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

if TYPE_CHECKING:
    from checks.runbooks.views import RunView, StepOffer, Subject
    from checks.views import Snapshot

__all__ = [
    "CancelsRun",
    "GivesValue",
    "Leaves",
    "OpensRunbook",
    "Reads",
    "RunsStep",
    "TakesTerminal",
    "running_steps",
]


class Reads(NamedTuple):
    """The runbook that the source is to tell of; where ``name`` is empty, that of ``subject``."""

    name: str
    subject: Subject


class OpensRunbook(Message):
    """Somebody wants the runbook of ``subject``, or the one called ``name`` for it; at its step
    ``step``, which is then shown before it asks, where one is named.
    """

    def __init__(self, subject: Subject, name: str = "", step: str = "") -> None:
        self.subject = subject
        self.name = name
        self.step = step
        super().__init__()


class GivesValue(Message):
    """``variable`` is to have ``value`` in the runbook that is looked at."""

    def __init__(self, variable: str, value: str) -> None:
        self.variable = variable
        self.value = value
        super().__init__()


class RunsStep(Message):
    """The step of ``offer`` is to run: it has been seen, and confirmed as its marking asks;
    ``typed`` is what was typed where it is dangerous.
    """

    def __init__(self, offer: StepOffer, typed: str = "") -> None:
        self.offer = offer
        self.typed = typed
        super().__init__()


class Leaves(Message):
    """Somebody quits although steps run."""


class TakesTerminal(Message):
    """``run`` is to be called with the terminal free for it, and says how it ended; from any
    thread.
    """

    def __init__(self, run: Callable[[], str]) -> None:
        self.run = run
        super().__init__()


class CancelsRun(Message):
    """``run`` is to end."""

    def __init__(self, run: RunView) -> None:
        self.run = run
        super().__init__()


def running_steps(snapshot: Snapshot | None) -> tuple[str, ...]:
    """The names of the steps that run."""
    books = snapshot.runbooks if snapshot is not None else None
    return tuple(run.step for run in books.runs if run.ended is None) if books else ()
