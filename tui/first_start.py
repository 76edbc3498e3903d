"""Three hints at a user's very first start, and never again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["HINTS", "SECONDS", "FirstStart", "first_time", "marker"]

SECONDS: Final = 60.0
"""How long the hints stay where no key is pressed."""
HINTS: Final = (
    (("app.help",), "help"),
    (("pane.open",), "all about a row"),
    (("app.palette",), "find a command"),
)
"""Ids of bindings, and what their keys do, for somebody who has never been here."""


def marker() -> Path:
    """The file that says that the hints have been shown: in the user's state directory."""
    import platformdirs  # noqa: PLC0415 - not for the first frame

    return Path(platformdirs.user_state_dir("onwatch")) / "hints-shown"


def first_time(path: Path) -> bool:
    """Whether ``path`` was not there; it is from now on.

    False where it cannot be made: hints that come at every start would be a nuisance.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:
        return False
    return True


class FirstStart:
    """Looks whether this is the first start; ``path`` says where that is remembered."""

    def __init__(self, path: Callable[[], Path] = marker) -> None:
        self._path = path

    def look(self, tell: Callable[[], object]) -> None:
        """Call ``tell`` if it is, from a thread of its own: a home may hang, and then never."""

        def work() -> None:
            if first_time(self._path()):
                tell()

        threading.Thread(target=work, name="onwatch-first-start", daemon=True).start()
