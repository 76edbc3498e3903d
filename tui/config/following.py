"""The configuration as it is now, asked for again whenever a file changes."""

from __future__ import annotations

import os
from pathlib import Path

from tui.config import files
from tui.config.loading import Loaded, load

__all__ = ["Following"]


class Following:
    """Loads the file ``named``, or the one that is found, as often as it is asked to.

    A file that was found once and is gone is missed, not replaced by the next place to look in:
    an editor's or a deployment's moment without it would otherwise end every check, and what is
    known of them.
    """

    def __init__(self, named: str | None) -> None:
        self._named = named
        self._found: Path | None = None

    def load(self) -> Loaded:
        """The configuration now.

        Raises:
            ConfigError: as :func:`tui.config.load`; also where the file has gone.
        """
        if self._found is not None and not os.path.lexists(self._found):
            return load(str(self._found))
        found = files.find(self._named)
        loaded = load(self._named)
        self._found = found
        return loaded
