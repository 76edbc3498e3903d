"""Windows of many small groups side by side, for a single step.

A thousand checks have a block each, with timestamps of its own. One array of all of them, with
times for each series, is one pass of a function instead of a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from checks.promql.labels import joined
from checks.promql.values import Floats, Labels, Times, Windows
from checks.store.block import is_stale

__all__ = ["FEWEST", "Stack"]

FEWEST: Final = 4
"""From how many groups on it pays."""
NARROW: Final = 64
"""How many series a group may have to be stacked; wider ones gain nothing."""
CELLS: Final = 1 << 19
"""How many values a stack has at most: 4 MB."""


class Stack:
    """Collects groups' rows in the window ``(start, end]``, milliseconds."""

    def __init__(self, start: int, end: int) -> None:
        self._start, self._end = start, end
        self._parts: list[tuple[Labels, Times, Floats]] = []
        self._height = self._width = 0

    def add(self, labels: Labels, times: Times, values: Floats) -> bool:
        """Take a group's rows, (R,) and (R, N); False where it is too wide for that."""
        if len(labels) > NARROW:
            return False
        self._parts.append((labels, times, values))
        self._height = max(self._height, len(times))
        self._width += len(labels)
        return True

    @property
    def full(self) -> bool:
        """Whether what is in it is to be taken before more is added."""
        return self._height * self._width > CELLS

    def take(self) -> Iterator[Windows]:
        """What was added since the last time, side by side; nothing where that is nothing.

        Times are (R, N) here. A group with fewer rows than others is absent in the last ones.
        """
        if not self._parts:
            return
        shape = (self._height, self._width)
        times = np.full(shape, self._end, dtype=np.int64)
        values, filled = np.zeros(shape), np.zeros(shape, bool)
        at = 0
        for labels, moments, rows in self._parts:
            place = slice(0, len(moments)), slice(at, at + len(labels))
            times[place], values[place], filled[place] = moments[:, None], rows, True
            at += len(labels)
        yield Windows(
            joined(tuple(labels for labels, _, _ in self._parts)),
            times,
            values,
            filled & ~is_stale(values),
            low=np.array([0]),
            high=np.array([self._height]),
            starts=np.array([self._start]),
            ends=np.array([self._end]),
            range_ms=self._end - self._start,
            drop_name=np.zeros(self._width, bool),
        )
        self._parts = []
        self._height = self._width = 0
