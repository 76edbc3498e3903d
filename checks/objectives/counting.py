"""By how much counters have grown, run by run: what became of a promise since the last look.

Nothing is extrapolated, and nothing between two looks is lost: each value is compared with the one
before it of its own series. A counter that fell was reset. What was not read for longer than the
look-back of an instant is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from checks.model import Series
from checks.store.block import Block, Floats, is_stale

__all__ = ["Counted", "Grown", "Increment", "steps"]


class Increment(NamedTuple):
    """At ``at`` (seconds): of ``total`` so much ``part``, seen over ``known`` seconds."""

    at: float
    part: float
    total: float
    known: float


@dataclass(frozen=True, slots=True)
class Counted:
    """The series of one block that are counted."""

    part: tuple[Series, ...]
    total: tuple[Series, ...]


class Grown:
    """Follows the counters of ``block`` from the row after ``since`` (milliseconds) on."""

    def __init__(self, block: Block, since: int) -> None:
        self._block = block
        self._at = since
        self._seen: dict[Series, tuple[int, float]] = {}
        self._known_at: int | None = None
        self._alive: frozenset[str] | None = None

    def read(self, counted: Counted, now: int) -> list[Increment]:
        """What came with each run up to ``now`` (milliseconds)."""
        series = tuple(dict.fromkeys((*counted.total, *counted.part)))
        times, values = self._block.read(series, self._at, now)
        if not len(times):
            return []
        columns = _Columns(series, counted, self._seen)
        made = []
        for time, row in zip(times.tolist(), values, strict=True):
            part, total, there = self._row(columns, time, row)
            made.append(Increment(time / 1000, part, total, self._known(time, there=there)))
        self._at = int(times[-1])
        self._seen = columns.seen()
        return made

    def _row(self, columns: _Columns, time: int, row: Floats) -> tuple[float, float, bool]:
        present = ~is_stale(row) & np.isfinite(row)
        row = np.where(present, row, 0.0)
        counted = (columns.times >= 0) & (time - columns.times <= self._block.lookback)
        grown = np.where(row < columns.values, row, row - columns.values)
        # A label that occurs for the first time, of something that was counted before, began at
        # zero; anything else that is new may have counted for years.
        born = present & (columns.times < 0)
        if born.any() and self._alive is not None:
            born &= columns.among(self._alive)
            grown = np.where(born, row, grown)
            counted |= born
        grown = np.where(present & counted, grown, 0.0)
        columns.take(time, row, present)
        there = bool(present[: columns.totals].any())
        self._alive = columns.instances(present)
        return float(grown @ columns.part), float(grown[: columns.totals].sum()), there

    def _known(self, time: int, *, there: bool) -> float:
        """Seconds up to ``time`` in which it is known what was counted."""
        if not there:
            return 0.0
        before, self._known_at = self._known_at, time
        if before is None or time - before > self._block.lookback:
            return 0.0
        return (time - before) / 1000


class _Columns:
    """Series side by side, the ``totals`` first, each with its last value and when that was."""

    def __init__(
        self, series: tuple[Series, ...], counted: Counted, seen: dict[Series, tuple[int, float]]
    ) -> None:
        self._series = series
        self._before = seen
        self.totals = len(counted.total)
        part = frozenset(counted.part)
        self.part: Floats = np.array([float(one in part) for one in series])
        last = [seen.get(one, (-1, 0.0)) for one in series]
        self.times: npt.NDArray[np.int64] = np.array([at for at, _ in last], dtype=np.int64)
        self.values: Floats = np.array([value for _, value in last])
        self._instances = [one.label("instance") for one in series]

    def take(self, time: int, row: Floats, present: npt.NDArray[np.bool_]) -> None:
        self.times[present] = time
        self.values[present] = row[present]

    def instances(self, present: npt.NDArray[np.bool_]) -> frozenset[str]:
        """Of what something was counted."""
        return frozenset(self._instances[at] for at in np.flatnonzero(present).tolist())

    def among(self, instances: frozenset[str]) -> npt.NDArray[np.bool_]:
        return np.array([one in instances for one in self._instances])

    def seen(self) -> dict[Series, tuple[int, float]]:
        """Times and values by series; those that are not selected any more are forgotten."""
        pairs = zip(self.times.tolist(), self.values.tolist(), strict=True)
        return {one: pair for one, pair in zip(self._series, pairs, strict=True) if pair[0] >= 0}


def steps(
    block: Block, series: Sequence[Series], since: int, now: int
) -> Iterable[tuple[float, float, float]]:
    """For each run after ``since`` (milliseconds): when it was (seconds), the first value that it
    returned of ``series``, and the seconds since the run before. Runs without one are left out;
    after a gap of more than two and a half intervals a run tells of nothing before it.
    """
    times, values = block.read(series, since, now)
    longest = max(2500.0 * block.interval, 1000.0)
    before = None
    for time, row in zip(times.tolist(), values, strict=True):
        known = row[~is_stale(row)]
        if len(known) and before is not None and time - before <= longest:
            yield time / 1000, float(known[0]), (time - before) / 1000
        before = time if len(known) else None
