"""Where the panes of a server stand: two columns where there is room, else one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from textual.geometry import Region, Size
from textual.layout import ArrangeResult, Layout
from textual.widget import Widget

from tui.screens.arrangement import Wish, heights
from tui.screens.columns import StandingPanes, column, placements, stepped
from widgets.databases.pane import DatabasePane
from widgets.lines import LinePane

__all__ = ["ServerPanes", "columns_of", "held", "is_wide", "place_server"]

LEFT: Final = ("server", "replication", "tables")
RIGHT: Final = ("blocking", "longest", "sessions")
ORDER: Final = ("server", "blocking", "longest", "sessions", "replication", "tables")
FIRST: Final = ("blocking", "server", "replication", "longest", "sessions", "tables")
"""Who is given more of the lines that are left, in this order."""
LEAST: Final = {
    "server": 7,
    "blocking": 2,
    "longest": 3,
    "sessions": 6,
    "replication": 2,
    "tables": 4,
}
"""The lines of each pane, its title among them, with which it still says what matters."""
_STEPS: Final = {"blocking": 4, "longest": 2, "sessions": 4, "tables": 4}
"""Lines in steps of which a pane grows, so that those below it rarely move."""
_BOUNDED: Final = {"blocking": 0.4, "longest": 0.25}
"""The share of a column that a pane takes at most."""
_TALL: Final = 34
"""Lines from which on a single column has room for every pane."""
_SAYS_NOTHING: Final = 2
"""Lines of a pane that has but a title and a sentence to show."""
_LOW: Final = 14
"""Lines below which what matters less is left out."""


def is_wide(width: int, height: int) -> bool:
    """Whether two columns stand side by side in ``width`` by ``height`` cells."""
    return width >= 104 and height >= 20


def columns_of(shown: Sequence[str], width: int) -> list[tuple[tuple[str, ...], int]]:
    """The columns of a wide screen: which panes are in each, and how wide it is.

    Three where the tables can have one of their own.
    """
    left = tuple(name for name in LEFT if name in shown)
    right = tuple(name for name in RIGHT if name in shown)
    if not right:
        left, right = (
            tuple(n for n in left if n != "tables"),
            tuple(n for n in left if n == "tables"),
        )
    if not left or not right:
        return [(left or right, width)]
    own = max(46, min(80, width * 2 // 5))
    if width >= 230 and "tables" in left and len(left) > 1:
        rest = width - own - 2
        tables = rest * 2 // 5
        middle = (right, rest - tables)
        return [(tuple(n for n in left if n != "tables"), own), middle, (("tables",), tables)]
    return [(left, own), (right, width - own - 1)]


def place_server(width: int, height: int, wanted: Mapping[str, int]) -> dict[str, Region]:
    """Where each pane stands in ``width`` by ``height`` cells; those left out have no room.

    ``wanted`` is how many lines each of those that are shown could use, its title among them.
    """
    if not is_wide(width, height):
        given = _tall(height, wanted) if height >= _TALL else _low(height, wanted)
        return column(0, 0, width, given)
    placed: dict[str, Region] = {}
    x = 0
    for names, own in columns_of(list(wanted), width):
        placed |= column(x, 0, own, _shared(names, height, wanted))
        x += own + 1
    return placed


def _stepped(name: str, lines: int) -> int:
    """``lines``, rounded up where the pane grows in steps."""
    return stepped(lines, LEAST[name], _STEPS.get(name, 1))


def _shared(names: Sequence[str], height: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """A column of whole panes, a free line below each but the last; none starves another."""
    wishes = {}
    for name in names:
        want = wanted[name] + 1
        if name in _BOUNDED and len(names) > 1:
            want = min(want, int(height * _BOUNDED[name]))
        wishes[name] = Wish(min(LEAST[name], want), want)
    return heights(height, wishes, FIRST)


def _tall(height: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """All panes beneath each other, none with more than a third of the lines."""
    wishes = {}
    for name in (name for name in ORDER if name in wanted):
        want = min(wanted[name] + 1, height // (6 if name == "longest" else 3))
        wishes[name] = Wish(min(LEAST[name], want), want)
    return heights(height, wishes, FIRST)


def _low(height: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """Titles alone of what matters less; the rest for the server, who waits, and sessions."""
    given = dict.fromkeys((name for name in ORDER if name in wanted), 1)
    rest = "sessions" if "sessions" in given else "tables" if "tables" in given else "server"
    if height < _LOW:
        given = {name: n for name, n in given.items() if name in ("server", "blocking", rest)}
    free = height - len(given)
    if "server" in given and rest != "server":
        more = max(0, min(wanted["server"] - 1, free, height // 3 - 1))
        given["server"] += more
        free -= more
    if "blocking" in given and wanted["blocking"] > LEAST["blocking"]:
        most = max(2, free * 2 // 5)
        more = max(0, min(wanted["blocking"] - 1, free - 1, most))
        given["blocking"] += more
        free -= more
    elif "longest" in given and wanted["longest"] > _SAYS_NOTHING and free > LEAST["sessions"]:
        given["longest"] += LEAST["longest"]
        free -= LEAST["longest"]
    given[rest] += min(free, wanted[rest] - 1)
    free -= min(free, wanted[rest] - 1)
    for name in ("server", "replication", "longest", "tables"):
        if name in given:
            more = max(0, min(free, wanted[name] - given[name]))
            given[name] += more
            free -= more
    given[rest] += free
    return given


def held(wanted: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """``wanted``, but what only needs a little less than ``before`` keeps what it has.

    Sessions come and go all the time; that is no reason to draw every pane anew.
    """
    kept = {}
    for name, lines in wanted.items():
        had = before.get(name, 0)
        kept[name] = lines if lines > had or lines <= had // 2 else had
    return kept


class _ServerLayout(Layout):
    """Gives each pane lines by what it has to show; the panes are known by their ids."""

    name = "server"

    def __init__(self) -> None:
        self._had: dict[str, int] = {}
        self._for: object = None

    def wants(self, panes: Mapping[str, LinePane], size: Size, subject: str) -> dict[str, int]:
        """The lines that each pane could use, steady as long as ``subject`` is shown."""
        key = (size, subject, tuple(panes))
        before = self._had if key == self._for else {}
        self._had, self._for = held(_wants(panes, size), before), key
        return self._had

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        parent.pre_layout(self)
        panes = {str(child.id): child for child in children if isinstance(child, LinePane)}
        subject = parent.subject if isinstance(parent, ServerPanes) else ""
        regions = place_server(size.width, size.height, self.wants(panes, size, subject))
        for name, pane in panes.items():
            if isinstance(pane, DatabasePane):
                pane.left_out = name not in regions
        return placements(panes, regions)


def _wants(panes: Mapping[str, LinePane], size: Size) -> dict[str, int]:
    """The lines that each pane could use, of those there are."""
    if is_wide(size.width, size.height):
        columns = columns_of(list(panes), size.width)
        widths = {name: own for names, own in columns for name in names}
    else:
        widths = dict.fromkeys(panes, size.width)
    return {
        name: min(size.height, _stepped(name, pane.lines_wanted(widths[name])))
        for name, pane in panes.items()
    }


class ServerPanes(StandingPanes):
    """The panes of one server. Those that are not displayed leave their room to the others."""

    subject = ""
    """The check that the panes are about."""

    def __init__(self, *panes: LinePane) -> None:
        self._places = _ServerLayout()
        super().__init__(*panes, places=self._places)

    def refit(self, subject: str) -> None:
        """Share the room anew if the panes have more to show, or clearly less, or others do."""
        self.subject = subject
        panes = {str(pane.id): pane for pane in self.children if isinstance(pane, LinePane)}
        shown = {name: pane for name, pane in panes.items() if pane.display}
        wants = (subject, self.size, self._places.wants(shown, self.size, subject))
        if wants != self._shared:
            self._shared = wants
            self.share_anew()

    _shared: object = None
