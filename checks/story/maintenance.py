"""Planned maintenance of the configuration: windows that come again, and single ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from checks.story.calendar import zone
from checks.story.cron import Cron
from checks.story.model import Matcher, Silence

__all__ = ["LONGEST", "Window", "planned", "schedule_changes"]

LONGEST: Final = 31 * 86_400.0
"""Seconds that a window which comes again may last."""


@dataclass(frozen=True, slots=True)
class Window:
    """Alerts that ``matchers`` match are expected then.

    It comes with its ``schedule`` and lasts ``duration`` seconds, or lasts once from ``starts`` to
    ``ends``. ``timezone`` is what the schedule's times are of, empty for the machine's own.
    """

    name: str
    matchers: tuple[Matcher, ...]
    schedule: Cron | None = None
    duration: float = 0.0
    timezone: str = ""
    starts: float = 0.0
    ends: float = 0.0
    comment: str = ""

    def current(self, now: float) -> tuple[float, float] | None:
        """From when to when it is, where it is at ``now``; of several that overlap the last."""
        if self.schedule is None:
            return (self.starts, self.ends) if self.starts <= now < self.ends else None
        found = None
        for start in self.schedule.between(now - self.duration, now, zone(self.timezone)):
            if now < start + self.duration:
                found = (start, start + self.duration)
        return found

    def coming(self, now: float) -> tuple[float, float] | None:
        """From when to when it is the next time after ``now``."""
        if self.schedule is None:
            return (self.starts, self.ends) if now < self.starts else None
        start = self.schedule.after(now, zone(self.timezone))
        return start, start + self.duration

    def silence(self, starts: float, ends: float) -> Silence:
        """It, from ``starts`` to ``ends``."""
        return Silence(
            id=f"window {self.name}",
            matchers=self.matchers,
            starts=starts,
            ends=ends,
            who="configuration",
            comment=self.comment,
            window=self.name,
        )


def planned(windows: Iterable[Window], now: float) -> list[Silence]:
    """A silence for each window that is or comes: as it is at ``now``, else the next time."""
    found = []
    for window in windows:
        when = window.current(now) or window.coming(now)
        if when is not None:
            found.append(window.silence(*when))
    return found


def schedule_changes(silences: Iterable[Silence], now: float) -> float:
    """When one of ``silences`` begins or ends the next time after ``now``; infinity for never."""
    moments = (at for one in silences for at in (one.starts, one.ends) if at > now)
    return min(moments, default=float("inf"))
