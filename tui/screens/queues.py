"""The queues of everything that is watched."""

from __future__ import annotations

from textual.widget import Widget

from tui.screens.opened import NumberedScreen
from widgets.queues import QueuesPane
from widgets.verdict import VerdictLine

__all__ = ["QueuesScreen"]


class QueuesScreen(NumberedScreen):
    """All of them on one pane. Enter opens the details of a check."""

    AUTO_FOCUS = "QueuesPane"
    TITLE = "Queues"
    HINTS = (
        (("screen.back",), "back"),
        (("pane.open",), "details"),
        (("screen.filter",), "filter"),
        (("app.help",), "help"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )

    def header(self) -> Widget:
        bound = (QueuesScreen.snapshot, QueuesScreen.frozen, QueuesScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        bound = (QueuesScreen.snapshot, QueuesScreen.filter_text, QueuesScreen.use_ascii)
        return QueuesPane(id="queues").data_bind(*bound)
