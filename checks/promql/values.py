"""What PromQL expressions come to, over a grid of steps at once.

An instant query is a grid of one step. Every value holds all steps of its grid, so that one
code path serves instant queries, range queries and subqueries, and no step of a function
or an aggregation loops over series in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from checks.store.block import Floats, Times

__all__ = [
    "NAME",
    "Bools",
    "Floats",
    "Grid",
    "LabelSet",
    "Labels",
    "Matrix",
    "Scalar",
    "Times",
    "Value",
    "Vector",
    "Windows",
]

Bools = npt.NDArray[np.bool_]

NAME = "__name__"

LabelSet: TypeAlias = tuple[tuple[str, str], ...]
"""Sorted by name, with ``("__name__", …)`` where it has a name; no empty values."""
Labels: TypeAlias = tuple[LabelSet, ...]
"""The series of a value, in their order. What is derived from it is remembered by the tuple's
identity (:mod:`checks.promql.labels`): hand on the same object where nothing changed."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The moments of an evaluation: ``start``, ``start + step``, … up to ``end``, inclusive.

    All in milliseconds since 1970; ``step`` is at least 1.
    """

    start: int
    end: int
    step: int

    @property
    def steps(self) -> int:
        """How many moments: T."""
        return (self.end - self.start) // self.step + 1

    def times(self) -> Times:
        """The moments, of shape (T,)."""
        return np.arange(self.start, self.start + self.steps * self.step, self.step, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """An instant vector at every step: N series of T steps.

    Attributes:
        labels: of length N.
        values: (N, T); what stands where nothing is present means nothing.
        present: (N, T); where the series has a value at that step. Absence is not coded in NaNs.
        drop_name: (N,); with delayed name removal: its ``__name__`` is to be removed at the end.
    """

    labels: Labels
    values: Floats
    present: Bools
    drop_name: Bools

    @classmethod
    def empty(cls, steps: int) -> Vector:
        """No series."""
        return cls((), np.empty((0, steps)), np.empty((0, steps), bool), np.empty(0, bool))

    @classmethod
    def of(cls, labels: Labels, values: Floats, present: Bools | None = None) -> Vector:
        """``values`` present everywhere unless ``present`` says otherwise; names are kept."""
        held = np.ones(values.shape, bool) if present is None else present
        return cls(labels, values, held, np.zeros(len(labels), bool))


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """The samples of one group of series that share their timestamps, windowed by step.

    Step t's window is the rows ``low[t]:high[t]``; of these a series has those where ``present``.
    Windows are left-open: ``(starts[t], ends[t]]``.

    Attributes:
        labels: N series.
        times: (R,) milliseconds, ascending, shared by the group's series; or (R, N), where small
            groups stand side by side (:mod:`checks.promql.stacking`), for a single step.
        values: (R, N); what stands where nothing is present means nothing.
        present: (R, N); where a sample is: neither a gap nor a stale marker.
        low: (T,) first row of each window.
        high: (T,) one past the last row of each window.
        starts: (T,) milliseconds; the window's left bound, after offset and ``@``.
        ends: (T,) milliseconds; its right bound. Extrapolation uses these two.
        range_ms: ``ends - starts``, the same for all steps.
        drop_name: (N,) as in :class:`Vector`.
        lengths: (N,) where each series is present in its first so many rows and in no other; None
            where that is not known.
    """

    labels: Labels
    times: Times
    values: Floats
    present: Bools
    low: Times
    high: Times
    starts: Times
    ends: Times
    range_ms: int
    drop_name: Bools
    lengths: Times | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """A range vector: a :class:`Windows` for each group of series, or one for a subquery.

    No label set stands in two groups. To go through ``groups`` may read them anew each time,
    one after the other: what a check has in an hour need not be in memory all at once.
    """

    groups: Iterable[Windows]

    def __iter__(self) -> Iterator[Windows]:
        return iter(self.groups)


Scalar: TypeAlias = Floats
"""Of shape (T,)."""

Value: TypeAlias = Vector | Matrix | Scalar | str
