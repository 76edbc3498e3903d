"""How many errors of which kind each window holds, and when the last of each was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from checks.requests.batch import Batch
from checks.requests.groups import OTHER
from checks.requests.stats import ErrorKind
from checks.requests.steps import KEPT, LENGTHS

__all__ = ["MOST_KINDS", "ErrorKinds"]

MOST_KINDS: Final = 20
"""Kinds that are told apart; the rest is ``other``."""

Counts = dict[str, int]


class ErrorKinds:
    """Counts for each time step, and running sums for each window, as the windows have them.

    When there are too many kinds, a new one takes the place of one that an hour has not seen.
    """

    def __init__(self, current: int) -> None:
        self._current = current
        self._steps: dict[int, Counts] = {}
        self._sums: tuple[Counts, ...] = tuple({} for _ in LENGTHS)
        self._last: dict[str, float] = {}

    def advance(self, current: int) -> None:
        """Let go of what has left the windows, now that ``current`` is the present step."""
        for sums, length in zip(self._sums, LENGTHS, strict=True):
            for number in range(self._current - length + 1, current - length + 1):
                _subtract(sums, self._steps.get(number, {}))
        for number in range(self._current - KEPT + 1, current - KEPT + 1):
            self._steps.pop(number, None)
        self._current = current

    def add(self, batch: Batch, numbers: NDArray[np.int64], times: NDArray[np.float64]) -> None:
        """Count the errors of ``batch``, which lie in the steps ``numbers`` at ``times``."""
        rows = [place for place in batch.kinds if numbers[place] > self._current - KEPT]
        if not rows:
            return
        found: dict[tuple[int, str], tuple[int, float]] = {}
        columns = (numbers[rows], batch.weights[rows], times[rows])
        for place, number, weight, time in zip(
            rows, *(column.tolist() for column in columns), strict=True
        ):
            key = (number, batch.kinds[place])
            count, last = found.get(key, (0, time))
            found[key] = (count + weight, max(last, time))
        for (number, kind), (count, last) in found.items():
            self._count(self._admit(kind), number, count, last)

    def _count(self, kind: str, number: int, count: int, last: float) -> None:
        step = self._steps.setdefault(number, {})
        step[kind] = step.get(kind, 0) + count
        for sums, length in zip(self._sums, LENGTHS, strict=True):
            if number > self._current - length:
                sums[kind] = sums.get(kind, 0) + count
        self._last[kind] = max(self._last.get(kind, last), last)

    def _admit(self, kind: str) -> str:
        if kind in self._last or kind == OTHER:
            return kind
        named = self._last.keys() - {OTHER}
        if len(named) >= MOST_KINDS:
            gone = next((name for name in named if name not in self._sums[-1]), None)
            if gone is None:
                return OTHER
            del self._last[gone]
        return kind

    def window(self, index: int) -> tuple[ErrorKind, ...]:
        """The kinds of the window at ``index``, most errors first, ``other`` last."""
        sums = self._sums[index]
        total = sum(sums.values())
        return tuple(
            ErrorKind(kind, count, count / total, self._last[kind])
            for kind, count in _most_first(sums.items())
        )


def _subtract(sums: Counts, gone: Mapping[str, int]) -> None:
    for kind, count in gone.items():
        sums[kind] -= count
        if not sums[kind]:
            del sums[kind]


def _most_first(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(counts, key=lambda pair: (pair[0] == OTHER, -pair[1], pair[0]))
