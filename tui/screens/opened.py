"""What the screens on the number keys have in common."""

from __future__ import annotations

from collections.abc import Sequence

from tui.screens.picture import PictureScreen

__all__ = ["NumberedScreen"]


class NumberedScreen(PictureScreen):
    """A screen that a number key opens, made anew each time.

    ``wanted`` are checks in the order in which it would like to begin with them, first the one
    that the user is at, empty where at none. :attr:`arranged_as` is how a user has arranged it
    (sorted, grouped, folded); the next one that is opened is told by :meth:`arrange_as` before
    it begins.
    """

    can_go_back = True

    def __init__(self, wanted: Sequence[str] = (), *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self.pointed = wanted[0] if wanted else ""
        """The check that the user was at, empty where at none."""
        self.wanted = tuple(name for name in wanted if name)

    @property
    def arranged_as(self) -> object:
        """What the next screen of this kind is to be told; None where there is nothing."""
        return None

    def arrange_as(self, kept: object) -> None:
        """Be arranged as ``kept``, an :attr:`arranged_as` of another of its kind, says."""
