"""Drawing a screen once, with the picture that it was opened for, instead of empty before."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from textual.app import App

if TYPE_CHECKING:
    from textual.timer import Timer

    from checks.views import Snapshot

__all__ = ["Holding"]

LONGEST: Final = 0.025
"""Seconds that nothing is drawn at most. A source with time for it answers in a third of that; to
draw a screen that is empty takes as long."""


class Holding:
    """Has ``app`` draw nothing until a picture has the details of a check."""

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._check = ""
        self._held = ExitStack()
        self._timer: Timer | None = None

    def until(self, check: str, shown: Snapshot | None) -> None:
        """Wait for those of ``check``, unless ``shown`` has them already."""
        self.end()
        if not _tells(shown, check):
            self._check = check
            self._held.enter_context(self._app.batch_update())
            self._timer = self._app.set_timer(LONGEST, self.end)

    def came(self, shown: Snapshot | None) -> None:
        """``shown`` has been handed to the screen."""
        if self._check and _tells(shown, self._check):
            self.end()

    def end(self) -> None:
        """Draw again, whatever there is."""
        if self._timer is not None:
            self._timer.stop()
            self._timer, self._check = None, ""
            self._held.close()
            for screen in self._app.screen_stack:
                screen.check_idle()


def _tells(shown: Snapshot | None, check: str) -> bool:
    details = shown.details if shown else None
    return details is not None and details.check == check
