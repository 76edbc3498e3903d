"""Rows of a request log as columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from checks.model import clean
from checks.requests.sketch import BINS, bins, from_log_index
from checks.requests.zones import to_utc

if TYPE_CHECKING:
    from checks.requests.config import RequestLog
    from checks.requests.source import Cell, Row

__all__ = ["UNKNOWN_BIN", "UNKNOWN_STATUS", "Batch", "error_class", "from_cells", "from_rows"]

UNKNOWN_BIN: Final = BINS
"""In :attr:`Batch.bins`: the request has no duration."""
UNKNOWN_STATUS: Final = 0
"""In :attr:`Batch.statuses`: the request has no status."""

_NO_ERROR: Final = frozenset({"", "0", "f", "false", "no", "none", "null"})
_FLAGS: Final = frozenset({"1", "t", "true", "y", "yes"})
"""Errors that say nothing but that there was one."""
_DIGITS = re.compile(r"\d+")
_CLASS_END = re.compile(r"[:;(\[{]")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Requests as columns of one length ``n``; each row stands for ``weights`` requests.

    Attributes:
        times: seconds since 1970 in UTC by our clock; NaN where the row tells none.
        statuses: HTTP status codes, ``UNKNOWN_STATUS`` where there is none.
        failed: whether it counts as an error.
        bins: bin of the duration, ``UNKNOWN_BIN`` where there is none.
        weights: number of requests.
        totals, lows, highs: sum, smallest and largest duration in seconds; NaN where
            there is none.
        labels: clean values for each label of the configuration, one sequence a label.
        errors: requests by class of error text.
        kinds: of each row that counts as an error, by its place, what it has in common with
            its like: the class of its error's text, or ``HTTP 503`` where that says nothing.
        ids: ids of single requests; None where rows are sums of several.
        texts: what those rows' errors say, where they say something: bounded, not clean.
    """

    times: Floats
    statuses: Ints
    failed: NDArray[np.bool_]
    bins: Ints
    weights: Ints
    totals: Floats
    lows: Floats
    highs: Floats
    labels: tuple[Sequence[str], ...]
    errors: Mapping[str, int]
    kinds: Mapping[int, str]
    texts: Mapping[int, str]
    ids: Sequence[int] | None

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True, eq=False)
class _Sketched:
    """The part of a batch that rows and aggregates tell differently."""

    ids: Sequence[int] | None
    bins: Ints
    weights: Ints
    totals: Floats
    lows: Floats
    highs: Floats


def from_rows(rows: Sequence[Row], log: RequestLog, now: float, shift: float) -> Batch:
    """Single requests. ``shift`` is how many seconds the server's clock is ahead of ours."""
    ids, times, statuses, durations, *texts = zip(*rows, strict=True)
    seconds = _floats(durations)
    if log.duration is not None:
        seconds *= log.duration.seconds
    seconds[seconds < 0] = np.nan
    known = np.isfinite(seconds)
    where = np.full(len(rows), UNKNOWN_BIN, dtype=np.int64)
    where[known] = bins(seconds[known])
    weights = np.ones(len(rows), dtype=np.int64)
    sketched = _Sketched(ids, where, weights, seconds, seconds, seconds)
    return _batch(_times(times, log, now, shift), statuses, texts, log, sketched)


def from_cells(cells: Sequence[Cell], log: RequestLog, now: float, shift: float) -> Batch:
    """Requests that the database has aggregated."""
    times, statuses, indexes, *texts, counts, totals, lows, highs = zip(*cells, strict=True)
    index = _floats(indexes)
    known = np.isfinite(index)
    where = np.full(len(cells), UNKNOWN_BIN, dtype=np.int64)
    where[known] = from_log_index(index[known])
    unit = log.duration.seconds if log.duration is not None else 1.0
    weights = np.array(counts, dtype=np.int64)
    seconds = (_floats(column) * unit for column in (totals, lows, highs))
    sketched = _Sketched(None, where, weights, *seconds)
    return _batch(_times(times, log, now, shift), statuses, texts, log, sketched)


def _batch(
    times: Floats,
    statuses: Sequence[Any],
    texts: Sequence[Sequence[str | None]],
    log: RequestLog,
    sketched: _Sketched,
) -> Batch:
    codes = np.nan_to_num(_floats(statuses)).astype(np.int64)
    codes[(codes < 100) | (codes > 999)] = UNKNOWN_STATUS
    failed = codes >= log.errors_from
    kinds = _by_status(codes, failed)
    told: dict[int, str] = {}
    errors: Counter[str] = Counter()
    for index, text in _failures(texts[0]) if log.error is not None else ():
        failed[index] = True
        known = error_class(text)
        errors[known] += int(sketched.weights[index])
        if text.lower() in _FLAGS:
            kinds.setdefault(index, "error")
        else:
            kinds[index], told[index] = known, text
    return Batch(
        times=times,
        statuses=codes,
        failed=failed,
        bins=sketched.bins,
        weights=sketched.weights,
        totals=sketched.totals,
        lows=sketched.lows,
        highs=sketched.highs,
        labels=tuple(_values(column) for column in texts[1:]),
        errors=errors,
        kinds=kinds,
        texts=told,
        ids=sketched.ids,
    )


def _by_status(codes: Ints, failed: NDArray[np.bool_]) -> dict[int, str]:
    """``HTTP 503`` for each row that failed by its status, by its place."""
    places = np.flatnonzero(failed)
    statuses = codes[places].tolist()
    names = {status: f"HTTP {status}" for status in set(statuses)}
    return {place: names[s] for place, s in zip(places.tolist(), statuses, strict=True)}


def _failures(texts: Sequence[str | None]) -> Iterator[tuple[int, str]]:
    """The texts that tell of an error, with their places."""
    for index, text in enumerate(texts):
        if text is not None and str(text).lower() not in _NO_ERROR:
            yield index, str(text)


def _times(column: Sequence[Any], log: RequestLog, now: float, shift: float) -> Floats:
    return to_utc(_floats(column), log.time.zone, now + shift) - shift


def _floats(column: Sequence[Any]) -> Floats:
    """A column of numbers; NULL, and what is no finite number, becomes NaN."""
    values = np.array(column, dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def _values(column: Sequence[str | None]) -> list[str]:
    """Label values as clean text; ``none`` where there is none."""
    cleaned = {value: clean("" if value is None else value, 80) or "none" for value in set(column)}
    return [cleaned[value] for value in column]


def error_class(text: str) -> str:
    """What an error's text has in common with its like: ``refresh failed`` of
    ``refresh failed: token 8123 expired``."""
    first = clean(text.strip().split("\n", 1)[0], 200)
    head = _CLASS_END.split(first, maxsplit=1)[0].strip() or first
    return clean(_DIGITS.sub("N", head), 60) or "error"
