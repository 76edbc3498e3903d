"""Where the panes about a request log stand: columns where there is room, else one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from textual.geometry import Region, Size
from textual.layout import ArrangeResult
from textual.widget import Widget

from tui.screens.arrangement import Wish, heights
from tui.screens.columns import FoldingLayout, FoldingPanes, column, placements, stepped
from widgets.lines import LinePane

__all__ = ["RequestPanes", "columns_of", "place_requests"]

TWO: Final = (
    ("rate", "durations", "distribution", "minutes"),
    ("breakdown", "kinds", "errors", "slowest"),
)
THREE: Final = (
    ("rate", "durations", "distribution"),
    ("breakdown", "kinds", "slowest"),
    ("minutes", "errors"),
)
ORDER: Final = (
    "rate", "durations", "breakdown", "kinds", "errors", "slowest", "distribution", "minutes"
)  # fmt: skip
"""From top to bottom in a single column."""
FIRST: Final = (
    "kinds", "breakdown", "rate", "durations", "distribution", "minutes", "errors", "slowest"
)  # fmt: skip
"""Who is given more of the lines that are left, in this order."""
LEAST: Final = {
    "rate": 6,
    "durations": 8,
    "breakdown": 5,
    "kinds": 4,
    "errors": 7,
    "slowest": 6,
    "distribution": 6,
    "minutes": 6,
}
"""The lines of each pane, its title among them, with which it still says what matters."""
_FOLDED: Final = {"rate": 3, "durations": 2}
"""The lines of those that are never a title alone."""
_CHARTS: Final = ("rate", "durations")
"""Panes that are better off with more lines and say the same with fewer."""
_STEPS: Final = {"kinds": 3, "breakdown": 2, "distribution": 3}
"""Lines in steps of which a pane grows, so that those below it rarely move."""
_TALL: Final = sum(LEAST.values()) + 2
"""Lines from which on a single column has room for every pane."""
_OPEN: Final = 4
"""Lines of the pane that is open, at least, where the others are folded."""
_THREE_FROM: Final = 168


def columns_of(width: int, height: int) -> list[tuple[tuple[str, ...], int]]:
    """The columns of a wide screen, each with its width; none where it is not wide."""
    if width < 104 or height < 30:
        return []
    if width < _THREE_FROM:
        own = (width - 1) // 2
        return [(TWO[0], own), (TWO[1], width - own - 1)]
    first, second = (width - 2) * 3 // 10, (width - 2) * 33 // 100
    return [(THREE[0], first), (THREE[1], second), (THREE[2], width - first - second - 2)]


def place_requests(
    width: int, height: int, wanted: Mapping[str, int], opened: str
) -> dict[str, Region]:
    """Where each pane stands in ``width`` by ``height`` cells; those left out have no room.

    ``wanted`` is how many lines each of those that are shown could use. Where they cannot all
    have some, the pane ``opened`` has what there is and of the others there are titles.
    """
    columns = columns_of(width, height) if len(wanted) > 1 else []
    opened = opened if opened in wanted else next(iter(wanted))
    if not columns:
        tall = height >= _TALL
        given = _shared(ORDER, height, wanted) if tall else _folded(height, wanted, opened)
        return column(0, 0, width, given)
    placed: dict[str, Region] = {}
    x = 0
    for names, own in columns:
        placed |= column(x, 0, own, _shared(names, height, wanted))
        x += own + 1
    return placed


def _shared(names: Sequence[str], height: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """A column of whole panes, a free line below each but the last; none starves another."""
    wishes = {}
    for name in (name for name in names if name in wanted):
        want = _stepped(name, wanted[name]) + 1
        if name in _CHARTS:
            want = min(want, max(LEAST[name], height // 4) + 1)
        elif name != "errors":
            want = min(want, height * 2 // 5)
        wishes[name] = Wish(min(LEAST[name], want), want)
    return heights(height, wishes, FIRST)


def _stepped(name: str, lines: int) -> int:
    """``lines``, rounded up where the pane grows in steps."""
    return stepped(lines, LEAST[name], _STEPS.get(name, 1))


def _folded(height: int, wanted: Mapping[str, int], opened: str) -> dict[str, int]:
    """Titles of all but the one that is open, as far as they fit; the rest for that one."""
    given = {name: 0 for name in ORDER if name in wanted}
    room = height
    firm = {**_FOLDED, opened: _OPEN}
    for name in sorted(given, key=lambda name: name != opened):
        given[name] = min(firm.get(name, 1), room)
        room -= given[name]
    for name, most in ((opened, wanted[opened]), ("rate", 5), ("durations", 3), (opened, height)):
        if name in given:
            more = min(room, max(0, most - given[name]))
            given[name] += more
            room -= more
    return given


class _RequestLayout(FoldingLayout):
    """Gives each pane lines by what it has to show; the panes are known by their ids."""

    name = "requests"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        parent.pre_layout(self)
        panes = {str(child.id): child for child in children if isinstance(child, LinePane)}
        wanted = {name: pane.lines_wanted(size.width) for name, pane in panes.items()}
        regions = place_requests(size.width, size.height, wanted, self.opened)
        return placements(panes, regions)


class RequestPanes(FoldingPanes):
    """The panes of one log."""

    def __init__(self, *panes: LinePane) -> None:
        super().__init__(*panes, places=_RequestLayout("errors"))
        self._wanted: tuple[int, ...] = ()

    def fit(self) -> None:
        """Share the room anew where the panes have more or less to show than before."""
        wanted = tuple(
            _stepped(str(pane.id), pane.lines_wanted(self.size.width))
            for pane in self.children
            if isinstance(pane, LinePane)
        )
        if wanted != self._wanted:
            self._wanted = wanted
            self.share_anew()
