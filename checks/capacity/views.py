"""What panes and commands show of capacity. Loads nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from checks.model import Status

__all__ = ["MONTH", "CapacityView", "Trend", "Way"]

MONTH = 30.44 * 86_400
"""Seconds of a month, on average."""

Way: TypeAlias = Literal["unknown", "unsteady", "steady", "growing", "shrinking"]


@dataclass(frozen=True, slots=True)
class Trend:
    """Where a course is going.

    ``rate`` is the change a second, ``low`` and ``high`` what it lies between with a confidence of
    95 %. ``known`` are the seconds that the course covers, ``needed`` those without which nothing
    is said; ``over`` those that it was taken over.
    """

    way: Way
    rate: float = 0.0
    low: float = 0.0
    high: float = 0.0
    known: float = 0.0
    needed: float = 0.0
    over: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class CapacityView:
    """One series on its way.

    Attributes:
        key: the same from picture to picture, and after a restart.
        name: what it is called in the configuration, or what is watched.
        labels: which series it is.
        value: what it is now; None where it is not there.
        limit: where it must not get to; None where nothing bounds it.
        seconds: until it is there at the present rate, 0 where it is; None where it does not go
            there, or that is not certain.
        soonest: the same at the quickest rate that is still probable.
        latest: the same at the slowest; None where it may never get there.
        mean: over what is known of the trend's time; ``peak`` likewise.
        since: from when on something is known (seconds since 1970).
        last: when ``value`` was.
    """

    key: str
    name: str
    labels: tuple[tuple[str, str], ...]
    unit: str
    value: float | None
    limit: float | None
    falling: bool
    trend: Trend
    seconds: float | None
    soonest: float | None
    latest: float | None
    mean: float | None
    peak: float | None
    since: float
    last: float
    expected: float | None
    status: Status
    sentence: str
    built_in: bool = False

    def at(self, seconds: float) -> float | None:
        """What it will be in so many seconds at the present rate; None where that is not known."""
        if self.value is None or self.trend.way in ("unknown", "unsteady"):
            return None
        return self.value + self.trend.rate * seconds

    def planned(self, seconds: float) -> float | None:
        """What it would be then if it grew as was planned for, month upon month."""
        if self.value is None or self.expected is None:
            return None
        return float(self.value * (1.0 + self.expected) ** (seconds / MONTH))

    @property
    def monthly(self) -> float | None:
        """The present growth a month, as a ratio of what it is now."""
        if not self.value or self.trend.way in ("unknown", "unsteady"):
            return None
        return self.trend.rate * MONTH / self.value
