"""Metrics made of records, as a Prometheus client in the application would count them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final

from checks.logs.counting_config import RecordMetric, ValueOf
from checks.logs.filters import Fits, as_text, compiled, getter, numeric
from checks.logs.model import Record
from checks.logs.patterns_regex import octets, regex
from checks.model import SampleBuilder, clean

__all__ = ["RecordCounter"]

VALUES_A_LABEL: Final = 50
_COMBINATIONS: Final = 500
"""Series of one metric."""
OTHER: Final = "other"
NONE: Final = "none"

Key = tuple[str, ...]


class RecordCounter:
    """One metric; it only grows, and begins at zero. A gauge is the newest value."""

    def __init__(self, config: RecordMetric) -> None:
        self._config = config
        self._fits = _fitting(config)
        self._value = _number_of(config.value) if config.value is not None else None
        self._labels = tuple(getter(field) for field in config.labels.values())
        self._known: tuple[set[str], ...] = tuple(set() for _ in self._labels)
        self._sums: dict[Key, float] = {}
        self._buckets: dict[Key, list[int]] = {}
        if not self._labels and config.type != "gauge":
            self._room(())
        self.capped = False
        """Whether values of labels became ``other``."""

    def announce(self, records: Sequence[Record]) -> None:
        """Make the series of ``records`` known without counting them, so that the first record
        after the start shows as an increase."""
        if self._config.type == "gauge":
            return
        for record in records:
            if self._fits(record) and self._number(record) is not None:
                self._room(self._key(record))

    def add(self, records: Sequence[Record]) -> None:
        """Count ``records``."""
        fits, sums, kind = self._fits, self._sums, self._config.type
        for record in records:
            if not fits(record):
                continue
            number = self._number(record)
            if number is None:
                continue
            key = self._key(record)
            self._room(key)
            if kind == "gauge":
                sums[key] = number
                continue
            # A counter never falls, whatever a line claims.
            sums[key] += number if kind == "histogram" else max(0.0, number)
            if kind == "histogram":
                self._buckets[key][bisect_left(self._config.buckets, number)] += 1

    def samples(self, to: SampleBuilder) -> None:
        """Add the series as they stand."""
        name, names = self._config.metric, tuple(self._config.labels)
        for key, total in self._sums.items():
            labels = dict(zip(names, key, strict=True))
            if self._config.type == "histogram":
                self._histogram(to, labels, key, total)
            else:
                to.add(name, total, labels)

    def _histogram(self, to: SampleBuilder, labels: dict[str, str], key: Key, total: float) -> None:
        name, running = self._config.metric, 0
        for bound, count in zip((*self._config.buckets, math.inf), self._buckets[key], strict=True):
            running += count
            le = f"{bound:g}" if math.isfinite(bound) else "+Inf"
            to.add(f"{name}_bucket", running, {**labels, "le": le})
        to.add(f"{name}_sum", total, labels)
        to.add(f"{name}_count", running, labels)

    def _number(self, record: Record) -> float | None:
        return 1.0 if self._value is None else self._value(record)

    def _key(self, record: Record) -> Key:
        key = tuple(
            self._admitted(known, as_text(get(record)))
            for get, known in zip(self._labels, self._known, strict=True)
        )
        if key not in self._sums and len(self._sums) >= _COMBINATIONS:
            self.capped = True
            return tuple(OTHER for _ in key)
        return key

    def _admitted(self, known: set[str], text: str) -> str:
        if text in known:
            return text
        value = clean(text, 80) or NONE
        if value not in known:
            if len(known) >= VALUES_A_LABEL:
                self.capped = True
                return OTHER
            known.add(value)
        return value

    def _room(self, key: Key) -> None:
        """See that there is a series for ``key``."""
        if key in self._sums:
            return
        self._sums[key] = 0.0
        if self._config.type == "histogram":
            self._buckets[key] = [0] * (len(self._config.buckets) + 1)


def _fitting(config: RecordMetric) -> Fits:
    fits = compiled(config.where) if config.where is not None else None
    pattern = config.pattern
    if fits is not None and pattern:
        return lambda record: pattern in record.patterns and fits(record)
    if pattern:
        return lambda record: pattern in record.patterns
    return fits or (lambda _: True)


def _number_of(value: ValueOf) -> Callable[[Record], float | None]:
    factor = value.factor
    if value.match is not None:
        search = regex(value.match).search

        def found(record: Record) -> float | None:
            match = search(octets(record.text or record.message))
            number = numeric(match[1].decode().replace(",", "")) if match is not None else None
            return None if number is None else number * factor

        return found
    get = getter(value.field)

    def told(record: Record) -> float | None:
        number = numeric(get(record))
        return None if number is None or not math.isfinite(number) else number * factor

    return told
