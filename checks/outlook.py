"""Where a queue is going at its present rate. Pure; loads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from checks.views import QueueView

__all__ = ["LEAST_COURSE", "STEADY", "seconds_to"]

LEAST_COURSE: Final = 900.0
"""Seconds that the course of a queue reaches back, where the window is not longer."""
STEADY: Final = 0.05
"""Items a minute below which a queue neither grows nor shrinks."""


def seconds_to(queue: QueueView, bound: float) -> float | None:
    """Seconds until ``queue`` has ``bound`` items at its present rate, 0 where it has them.

    None where it goes the other way, or not at all, or has not kept to that rate for long enough,
    or nothing is known.
    """
    if not queue.held or queue.size is None or queue.growth is None or abs(queue.growth) < STEADY:
        return None
    seconds = (bound - queue.size) / queue.growth * 60.0
    return seconds if seconds >= 0 else None
