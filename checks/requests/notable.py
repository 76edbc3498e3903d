"""Single requests worth looking at: the newest errors and the slowest of each window.

All of the slowest of every window are remembered and little else: a request is forgotten as
soon as there are :data:`SLOWEST` slower ones that are as new, for no window holds it without
them. Of ``n`` requests in no particular order some ``SLOWEST * log(n)`` are left.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import heappush, heapreplace, nlargest
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checks.distinct import distinct
from checks.requests.batch import UNKNOWN_BIN, UNKNOWN_STATUS, Batch
from checks.requests.stats import RequestRow
from checks.requests.steps import KEPT, LENGTHS, step_of

__all__ = ["NEWEST", "SLOWEST", "NotableRows"]

NEWEST: Final = 50
"""Newest errors that are remembered."""
SLOWEST: Final = 20
"""Slowest requests of each window."""

_TIDY_FROM: Final = 600

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class NotableRows:
    """The newest errors and slowest requests of the last hour."""

    def __init__(self, current: int) -> None:
        self._current = current
        self._steps: dict[int, list[RequestRow]] = {}
        self._held = 0
        self._tidy_at = _TIDY_FROM
        self._errors: list[tuple[float, int, RequestRow]] = []

    def advance(self, current: int) -> None:
        """Let go of what is older than an hour, now that ``current`` is the present step."""
        if current == self._current:
            return
        self._current = current
        for number in [n for n in self._steps if n <= current - KEPT]:
            self._held -= len(self._steps.pop(number))
        while self._errors and step_of(self._errors[-1][0]) <= current - KEPT:
            self._errors.pop()

    def add(self, batch: Batch, numbers: Ints, times: Floats) -> None:
        """Look through single requests, which lie in the steps ``numbers`` at ``times``."""
        if batch.ids is None:
            return
        kept = numbers > self._current - KEPT
        self._add_errors(batch, batch.ids, times, kept)
        timed = np.flatnonzero(kept & (batch.bins != UNKNOWN_BIN))
        for number in distinct(numbers[timed]).tolist():
            self._add_slow(batch, timed[numbers[timed] == number], number, times)
        if self._held > self._tidy_at:
            self._tidy()

    def newest_errors(self, index: int) -> tuple[RequestRow, ...]:
        """The newest errors of the window at ``index``, newest first."""
        first = self._current - LENGTHS[index] + 1
        end = bisect_right(self._errors, -first, key=lambda error: -step_of(error[0]))
        return tuple(row for _, _, row in self._errors[:end])

    def slowest(self, index: int) -> tuple[RequestRow, ...]:
        """The slowest requests of the window at ``index``, slowest first."""
        first = self._current - LENGTHS[index] + 1
        rows = (row for number, own in self._steps.items() if number >= first for row in own)
        return tuple(nlargest(SLOWEST, rows, key=_slowness))

    def _add_errors(
        self, batch: Batch, ids: Iterable[int], times: Floats, kept: NDArray[np.bool_]
    ) -> None:
        failed = np.flatnonzero(batch.failed & kept)
        if len(failed) > NEWEST:
            failed = failed[times[failed] >= np.partition(times[failed], -NEWEST)[-NEWEST]]
        if not len(failed):
            return
        keys = np.array(ids)[failed]
        newest = np.lexsort((keys, times[failed]))[::-1][:NEWEST]
        fresh = [
            (time, key, _row(batch, place, key, time))
            for place, key, time in zip(
                failed[newest].tolist(),
                keys[newest].tolist(),
                times[failed[newest]].tolist(),
                strict=True,
            )
        ]
        together = sorted([*self._errors, *fresh], key=lambda error: error[:2], reverse=True)
        self._errors = together[:NEWEST]

    def _add_slow(self, batch: Batch, places: Ints, number: int, times: Floats) -> None:
        """Take in the slowest of ``places``, which all lie in the step ``number``."""
        known = self._steps.get(number, [])
        if len(known) == SLOWEST:
            places = places[batch.totals[places] > (known[-1].duration or 0.0)]
        if len(places) > SLOWEST:
            places = places[np.argpartition(batch.totals[places], -SLOWEST)[-SLOWEST:]]
        if not len(places) or batch.ids is None:
            return
        fresh = (_row(batch, p, batch.ids[p], float(times[p])) for p in places.tolist())
        self._steps[number] = sorted([*known, *fresh], key=_slowness, reverse=True)[:SLOWEST]
        self._held += len(self._steps[number]) - len(known)

    def _tidy(self) -> None:
        """Forget what can be among the slowest of no window any more."""
        newer: list[float] = []
        for number in sorted(self._steps, reverse=True):
            kept = list(islice(_still_slow(self._steps[number], newer), SLOWEST))
            self._held += len(kept) - len(self._steps[number])
            if kept:
                self._steps[number] = kept
            else:
                del self._steps[number]
        self._tidy_at = max(_TIDY_FROM, 2 * self._held)


def _still_slow(rows: Iterable[RequestRow], newer: list[float]) -> Iterator[RequestRow]:
    """Those of ``rows``, slowest first, that fewer than SLOWEST newer ones surpass.

    ``newer`` is a heap of the slowest durations that are as new; it learns those of ``rows``.
    """
    for row in rows:
        if len(newer) < SLOWEST:
            heappush(newer, row.duration or 0.0)
        elif (row.duration or 0.0) > newer[0]:
            heapreplace(newer, row.duration or 0.0)
        else:
            return
        yield row


def _slowness(row: RequestRow) -> tuple[float, float]:
    return (row.duration or 0.0, row.time)


def _row(batch: Batch, place: int, key: int, time: float) -> RequestRow:
    status = int(batch.statuses[place])
    seconds = float(batch.totals[place])
    return RequestRow(
        key=f"{key}@{time:.3f}",
        time=time,
        status=None if status == UNKNOWN_STATUS else status,
        failed=bool(batch.failed[place]),
        duration=seconds if seconds == seconds else None,  # noqa: PLR0124 - NaN is unlike itself
        labels=tuple(values[place] for values in batch.labels),
        kind=batch.kinds.get(place, ""),
        error=batch.texts.get(place, ""),
    )
