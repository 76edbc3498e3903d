"""What the screens on the number keys have in common."""

from __future__ import annotations

from collections.abc import Sequence

from tui.screens.picture import PictureScreen
from tui.screens.standing import Standing

__all__ = ["NumberedScreen"]


class NumberedScreen(PictureScreen):
    """A screen that a number key opens. It is made once and kept: making one anew takes three
    times as long as showing it again.
    """

    can_go_back = True

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self.want(())

    def want(self, wanted: Sequence[str]) -> None:
        """Begin with one of the checks ``wanted``: the first that is there, and first of all the
        one that the user has named or looks at closely, empty where there is none.
        """
        self.pointed = wanted[0] if wanted else ""
        """The check that is meant, however it is; empty where there is none."""
        self.wanted = tuple(name for name in wanted if name)

    def come_back(self, wanted: Sequence[str], standing: Standing) -> None:
        """Be shown again: arranged as it was left, but whole and with no row left out."""
        self.want(wanted)
        # Before it is whole again: rows that were left out are not lost to its cursors.
        self.take(standing)
        self.be_whole()
