"""Look-ups of keys by others than us: what the server counts, less our own reads. Pure.

To look at queues that are empty is to miss: a server that nobody else asks would have a hit rate
of 0 %.
"""

from __future__ import annotations

from typing import Final

from checks.model import SampleBuilder
from checks.probes.redis.info import Info

__all__ = ["HITS", "MISSES", "Lookups"]

HITS: Final = "redis_lookup_hits_total"
MISSES: Final = "redis_lookup_misses_total"
_FIELDS: Final = (("keyspace_hits", HITS), ("keyspace_misses", MISSES))

Counts = tuple[int, int]
"""Hits and misses."""


class Lookups:
    """Counts over the runs of one check.

    Attributes:
        own: ours between the last two INFOs.
        ours: all of ours that the server process has counted since the check began.
    """

    def __init__(self) -> None:
        self.own: Counts = (0, 0)
        self.ours: Counts = (0, 0)
        self._read: Counts = (0, 0)
        self._theirs = {HITS: 0.0, MISSES: 0.0}

    def take(self, info: Info, before: Info | None, read: Counts) -> None:
        """A run brought ``info``, after ``before`` of the same process, and then ``read`` keys,
        which the next INFO counts.
        """
        counted, self._read = self._read, read
        self.own = counted if before is not None else (0, 0)
        self.ours = (self.ours[0] + counted[0], self.ours[1] + counted[1])
        if before is None:
            self.ours = (0, 0)
            return
        for (field, metric), own in zip(_FIELDS, self.own, strict=True):
            rise = (info.number(field) or 0) - (before.number(field) or 0)
            self._theirs[metric] += max(0, rise - own)

    def samples(self, info: Info, to: SampleBuilder) -> None:
        """Add those of others since the check began, where the server tells of any."""
        for field, metric in _FIELDS:
            if info.number(field) is not None:
                to.add(metric, self._theirs[metric])
