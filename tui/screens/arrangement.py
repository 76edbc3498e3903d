"""Where the panes of the overview stand in the cells there are."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from textual.geometry import Region

from tui.screens.columns import column

__all__ = [
    "Arrangement",
    "Wish",
    "arrange",
    "column_widths",
    "heights",
    "pane_widths",
    "place",
    "shows_events",
    "steady",
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
FOLDED: Final = ("alerts", "services", "events", "requests", "queues", "host")
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
CHANGE: Final = 6
"""Lines by which the room for requests must change before their pane does."""
LEAST_EVENTS: Final = 2
"""Lines, the title among them, below which events are not worth showing."""
_WEIGHTS: Final = (10, 11, 9)
"""Of the three columns' widths."""
_UNFED: Final = (11, 10, 10)
"""The same where no requests are told of: they are for sentences then, which others have."""


def arrange(width: int, height: int) -> Arrangement:
    """The arrangement for a screen of ``width`` by ``height`` cells."""
    if width >= 104 and height >= 22:
        return Arrangement.GRID
    return Arrangement.STACK if height >= 40 else Arrangement.FOLDED


def shows_events(arrangement: Arrangement, height: int) -> bool:
    """Whether a screen of ``height`` lines may have room for what happened before.

    Folded, it is shown where the other panes leave lines.
    """
    return arrangement is Arrangement.FOLDED or height >= EVENTS_FROM


def column_widths(width: int, *, unfed: bool = False) -> tuple[int, int, int]:
    """The widths of the three columns, a free cell between them; ``unfed`` where nothing tells of
    requests.
    """
    room, weights = width - 2, _UNFED if unfed else _WEIGHTS
    first, second = (room * weight // sum(weights) for weight in weights[:2])
    return first, second, room - first - second


def pane_widths(arrangement: Arrangement, width: int, *, unfed: bool = False) -> dict[str, int]:
    """The width of each pane on a screen of ``width`` cells."""
    if arrangement is not Arrangement.GRID:
        return dict.fromkeys(STACKED, width)
    columns = zip(COLUMNS, column_widths(width, unfed=unfed), strict=True)
    return {name: own for names, own in columns for name in names}


def heights(room: int, wishes: Mapping[str, Wish], first: Sequence[str] = FIRST) -> dict[str, int]:
    """How the panes of a column share its ``room``, from top to bottom as given.

    Each gets what it cannot do without, as far as that goes; the rest goes to those who
    want more, in the order of ``first``, and what nobody wants to the last.
    """
    given = {}
    for name, wish in wishes.items():
        given[name] = min(wish.least, room)
        room -= given[name]
    for name in sorted(wishes, key=first.index):
        more = min(room, max(0, wishes[name].wanted - given[name]))
        given[name] += more
        room -= more
    given[next(reversed(given))] += room
    return given


def place(
    arrangement: Arrangement,
    width: int,
    height: int,
    wanted: Mapping[str, int],
    *,
    held: int = 0,
    brief: int = 0,
    unfed: bool = False,
) -> dict[str, Region]:
    """Where each pane stands in ``width`` by ``height`` cells; those left out have no room.

    ``wanted`` is how many lines each of those that are shown could use; ``held`` the
    lines that the requests are to have, 0 where that is open; ``brief`` those of the
    alerts in a line each, which is what they take where panes are folded and crowded; ``unfed``
    says that nothing tells of requests.
    """
    if arrangement is Arrangement.FOLDED:
        return column(0, 0, width, heights(height, _folded(height, wanted, brief)))
    if arrangement is Arrangement.STACK:
        return column(0, 0, width, heights(height, _wishes(STACKED, height, wanted, held)))
    placed: dict[str, Region] = {}
    x = 0
    for names, own in zip(COLUMNS, column_widths(width, unfed=unfed), strict=True):
        given = heights(height, _wishes(names, height, wanted, held))
        placed |= column(x, 0, own, given)
        x += own + 1
    return placed


def steady(
    arrangement: Arrangement,
    width: int,
    height: int,
    wanted: Mapping[str, int],
    *,
    held: int = 0,
    brief: int = 0,
    unfed: bool = False,
) -> dict[str, Region]:
    """As :func:`place`, but the requests stay ``held`` lines high as long as they may.

    Their curves change shape with their height: a line more or less of alerts or of
    processes is no reason to. Nothing is taken from the alerts for that, and no pane is
    left without what it needs.
    """
    fresh = place(arrangement, width, height, wanted, brief=brief, unfed=unfed)
    change = abs(fresh["requests"].height - held) if "requests" in fresh else 0
    if not held or not 0 < change < CHANGE or arrangement is Arrangement.FOLDED:
        return fresh
    kept = place(arrangement, width, height, wanted, held=held, unfed=unfed)
    for name, region in fresh.items():
        least = region.height if name == "alerts" else min(region.height, LEAST[name])
        if name != "requests" and (name not in kept or kept[name].height < least):
            return fresh
    return kept


def _wishes(
    names: Sequence[str], height: int, wanted: Mapping[str, int], held: int
) -> dict[str, Wish]:
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
    if held and "requests" in wishes:
        wishes["requests"] = Wish(held, held)
    return wishes


def _folded(height: int, wanted: Mapping[str, int], brief: int) -> dict[str, Wish]:
    """A line each for requests, queues and host; the rest for alerts and services.

    What these leave goes to longer alerts, then to the requests, then to the events.
    """
    room = height - 3
    lines = dict.fromkeys(FOLDED, 1)
    lines["alerts"] = max(2, min(brief or wanted["alerts"], room * 2 // 5))
    lines["services"] = max(0, min(wanted["services"], room - lines["alerts"]))
    free = max(0, room - lines["alerts"] - lines["services"])
    lines["alerts"] += min(free, max(0, wanted["alerts"] - lines["alerts"]))
    free = max(0, room - lines["alerts"] - lines["services"])
    lines["requests"] += min(free, wanted["requests"] - 1, 3)
    free -= lines["requests"] - 1
    lines["events"] = min(free, wanted.get("events", 0)) if free >= LEAST_EVENTS else 0
    lines["services"] += free - lines["events"]
    return {name: Wish(own, own) for name, own in lines.items()}
