"""Buckets on their way to the story's file and back."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from checks.longterm.ring import Buckets

if TYPE_CHECKING:
    from checks.longterm.tally import Tally
    from checks.story.keeping import Keeping

__all__ = ["Keeper"]

EVERY: Final = 60.0
"""Seconds between two writings."""
SLICE: Final = 0.01
"""Seconds of work after which what was read waits for the next look."""


class Keeper:
    """Has ``buckets`` read from the file once, and then written as they change.

    What was counted before the file was read is added to what it holds. While another onwatch
    leads, nothing is written: that one counts the same.
    """

    def __init__(self) -> None:
        self._buckets: dict[str, Buckets] = {}
        self._told: dict[str, str] = {}
        self._read: dict[str, list[Tally]] = {}
        self._written = 0.0
        self._renewed = 0

    @property
    def waits(self) -> bool:
        """Whether something is still to be read."""
        return not all(one.recalled for one in self._buckets.values())

    def hold(self, buckets: Iterable[Buckets]) -> None:
        """Keep these, and no others any more."""
        self._buckets = {one.series: one for one in buckets}
        self._told = {
            series: about for series, about in self._told.items() if series in self._buckets
        }

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
        waiting = [one for one in self._buckets.values() if not one.recalled]
        if not waiting:
            self._read.clear()
            return
        if keeping.tallied is not None:
            (series, tallies), keeping.tallied = keeping.tallied, None
            self._read = {one: [] for one in series}
            for tally in tallies:
                self._read[tally.key.series].append(tally)
        until = time.perf_counter() + SLICE
        for one in waiting:
            if keeping.path is not None:
                if one.series not in self._read:
                    continue
                one.recall(self._read.pop(one.series))
            one.recalled = True
            if time.perf_counter() > until:
                return
        keeping.wanted = frozenset(one.series for one in waiting if not one.recalled)
