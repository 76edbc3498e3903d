"""What a rule returned, written into the store, where the next rule finds it.

Each rule has a block of its own: a row is one evaluation, and a series that it did not return any
more ends there, as Prometheus' stale markers have it. A rule that fails writes no row, so what it
returned before stays as long as the look-back goes, as with Prometheus.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from checks.model import Samples, Series
from checks.rules.model import RecordRule

__all__ = ["Recorder", "Sink", "recorded"]

NAME = "__name__"
Labels = tuple[tuple[str, str], ...]


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
        self._interval = interval / 1000
        self._wrote = begins

    @property
    def quiet(self) -> bool:
        """Whether its last row held nothing, so that no series of it would have to end."""
        return not self._wrote

    def write(self, sink: Sink, at: int, samples: Sequence[tuple[Labels, float]]) -> None:
        """Keep ``samples`` as those of ``at`` (milliseconds); what is not among them ends."""
        row: dict[Series, float] = {}
        for labels, value in samples:
            given = dict(labels)
            row.setdefault(Series.of(given.pop(NAME, ""), given), value)
        self.write_row(sink, at, row)

    def write_row(self, sink: Sink, at: int, row: Mapping[Series, float]) -> None:
        """As :meth:`write`, of series that are there already."""
        if not row and not self._wrote:
            return
        sink.append(self.block, self._interval, at / 1000, Samples(tuple(row), tuple(row.values())))
        self._wrote = bool(row)

    def follow(self, other: Recorder) -> None:
        """Go on with the block of ``other``, whose series end where this one has none."""
        self._wrote = other._wrote

    def end(self, sink: Sink, at: int) -> None:
        """End every series that it wrote: the rule is there no more."""
        self.write(sink, at, ())


def recorded(
    rule: RecordRule, samples: Iterable[tuple[Labels, float]], limit: int
) -> list[tuple[Labels, float]]:
    """``samples`` under the name and with the labels of ``rule``.

    Raises ValueError where two come to the same series, or there are more than ``limit`` (0:
    none).
    """
    made: dict[Labels, float] = {}
    count = 0
    for labels, value in samples:
        given = {**dict(labels), NAME: rule.name, **dict(rule.labels)}
        made[tuple(sorted((name, text) for name, text in given.items() if text))] = value
        count += 1
    if len(made) != count:
        raise ValueError(
            "vector contains metrics with the same labelset after applying rule labels"
        )
    if 0 < limit < count:
        raise ValueError(f"exceeded limit of {limit} with {count} series")
    return list(made.items())
