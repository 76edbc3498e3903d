"""What a rule returned, written into the store, where the next rule finds it.

Each rule has a block of its own: a row is one evaluation, and a series that it did not return any
more ends there, as Prometheus' stale markers have it. A rule that fails writes no row, so what it
returned before stays as long as the look-back goes, as with Prometheus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from checks.model import Samples, Series
from checks.rules.model import RecordRule

__all__ = ["RecordedSeries", "Recorder", "Sink"]

NAME = "__name__"
Labels = tuple[tuple[str, str], ...]
_TWINS: Final = "vector contains metrics with the same labelset after applying rule labels"


class Sink(Protocol):
    """Where samples go; :class:`checks.store.store.Store` is one. Seconds."""

    def append(self, check: str, interval: float, time: float, samples: Samples) -> None: ...


class Recorder:
    """Writes what one rule returns, under the name ``block``; ``interval`` in milliseconds.

    ``begins`` writes the first row even where it is empty: since then it is known what the rule
    returns, and what is not there was not there.
    """

    def __init__(self, block: str, interval: int, *, begins: bool = False) -> None:
        self.block = block
        self.interval = interval / 1000
        """Seconds."""
        self._wrote = begins

    @property
    def quiet(self) -> bool:
        """Whether its last row held nothing, so that no series of it would have to end."""
        return not self._wrote

    def write(self, sink: Sink, at: int, row: Mapping[Series, float]) -> None:
        """Keep ``row`` as what is there at ``at`` (milliseconds); what is not in it ends."""
        if not row and not self._wrote:
            return
        sink.append(self.block, self.interval, at / 1000, Samples(tuple(row), tuple(row.values())))
        self._wrote = bool(row)

    def follow(self, other: Recorder) -> None:
        """Go on with the block of ``other``, whose series end where this one has none."""
        self._wrote = other._wrote

    def end(self, sink: Sink, at: int) -> None:
        """End every series that it wrote: the rule is there no more."""
        self.write(sink, at, {})


class RecordedSeries:
    """The series of what ``rule`` records, made once for as long as it returns them."""

    def __init__(self, rule: RecordRule) -> None:
        self._name = rule.name
        self._labels = dict(rule.labels)
        self._made: dict[Labels, Series] = {}

    def row(self, samples: Sequence[tuple[Labels, float]], limit: int) -> dict[Series, float]:
        """``samples`` under the name and with the labels of the rule.

        Raises ValueError where two come to the same series, or there are more than ``limit`` (0:
        none).
        """
        row: dict[Series, float] = {}
        made: dict[Labels, Series] = {}
        for labels, value in samples:
            series = made[labels] = self._made.get(labels) or self._series(labels)
            row[series] = value
        if len(row) != len(samples):
            raise ValueError(_TWINS)
        if 0 < limit < len(samples):
            raise ValueError(f"exceeded limit of {limit} with {len(samples)} series")
        self._made = made
        return row

    def _series(self, labels: Labels) -> Series:
        given = {**dict(labels), **self._labels}
        given.pop(NAME, None)
        return Series.of(self._name, {name: text for name, text in given.items() if text})
