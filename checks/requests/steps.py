"""The steps of time that requests are counted in, and how many of them a window has."""

from __future__ import annotations

import math
from typing import Final

from checks.requests.stats import WINDOWS

__all__ = ["KEPT", "LENGTHS", "STEP", "step_of"]

STEP: Final = 2.5
"""Seconds of a time step; a step holds the times after its start up to its end."""

LENGTHS: Final = tuple(round(seconds / STEP) for seconds in WINDOWS)
"""How many steps each of :data:`checks.requests.stats.WINDOWS` has."""

KEPT: Final = max(LENGTHS)
"""How many steps are remembered: those of the longest window."""


def step_of(time: float) -> int:
    """The number of the step that holds ``time``."""
    return math.ceil(time / STEP) - 1
