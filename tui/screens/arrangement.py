"""Where the panes of the overview stand in the cells there are."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from textual.geometry import Region

__all__ = [
    "Arrangement",
    "Wish",
    "alerts_height",
    "arrange",
    "column_widths",
    "heights",
    "pane_widths",
    "place",
    "row_heights",
    "shows_events",
]


class Arrangement(enum.Enum):
    """``GRID``: three columns; ``STACK``: one column of whole panes; ``FOLDED``: alerts,
    services, and a line for each of the rest. The value is the screen's class.
    """

    GRID = "-grid"
    STACK = "-stack"
    FOLDED = "-folded"


@dataclass(frozen=True, slots=True)
class Wish:
    """The lines that a pane cannot do without, and those it can use."""

    least: int
    wanted: int


COLUMNS: Final = (("services", "queues"), ("requests", "host"), ("alerts", "events"))
STACKED: Final = ("alerts", "services", "requests", "queues", "host", "events")
LEAST: Final = {
    "services": 8,
    "queues": 5,
    "requests": 9,
    "host": 10,
    "alerts": 3,
    "events": 5,
}
"""The lines of each pane, its title among them, with which it still says what matters."""
FIRST: Final = ("alerts", "services", "host", "requests", "queues", "events")
"""Who is given more of the lines that are left, in this order."""
EVENTS_FROM: Final = 30
"""The height of a screen from which on there is room for what happened before."""
_WEIGHTS: Final = (10, 11, 9)


def arrange(width: int, height: int) -> Arrangement:
    """The arrangement for a screen of ``width`` by ``height`` cells."""
    if width >= 104 and height >= 22:
        return Arrangement.GRID
    return Arrangement.STACK if height >= 40 else Arrangement.FOLDED


def shows_events(arrangement: Arrangement, height: int) -> bool:
    """Whether a screen of ``height`` lines has room for what happened before."""
    return arrangement is not Arrangement.FOLDED and height >= EVENTS_FROM


def column_widths(width: int) -> tuple[int, int, int]:
    """The widths of the three columns, a free cell between them."""
    room = width - 2
    first, second = (room * weight // sum(_WEIGHTS) for weight in _WEIGHTS[:2])
    return first, second, room - first - second


def pane_widths(arrangement: Arrangement, width: int) -> dict[str, int]:
    """The width of each pane on a screen of ``width`` cells."""
    if arrangement is not Arrangement.GRID:
        return dict.fromkeys(STACKED, width)
    columns = zip(COLUMNS, column_widths(width), strict=True)
    return {name: own for names, own in columns for name in names}


def heights(room: int, wishes: Mapping[str, Wish]) -> dict[str, int]:
    """How the panes of a column share its ``room``, from top to bottom as given.

    Each gets what it cannot do without, as far as that goes; the rest goes to those who
    want more, in the order of importance, and what nobody wants to the last.
    """
    given = {}
    for name, wish in wishes.items():
        given[name] = min(wish.least, room)
        room -= given[name]
    for name in sorted(wishes, key=FIRST.index):
        more = min(room, max(0, wishes[name].wanted - given[name]))
        given[name] += more
        room -= more
    given[next(reversed(given))] += room
    return given


def place(
    arrangement: Arrangement, width: int, height: int, wanted: Mapping[str, int]
) -> dict[str, Region]:
    """Where each pane stands in ``width`` by ``height`` cells; those left out have no room.

    ``wanted`` is how many lines each of those that are shown could use.
    """
    if arrangement is Arrangement.FOLDED:
        short = dict.fromkeys(("requests", "queues", "host"), Wish(1, 1))
        alerts = alerts_height(wanted["alerts"] - 1, height - len(short), 1)
        services = max(0, height - len(short) - alerts)
        shared = {"alerts": Wish(alerts, alerts), "services": Wish(services, services)}
        return _column(0, width, height, shared | short)
    if arrangement is Arrangement.STACK:
        return _column(0, width, height, _wishes(STACKED, height, wanted))
    placed: dict[str, Region] = {}
    x = 0
    for names, own in zip(COLUMNS, column_widths(width), strict=True):
        placed |= _column(x, own, height, _wishes(names, height, wanted))
        x += own + 1
    return placed


def _wishes(names: Sequence[str], height: int, wanted: Mapping[str, int]) -> dict[str, Wish]:
    """A free line below each pane, where there is room for it.

    No pane of several may want more than its share, or it would starve the others.
    """
    shown = [name for name in names if name in wanted]
    most = height * (3 if len(shown) == 2 else 2) // 5
    wishes = {}
    for name in shown:
        want = wanted[name] + 1
        if name in ("alerts", "host") and len(shown) > 1:
            want = min(want, most)
        wishes[name] = Wish(min(LEAST[name], want), want)
    return wishes


def _column(x: int, width: int, height: int, wishes: Mapping[str, Wish]) -> dict[str, Region]:
    given = heights(height, wishes)
    tops = accumulate(given.values(), initial=0)
    return {
        name: Region(x, top, width, own)
        for (name, own), top in zip(given.items(), tops, strict=False)
        if own > 0
    }


def alerts_height(alerts: int, room: int, lines: int) -> int:
    """The height of the alerts above the services, of the ``room`` that both share.

    ``lines`` is what an alert takes. The services keep at least three fifths; the alerts
    keep their title and a line.
    """
    return max(2, min(1 + max(1, alerts * lines), room * 2 // 5))


def row_heights(needs: Sequence[int], columns: int, most: int) -> tuple[int, ...]:
    """The height of each row of panes that stand ``columns`` abreast and need ``needs``.

    No row is higher than ``most``: what is longer scrolls within its pane.
    """
    rows = [needs[start : start + columns] for start in range(0, len(needs), columns)]
    return tuple(min(most, max(row)) for row in rows)
