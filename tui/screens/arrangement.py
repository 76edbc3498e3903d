"""Which of three arrangements the overview takes in the cells there are."""

from __future__ import annotations

import enum
from collections.abc import Sequence

__all__ = ["Arrangement", "alerts_height", "arrange", "lower_height", "row_heights"]


class Arrangement(enum.Enum):
    """``GRID``: three columns; ``STACK``: one column of whole panes; ``FOLDED``: alerts,
    services, and a line for each of the rest. The value is the screen's class.
    """

    GRID = "-grid"
    STACK = "-stack"
    FOLDED = "-folded"


def arrange(width: int, height: int) -> Arrangement:
    """The arrangement for a screen of ``width`` by ``height`` cells."""
    if width >= 104 and height >= 22:
        return Arrangement.GRID
    return Arrangement.STACK if height >= 40 else Arrangement.FOLDED


def alerts_height(alerts: int, room: int, lines: int) -> int:
    """The height of the alerts above the services, of the ``room`` that both share.

    ``lines`` is what an alert takes. The services keep at least three fifths; the alerts
    keep their title and a line.
    """
    return max(2, min(1 + max(1, alerts * lines), room * 2 // 5))


def lower_height(height: int) -> int:
    """The height of the grid's lower row: a machine in full takes some twelve lines."""
    return min(12, (height - 2) * 2 // 5)


def row_heights(needs: Sequence[int], columns: int, most: int) -> tuple[int, ...]:
    """The height of each row of panes that stand ``columns`` abreast and need ``needs``.

    No row is higher than ``most``: what is longer scrolls within its pane.
    """
    rows = [needs[start : start + columns] for start in range(0, len(needs), columns)]
    return tuple(min(most, max(row)) for row in rows)
