"""A figure by its thresholds and its words, and a course brought down to one figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from checks.dashboards.model import Threshold, Words
from checks.model import Status

__all__ = ["judged", "reduced", "worded"]

_ORDER = (Status.CRITICAL, Status.UNKNOWN, Status.WARNING, Status.OK)


def judged(value: float, thresholds: Iterable[Threshold]) -> Status | None:
    """The worst that ``value`` is by ``thresholds``; None where there are none, or no value."""
    every = tuple(thresholds)
    if not every or math.isnan(value):
        return None
    found = {one.status for one in every if _reached(value, one)}
    return next((status for status in _ORDER if status in found), Status.OK)


def _reached(value: float, threshold: Threshold) -> bool:
    return value < threshold.value if threshold.falling else value >= threshold.value


def worded(value: float, words: Iterable[Words]) -> str:
    """The text that stands for ``value``; empty where none does."""
    for one in words:
        unknown = math.isnan(one.low) and math.isnan(one.high)
        if unknown if math.isnan(value) else one.low <= value <= one.high:
            return one.text
    return ""


def reduced(points: Sequence[float], calc: str) -> float:
    """What the known of ``points`` come to by ``calc``; NaN where none is known.

    ``last`` is the last point as it is: what ended an hour ago is not what it is now.
    """
    if calc == "last":
        return points[-1] if points else math.nan
    known = [one for one in points if not math.isnan(one)]
    return _CALCULATED[calc](known) if known else math.nan


_CALCULATED: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "mean": lambda known: sum(known) / len(known),
    "min": min,
    "max": max,
    "sum": sum,
    "first": lambda known: known[0],
    "range": lambda known: max(known) - min(known),
    "delta": lambda known: known[-1] - known[0],
    "count": lambda known: float(len(known)),
}
