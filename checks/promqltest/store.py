"""What a script has loaded, and whether a query read more of it than the evaluator understands."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from checks.promql.answers import series_name
from checks.promql.values import NAME, LabelSet
from checks.promqltest.script import Load
from checks.promqltest.series import Histogram
from checks.samples.store import SeriesGroup, SeriesStore, grouped
from checks.store.block import Floats, Times
from checks.store.groups import Group, Labels
from checks.store.matching import Matcher

__all__ = ["LoadedStore"]

_CLASSIC: Final = ("_bucket", "_count", "_sum")


@dataclass(slots=True)
class _Reads:
    """What was read that is not understood."""

    strange: str = ""


@dataclass(slots=True, eq=False)
class _Loaded:
    """A series: its samples, and the moments of what is not understood, with its name."""

    samples: dict[int, float] = field(default_factory=dict)
    strange: dict[int, str] = field(default_factory=dict)


class LoadedStore:
    """Fulfils the evaluator's storage. ``strange`` says what was read that is not understood."""

    def __init__(self) -> None:
        self._series: dict[LabelSet, _Loaded] = {}
        self._store: SeriesStore | None = None
        self._reads = _Reads()

    @property
    def strange(self) -> str:
        """Since :meth:`forget_reads`; empty where there was nothing."""
        return self._reads.strange

    def forget_reads(self) -> None:
        """Nothing has been read."""
        self._reads.strange = ""

    def load(self, load: Load) -> None:
        """Add samples. ValueError where a series has another value at that moment already."""
        self._store = None
        for series in load.series:
            loaded = self._series.setdefault(series.labels, _Loaded())
            for at, point in enumerate(series.points):
                time = at * load.step
                if isinstance(point, Histogram):
                    loaded.strange[time] = "native histograms"
                elif point is not None:
                    held = loaded.samples.setdefault(time, point)
                    if held != point and not (math.isnan(held) and math.isnan(point)):
                        name = series_name(series.labels)
                        raise ValueError(f"{name} has two values at {time / 1000:g}s")
                    if series.labels in load.starts:
                        loaded.strange[time] = "start timestamps"
            if load.nhcb:
                self._convert(
                    series.labels,
                    [at * load.step for at, p in enumerate(series.points) if p is not None],
                )

    def _convert(self, labels: LabelSet, moments: list[int]) -> None:
        """Note where Prometheus would have a native histogram made of the classic one."""
        pairs = dict(labels)
        name = pairs.get(NAME, "")
        suffix = next((one for one in _CLASSIC if name.endswith(one)), "")
        if not suffix or (suffix == "_bucket" and "le" not in pairs):
            return
        pairs[NAME] = name.removesuffix(suffix)
        pairs.pop("le", None)
        base = self._series.setdefault(tuple(sorted(pairs.items())), _Loaded())
        base.strange.update(dict.fromkeys(moments, "native histograms"))

    def groups(self, name: str, matchers: tuple[Matcher, ...] = ()) -> tuple[Group, ...]:
        """As :class:`checks.samples.store.SeriesStore`."""
        if self._store is None:
            self._store = self._built()
        return self._store.groups(name, matchers)

    def _built(self) -> SeriesStore:
        plain: dict[LabelSet, tuple[Times, Floats]] = {}
        groups: list[Group] = []
        for labels, loaded in self._series.items():
            arrays = _arrays(loaded)
            if not loaded.strange:
                plain[labels] = arrays
                continue
            (group,) = grouped({labels: arrays})
            groups.append(_Watched(group, loaded.strange, self._reads))
        return SeriesStore([*grouped(plain), *groups])


def _arrays(loaded: _Loaded) -> tuple[Times, Floats]:
    pairs = sorted(loaded.samples.items(), key=lambda pair: pair[0])
    times = np.array([time for time, _ in pairs], dtype=np.int64)
    return times, np.array([value for _, value in pairs], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Watched:
    """A series some of whose samples are not understood; tells when one of these counts."""

    group: SeriesGroup
    strange: dict[int, str]
    reads: _Reads

    @property
    def labels(self) -> Labels:
        return self.group.labels

    @property
    def lookback(self) -> int:
        return self.group.lookback

    def rows(self, start: int, end: int) -> tuple[Times, Floats]:
        self._tell(start, end)
        return self.group.rows(start, end)

    def row(self, start: int, end: int) -> tuple[int, Floats] | None:
        found = self.group.row(start, end)
        # an older one does not count where there is a newer sample
        self._tell(start if found is None else max(start, found[0]), end)
        return found

    def _tell(self, start: int, end: int) -> None:
        what = next((what for time, what in self.strange.items() if start < time <= end), "")
        if what:
            self.reads.strange = f"{what}: {series_name(self.labels[0])} has them"
