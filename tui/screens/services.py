"""The services of everything that is watched."""

from __future__ import annotations

from textual.widget import Widget

from tui.screens.opened import NumberedScreen
from widgets.services import ServicesPane
from widgets.verdict import VerdictLine

__all__ = ["ServicesScreen"]


class ServicesScreen(NumberedScreen):
    """All of them on one pane. Enter opens the details of a check."""

    AUTO_FOCUS = "ServicesPane"
    TITLE = "Services"
    HINTS = (
        (("screen.back",), "back"),
        (("pane.open",), "details"),
        (("screen.filter",), "filter"),
        (("app.help",), "help"),
        (("app.freeze",), "freeze"),
        (("app.quit",), "quit"),
    )

    def header(self) -> Widget:
        bound = (ServicesScreen.snapshot, ServicesScreen.frozen, ServicesScreen.use_ascii)
        return VerdictLine(id="verdict").data_bind(*bound)

    def body(self) -> Widget:
        bound = (ServicesScreen.snapshot, ServicesScreen.filter_text, ServicesScreen.use_ascii)
        return ServicesPane(id="services").data_bind(*bound)
