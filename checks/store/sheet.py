"""The samples of many series of one check, read at once: a reading costs as much as a figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from checks.model import Series
from checks.store.block import Floats, Times, is_stale
from checks.store.window import Window, increases, rate_of, summed

__all__ = ["Sheet"]


class Sheet:
    """What ``series`` came to in the last ``points`` runs, over ``window``, and in the last run.

    ``series`` are all of one check. A column is the place of one among them.

    Attributes:
        newest: the values of the newest run; NaN where it brought none.
        rates: increases a second over the window, by columns; NaN below two samples.
    """

    def __init__(self, window: Window, series: Sequence[Series], points: int) -> None:
        self._points = points
        block = window.store.block(window.check)
        newest = block.newest() if block is not None else None
        if block is None or newest is None:
            self.newest = self.rates = [np.nan] * len(series)
            self._levels = self._steps = np.empty((0, len(series)))
            return
        end = round(window.end * 1000)
        over = end - round(window.seconds * 1000)
        before = end - round(block.interval * (points + 2) * 1000)
        times, values = block.read(series, min(over, before), end)
        known = np.where(is_stale(values), np.nan, values)
        row = block.row(series, newest - 1, newest)
        self.newest = np.where(is_stale(row[1]), np.nan, row[1]).tolist() if row else []
        steps = increases(known)
        since = int(times.searchsorted(over, "right"))
        self.rates = _rates(times[since:], values[since:], steps[since:])
        since = int(times.searchsorted(before, "right"))
        self._levels = known[since:]
        self._steps = steps[since:] / (np.diff(times[since:])[:, None] / 1000.0)

    def course(self, columns: Sequence[int], *, rate: bool) -> tuple[float, ...]:
        """The last values, or increases a second, of the sum of ``columns``, oldest first.

        NaN for a run that brought none of them.
        """
        lines = self._steps if rate else self._levels
        if len(columns) == 1:
            line = lines[:, columns[0]]
        else:
            line = summed(lines[:, columns].T) if columns else lines[:0, 0]
        return tuple(line[-self._points :].tolist())


def _rates(times: Times, values: Floats, steps: Floats) -> list[float]:
    """The increase a second of each column of ``values``, whose increases ``steps`` are."""
    if len(times) < 2:
        return [np.nan] * values.shape[1]
    rates = steps.sum(axis=0) / (float(times[-1] - times[0]) / 1000.0)
    for at in np.flatnonzero(np.isnan(rates)).tolist():
        rate = rate_of(times, values[:, at])
        rates[at] = np.nan if rate is None else rate
    found: list[float] = rates.tolist()
    return found
