"""Samples by series, for the evaluator: what files, tests and downloads hold.

The store of the checks (:mod:`checks.store`) has a row for each run; here each series has its own
timestamps. Those with the same ones are read as one group.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from checks.promql.values import NAME, LabelSet
from checks.samples.openmetrics import Column, SampleFile, in_order
from checks.store.block import Floats, Times
from checks.store.groups import Group, Labels
from checks.store.matching import Matcher

__all__ = ["LOOKBACK", "SeriesGroup", "SeriesStore", "store_of"]

LOOKBACK: Final = 300_000
"""Milliseconds: Prometheus' default."""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesGroup:
    """Series with common timestamps: ``times`` (R,) in milliseconds, ``values`` (R, N)."""

    labels: Labels
    times: Times
    values: Floats
    lookback: int = LOOKBACK

    def rows(self, start: int, end: int) -> tuple[Times, Floats]:
        """Times and values with ``start < time <= end``."""
        low, high = np.searchsorted(self.times, (start, end), side="right")
        return self.times[low:high], self.values[low:high]

    def row(self, start: int, end: int) -> tuple[int, Floats] | None:
        """The newest of these rows; None where there is none."""
        at = int(np.searchsorted(self.times, end, side="right")) - 1
        if at < 0 or self.times[at] <= start:
            return None
        return int(self.times[at]), self.values[at]


class SeriesStore:
    """Groups of series that do not change any more."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._groups = tuple(groups)
        self._names: dict[str, list[tuple[Group, list[int]]]] = {}
        self._chosen: dict[tuple[str, tuple[Matcher, ...]], tuple[Group, ...]] = {}
        for group in self._groups:
            places: dict[str, list[int]] = {}
            for at, labels in enumerate(group.labels):
                places.setdefault(_label(labels, NAME), []).append(at)
            for name, found in places.items():
                self._names.setdefault(name, []).append((group, found))

    @property
    def names(self) -> Iterable[str]:
        """Every metric's name."""
        return self._names.keys()

    def groups(self, name: str, matchers: tuple[Matcher, ...] = ()) -> tuple[Group, ...]:
        """The series of metric ``name`` that match; the same objects again for the same question.

        An empty ``name`` selects by matchers alone.
        """
        key = (name, matchers)
        if key not in self._chosen:
            self._chosen[key] = tuple(self._select(name, matchers))
        return self._chosen[key]

    def _select(self, name: str, matchers: tuple[Matcher, ...]) -> Iterable[Group]:
        if name:
            homes = self._names.get(name, [])
        else:
            homes = [(group, list(range(len(group.labels)))) for group in self._groups]
        for group, places in homes:
            kept = [at for at in places if _matches(group.labels[at], matchers)]
            if len(kept) == len(group.labels):
                yield group
            elif kept:
                yield part_of(group, kept)


def part_of(group: Group, places: list[int]) -> Group:
    """Some series of ``group``."""
    return _Part(group, tuple(group.labels[at] for at in places), np.array(places))


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some columns of a group."""

    whole: Group
    labels: Labels
    columns: Times

    @property
    def lookback(self) -> int:
        return self.whole.lookback

    def rows(self, start: int, end: int) -> tuple[Times, Floats]:
        times, values = self.whole.rows(start, end)
        return times, values[:, self.columns]

    def row(self, start: int, end: int) -> tuple[int, Floats] | None:
        found = self.whole.row(start, end)
        return None if found is None else (found[0], found[1][self.columns])


def _label(labels: LabelSet, name: str) -> str:
    return next((value for key, value in labels if key == name), "")


def _matches(labels: LabelSet, matchers: tuple[Matcher, ...]) -> bool:
    return all(matcher.matches(_label(labels, matcher.label)) for matcher in matchers)


def grouped(series: Mapping[LabelSet, tuple[Times, Floats]]) -> list[SeriesGroup]:
    """The series, those with the same timestamps together."""
    alike: dict[bytes, list[LabelSet]] = {}
    for labels, (times, _) in series.items():
        alike.setdefault(times.tobytes(), []).append(labels)
    return [
        SeriesGroup(
            tuple(members),
            series[members[0]][0],
            np.stack([series[labels][1] for labels in members], axis=1),
        )
        for members in alike.values()
    ]


def store_of(file: SampleFile) -> SeriesStore:
    """The samples of a file."""
    return SeriesStore(grouped({column.labels: _arrays(column) for column in file.columns}))


def _arrays(column: Column) -> tuple[Times, Floats]:
    times: Times = np.frombuffer(column.times, dtype=np.int64)
    values: Floats = np.frombuffer(column.values, dtype=np.float64)
    if (np.diff(times) > 0).all():
        return times, values
    pairs = list(in_order(column))
    return np.array([time for time, _ in pairs]), np.array([value for _, value in pairs])
