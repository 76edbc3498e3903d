"""One row of what is kept for weeks, and how long it is kept. Pure; loads nothing."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["HOUR", "KEPT", "MINUTE", "MOST", "Key", "Tally"]

MINUTE: Final = 60
HOUR: Final = 3600
KEPT: Final = {MINUTE: 6 * 3600 + 600, HOUR: 92 * 86_400}
"""Seconds that buckets of so many seconds are kept."""
MOST: Final = 300_000
"""Rows that the file holds at most; the oldest go first."""


class Key(NamedTuple):
    """Which bucket: of ``series``, ``step`` seconds long, from ``start`` (seconds) on."""

    series: str
    step: int
    start: int


class Tally(NamedTuple):
    """What is in a bucket; what the three numbers are is for whoever keeps them.

    ``third`` grows with what is known: of two rows of one bucket the one with more of it is right.
    """

    key: Key
    first: float
    second: float
    third: float
