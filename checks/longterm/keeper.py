"""Buckets on their way to the story's file and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from checks.longterm.ring import Buckets

if TYPE_CHECKING:
    from checks.longterm.tally import Tally
    from checks.story.keeping import Keeping

__all__ = ["Keeper"]

EVERY: Final = 60.0
"""Seconds between two writings."""


class Keeper:
    """Has ``buckets`` read from the file once, and then written as they change.

    What was counted before the file was read is added to what it holds. While another onwatch
    leads, nothing is written: that one counts the same.
    """

    def __init__(self) -> None:
        self._buckets: dict[str, Buckets] = {}
        self._told: dict[str, str] = {}
        self._written = 0.0
        self._renewed = 0

    def hold(self, buckets: Iterable[Buckets]) -> None:
        """Keep these, and no others any more."""
        self._buckets = {one.series: one for one in buckets}

    def look(self, keeping: Keeping, now: float) -> None:
        """Take over what was read, and have written what has changed."""
        self._recall(keeping)
        if keeping.renewed != self._renewed:
            self._renewed = keeping.renewed
            self._told.clear()
            for one in self._buckets.values():
                one.touch()
        if now - self._written >= EVERY:
            self.write(keeping)
            self._written = now

    def write(self, keeping: Keeping) -> None:
        """Have written what has changed, of what is known from the file.

        While that cannot be written to it waits where it is, which is bounded.
        """
        if not keeping.leads or keeping.problem:
            return
        for one in self._buckets.values():
            if not one.recalled:
                continue
            about = one.about if self._told.get(one.series) != one.about else ""
            self._told[one.series] = one.about
            keeping.tally(one.series, one.changed(), about)

    def _recall(self, keeping: Keeping) -> None:
        waiting = frozenset(key for key, one in self._buckets.items() if not one.recalled)
        if not waiting:
            return
        if keeping.path is None:
            self._settle(waiting)
            return
        read, keeping.tallied = keeping.tallied, None
        if read is None:
            keeping.wanted = waiting
            return
        series, tallies = read
        found: dict[str, list[Tally]] = {}
        for tally in tallies:
            found.setdefault(tally.key.series, []).append(tally)
        for name, own in found.items():
            if name in waiting:
                self._buckets[name].recall(own)
        self._settle(series & waiting)

    def _settle(self, series: Iterable[str]) -> None:
        for one in series:
            self._buckets[one].recalled = True
