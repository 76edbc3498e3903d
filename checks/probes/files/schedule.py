"""Whether a file that was due has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from checks.probes.files.config import Due
from checks.story.calendar import zone
from checks.story.cron import Cron

__all__ = ["Schedule", "When"]

_BACK: Final = (2, 10, 70, 400)
"""Days that are looked back for the last time, as many as it takes."""
_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class When:
    """The last time that a file should have come by now, and the next (seconds since 1970); this
    holds from ``since`` until the grace of the next is over."""

    last: float | None
    next: float
    since: float

    def is_late(self, newest: float | None) -> bool:
        """Whether the newest file, changed at ``newest``, is of before that time."""
        return self.last is not None and (newest is None or newest < self.last)


class Schedule:
    """The times of a :class:`checks.probes.files.config.Due`."""

    def __init__(self, due: Due) -> None:
        self._cron = Cron.of(due.schedule)
        self._zone = zone(due.zone)
        self._grace = due.grace
        self._known: When | None = None

    def at(self, now: float) -> When:
        """What is due at ``now``, seconds since 1970: a file whose grace is over."""
        known = self._known
        if known is not None and known.since <= now < known.next + self._grace:
            return known
        until = now - self._grace
        last: float | None = None
        for days in _BACK:
            last = max(self._cron.between(until - days * _DAY, until, self._zone), default=None)
            if last is not None:
                break
        self._known = When(last, self._cron.after(until, self._zone), now)
        return self._known

    def text(self, at: float) -> str:
        """``2026-11-27 02:00`` in the schedule's zone, with its name."""
        shown = datetime.fromtimestamp(at, UTC).astimezone(self._zone)
        return shown.strftime("%Y-%m-%d %H:%M %Z").rstrip()
