"""Importing what keys open, once somebody types, before they press such a key."""

from __future__ import annotations

import sys
import threading
import time
from importlib import import_module
from typing import Final

from tui.numbered import NUMBERED

__all__ = ["MODULES", "Ahead"]

MODULES: Final = (
    "tui.screens.details",
    "plotext",
    "tui.screens.help",
    # Few have databases, and their screen is as large as three others.
    *(each.module for each in NUMBERED if each.name != "databases"),
    "tui.screens.alert",
    "tui.screens.runbook",
    "checks.runbooks.reading",
    "markdown_it",
    "re2",
    "tui.screens.query",
    "tui.screens.acknowledge",
    "tui.screens.silence",
)
"""In the order in which they are likely to be wanted; ten milliseconds and half a megabyte each."""
_PAUSE: Final = 0.1
"""Seconds between two of them, in which keys and pictures have their turn."""


class Ahead:
    """Imports in a thread of its own. A monitor that nobody touches does without the memory."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def typed(self) -> None:
        """A key or a click has come."""
        if self._thread is None:
            self._thread = threading.Thread(target=_import, name="ahead", daemon=True)
            self._thread.start()

    def join(self) -> None:
        """Wait for the last of them."""
        if self._thread is not None:
            self._thread.join()


def _import() -> None:
    for name in MODULES:
        if name not in sys.modules:
            time.sleep(_PAUSE)
            import_module(name)
