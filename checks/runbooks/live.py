"""Runbooks beside the engine's checks: which there are, the one looked at, and steps that run.

Everything here is used from the engine's loop. It outlives a reload of the configuration, and
what runs with it; nothing is read, imported or made before somebody can use it.
"""

from __future__ import annotations

from collections.abc import Callable

from checks.clock import Clock
from checks.runbooks.views import RunbooksView, Subject
from checks.views import EventView

__all__ = ["LiveRunbooks"]


class LiveRunbooks:
    """The runbooks of a configuration, and the runs of their steps.

    Args:
        read_only: leaves out everything that runs a step.
        tell: takes events: answers to the user, and what goes wrong.
    """

    def __init__(self, clock: Clock, *, read_only: bool, tell: Callable[[EventView], None]) -> None:
        self._clock = clock
        self._read_only = read_only
        self._tell = tell
        self._open: tuple[str, Subject] | None = None
        self._view = RunbooksView(read_only=read_only)

    def open(self, name: str | None, subject: Subject | None) -> None:
        """Put the runbook ``name`` for ``subject`` into the pictures; none any more for None."""
        self._open = None if name is None else (name, subject or Subject())

    def run(self, token: str, typed: str = "") -> None:
        """Run the step that was offered with ``token``, or say why not."""
        del token, typed
        self._answer("there are no runbooks")

    def cancel(self, run: str) -> None:
        """End the run with the id ``run``."""
        del run

    def view(self) -> RunbooksView:
        """What panes show of all this now; the same object while nothing changed."""
        return self._view

    async def close(self) -> None:
        """End what runs."""

    def _answer(self, text: str) -> None:
        self._tell(EventView(self._clock.now(), "", text, answer=True))
