"""Which series of two vectors belong together in a binary operation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checks.distinct import distinct
from checks.promql.ast import Matching
from checks.promql.labels import label, remembered, remembered_of
from checks.promql.options import METADATA_LABELS
from checks.promql.values import NAME, Labels, LabelSet, Times

__all__ = ["Pairs", "Sides", "paired", "sides"]


@dataclass(frozen=True, slots=True)
class Sides:
    """The signatures of two vectors' series, as numbers below ``count``.

    ``many`` and ``one`` are the two sides, (N,) each; ``pairs`` is how many pairs of series match;
    of ``repeats`` the flags say whether some signature comes more than once on that side.
    """

    many: Times
    one: Times
    count: int
    pairs: int
    repeats: tuple[bool, bool]


def sides(many: Labels, one: Labels, matching: Matching) -> Sides:
    """The signatures of both sides; made once for the same vectors and matching."""
    key = ("sides", matching.on, matching.labels)
    return remembered_of((many, one), key, lambda: _sides(many, one, matching))


def _sides(many: Labels, one: Labels, matching: Matching) -> Sides:
    numbers: dict[LabelSet, int] = {}
    ids = [
        np.array(
            [numbers.setdefault(key, len(numbers)) for key in _signatures(part, matching)], int
        )
        for part in (many, one)
    ]
    repeats = (len(distinct(ids[0])) < len(many), len(distinct(ids[1])) < len(one))
    counts = [np.bincount(part, minlength=len(numbers)) for part in ids]
    return Sides(ids[0], ids[1], len(numbers), int(counts[0] @ counts[1]), repeats)


def _signatures(labels: Labels, matching: Matching) -> tuple[LabelSet, ...]:
    key = ("signatures", matching.on, matching.labels)
    return remembered(labels, key, lambda given: tuple(signature(one, matching) for one in given))


def signature(labels: LabelSet, matching: Matching) -> LabelSet:
    """The labels of a series that count for ``matching``."""
    if matching.on:
        return tuple(pair for pair in labels if pair[0] in matching.labels)
    return tuple(pair for pair in labels if pair[0] not in matching.labels and pair[0] != NAME)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Matching series.

    Attributes:
        many: (P,) rows of the many side.
        one: (P,) rows of the one side.
        labels: of the P results.
        alike: (P,) numbers, the same where two results have the same signature and, with a
            grouping, the same labels: these must not be present at the same step. None where all
            differ.
    """

    many: Times
    one: Times
    labels: Labels
    alike: Times | None


def paired(many: Labels, one: Labels, matching: Matching, *, schema: bool) -> Pairs:
    """Every pair that matches; made once.

    ``schema``: the operation makes another metric of it, so name, type and unit go.
    """
    key = ("pairs", matching, schema)
    return remembered_of((many, one), key, lambda: _paired(many, one, matching, schema))


def _paired(many: Labels, one: Labels, matching: Matching, schema: bool) -> Pairs:
    found = sides(many, one, matching)
    members: dict[int, list[int]] = {}
    for at, number in enumerate(found.one.tolist()):
        members.setdefault(number, []).append(at)
    left, right = [], []
    for at, number in enumerate(found.many.tolist()):
        for other in members.get(number, ()):
            left.append(at)
            right.append(other)
    labels = tuple(
        _result(many[at], one[other], matching, schema)
        for at, other in zip(left, right, strict=True)
    )
    rows = np.array(left, int)
    keys = found.many[rows].tolist() if found.repeats[0] else []
    numbers: dict[object, int] = {}
    parts = zip(keys, labels, strict=True) if matching.group and keys else keys
    alike = np.array([numbers.setdefault(key, len(numbers)) for key in parts], int)
    return Pairs(rows, np.array(right, int), labels, alike if len(numbers) < len(alike) else None)


def _result(many: LabelSet, one: LabelSet, matching: Matching, schema: bool) -> LabelSet:
    kept = many
    if schema:
        kept = tuple(pair for pair in kept if pair[0] not in METADATA_LABELS)
    if not matching.group:
        kept = tuple(p for p in kept if (p[0] in matching.labels) is matching.on)
    if not matching.include:
        return kept
    taken = {name: label(one, name) for name in matching.include}
    rest = [pair for pair in kept if pair[0] not in taken]
    return tuple(sorted([*rest, *((name, value) for name, value in taken.items() if value)]))
