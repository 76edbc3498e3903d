"""What the engine has to say of itself, until the user has read it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from checks.views import Snapshot

__all__ = ["Notices"]

_NOT_IN_FORCE: Final = "configuration not reloaded"
"""How the notice begins that the configuration's file is not the one in force."""


class Notices:
    """Takes the line that was put away out of every picture, until there is another to tell.

    One that has gone meanwhile and comes again (a reload that fails as it did before) is told
    again.
    """

    def __init__(self) -> None:
        self._read = ""

    @property
    def outdated(self) -> bool:
        """Whether what was put away is that the configuration in force is not that of the file:
        it is so for as long as that is told.
        """
        return self._read.startswith(_NOT_IN_FORCE)

    def put_away(self, picture: Snapshot) -> Snapshot:
        """``picture`` without the notice that it shows, which has been read."""
        if not picture.health.notice:
            return picture
        self._read = picture.health.notice
        return self.fitted(picture)

    def fitted(self, picture: Snapshot) -> Snapshot:
        """``picture`` as it is shown."""
        if picture.health.notice != self._read:
            self._read = ""
        if not self._read:
            return picture
        return replace(picture, health=replace(picture.health, notice=""))
