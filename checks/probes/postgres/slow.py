"""The slow tier: when each of its pieces is read, so that none costs the server much."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

from checks.findings import Finding
from checks.model import SampleBuilder, Sampler, Samples, Table
from checks.probes.postgres.asking import Asker
from checks.probes.postgres.pulse import Pulse

__all__ = ["Piece", "SlowTier"]

EVERY: Final = 60.0
"""Seconds between two readings of a piece."""
SHARE: Final = 50.0
"""A piece that takes long is read the less often: it rests this many times what it took."""
AFTER_FAILURE: Final = 600.0
"""Seconds that a piece which failed, or ran out of time, is left alone."""


class Piece(Protocol):
    """Something that is read now and then, and shown until it is read again."""

    @property
    def name(self) -> str:
        """Of its statement."""

    async def read(self, ask: Asker, pulse: Pulse, within: float) -> bool:
        """Read it anew in ``within`` seconds; whether that came to anything. What could not
        be read is forgotten, so that nothing is shown that may no longer be so."""

    def add(self, to: SampleBuilder) -> None:
        """Its samples."""

    def tables(self) -> Iterable[Table]:
        """Its tables, for the screens."""

    def findings(self) -> Iterable[Finding]:
        """What is wrong by it."""


class SlowTier:
    """Reads the pieces that are due, as long as a run has time for it."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = tuple(pieces)
        self._due = dict.fromkeys((piece.name for piece in pieces), -math.inf)
        self._samples: Samples | None = None
        self._tables: tuple[Table, ...] = ()

    def forget(self) -> None:
        """Read all anew: another server may answer."""
        self._due = dict.fromkeys(self._due, -math.inf)

    async def read(self, ask: Asker, pulse: Pulse, now: float, spare: float) -> None:
        """Begin no piece once a third of the ``spare`` seconds is used up.

        Raises:
            TargetError: the connection was lost.
        """
        began = time.perf_counter()
        for piece in sorted(self._pieces, key=lambda piece: self._due[piece.name]):
            used = time.perf_counter() - began
            if now < self._due[piece.name] or used > spare / 3:
                return
            self._samples = None
            read = await piece.read(ask, pulse, max(0.05, spare * 0.8 - used))
            took = time.perf_counter() - began - used
            # A little early is better than a whole interval late.
            rest = max(EVERY, SHARE * took) if read else AFTER_FAILURE
            self._due[piece.name] = now + rest - 0.5

    def add(self, to: SampleBuilder, sampler: Sampler) -> None:
        """What each piece said last; made anew only when one was read."""
        if self._samples is None:
            own = sampler.builder()
            for piece in self._pieces:
                piece.add(own)
            self._samples = own.build()
            self._tables = tuple(table for piece in self._pieces for table in piece.tables())
        to.extend(self._samples)

    def tables(self) -> tuple[Table, ...]:
        """The tables of all pieces, as of the last :meth:`add`."""
        return self._tables

    def findings(self) -> Iterator[Finding]:
        """What is wrong by any of the pieces."""
        for piece in self._pieces:
            yield from piece.findings()
