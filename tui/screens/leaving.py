"""What is asked of whoever quits while steps run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui import keymap
from tui.screens.hinting import HintSource
from tui.screens.session import WholeBox
from tui.screens.standing import Standing
from tui.steps import Leaves, running_steps
from widgets.databases.session import Told
from widgets.text import Line, Seg, broken, line

__all__ = ["LeavingScreen"]


class LeavingScreen(WholeBox):
    """Which steps run, and that they are ended by quitting."""

    TITLE = "Quit"
    QUESTION = "Are the steps that run to be ended?"
    BINDINGS: ClassVar[list[BindingType]] = [keymap.CLOSE, *keymap.LEAVING]
    HINTS: ClassVar[tuple[HintSource, ...]] = (
        (("leaving.confirm",), "quit"),
        (("session.close",), "stay"),
    )

    def __init__(self, running: Sequence[str], *, ascii_only: bool = False) -> None:
        self._steps = tuple(running)
        super().__init__(self._told(running), ascii_only=ascii_only)

    @staticmethod
    def _told(running: Sequence[str]) -> Told:
        count = "A step runs" if len(running) == 1 else f"{len(running)} steps run"
        it = "it" if len(running) == 1 else "them"

        def lines(width: int) -> list[Line]:
            rows = [line(" ", Seg(row, "high")) for row in broken(_asked(it), width - 2)]
            return [*(line("   ", Seg(title, "name")) for title in running), line(), *rows]

        return Told(count, lines)

    def take(self, standing: Standing) -> None:
        """What has ended meanwhile need not be ended."""
        if self.is_mounted and standing.newest is not None and standing.newest.runbooks is not None:
            running = running_steps(standing.newest)
            if not running and self.is_current:
                self.dismiss()
            elif running != self._steps:
                self._steps = running
                self.tell(self._told(running))

    def action_confirm(self) -> None:
        self.post_message(Leaves())


def _asked(it: str) -> str:
    return f"Quitting ends {it}: INT, then TERM, then KILL to all that {it} started. Quit?"
