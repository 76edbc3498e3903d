"""Requests that an application counts: its counters and histograms as a request log's figures.

A counter tells how many requests there were since it was last read, by status and label; a
histogram how their durations are distributed over its buckets. Both become sums of requests as
a database aggregates them, spread evenly over the time since, and within a bucket over its
width, as PromQL's ``histogram_quantile`` takes them to be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from checks.model import Series
from checks.requests.batch import UNKNOWN_BIN, UNKNOWN_STATUS, Batch
from checks.requests.evenly import edges
from checks.requests.sketch import bins
from checks.requests.stats import BreakdownRow, RequestFigures, RequestStats, WindowStats
from checks.requests.window import RequestWindow

__all__ = ["Child", "CountedRequests", "Histogram", "Layout"]

PIECES: Final = 8
"""Durations that the requests of one bucket are given, at most, between two readings."""

_GOLDEN: Final = (math.sqrt(5) - 1) / 2
"""Multiples of it, without their whole part, lie evenly however many they are."""

Key = tuple[str, ...]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Child:
    """Requests that are counted together: the place of their counter, and their values.

    ``status`` is a code or a class of them (``2xx``); ``labels`` the values of the breakdown's
    labels; ``shared`` those that histograms tell apart as well.
    """

    at: int
    status: str
    labels: Key
    shared: Key


@dataclass(frozen=True, slots=True)
class Histogram:
    """Durations that are counted together: places and bounds of the buckets, ascending.

    ``total`` is the place of their sum, None where there is none.
    """

    places: tuple[int, ...]
    bounds: tuple[float, ...]
    total: int | None
    shared: Key


@dataclass(frozen=True, eq=False)
class Layout:
    """Where a page tells of requests: places are those among its values.

    ``seconds`` is what a bound's unit is worth; ``told_apart`` the labels that histograms have
    too, ``status`` among them where they know it.
    """

    counter: str
    histogram: str
    labels: tuple[str, ...]
    has_status: bool
    told_apart: frozenset[str]
    children: tuple[Child, ...]
    histograms: tuple[Histogram, ...]
    seconds: float = 1.0

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Every place that is read."""
        found = [child.at for child in self.children]
        for one in self.histograms:
            found += [*one.places, *([] if one.total is None else [one.total])]
        return tuple(dict.fromkeys(found))


class CountedRequests:
    """Windows over the increases of a page's counters.

    What is on the first page was counted before; what appears later has begun since. A value
    that falls began anew.
    """

    def __init__(self, layout: Layout, errors_from: int, now: float) -> None:
        self._errors_from = errors_from
        self._window = RequestWindow(layout.labels, now)
        self._layout = layout
        self._before: dict[Series, float] = {}
        self._read_at = now
        self._drawn = 0

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that figures are broken down by; they stay."""
        return self._layout.labels

    def begin(self, layout: Layout, series: Sequence[Series], values: Sequence[float]) -> None:
        """Take ``values`` as what was counted before now."""
        self._layout = layout
        self._before = {series[at]: values[at] for at in layout.places}

    def read(
        self, layout: Layout, series: Sequence[Series], values: Sequence[float], now: float
    ) -> None:
        """Count what has come since the last reading; ``now`` in seconds."""
        self._layout = layout
        self._window.advance(now)
        grown = self._increases(layout, series, values)
        batch = self._batch(layout, grown, now)
        if batch is not None:
            self._window.add(batch)
        self._read_at = now

    def figures(self) -> RequestFigures:
        """The figures as of the last reading, made when somebody asks for them."""
        return RequestFigures(self._read_at, self.stats)

    def stats(self, only: float | None = None) -> RequestStats:
        """The figures as of the last reading; ``only`` as in :meth:`RequestWindow.stats`."""
        layout = self._layout
        columns = {"labels"} if layout.labels else set()
        columns |= {"status"} if layout.has_status else set()
        columns |= {"duration"} if layout.histograms else set()
        told = self._window.stats(columns=frozenset(columns), only=only)
        windows = tuple(_honest(window, layout) for window in told.windows)
        return replace(told, windows=windows, counted=True)

    def _increases(
        self, layout: Layout, series: Sequence[Series], values: Sequence[float]
    ) -> dict[int, float]:
        """By how much the value at each place has grown; places that did not are left out."""
        grown: dict[int, float] = {}
        before = self._before
        for at in layout.places:
            one, value = series[at], values[at]
            old = before.get(one, 0.0)
            if value != old and math.isfinite(value):
                before[one] = value
                grown[at] = value - old if value > old else value
        if len(before) > 2 * len(layout.children) + 2 * len(values) + 100:
            present = set(series)
            self._before = {one: value for one, value in before.items() if one in present}
        return grown

    def _batch(self, layout: Layout, grown: Mapping[int, float], now: float) -> Batch | None:
        """What has grown as requests, spread over the time since the last reading."""
        durations = self._durations(layout, grown)
        rows: list[tuple[Child, float, int]] = []
        counted: dict[Key, list[tuple[Child, int]]] = {}
        for child in layout.children:
            if count := round(grown.get(child.at, 0.0)):
                counted.setdefault(child.shared, []).append((child, count))
        for key, children in counted.items():
            rows += _paired(children, durations.get(key, []))
        if not rows:
            return None
        total = sum(grown.get(one.total, 0.0) for one in layout.histograms if one.total is not None)
        return self._spread(rows, total * layout.seconds, now)

    def _durations(
        self, layout: Layout, grown: Mapping[int, float]
    ) -> dict[Key, list[tuple[float, int]]]:
        """Seconds and numbers of the requests that took so long, by what is told apart."""
        found: dict[Key, list[tuple[float, int]]] = {}
        for one in layout.histograms:
            running, low = 0, 0.0
            own = found.setdefault(one.shared, [])
            for at, bound in zip(one.places, one.bounds, strict=True):
                count = round(grown.get(at, 0.0)) - running
                # What lies beyond the last bound is taken to lie at it, as PromQL does.
                high = bound * layout.seconds if math.isfinite(bound) else low
                if count > 0:
                    own += self._within(min(low, high), high, count)
                    running += count
                low = high
        return found

    def _within(self, low: float, high: float, count: int) -> Iterator[tuple[float, int]]:
        """``count`` requests evenly between two bounds, over many readings too."""
        pieces = min(count, PIECES)
        for piece in range(pieces):
            self._drawn += 1
            share = (piece + 1) * count // pieces - piece * count // pieces
            yield low + (high - low) * (self._drawn * _GOLDEN % 1.0), share

    def _spread(self, rows: Sequence[tuple[Child, float, int]], total: float, now: float) -> Batch:
        """``rows`` (seconds NaN where not known) over the time up to ``now``."""
        bounds = edges(self._read_at, now, len(rows))
        shares = (bounds - bounds[0]) / ((bounds[-1] - bounds[0]) or 1.0)
        shares[-1] = 1.0
        weights = np.array([count for _, _, count in rows], dtype=np.float64)
        # Each row begins elsewhere within a piece, so that single requests do not all fall into
        # the same one.
        offsets = np.arange(self._drawn, self._drawn + len(rows)) * _GOLDEN % 1.0
        running = np.floor(weights[:, None] * shares + offsets[:, None]).astype(np.int64)
        counts = np.diff(running, axis=1)
        row, piece = np.nonzero(counts)
        middles: Floats = (bounds[:-1] + bounds[1:]) / 2
        cells = _Cells(row, counts[row, piece], middles[piece])
        return _batch_of(rows, cells, total, self._errors_from)


def _paired(
    children: Sequence[tuple[Child, int]], durations: Sequence[tuple[float, int]]
) -> Iterator[tuple[Child, float, int]]:
    """The requests of ``children``, each with a duration as far as these suffice.

    Which request took how long is not known; only sums over all of them are shown.
    """
    left = _thinned(durations, sum(count for _, count in children))
    for child, count in children:
        missing = count
        while missing and left:
            seconds, there = left.pop()
            taken = min(there, missing)
            yield child, seconds, taken
            missing -= taken
            if there > taken:
                left.append((seconds, there - taken))
        if missing:
            yield child, math.nan, missing


def _thinned(durations: Sequence[tuple[float, int]], most: int) -> list[tuple[float, int]]:
    """``durations`` of ``most`` requests at most, evenly fewer of each where they are more."""
    total = sum(count for _, count in durations)
    if total <= most:
        return list(durations)
    thinned, running = [], 0
    for seconds, count in durations:
        before, running = running * most // total, running + count
        if kept := running * most // total - before:
            thinned.append((seconds, kept))
    return thinned


class _Cells(NamedTuple):
    """Rows in pieces of time: which row each is of, how many requests, and when."""

    which: Ints
    weights: Ints
    times: Floats


def _batch_of(
    rows: Sequence[tuple[Child, float, int]], cells: _Cells, total: float, errors_from: int
) -> Batch:
    """``rows`` by their ``cells``; ``total`` is the sum of their durations in seconds, 0 where it
    is not known.
    """
    which, weights, times = cells
    of_rows: Floats = np.array([row[1] for row in rows], dtype=np.float64)
    known = np.isfinite(of_rows)
    where = np.full(len(rows), UNKNOWN_BIN, dtype=np.int64)
    where[known] = bins(of_rows[known])
    statuses = np.array([_code(row[0].status) for row in rows], dtype=np.int64)
    failed = (statuses >= errors_from)[which]
    seconds = of_rows[which]
    totals: Floats = seconds * weights.astype(np.float64)
    guessed = float(np.nansum(totals))
    if total > 0 and guessed > 0:
        # The sum is known exactly, so that the mean is.
        totals = totals * (total / guessed)
    places = which.tolist()
    columns = zip(*(row[0].labels for row in rows), strict=True)
    kinds = [f"HTTP {row[0].status}" for row in rows]
    return Batch(
        times=times,
        statuses=statuses[which],
        failed=failed,
        bins=where[which],
        weights=weights,
        totals=totals,
        lows=seconds,
        highs=seconds,
        labels=tuple([column[at] for at in places] for column in columns),
        errors={},
        kinds={at: kinds[places[at]] for at in np.flatnonzero(failed).tolist()},
        texts={},
        ids=None,
    )


def _code(status: str) -> int:
    """The code, or the class's first for ``5xx``; what is neither is not known."""
    text = status.strip().lower()
    if text.endswith("xx"):
        text = f"{text[:-2]}00"
    if not (text.isascii() and text.isdigit() and len(text) == 3):
        return UNKNOWN_STATUS
    code = int(text)
    return code if code >= 100 else UNKNOWN_STATUS


def _honest(window: WindowStats, layout: Layout) -> WindowStats:
    """``window`` without what was made up to count it: extremes, who took how long."""
    buckets = window.buckets
    if "status" not in layout.told_apart:
        buckets = tuple(replace(bucket, errors=0) for bucket in buckets)
    breakdown = tuple(
        (label, rows if label in layout.told_apart else tuple(map(_untimed, rows)))
        for label, rows in window.breakdown
    )
    return replace(window, minimum=None, maximum=None, buckets=buckets, breakdown=breakdown)


def _untimed(row: BreakdownRow) -> BreakdownRow:
    return replace(row, p50=None, p95=None, p99=None)
