"""From a metric's name and labels to a series: kept or not, with the target's labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final
from weakref import WeakSet

from checks.exposition.model import Labels
from checks.exposition.reader import LEFT_OUT, LeftOut
from checks.model import Series
from checks.probes.metrics.config import MetricsConfig, matcher

__all__ = ["REFUSED", "SeriesMaker"]

REFUSED: Final = LeftOut()
"""The mark of a series for which there is no room at the moment."""

_REMEMBERED: Final = 3
"""How many times the series of one page may be remembered at once."""
_RESERVED: Final = frozenset(
    {
        "up",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
        "scrape_samples_post_metric_relabeling",
        "scrape_series_added",
        "scrape_body_size_bytes",
    }
)
"""What a scrape says of itself. A page that names them too is a federated one or a proxy's."""

_remembered: dict[Labels, WeakSet[Series]] = {}
"""By a target's own labels, its series that somebody remembers."""


def _alive(base: Mapping[str, str]) -> WeakSet[Series]:
    """Those of the target with the labels ``base``.

    Whoever reads it: the store keeps them also when a reload has made the check anew.
    """
    for key in [key for key, series in _remembered.items() if not series]:
        del _remembered[key]
    return _remembered.setdefault(tuple(sorted(base.items())), WeakSet())


class SeriesMaker:
    """Makes the series of one target.

    A target whose labels change with every scrape would fill the memory, since each of its
    series is remembered for an hour. So no more than :attr:`room` are alive at once, those of
    makers before it included; what comes beyond is refused, and counted by the metric's name in
    :attr:`refused`.
    """

    def __init__(self, config: MetricsConfig, base: Mapping[str, str]) -> None:
        self.room = _REMEMBERED * config.max_series
        self.refused: Counter[str] = Counter()
        self._base = dict(base)
        self._honor = config.honor_labels
        self._keep = matcher(config.keep) if config.keep else None
        self._drop = matcher(config.drop) if config.drop else None
        self._alive = _alive(base)

    @property
    def alive(self) -> int:
        """Series of this target that somebody remembers."""
        return len(self._alive)

    def __call__(self, name: str, labels: Labels) -> Series | LeftOut:
        if not self._wants(name, labels):
            return LEFT_OUT
        made = Series.of(name, self._merged(labels))
        if made not in self._alive:
            if len(self._alive) >= self.room:
                self.refused[name] += 1
                return REFUSED
            self._alive.add(made)
        return made

    def _wants(self, name: str, labels: Labels) -> bool:
        if name in _RESERVED and not (self._honor and self._belongs_elsewhere(labels)):
            return False
        if self._keep is not None and not self._keep.match(name):
            return False
        return self._drop is None or not self._drop.match(name)

    def _belongs_elsewhere(self, labels: Labels) -> bool:
        """Whether labels of the page's own make it the series of another target."""
        own = dict(labels)
        return any(own.get(key, value) != value for key, value in self._base.items())

    def _merged(self, labels: Labels) -> dict[str, str]:
        own = {name: value for name, value in labels if value}
        if self._honor:
            return {**self._base, **own}
        merged = dict(self._base)
        taken = own.keys() | merged.keys()
        for name, value in own.items():
            key = name
            if name in self._base:
                while key in taken:
                    key = f"exported_{key}"
                taken = taken | {key}
            merged[key] = value
        return merged
