"""When requests are taken to have come of which only their number over a time is known: evenly.

Each piece of that time costs as much as a piece of any other. So they are as fine as the windows
and their curves can tell apart, and no finer than their number allows: after an hour without a
page, thousands of counters would hold everybody up for minutes.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checks.requests.steps import STEP

__all__ = ["MOST", "edges"]

MOST: Final = 30_000
"""Rows times pieces at most, unless the rows alone are as many."""
_SPANS: Final = ((60.0, STEP), (300.0, STEP), (900.0, 15.0), (3600.0, 60.0))
"""Ages at which windows end, from the end of the present step on, each with the length of a point
of its curve, in seconds."""


def edges(begin: float, end: float, rows: int) -> NDArray[np.float64]:
    """Where the pieces of the time from ``begin`` to ``end`` (seconds) begin and end, ascending.

    They end where steps do, wherever within a step ``end`` lies: a piece that reached beyond the
    begin of a window would count there whole or not at all. ``rows`` is how many kinds of requests
    are spread over them.
    """
    top = math.ceil(end / STEP) * STEP
    gap = max(0.0, top - begin)
    spans = [(upto, point) for upto, point in _SPANS if upto < gap] + [
        (gap, next((point for upto, point in _SPANS if gap <= upto), gap))
    ]
    most = max(1, MOST // (max(1, rows) * len(spans)))
    ages, low = [0.0], 0.0
    for upto, point in spans:
        pieces = max(1, math.ceil((upto - low) / point)) if point else 1
        if pieces > most:
            pieces, point = most, (upto - low) / most  # noqa: PLW2901
        ages += [*(low + point * at for at in range(1, pieces)), upto]
        low = upto
    found: NDArray[np.float64] = top - np.array(ages[::-1])
    found[0], found[-1] = begin, end
    return found
