"""Where the panes about a machine stand: figures above, processes beneath; else one is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from textual.geometry import Region, Size
from textual.layout import ArrangeResult
from textual.widget import Widget

from tui.screens.arrangement import Wish, heights
from tui.screens.columns import FoldingLayout, FoldingPanes, column, placements, stepped
from widgets.host_screen.pane import HostScreenPane
from widgets.lines import LinePane

__all__ = ["HostPanes", "columns_of", "place_host"]

ORDER: Final = (
    "changes", "processor", "memory", "pressure", "filesystems", "disks", "network", "hardware",
    "processes",
)  # fmt: skip
"""From top to bottom in a single column."""
TWO: Final = (
    ("processor", "memory", "pressure"),
    ("changes", "filesystems", "disks", "network", "hardware"),
)
THREE: Final = (
    ("processor", "memory"),
    ("changes", "pressure", "hardware"),
    ("filesystems", "disks", "network"),
)
FIRST: Final = (
    "filesystems", "processor", "changes", "memory", "pressure", "disks", "network", "hardware",
    "processes",
)  # fmt: skip
"""Who is given more of the lines that are left, in this order."""
LEAST: Final = {
    "changes": 4,
    "processor": 6,
    "memory": 5,
    "pressure": 4,
    "filesystems": 3,
    "disks": 3,
    "network": 3,
    "hardware": 1,
    "processes": 8,
}
"""The lines of each pane, its title among them, with which it still says what matters."""
_STEPS: Final = {"changes": 3, "filesystems": 2}
"""Lines in steps of which a pane grows, so that those below it rarely move."""
_WIDE: Final = 104
_HIGH: Final = 28
_THREE_FROM: Final = 165
_TALL: Final = sum(LEAST.values()) + 6
"""Lines from which on a single column has room for every pane."""
_OPEN: Final = 4
"""Lines of the pane that is open, at least, where the others are folded."""


def columns_of(width: int, height: int) -> list[tuple[tuple[str, ...], int]]:
    """The columns above the processes, each with its width; none where there is no room."""
    if width < _WIDE or height < _HIGH:
        return []
    if width < _THREE_FROM:
        own = (width - 1) // 2
        return [(TWO[0], own), (TWO[1], width - own - 1)]
    own = (width - 2) // 3
    return [(THREE[0], own), (THREE[1], own), (THREE[2], width - 2 * own - 2)]


def place_host(
    width: int, height: int, wanted: Mapping[str, int], opened: str
) -> dict[str, Region]:
    """Where each pane stands in ``width`` by ``height`` cells; those left out have no room.

    ``wanted`` is how many lines each of those that are shown could use. Where they cannot all
    have some, the pane ``opened`` has what there is and of the others there are titles.
    """
    columns = columns_of(width, height) if "processes" in wanted else []
    opened = opened if opened in wanted else next(iter(wanted))
    if not columns:
        tall = height >= _TALL
        given = _shared(ORDER, height, wanted) if tall else _folded(height, wanted, opened)
        return column(0, 0, width, given)
    top = _above(columns, height, wanted)
    placed: dict[str, Region] = {}
    x = 0
    for names, own in columns:
        placed |= column(x, 0, own, _shared(names, top, wanted))
        x += own + 1
    placed["processes"] = Region(0, top, width, height - top)
    return placed


def _above(
    columns: Sequence[tuple[tuple[str, ...], int]], height: int, wanted: Mapping[str, int]
) -> int:
    """The lines above the processes: what the figures want, three fifths at most."""
    longest = max(
        sum(_stepped(name, wanted[name]) + 1 for name in names if name in wanted)
        for names, _ in columns
    )
    return min(longest, max(height * 3 // 5, min(19, height - LEAST["processes"])))


def _stepped(name: str, lines: int) -> int:
    """``lines``, rounded up where the pane grows in steps."""
    return stepped(lines, LEAST[name], _STEPS.get(name, 1))


def _shared(names: Sequence[str], height: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """A column of whole panes, a free line below each but the last; none starves another.

    Where not even what each cannot do without has room, those that come last in importance
    are titles alone.
    """
    shown = [name for name in names if name in wanted]
    wishes = {}
    crowded = sum(_stepped(name, wanted[name]) + 1 for name in shown) > height
    for name in shown:
        want = _stepped(name, wanted[name]) + 1
        if crowded and name in ("changes", "processor"):
            want = min(want, max(LEAST[name] + 1, height // 2))
        wishes[name] = Wish(min(LEAST[name], want), want)
    over = sum(wish.least for wish in wishes.values()) - height
    for name in sorted(shown, key=FIRST.index, reverse=True):
        if over <= 0:
            break
        least = max(1, wishes[name].least - over)
        over -= wishes[name].least - least
        wishes[name] = Wish(least, wishes[name].wanted)
    return heights(height, wishes, FIRST)


def _folded(height: int, wanted: Mapping[str, int], opened: str) -> dict[str, int]:
    """Titles of all but the one that is open, as far as they fit; the rest for that one."""
    given = {name: 0 for name in ORDER if name in wanted}
    room = height
    for name in sorted(given, key=lambda name: name != opened):
        given[name] = min(_OPEN if name == opened else 1, room)
        room -= given[name]
    more = min(room, max(0, wanted[opened] - given[opened]))
    given[opened] += more
    room -= more
    for name in FIRST:
        if name in given and name != opened and given[name]:
            more = min(room, max(0, wanted[name] - given[name]))
            given[name] += more
            room -= more
    given[opened] += room
    return given


class _HostLayout(FoldingLayout):
    """Gives each pane lines by what it has to show; the panes are known by their ids."""

    name = "host"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        parent.pre_layout(self)
        panes = {
            str(child.id): child
            for child in children
            if isinstance(child, HostScreenPane) and child.display
        }
        regions = place_host(size.width, size.height, wanted_by(panes, size), self.opened)
        for name, pane in panes.items():
            # A pane without lines still takes the focus where it is folded: then it opens.
            pane.left_out = name not in regions and bool(columns_of(size.width, size.height))
        return placements(panes, regions)


def wanted_by(panes: Mapping[str, HostScreenPane], size: Size) -> dict[str, int]:
    """The lines that each pane could use, of those there are."""
    columns = columns_of(size.width, size.height)
    widths = {name: own for names, own in columns for name in names}
    return {
        name: min(size.height, _stepped(name, pane.lines_wanted(widths.get(name, size.width))))
        for name, pane in panes.items()
    }


class HostPanes(FoldingPanes):
    """The panes of one machine."""

    def __init__(self, *panes: LinePane) -> None:
        super().__init__(*panes, places=_HostLayout("processes"))
        self._wanted: dict[str, int] = {}

    def fit(self) -> None:
        """Share the room anew where a pane has more to show, or clearly less, than before."""
        panes = {
            str(pane.id): pane
            for pane in self.children
            if isinstance(pane, HostScreenPane) and pane.display
        }
        wanted = wanted_by(panes, self.size)
        if _moves(self._wanted, wanted):
            self._wanted = wanted
            self.share_anew()


def _moves(before: Mapping[str, int], now: Mapping[str, int]) -> bool:
    """Whether the room is to be shared anew: lines that come and go are no reason to."""
    if before.keys() != now.keys():
        return True
    return any(
        lines > before[name] or lines < before[name] - 4
        for name, lines in now.items()
        if name != "processes"
    )
