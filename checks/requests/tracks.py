"""The course of requests: points of a few seconds by the clock, with their percentiles.

Where a time step of the windows holds the times after its start, a point holds those from
its start on, so that a point of a minute is what a person and ``DATE_FORMAT`` call a minute.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checks.distinct import distinct
from checks.requests.batch import UNKNOWN_BIN, Batch
from checks.requests.groups import CLASSES, classes_of
from checks.requests.sketch import BINS, quantiles
from checks.requests.stats import Curves, Minute

__all__ = ["MINUTES", "POINTS", "Track", "Tracks"]

POINTS: Final = 60
"""Points of a course."""
MINUTES: Final = 10
"""Full minutes that are told one by one."""

_LENGTHS: Final = (5.0, 15.0, 60.0)
"""Seconds of a point, so that courses of five minutes, a quarter and an hour are known."""
_SLOTS: Final = BINS + 1
_QS: Final = (0.5, 0.95, 0.99)
_LEAST: Final = tuple(math.ceil(1 / (1 - q) - 1e-9) for q in _QS)
"""Durations from which on each percentile differs from the largest of them."""

_NO_POINTS: Final = (math.nan,) * POINTS
_NOTHING: Final = (_NO_POINTS, (), _NO_POINTS, _NO_POINTS, _NO_POINTS)
"""What a course has besides its rates while there were no requests."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class _Sketches:
    """How often which durations came in each slot; of those that are over only what did come: a
    sketch has a thousand bins, and a few seconds fill a handful.
    """

    def __init__(self) -> None:
        self._open: dict[int, Ints] = {}
        self._closed: dict[int, tuple[NDArray[np.uint16], Ints]] = {}

    def add(self, slot: int, bins: Ints, weights: Ints) -> None:
        if slot not in self._open:
            self._open[slot] = self.of(slot)
            self._closed.pop(slot, None)
        np.add.at(self._open[slot], bins, weights)

    def of(self, slot: int) -> Ints:
        """Of shape (BINS + 1,)."""
        row = self._open.get(slot)
        if row is None:
            row = np.zeros(_SLOTS, dtype=np.int64)
            if slot in self._closed:
                bins, counts = self._closed[slot]
                row[bins] = counts
        return row

    def close(self) -> None:
        """Nothing more is expected in the slots that there are, though it may come."""
        for slot, row in self._open.items():
            bins = row.nonzero()[0]
            self._closed[slot] = bins.astype(np.uint16), row[bins]
        self._open.clear()

    def forget(self, slot: int) -> None:
        self._open.pop(slot, None)
        self._closed.pop(slot, None)


class Track:
    """The newest :data:`POINTS` points of ``seconds`` each."""

    def __init__(self, seconds: float, now: float) -> None:
        self.seconds = seconds
        self._newest = math.floor(now / seconds)
        self._sketches = _Sketches()
        self._classes = np.zeros((POINTS, len(CLASSES)), dtype=np.int64)
        self._failed = np.zeros(POINTS, dtype=np.int64)
        self._durations = np.full((POINTS, len(_QS)), np.nan)
        self._timed = np.zeros(POINTS, dtype=np.int64)
        self._told: tuple[int, int, tuple[Minute, ...]] = (0, -1, ())
        self._used: set[int] = set()
        self._stale: set[int] = set()

    def advance(self, now: float) -> None:
        """Make room for the points up to ``now``."""
        newest = max(self._newest, math.floor(now / self.seconds))
        if newest == self._newest:
            return
        self._sketches.close()
        first = max(self._newest, newest - POINTS) + 1
        for slot in self._used.intersection(at % POINTS for at in range(first, newest + 1)):
            for array in (self._classes, self._failed, self._timed):
                array[slot] = 0
            self._durations[slot] = np.nan
            self._sketches.forget(slot)
            self._used.discard(slot)
            self._stale.discard(slot)
        self._newest = newest

    def add(self, batch: Batch, times: Floats) -> None:
        """Count ``batch``, whose rows lie at ``times``, none after the last advance."""
        numbers = np.floor(times / self.seconds).astype(np.int64)
        kept = numbers > self._newest - POINTS
        slots, weights = numbers[kept] % POINTS, batch.weights[kept]
        bins = batch.bins[kept]
        places = slots * len(CLASSES) + classes_of(batch.statuses[kept])
        np.add.at(self._classes.reshape(-1), places, weights)
        np.add.at(self._failed, slots, weights * batch.failed[kept])
        written = distinct(slots).tolist()
        if written != [self._newest % POINTS]:
            self._told = (0, -1, ())
        for slot in written:
            own = slots == slot
            self._sketches.add(slot, bins[own], weights[own])
        self._used.update(written)
        self._stale.update(written)

    def curves(self, now: float, covered_from: float) -> Curves:
        """The course up to ``now``; a point is known where half of it is covered."""
        numbers = np.arange(self._newest - POINTS + 1, self._newest + 1)
        slots, begins = numbers % POINTS, numbers * self.seconds
        spans = np.minimum(begins + self.seconds, now) - np.maximum(begins, covered_from)
        known = spans >= self.seconds / 2
        if not self._used:
            rates = np.where(known, 0.0, np.nan).tolist()
            return Curves(self.seconds, float(begins[0]), tuple(rates), *_NOTHING)
        classes = np.where(known[:, None], self._classes[slots], 0)
        counts = classes.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            rates = np.where(known[:, None], classes / spans[:, None], np.nan)
            ratios = np.where(counts > 0, self._failed[slots] / counts, np.nan)
        durations = np.where(self._telling(known, slots), self._percentiles()[slots], np.nan)
        p50s, p95s, p99s = (tuple(column) for column in durations.T.tolist())
        return Curves(
            seconds=self.seconds,
            begin=float(begins[0]),
            rates=tuple(rates.sum(axis=1).tolist()),
            error_ratios=tuple(ratios.tolist()),
            classes=tuple(
                (name, tuple(rates[:, place].tolist()))
                for place, name in enumerate(CLASSES)
                if classes[:, place].any()
            ),
            p50s=p50s,
            p95s=p95s,
            p99s=p99s,
        )

    def full(self, now: float, covered_from: float, most: int) -> tuple[Minute, ...]:
        """The newest ``most`` points that are over by ``now`` and covered, newest first."""
        newest = math.floor(now / self.seconds) - 1
        oldest = max(newest - most + 1, self._newest - POINTS + 1)
        oldest = max(oldest, math.ceil(covered_from / self.seconds))
        if self._told[:2] != (oldest, newest):
            minutes = tuple(self._minute(number) for number in range(newest, oldest - 1, -1))
            self._told = oldest, newest, minutes
        return self._told[2]

    def _minute(self, number: int) -> Minute:
        slot = number % POINTS
        p50, p95, _ = (
            None if math.isnan(value) else value for value in self._percentiles()[slot].tolist()
        )
        count, errors = int(self._classes[slot].sum()), int(self._failed[slot])
        return Minute(number * self.seconds, count, errors, p50, p95)

    def _telling(self, known: NDArray[np.bool_], slots: Ints) -> NDArray[np.bool_]:
        self._percentiles()
        enough: NDArray[np.bool_] = self._timed[slots][:, None] >= np.array(_LEAST)
        return enough & known[:, None]

    def _percentiles(self) -> Floats:
        for slot in self._stale:
            sketch = self._sketches.of(slot)[:UNKNOWN_BIN]
            self._timed[slot] = sketch.sum()
            values = quantiles(sketch[None], _QS)[0]
            self._durations[slot] = [math.nan if v is None else v for v in values]
        self._stale.clear()
        return self._durations


class Tracks:
    """The courses that the windows have, and the last full minutes."""

    def __init__(self, now: float) -> None:
        self._tracks = tuple(Track(seconds, now) for seconds in _LENGTHS)

    def advance(self, now: float) -> None:
        for track in self._tracks:
            track.advance(now)

    def add(self, batch: Batch, times: Floats) -> None:
        for track in self._tracks:
            track.add(batch, times)

    def curves(
        self, windows: Iterable[float], now: float, covered_from: float
    ) -> tuple[Curves, ...]:
        """For each of ``windows`` the finest course that is as long."""
        made: dict[Track, Curves] = {}
        for track in dict.fromkeys(chosen := [self._track(window) for window in windows]):
            made[track] = track.curves(now, covered_from)
        return tuple(made[track] for track in chosen)

    def _track(self, window: float) -> Track:
        long_enough = (one for one in self._tracks if one.seconds * POINTS >= window)
        return next(long_enough, self._tracks[-1])

    def minutes(self, now: float, covered_from: float) -> tuple[Minute, ...]:
        """The last full minutes of the clock, newest first."""
        return self._tracks[-1].full(now, covered_from, MINUTES)
