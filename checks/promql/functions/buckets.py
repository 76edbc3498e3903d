"""The buckets of classic histograms, gathered from their series and laid out side by side.

A column is one histogram at one step. Columns with as many buckets make up one array, so what
is computed from buckets loops over these, never over histograms or steps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from checks.distinct import distinct
from checks.promql.labels import label, remembered, without
from checks.promql.values import Bools, Floats, Labels, LabelSet, Times, Vector

__all__ = ["BOUND", "Columns", "Layout", "columns", "layout"]

BOUND: Final = "le"

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?")
_HEXADECIMAL: Final = re.compile(r"[+-]?0[xX][0-9a-fA-F_]*\.?[0-9a-fA-F_]*[pP][+-]?[0-9]+")
_WORD: Final = re.compile(r"[+-]?(?:inf|infinity)|nan", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How the series of a vector make up histograms.

    A slot is one distinct bound of one histogram; the slots of a histogram are contiguous and
    ascend by bound.

    Attributes:
        labels: M histograms: the label sets without the bound.
        members: the rows of all series that have a bound, ordered by slot.
        slots: (B,) where in ``members`` each slot begins.
        bounds: (B,) the slots' upper bounds.
        begins: (M,) the first slot of each histogram.
        sizes: (M,) how many slots it has.
        malformed: rows of the series whose bound is missing or no number.
    """

    labels: Labels
    members: Times
    slots: Times
    bounds: Floats
    begins: Times
    sizes: Times
    malformed: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """K columns of B buckets each.

    Attributes:
        bounds: (B, K) ascending.
        counts: (B, K) cumulative, as they were counted.
        histograms: (K,) which histogram of the layout a column belongs to.
        steps: (K,) and which step.
    """

    bounds: Floats
    counts: Floats
    histograms: Times
    steps: Times

    def where(self, chosen: Bools | Times, size: int) -> Columns:
        """The ``chosen`` columns, with their first ``size`` buckets."""
        return Columns(
            self.bounds[:size, chosen],
            self.counts[:size, chosen],
            self.histograms[chosen],
            self.steps[chosen],
        )


def layout(labels: Labels) -> Layout:
    """The layout of series, made once for the very same tuple."""
    return remembered(labels, "buckets", _layout)


def _layout(labels: Labels) -> Layout:
    histograms: dict[LabelSet, int] = {}
    placed: list[tuple[int, float, int]] = []
    malformed = []
    for row, one in enumerate(labels):
        bound = _parsed(label(one, BOUND))
        if bound is None:
            malformed.append(row)
        else:
            histogram = histograms.setdefault(without(one, (BOUND,)), len(histograms))
            placed.append((histogram, bound, row))
    owners = np.array([one[0] for one in placed], np.int64)
    bounds = np.array([one[1] for one in placed], np.float64)
    order = np.lexsort((bounds, owners))
    owners, bounds = owners[order], bounds[order]
    new_owner = np.diff(owners, prepend=-1) != 0
    slots = np.flatnonzero(new_owner | (bounds != np.roll(bounds, 1)))
    begins = np.flatnonzero(new_owner[slots])
    return Layout(
        labels=tuple(histograms),
        members=np.array([one[2] for one in placed], np.int64)[order],
        slots=slots,
        bounds=bounds[slots],
        begins=begins,
        sizes=np.diff(begins, append=len(slots)),
        malformed=tuple(malformed),
    )


def _parsed(text: str) -> float | None:
    """A bound as Go's ParseFloat reads it; None where it refuses."""
    if _WORD.fullmatch(text):
        return float(text)
    if _NUMBER.fullmatch(text):
        try:
            value = float(text)
        except ValueError:
            return None
    elif _HEXADECIMAL.fullmatch(text):
        value = float.fromhex(text.replace("_", ""))
    else:
        return None
    return None if math.isinf(value) else value


def columns(vector: Vector, plan: Layout) -> Iterator[Columns]:
    """All columns that have a bucket, each once."""
    if not plan.labels:
        return
    steps = vector.values.shape[1]
    present = vector.present[plan.members]
    counts = np.where(present, vector.values[plan.members], 0.0)
    if len(plan.slots) < len(plan.members):
        # Bounds written differently, such as 1 and 1.0, are one bucket.
        counts = np.add.reduceat(counts, plan.slots, axis=0)
        present = np.logical_or.reduceat(present, plan.slots, axis=0)
    for size in distinct(plan.sizes).tolist():
        chosen = np.flatnonzero(plan.sizes == size)
        slots = plan.begins[chosen] + np.arange(size)[:, None]
        shape = (size, len(chosen) * steps)
        found = Columns(
            bounds=np.repeat(plan.bounds[slots], steps, axis=1),
            counts=counts[slots].reshape(shape),
            histograms=np.repeat(chosen, steps),
            steps=np.tile(np.arange(steps), len(chosen)),
        )
        yield from _whole(found, present[slots].reshape(shape))


def _whole(found: Columns, present: Bools) -> Iterator[Columns]:
    """``found`` with only those buckets that are present, by how many these are."""
    size = len(present)
    held = present.sum(axis=0)
    if (held == size).all():
        yield found
        return
    order = np.argsort(~present, axis=0, kind="stable")
    packed = Columns(
        np.take_along_axis(found.bounds, order, axis=0),
        np.take_along_axis(found.counts, order, axis=0),
        found.histograms,
        found.steps,
    )
    for height in distinct(held[held > 0]).tolist():
        yield packed.where(held == height, height)
