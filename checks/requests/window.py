"""The last hour of requests in short time steps, with running sums for each window.

Every step keeps what was added to it as sparse counts; a window's sums are these added
when they come and subtracted when they leave. Counts are integers, so nothing drifts,
and the cost is that of what comes and goes, not that of the window's length.

A count's key says which breakdown value (its *group*), failed or not, and which bin of
the sketch; so number, errors and quantiles of every value come from one array.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from checks.distinct import distinct
from checks.requests.batch import UNKNOWN_BIN, UNKNOWN_STATUS, Batch
from checks.requests.distribution import buckets
from checks.requests.groups import CLASSES, Groups, classes_of
from checks.requests.kinds import ErrorKinds
from checks.requests.notable import NotableRows
from checks.requests.sketch import BINS, quantile, quantiles
from checks.requests.stats import WINDOWS, BreakdownRow, Curves, RequestStats, WindowStats
from checks.requests.steps import KEPT, LENGTHS, STEP, step_of
from checks.requests.tracks import Tracks

__all__ = ["STEP", "RequestWindow"]

_SLOTS: Final = BINS + 1
_CELL: Final = 2 * _SLOTS
_QS: Final = (0.5, 0.95, 0.99)

Ints = NDArray[np.int64]
Compact = NDArray[np.unsignedinteger[Any]]


@dataclass(slots=True, eq=False)
class _Step:
    """One time step. ``chunks`` are keys (each once) with their counts."""

    chunks: list[tuple[Compact, Compact]] = field(default_factory=list)
    count: int = 0
    errors: int = 0
    timed: int = 0
    total: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    p95: float = math.nan
    stale: bool = False


@dataclass(frozen=True, slots=True)
class _Extremes:
    count: int
    timed: int
    total: float
    low: float
    high: float


class RequestWindow:
    """Rate, errors and duration over :data:`WINDOWS`, by status class and by label."""

    def __init__(self, labels: Sequence[str], now: float) -> None:
        self._groups = Groups(labels)
        self._now = now
        self._current = step_of(now)
        self._steps: dict[int, _Step] = {}
        self._sums = [np.zeros(0, dtype=np.int64) for _ in WINDOWS]
        """Of shape (groups up to the last that anything was counted in, _CELL), but flat."""
        self._tracks = Tracks(now)
        self._kinds = ErrorKinds(self._current)
        self._rows = NotableRows(self._current)
        self.covered_from = now
        """All requests since this time are in here, as far as the source shows them."""
        self.rows_since: float | None = None
        """Single requests are known since then, not only sums; None while none are."""

    def advance(self, now: float) -> None:
        """Let go of what has left the windows; ``now`` never runs back."""
        current = max(self._current, step_of(now))
        for sums, length in zip(self._sums, LENGTHS, strict=True):
            self._leave(sums, self._current - length + 1, current - length + 1)
        for number in [n for n in self._steps if n <= current - KEPT]:
            del self._steps[number]
        self._now = max(self._now, now)
        self._current = current
        self._tracks.advance(self._now)
        self._kinds.advance(current)
        self._rows.advance(current)

    def add(self, batch: Batch) -> None:
        """Count a batch. What lies ahead of now counts as now, what is older than an
        hour not at all, and what has no time as now."""
        if not len(batch):
            return
        times = np.minimum(np.nan_to_num(batch.times, nan=self._now), self._now)
        numbers = (np.ceil(times / STEP) - 1).astype(np.int64)
        kept = numbers > self._current - KEPT
        if not kept.any():
            return
        keys = self._keys(batch)
        self._grow(int(keys.max()) // _CELL + 1)
        first = int(numbers[kept].min())
        width = self._groups.size * _CELL
        flat = ((numbers[kept] - first) * width + keys[:, kept]).ravel()
        weights = np.tile(batch.weights[kept], len(keys))
        unique, inverse = np.unique(flat, return_inverse=True)
        counts = np.bincount(inverse, weights).astype(np.int64)
        present = distinct(numbers[kept])
        bounds = np.searchsorted(unique, (present - first) * width)
        for number, low, high in zip(
            present.tolist(), bounds, [*bounds[1:], len(unique)], strict=True
        ):
            own = unique[low:high] - (number - first) * width
            self._put(number, _compact(own), _compact(counts[low:high]))
        self._measure(numbers, kept, batch)
        self._tracks.add(batch, times)
        self._kinds.add(batch, numbers, times)
        self._rows.add(batch, numbers, times)

    def stats(
        self,
        note: str = "",
        columns: frozenset[str] = frozenset(),
        *,
        only: float | None = None,
    ) -> RequestStats:
        """Everything at the time of the last :meth:`advance`; of ``only`` a window of so many
        seconds its figures and those of the shortest one.

        ``note`` and ``columns`` are passed on as they are.
        """
        places = range(len(WINDOWS)) if only is None else sorted({0, _nearest(only)})
        wanted = [WINDOWS[place] for place in places]
        curves = self._tracks.curves(wanted, self._now, self.covered_from)
        rates, error_ratios, p95s = self._histories()
        return RequestStats(
            at=self._now,
            windows=tuple(map(self._window, places, curves)),
            step=STEP,
            rates=rates,
            error_ratios=error_ratios,
            p95s=p95s,
            note=note,
            minutes=self._tracks.minutes(self._now, self.covered_from),
            rows_since=self.rows_since,
            columns=columns,
        )

    def _histories(self) -> tuple[tuple[float, ...], ...]:
        """Rate, ratio of errors and p95 of each step but the present one, oldest first."""
        first, length = self._current - KEPT + 1, KEPT - 1
        unknown = math.ceil(self.covered_from / STEP - 1) - first
        unknown = max(0, min(length, unknown))
        rates = [math.nan] * unknown + [0.0] * (length - unknown)
        error_ratios, p95s = [math.nan] * length, [math.nan] * length
        for number, step in self._steps.items():
            place = number - first
            if 0 <= place < length and step.count:
                error_ratios[place] = step.errors / step.count
                p95s[place] = self._p95(step)
                if place >= unknown:
                    rates[place] = step.count / STEP
        return tuple(rates), tuple(error_ratios), tuple(p95s)

    def _keys(self, batch: Batch) -> Ints:
        """Shape (dimensions, rows): where each row counts in each dimension."""
        in_use = self._sums[-1].reshape(-1, _CELL).sum(axis=1) > 0
        codes = [classes_of(batch.statuses), *self._groups.codes(batch.labels, in_use)]
        offset = batch.failed * _SLOTS + batch.bins
        return np.stack([code * _CELL + offset for code in codes])

    def _grow(self, groups: int) -> None:
        missing = groups * _CELL - len(self._sums[0])
        if missing > 0:
            self._sums = [np.pad(sums, (0, missing)) for sums in self._sums]

    def _put(self, number: int, keys: Compact, counts: Compact) -> None:
        self._steps.setdefault(number, _Step()).chunks.append((keys, counts))
        for sums, length in zip(self._sums, LENGTHS, strict=True):
            if number > self._current - length:
                sums[keys] += counts

    def _leave(self, sums: Ints, first: int, end: int) -> None:
        if end - first > len(self._steps):
            leaving = [number for number in self._steps if first <= number < end]
        else:
            leaving = [number for number in range(first, end) if number in self._steps]
        for number in leaving:
            for keys, counts in self._steps[number].chunks:
                sums[keys] -= counts

    def _measure(self, numbers: Ints, kept: NDArray[np.bool_], batch: Batch) -> None:
        """Exact counts, sums and extremes of each step."""
        order = np.flatnonzero(kept)[np.argsort(numbers[kept], kind="stable")]
        present, starts = np.unique(numbers[order], return_index=True)
        weights = batch.weights[order]
        columns = (
            np.add.reduceat(weights, starts),
            np.add.reduceat(weights * batch.failed[order], starts),
            np.add.reduceat(weights * (batch.bins[order] != UNKNOWN_BIN), starts),
            np.add.reduceat(np.nan_to_num(batch.totals[order]), starts),
            np.minimum.reduceat(np.nan_to_num(batch.lows[order], nan=math.inf), starts),
            np.maximum.reduceat(np.nan_to_num(batch.highs[order], nan=-math.inf), starts),
        )
        rows = zip(present.tolist(), *(column.tolist() for column in columns), strict=True)
        for number, count, errors, timed, total, low, high in rows:
            step = self._steps[number]
            step.count += count
            step.errors += errors
            step.timed += timed
            step.total += total
            step.low = min(step.low, low)
            step.high = max(step.high, high)
            step.stale = True

    def _p95(self, step: _Step) -> float:
        if step.stale:
            sketch = np.zeros(_SLOTS, dtype=np.int64)
            for keys, counts in step.chunks:
                overall = keys < len(CLASSES) * _CELL
                np.add.at(sketch, keys[overall] % _SLOTS, counts[overall])
            value = quantile(sketch[:BINS], 0.95)
            step.p95 = math.nan if value is None else _within(value, step.low, step.high)
            step.stale = False
        return step.p95

    def _window(self, index: int, curves: Curves) -> WindowStats:
        length = LENGTHS[index]
        groups = self._sums[index].reshape(-1, 2, _SLOTS)
        counts = groups.sum(axis=2)
        by_class = counts[: len(CLASSES)].sum(axis=1)
        # Most classes have nothing, and a sketch is long.
        overall = groups[: len(CLASSES)][by_class > 0].sum(axis=0)
        extremes = self._extremes(self._current - length + 1)
        count = int(by_class.sum())
        errors = int(counts[: len(CLASSES), 1].sum())
        begin = (self._current - length + 1) * STEP
        span = max(0.0, self._now - max(begin, self.covered_from))
        sketch = overall.sum(axis=0)[:BINS]
        p50, p95, p99 = (
            None if value is None else _within(value, extremes.low, extremes.high)
            for value in (quantiles(sketch[None], _QS)[0] if count else (None,) * len(_QS))
        )
        timed = extremes.timed
        return WindowStats(
            seconds=WINDOWS[index],
            # The present step is not over yet; the figures are those of the whole window.
            covered=WINDOWS[index] if self.covered_from <= begin else span,
            count=count,
            rate=count / span if span else 0.0,
            errors=errors,
            error_ratio=errors / count if count else None,
            by_class=tuple((c, n) for c, n in zip(CLASSES, by_class.tolist(), strict=False) if n),
            minimum=extremes.low if timed else None,
            mean=extremes.total / timed if timed else None,
            maximum=extremes.high if timed else None,
            p50=p50,
            p95=p95,
            p99=p99,
            breakdown=self._breakdown(groups, counts, count),
            kinds=self._kinds.window(index),
            buckets=buckets(overall[0], overall[1]),
            newest_errors=self._rows.newest_errors(index),
            slowest=self._rows.slowest(index),
            curves=curves,
        )

    def _breakdown(
        self, groups: Ints, counts: Ints, total: int
    ) -> tuple[tuple[str, tuple[BreakdownRow, ...]], ...]:
        """Of each label the values that occur, most requests first; ``counts`` of each group are
        of what went well and what failed.
        """
        present = np.flatnonzero(counts[len(CLASSES) :].sum(axis=1)) + len(CLASSES)
        known: dict[int, tuple[float | None, ...]] = {}
        if len(present):
            percentiles = quantiles(groups[present, :, :BINS].sum(axis=1), _QS)
            known = dict(zip(present.tolist(), percentiles, strict=True))
        return tuple(
            (
                label,
                _most_first(
                    _row(text, counts[group].tolist(), total, known[group])
                    for text, group in values
                    if group in known
                ),
            )
            for label, values in self._groups.dimensions()
        )

    def _extremes(self, first: int) -> _Extremes:
        steps = [step for number, step in self._steps.items() if number >= first]
        return _Extremes(
            sum(step.count for step in steps),
            sum(step.timed for step in steps),
            math.fsum(step.total for step in steps),
            min((step.low for step in steps), default=math.inf),
            max((step.high for step in steps), default=-math.inf),
        )


def _nearest(seconds: float) -> int:
    """The place of the window that is nearest to ``seconds``."""
    return min(range(len(WINDOWS)), key=lambda place: abs(WINDOWS[place] - seconds))


def _compact(values: Ints) -> Compact:
    """``values`` in as few bytes as hold them, two at least."""
    kind = np.promote_types(np.min_scalar_type(int(values.max())), np.uint16)
    compact: Compact = values.astype(kind)
    return compact


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _row(
    text: str, counts: Sequence[int], total: int, percentiles: tuple[float | None, ...]
) -> BreakdownRow:
    """``counts`` are the requests that went well and those that failed."""
    p50, p95, p99 = percentiles
    count, failed = sum(counts), counts[1]
    return BreakdownRow(text, count, count / total, failed / count, p95, p50, p99)


def _most_first(rows: Iterable[BreakdownRow]) -> tuple[BreakdownRow, ...]:
    return tuple(sorted(rows, key=lambda row: (-row.count, row.value)))


assert UNKNOWN_STATUS == 0  # noqa: S101 - class 0 is that of requests without a status
assert UNKNOWN_BIN == BINS  # noqa: S101 - the last slot is that of requests without a duration
