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

from checks.requests.batch import UNKNOWN_BIN, UNKNOWN_STATUS, Batch
from checks.requests.groups import CLASSES, Groups
from checks.requests.sketch import BINS, quantile
from checks.requests.stats import WINDOWS, BreakdownRow, RequestStats, WindowStats

__all__ = ["STEP", "RequestWindow"]

STEP: Final = 2.5
"""Seconds of a time step; a step holds the times after its start up to its end."""

_SLOTS: Final = BINS + 1
_CELL: Final = 2 * _SLOTS
_KEPT: Final = round(max(WINDOWS) / STEP)

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
        self._current = _step_of(now)
        self._steps: dict[int, _Step] = {}
        self._lengths = tuple(round(seconds / STEP) for seconds in WINDOWS)
        self._sums = [np.zeros(self._groups.size * _CELL, dtype=np.int64) for _ in WINDOWS]
        self.covered_from = now
        """All requests since this time are in here, as far as the source shows them."""

    def advance(self, now: float) -> None:
        """Let go of what has left the windows; ``now`` never runs back."""
        current = max(self._current, _step_of(now))
        for sums, length in zip(self._sums, self._lengths, strict=True):
            self._leave(sums, self._current - length + 1, current - length + 1)
        for number in [n for n in self._steps if n <= current - _KEPT]:
            del self._steps[number]
        self._now = max(self._now, now)
        self._current = current

    def add(self, batch: Batch) -> None:
        """Count a batch. What lies ahead of now counts as now, what is older than an
        hour not at all, and what has no time as now."""
        if not len(batch):
            return
        numbers = np.ceil(np.nan_to_num(batch.times, nan=self._now) / STEP) - 1
        numbers = np.minimum(numbers, self._current).astype(np.int64)
        kept = numbers > self._current - _KEPT
        if not kept.any():
            return
        keys = self._keys(batch)
        self._grow()
        first = int(numbers[kept].min())
        width = self._groups.size * _CELL
        flat = ((numbers[kept] - first) * width + keys[:, kept]).ravel()
        weights = np.tile(batch.weights[kept], len(keys))
        unique, inverse = np.unique(flat, return_inverse=True)
        counts = np.bincount(inverse, weights).astype(np.int64)
        present = np.unique(numbers[kept])
        bounds = np.searchsorted(unique, (present - first) * width)
        for number, low, high in zip(
            present.tolist(), bounds, [*bounds[1:], len(unique)], strict=True
        ):
            own = unique[low:high] - (number - first) * width
            self._put(number, _compact(own), _compact(counts[low:high]))
        self._measure(numbers, kept, batch)

    def stats(self, note: str = "") -> RequestStats:
        """Everything at the time of the last :meth:`advance`."""
        numbers = range(self._current - _KEPT + 1, self._current)
        steps = [self._steps.get(number) for number in numbers]
        known = [number * STEP >= self.covered_from - STEP for number in numbers]
        nan = math.nan
        return RequestStats(
            at=self._now,
            windows=tuple(self._window(i) for i in range(len(WINDOWS))),
            step=STEP,
            rates=tuple(
                (s.count / STEP if s else 0.0) if k else nan
                for s, k in zip(steps, known, strict=True)
            ),
            error_ratios=tuple(s.errors / s.count if s and s.count else nan for s in steps),
            p95s=tuple(self._p95(s) if s else nan for s in steps),
            note=note,
        )

    def _keys(self, batch: Batch) -> Ints:
        """Shape (dimensions, rows): where each row counts in each dimension."""
        classes = np.minimum(batch.statuses // 100, len(CLASSES) - 1)
        in_use = self._sums[-1].reshape(-1, _CELL).sum(axis=1) > 0
        codes = [classes, *self._groups.codes(batch.labels, in_use)]
        offset = batch.failed * _SLOTS + batch.bins
        return np.stack([code * _CELL + offset for code in codes])

    def _grow(self) -> None:
        missing = self._groups.size * _CELL - len(self._sums[0])
        if missing > 0:
            self._sums = [np.pad(sums, (0, missing)) for sums in self._sums]

    def _put(self, number: int, keys: Compact, counts: Compact) -> None:
        self._steps.setdefault(number, _Step()).chunks.append((keys, counts))
        for sums, length in zip(self._sums, self._lengths, strict=True):
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

    def _window(self, index: int) -> WindowStats:
        length = self._lengths[index]
        groups = self._sums[index].reshape(-1, 2, _SLOTS)
        overall = groups[: len(CLASSES)].sum(axis=0)
        by_class = groups[: len(CLASSES)].sum(axis=(1, 2)).tolist()
        extremes = self._extremes(self._current - length + 1)
        count = int(overall.sum())
        errors = int(overall[1].sum())
        begin = (self._current - length + 1) * STEP
        span = max(0.0, self._now - max(begin, self.covered_from))
        sketch = overall.sum(axis=0)[:BINS]
        p50, p95, p99 = (
            None if value is None else _within(value, extremes.low, extremes.high)
            for value in (quantile(sketch, q) for q in (0.5, 0.95, 0.99))
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
            by_class=tuple((c, n) for c, n in zip(CLASSES, by_class, strict=True) if n),
            minimum=extremes.low if timed else None,
            mean=extremes.total / timed if timed else None,
            maximum=extremes.high if timed else None,
            p50=p50,
            p95=p95,
            p99=p99,
            breakdown=tuple(
                (label, tuple(_breakdown(values, groups, count)))
                for label, values in self._groups.dimensions()
            ),
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


def _compact(values: Ints) -> Compact:
    """``values`` in as few bytes as hold them, two at least."""
    kind = np.promote_types(np.min_scalar_type(int(values.max())), np.uint16)
    compact: Compact = values.astype(kind)
    return compact


def _step_of(time: float) -> int:
    return math.ceil(time / STEP) - 1


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _breakdown(values: Iterable[tuple[str, int]], groups: Ints, total: int) -> list[BreakdownRow]:
    """Values that occur, most requests first; ``values`` are texts with their group."""
    rows = []
    for text, group in values:
        count = int(groups[group].sum())
        if count:
            p95 = quantile(groups[group].sum(axis=0)[:BINS], 0.95)
            ratio = int(groups[group, 1].sum()) / count
            rows.append(BreakdownRow(text, count, count / total, ratio, p95))
    return sorted(rows, key=lambda row: (-row.count, row.value))


assert UNKNOWN_STATUS == 0  # noqa: S101 - class 0 is that of requests without a status
assert UNKNOWN_BIN == BINS  # noqa: S101 - the last slot is that of requests without a duration
