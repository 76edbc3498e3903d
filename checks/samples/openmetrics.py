"""OpenMetrics text with timestamps, as ``promtool tsdb create-blocks-from openmetrics`` takes it.

Every sample has its moment, in seconds since 1970, and ``# EOF`` ends the file. It is read line by
line, and bounded; its lines may stand in any order.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from checks.errors import ConfigError, ConfigProblem
from checks.exposition.grammar import BadLineError, Sample, describe, labels_of, read_sample
from checks.exposition.model import Family
from checks.model import clean
from checks.promql.values import LabelSet

__all__ = ["SampleFile", "read_openmetrics", "read_stream"]

MOST_SAMPLES: Final = 10_000_000
MOST_SERIES: Final = 1_000_000
LONGEST_LINE: Final = 1_048_576
"""Bytes."""
_PLAIN: Final = re.compile(r"-?[0-9]{1,25}(?:\.[0-9]{1,25})?(?:e[+-]?[0-9]{1,3})?")
"""A number as most are; others are looked at by the grammar."""
_LATEST: Final = 2**53 / 1000
"""Seconds since 1970 whose milliseconds a float holds exactly."""


@dataclass(slots=True, eq=False)
class Column:
    """The samples of one series in the order of the file.

    ``times`` are milliseconds since 1970.
    """

    labels: LabelSet
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True, eq=False)
class SampleFile:
    """What a file holds. ``first`` and ``last`` in milliseconds since 1970; 0 where it is empty."""

    columns: list[Column]
    samples: int
    first: int
    last: int


def read_openmetrics(name: str) -> SampleFile:
    """Every sample of the file. Raises ConfigError with file and line."""
    try:
        with Path(name).open("rb") as file:
            return read_stream(file, name)
    except OSError as error:
        raise ConfigError([ConfigProblem(name, 0, "", error.strerror or str(error))]) from None


def read_stream(file: BinaryIO, name: str) -> SampleFile:
    """Every sample of ``file``, which sentences call ``name``. Raises ConfigError."""
    return _Reading(name).read(file)


class _Reading:
    """A file that is being read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._line = 0
        self._by_text: dict[str, Column] = {}
        self._by_labels: dict[LabelSet, Column] = {}
        self._samples = 0
        self._family = Family()

    def read(self, file: BinaryIO) -> SampleFile:
        """The whole file."""
        ended = False
        for line in self._lines(file):
            if ended:
                raise self._wrong("the file goes on after # EOF")
            if self._quickly(line):
                continue
            if line == "# EOF":
                ended = True
            elif line.startswith("#"):
                self._comment(line)
            elif line.strip(" \t"):
                self._sample(line)
        if not ended:
            raise self._wrong("the file ends without # EOF (is it cut?)")
        columns = list(self._by_labels.values())
        return SampleFile(
            columns,
            self._samples,
            min((min(column.times) for column in columns), default=0),
            max((max(column.times) for column in columns), default=0),
        )

    def _wrong(self, why: str) -> ConfigError:
        return ConfigError([ConfigProblem(self._name, self._line, "", clean(why, 400))])

    def _lines(self, file: BinaryIO) -> Iterator[str]:
        while raw := file.readline(LONGEST_LINE + 1):
            self._line += 1
            if len(raw) > LONGEST_LINE:
                raise self._wrong("the line is longer than 1 MB")
            try:
                yield raw.decode().removesuffix("\n")
            except UnicodeDecodeError:
                raise self._wrong("it is not UTF-8 text") from None

    def _comment(self, line: str) -> None:
        try:
            describe(line, lambda _: self._family)
        except BadLineError as error:
            raise self._wrong(str(error)) from None

    def _quickly(self, line: str) -> bool:
        """Take another sample of a known series, if it is that and plainly written."""
        series, _, rest = line.rpartition(" ")
        series, _, value = series.rpartition(" ")
        column = self._by_text.get(series)
        if column is None or _PLAIN.fullmatch(value) is None or _PLAIN.fullmatch(rest) is None:
            return False
        self._add(column, float(rest), float(value))
        return True

    def _sample(self, line: str) -> None:
        try:
            found = read_sample(line, openmetrics=True)
            column = self._by_text.get(found.series) or self._column(found)
        except BadLineError as error:
            raise self._wrong(str(error)) from None
        if found.time is None:
            raise self._wrong(f"the sample of {clean(found.name, 60)} has no timestamp")
        self._add(column, found.time, float(found.value))

    def _add(self, column: Column, time: float, value: float) -> None:
        if not abs(time) <= _LATEST:
            raise self._wrong(f"{time:g} is no moment in seconds since 1970")
        # Fractions of a millisecond are cut off, as Prometheus does.
        column.times.append(int(time * 1000))
        column.values.append(value)
        self._samples += 1
        if self._samples > MOST_SAMPLES:
            raise self._wrong(f"more than {MOST_SAMPLES:,} samples; split the file")

    def _column(self, found: Sample) -> Column:
        pairs = {"__name__": found.name, **dict(labels_of(found.labels))}
        labels = tuple(sorted((key, value) for key, value in pairs.items() if value))
        column = self._by_labels.get(labels)
        if column is None:
            column = self._by_labels[labels] = Column(labels)
        if len(self._by_text) >= MOST_SERIES:
            raise self._wrong(f"more than {MOST_SERIES:,} series; split the file")
        self._by_text[found.series] = column
        return column


def in_order(column: Column) -> Iterable[tuple[int, float]]:
    """The samples by time; of equal times the one that stands last counts."""
    return sorted(dict(zip(column.times, column.values, strict=True)).items())
