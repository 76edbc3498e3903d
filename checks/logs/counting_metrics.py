"""Metrics made of records, as a Prometheus client in the application would count them."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from checks.logs.counting_columns import Columns
from checks.logs.counting_config import RecordMetric, ValueOf
from checks.logs.filters import Fits, as_text, compiled, numeric
from checks.logs.model import Value
from checks.logs.patterns_regex import octets, regex
from checks.model import SampleBuilder, clean

__all__ = ["RecordCounter"]

VALUES_A_LABEL: Final = 50
_COMBINATIONS: Final = 500
"""Series of one metric."""
_REMEMBERED: Final = 5_000
OTHER: Final = "other"
NONE: Final = "none"

Key = tuple[str, ...]


class RecordCounter:
    """One metric; it only grows, and begins at zero. A gauge is the newest value.

    ``unsecret`` takes secrets out of what is to be a label: labels are kept for long.
    """

    def __init__(self, config: RecordMetric, unsecret: Callable[[str], str] = str) -> None:
        self._config = config
        self._unsecret = unsecret
        self._fits = _fitting(config)
        self._known: tuple[set[str], ...] = tuple(set() for _ in config.labels)
        self._keys: dict[tuple[Value, ...], Key] = {}
        self._sums: dict[Key, float] = {}
        self._buckets: dict[Key, list[int]] = {}
        self.capped = False
        """Whether values of labels became ``other``."""
        if not config.labels and config.type != "gauge":
            self._room(())

    def announce(self, records: Columns) -> None:
        """Make the series of ``records`` known without counting them, so that the first record
        after the start shows as an increase; a gauge's newest value holds until the next."""
        if self._config.type == "gauge":
            self.add(records)
            return
        for key, _ in self._told(records):
            self._room(key)

    def add(self, records: Columns) -> None:
        """Count ``records``."""
        sums, kind = self._sums, self._config.type
        if kind == "counter" and self._config.value is None:
            for key, count in Counter(self._keys_of(self._chosen(records))).items():
                self._room(key)
                sums[key] += count
            return
        for key, number in self._told(records):
            if key not in sums:
                self._room(key)
            if kind == "gauge":
                sums[key] = number
            elif kind == "histogram":
                sums[key] += number
                self._buckets[key][bisect_left(self._config.buckets, number)] += 1
            else:
                # A counter never falls, whatever a line claims.
                sums[key] += max(0.0, number)

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

    def _chosen(self, records: Columns) -> Columns:
        if self._fits is None:
            return records
        fits = self._fits
        return records.at([at for at, one in enumerate(records.records) if fits(one)])

    def _told(self, records: Columns) -> Iterator[tuple[Key, float]]:
        """The series and the number of each record that has one."""
        chosen = self._chosen(records)
        value = self._config.value
        numbers = [1.0] * len(chosen) if value is None else _numbers(value, chosen)
        for key, number in zip(self._keys_of(chosen), numbers, strict=True):
            if number is not None:
                yield key, number

    def _keys_of(self, records: Columns) -> Iterable[Key]:
        """The labels of each record."""
        fields = self._config.labels.values()
        if not fields:
            return [()] * len(records)
        rows = list(zip(*map(records.column, fields), strict=True))
        known = self._keys
        for row in set(rows) - known.keys():
            if len(known) >= _REMEMBERED:
                known.clear()
            known[row] = self._key(row)
        # Cleared meanwhile, some are made again: there are that many only where labels are capped.
        return [known.get(row) or self._key(row) for row in rows]

    def _key(self, row: tuple[Value, ...]) -> Key:
        key = tuple(
            self._admitted(known, as_text(value))
            for value, known in zip(row, self._known, strict=True)
        )
        if key not in self._sums and len(self._sums) >= _COMBINATIONS:
            self.capped = True
            return tuple(OTHER for _ in key)
        return key

    def _admitted(self, known: set[str], text: str) -> str:
        if text in known:
            return text
        # First that: of a secret that is cut off nobody knows what it was.
        value = clean(self._unsecret(text), 80) or NONE
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


def _fitting(config: RecordMetric) -> Fits | None:
    fits = compiled(config.where) if config.where is not None else None
    pattern = config.pattern
    if fits is not None and pattern:
        return lambda record: pattern in record.patterns and fits(record)
    if pattern:
        return lambda record: pattern in record.patterns
    return fits


def _numbers(value: ValueOf, records: Columns) -> list[float | None]:
    """The number that each record holds; None where it holds none."""
    if value.match is None:
        found = [numeric(each) for each in records.column(value.field)]
    else:
        search = regex(value.match).search
        lines = (octets(record.text or record.message) for record in records.records)
        found = [_number_in(match) for match in map(search, lines)]
    factor = value.factor
    return [
        None if number is None or not math.isfinite(number) else number * factor for number in found
    ]


def _number_in(match: re.Match[bytes] | None) -> float | None:
    return None if match is None else numeric(match[1].decode().replace(",", ""))
