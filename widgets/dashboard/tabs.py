"""A line of tabs: one for each dashboard, the one that is shown in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.reactive import reactive

from widgets.glyphs import Glyphs
from widgets.tabs import spanned
from widgets.text import Line, Seg, fit, line, segs_width
from widgets.view import LineView

if TYPE_CHECKING:
    from checks.dashboards.views import DashboardName

__all__ = ["BoardTabs", "board_tabs"]

_LONGEST = 36
"""Cells of a title, at most."""


def board_tabs(
    names: Sequence[DashboardName], chosen: str, width: int, glyphs: Glyphs
) -> tuple[Line, list[tuple[int, int, str]]]:
    """The line, and where in it each dashboard's tab begins and ends."""
    place = next((i for i, one in enumerate(names) if one.name == chosen), -1)
    if place < 0:
        return line(), []
    texts = [f" {fit(one.title, _LONGEST, glyphs.cut)} " for one in names]
    widths = [segs_width([Seg(text)]) + 1 for text in texts]
    every = sum(widths) < width
    room = width - 1 if every else width - 2 * len(f" +{len(names)} ") - 1
    first, after = spanned(widths, place, room)
    segs = [Seg(f" +{first} " if first else " ", "dim")]
    spans = []
    for i in range(first, after):
        start = segs_width(segs)
        segs.append(Seg(texts[i], "chip-ok" if i == place else "label"))
        spans.append((start, segs_width(segs), names[i].name))
        segs.append(Seg(" "))
    if after < len(names):
        segs.append(Seg(f"+{len(names) - after}", "dim"))
    return line(*segs), spans


class BoardTabs(LineView):
    """The tabs of ``names``; ``board`` is the one that is open."""

    DEFAULT_CSS = "BoardTabs { height: 1; }"

    names: reactive[tuple[DashboardName, ...]] = reactive((), repaint=False, layout=False)
    board: reactive[str] = reactive("", repaint=False, layout=False)

    _spans: Sequence[tuple[int, int, str]] = ()

    class Chosen(Message):
        """Somebody has clicked on the tab of the dashboard ``board``."""

        def __init__(self, board: str) -> None:
            self.board = board
            super().__init__()

    def compose_lines(self, width: int, height: int) -> list[Line]:
        made, self._spans = board_tabs(self.names, self.board, width, self.glyphs)
        return [made]

    def watch_names(self) -> None:
        self.update_lines()

    def watch_board(self) -> None:
        self.update_lines()

    def on_click(self, event: events.Click) -> None:
        hit = next((name for start, end, name in self._spans if start <= event.x < end), "")
        if hit:
            self.post_message(self.Chosen(hit))
