"""Figures over a window of one check's block, for the panes.

These are plain averages over what was seen, without PromQL's extrapolation: a pane shows
what happened, a rule is evaluated by the evaluator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from checks.model import Series
from checks.store.block import Block, Floats, Times, is_stale
from checks.store.store import Store

__all__ = ["Window", "increases", "rate_of", "summed"]

Keep = Callable[[Series], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The samples of ``check`` in ``(end - seconds, end]``; ``end`` in seconds since 1970."""

    store: Store
    check: str
    end: float
    seconds: float

    def _block(self) -> Block | None:
        return self.store.block(self.check)

    def _series(
        self, name: str, labels: Mapping[str, str], keep: Keep | None = None
    ) -> Sequence[Series]:
        block = self._block()
        # The very tuple that the store remembers where nothing is left out: its place in the
        # block's chunks is remembered by its identity.
        every = self.store.chosen(name).get(block, ()) if block is not None else ()
        if not labels and keep is None:
            return every
        return [
            series
            for series in every
            if all(series.label(k) == v for k, v in labels.items()) and (not keep or keep(series))
        ]

    def _read(
        self, series: Sequence[Series], seconds: float | None = None, lead: int = 0
    ) -> tuple[Times, Floats]:
        block = self._block()
        if block is None or not series:
            return np.empty(0, dtype=np.int64), np.empty((0, len(series)))
        end = round(self.end * 1000)
        span = round((self.seconds if seconds is None else seconds) * 1000)
        return block.read(series, end - span - lead, end)

    def last(self, name: str, **labels: str) -> float | None:
        """The newest value of the first matching series, if its newest row has one."""
        found = self.last_by(name, "", **labels)
        return next(iter(found.values()), None)

    def total(self, name: str, *, keep: Keep | None = None) -> float | None:
        """The sum of the matching series' newest values; None where the newest row has none."""
        series = self._series(name, {}, keep)
        block = self._block()
        newest = block.newest() if block is not None else None
        if not series or newest is None or block is None:
            return None
        row = block.row(series, newest - 1, newest)
        if row is None:
            return None
        known = row[1][~is_stale(row[1])]
        return float(known.sum()) if len(known) else None

    def last_by(self, name: str, by: str, **labels: str) -> dict[str, float]:
        """Newest values by the label ``by``; of series in the check's newest row only."""
        series = self._series(name, labels)
        block = self._block()
        newest = block.newest() if block is not None else None
        if not series or newest is None or block is None:
            return {}
        row = block.row(series, newest - 1, newest)
        if row is None:
            return {}
        values, stale = row[1].tolist(), is_stale(row[1]).tolist()
        return {
            one.label(by): value
            for one, value, gone in zip(series, values, stale, strict=True)
            if not gone
        }

    def seen(self, name: str, by: str) -> list[str]:
        """The values of the label ``by`` that had a sample within the window."""
        series = self._series(name, {})
        _, values = self._read(series)
        there = np.flatnonzero(~is_stale(values).all(axis=0)).tolist()
        return [series[at].label(by) for at in there]

    def labels(self, name: str, by: str) -> list[str]:
        """The values of the label ``by`` that the check's series ``name`` have, seen or not."""
        return [one.label(by) for one in self._series(name, {})]

    def present(self, name: str) -> list[Series]:
        """The series ``name`` that had a sample within the window."""
        series = self._series(name, {})
        _, values = self._read(series)
        there = np.flatnonzero(~is_stale(values).all(axis=0)).tolist()
        return [series[at] for at in there]

    def rates(
        self, name: str, by: str = "", *, keep: Keep | None = None, **labels: str
    ) -> dict[str, float]:
        """Per-second increase of counters over the window, summed by the label ``by``.

        A counter that fell was reset. Series with fewer than two samples are left out, and
        those that ``keep`` refuses.
        """
        series = self._series(name, labels, keep)
        times, values = self._read(series)
        sums: dict[str, float] = {}
        for at, one in enumerate(series):
            rate = rate_of(times, values[:, at])
            if rate is not None:
                key = one.label(by)
                sums[key] = sums.get(key, 0.0) + rate
        return sums

    def rate(self, name: str, *, keep: Keep | None = None, **labels: str) -> float | None:
        """The summed per-second increase of all matching counters; None while unknown."""
        found = self.rates(name, "", keep=keep, **labels)
        return sum(found.values()) if found else None

    def slope(self, name: str, /, *, least: float = 0.0, **labels: str) -> float | None:
        """Least-squares slope per second of the first matching gauge.

        None below 3 samples, and where they cover clearly less than ``least`` seconds.
        """
        series = self._series(name, labels)[:1]
        times, values = self._read(series)
        if not series:
            return None
        kept = ~is_stale(values[:, 0]) & np.isfinite(values[:, 0])
        x, y = times[kept] / 1000.0, values[kept, 0]
        # Runs begin a little early or late.
        if len(x) < 3 or x[-1] == x[0] or x[-1] - x[0] < 0.9 * least:
            return None
        x = x - x.mean()
        return float((x * (y - y.mean())).sum() / (x * x).sum())

    def history(
        self,
        name: str,
        points: int,
        /,
        *,
        rate: bool = False,
        keep: Keep | None = None,
        **labels: str,
    ) -> tuple[float, ...]:
        """The last ``points`` values (or increases a second) of the summed series.

        NaN where a run did not return it. Oldest first; shorter while there are fewer.
        """
        series = self._series(name, labels, keep)
        block = self._block()
        if not series or block is None:
            return ()
        span = block.interval * (points + 2)
        times, values = self._read(series, span)
        line = _line(times, values, rate=rate)
        return tuple(line[-points:].tolist())

    def courses(
        self, name: str, *by: str, points: int, rate: bool = False, seconds: float = 0.0
    ) -> dict[tuple[str, ...], tuple[float, ...]]:
        """The last ``points`` values (or increases a second) of each series, by the labels ``by``.

        NaN where a run did not return it; oldest first. ``seconds`` is how far back to look where
        that is longer than ``points`` intervals.
        """
        series = self._series(name, {})
        block = self._block()
        if not series or block is None:
            return {}
        span = max(seconds, block.interval * (points + 2))
        times, values = self._read(series, span)
        known = np.where(is_stale(values), np.nan, values)
        if rate:
            known = increases(known) / (np.diff(times)[:, None] / 1000.0)
        columns = known[-points:].T.tolist()
        return {
            tuple(one.label(label) for label in by): tuple(column)
            for one, column in zip(series, columns, strict=True)
        }

    def lines(self, name: str, by: str, seconds: float) -> tuple[Times, dict[str, Floats]]:
        """When the runs of the last ``seconds`` were (milliseconds), and for each value of the
        label ``by`` what its series came to together in each of them; NaN where none was returned.

        One pass over all of them, however many there are.
        """
        series = self._series(name, {})
        times, values = self._read(series, seconds)
        known = np.where(is_stale(values), np.nan, values).T.copy()
        places: dict[str, list[int]] = {}
        for at, one in enumerate(series):
            places.setdefault(one.label(by), []).append(at)
        return times, {
            key: known[at[0]] if len(at) == 1 else summed(known[at]) for key, at in places.items()
        }

    def times(self, seconds: float, end_rows: int = 0) -> tuple[float, ...]:
        """When the runs of the last ``seconds`` were, seconds since 1970; the last ``end_rows``
        of them where that is given."""
        block = self._block()
        if block is None:
            return ()
        end = round(self.end * 1000)
        times, _ = block.read([], end - round(seconds * 1000), end)
        return tuple((times[-end_rows:] / 1000.0).tolist())

    def curve(
        self, name: str, /, *, rate: bool = False, **labels: str
    ) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Times (seconds) and values over the window, as :meth:`history` computes them."""
        series = self._series(name, labels)
        times, values = self._read(series)
        if not len(times):
            return (), ()
        line = _line(times, values, rate=rate)
        return tuple((times[-len(line) :] / 1000.0).tolist()), tuple(line.tolist())


def rate_of(times: Times, values: Floats) -> float | None:
    """The increase a second of one counter; None below two samples."""
    kept = ~is_stale(values)
    if int(kept.sum()) < 2:
        return None
    seen, moments = values[kept], times[kept]
    steps = np.diff(seen)
    increase = float(np.where(steps < 0, seen[1:], steps).sum())
    return increase / (float(moments[-1] - moments[0]) / 1000.0)


def increases(known: Floats) -> Floats:
    """By how much counters, a column each, have risen from row to row; one that fell was reset."""
    steps = np.diff(known, axis=0)
    return np.where(steps < 0, known[1:], steps)


def summed(known: Floats) -> Floats:
    """The sum over the rows of ``known``; NaN where none of them is known."""
    empty = np.isnan(known).all(axis=0)
    return np.where(empty, np.nan, np.nansum(known, axis=0))


def _line(times: Times, values: Floats, *, rate: bool) -> Floats:
    """One value a row: the sum over the series, or its increase a second since the row before."""
    known = np.where(is_stale(values), np.nan, values)
    if not rate:
        return summed(known.T)
    steps = increases(known)
    seconds = np.diff(times)[:, None] / 1000.0
    empty = np.isnan(steps).all(axis=1)
    return np.where(empty, np.nan, np.nansum(steps / seconds, axis=1))
