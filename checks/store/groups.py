"""Series that share their timestamps, as the evaluator reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Protocol

import numpy as np

from checks.model import Series
from checks.store.abreast import Abreast, Columns
from checks.store.block import Block, Floats, Times, is_stale

__all__ = ["BlockGroup", "Group", "Groups", "Labels", "MergedGroup", "labels_of"]

FEWEST: Final = 3
"""From how many groups on it pays to read them side by side."""

Labels = tuple[tuple[tuple[str, str], ...], ...]
"""For each series its labels with ``__name__``, sorted by name."""


class Group(Protocol):
    """N series with common timestamps. Cells hold :data:`checks.store.block.STALE` where a series
    has ended. The same object comes again for the same selector while nothing changed."""

    @property
    def labels(self) -> Labels: ...

    @property
    def lookback(self) -> int:
        """Milliseconds that an instant looks back, unless the evaluator is told otherwise."""
        ...

    def rows(self, start: int, end: int) -> tuple[Times, Floats]:
        """Times (R,) and values (R, N) with ``start < time <= end`` (milliseconds)."""
        ...

    def row(self, start: int, end: int) -> tuple[int, Floats] | None:
        """Time and values (N,) of the newest row of these; None where there is none."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class BlockGroup:
    """Series of one block."""

    block: Block
    series: tuple[Series, ...]
    labels: Labels

    @property
    def lookback(self) -> int:
        return self.block.lookback

    def rows(self, start: int, end: int) -> tuple[Times, Floats]:
        return self.block.read(self.series, start, end)

    def row(self, start: int, end: int) -> tuple[int, Floats] | None:
        return self.block.row(self.series, start, end)


class Groups(tuple[Group, ...]):
    """The groups of one selection.

    Attributes:
        labels: of all of them together.
        columns: reads them side by side; None where they are few, or not each of one block.
    """

    labels: Labels
    columns: Columns | None

    @classmethod
    def of(cls, groups: Iterable[Group], abreast: Callable[[tuple[Block, ...]], Abreast]) -> Groups:
        """``abreast`` gives those blocks side by side."""
        made = cls(groups)
        made.labels = tuple(chain.from_iterable(group.labels for group in made))
        made.columns = None
        alone = [group for group in made if isinstance(group, BlockGroup)]
        blocks = tuple(group.block for group in alone)
        if len(made) >= FEWEST and len(set(blocks)) == len(made):
            made.columns = Columns(abreast(blocks), tuple(group.series for group in alone))
        return made


@dataclass(frozen=True, slots=True, eq=False)
class MergedGroup:
    """One series that several blocks hold: two checks of one target, or a check renamed."""

    blocks: tuple[Block, ...]
    series: tuple[Series]
    labels: Labels

    @property
    def lookback(self) -> int:
        return max(block.lookback for block in self.blocks)

    def rows(self, start: int, end: int) -> tuple[Times, Floats]:
        parts = [_until_gone(*block.read(self.series, start, end)) for block in self.blocks]
        times = np.concatenate([part[0] for part in parts])
        values = np.concatenate([part[1] for part in parts])
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        # Of two samples at one time the first counts, as in Prometheus.
        first = np.ones(len(times), bool)
        first[1:] = np.diff(times) > 0
        return times[first], values[first]

    def row(self, start: int, end: int) -> tuple[int, Floats] | None:
        times, values = self.rows(start, end)
        return (int(times[-1]), values[-1]) if len(times) else None


def _until_gone(times: Times, values: Floats) -> tuple[Times, Floats]:
    """A block goes on writing markers for what it no longer returns; only the first counts."""
    stale = is_stale(values)[:, 0]
    kept = ~stale
    kept[1:] |= ~stale[:-1]
    return times[kept], values[kept]


def labels_of(series: Sequence[Series]) -> Labels:
    """The label sets of ``series``; pairs that occur often are the same object."""
    names: dict[str, tuple[str, str]] = {}
    made = []
    for one in series:
        name = names.get(one.name) or names.setdefault(one.name, ("__name__", one.name))
        labels = (name, *one.labels) if one.name else one.labels
        # Capitals sort before the underscore.
        if len(labels) > 1 and labels[1][0] < "__name__":
            labels = tuple(sorted(labels))
        made.append(labels)
    return tuple(made)
