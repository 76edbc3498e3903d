"""Requests since the start, as a Prometheus client in the application would count them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Final, TypeVar

import numpy as np

from checks.model import SampleBuilder
from checks.requests.batch import UNKNOWN_STATUS, Batch
from checks.requests.groups import OTHER, VALUES_A_LABEL

__all__ = ["BOUNDS", "RequestCounters"]

BOUNDS: Final = tuple(
    round(mantissa * 10.0**exponent, 6)
    for exponent in range(-3, 3)
    for mantissa in (1, 1.5, 2.5, 5, 7.5)
    if mantissa * 10.0**exponent <= 500
)
"""Upper bounds (``le``) of the duration histogram in seconds; with ``+Inf`` under forty."""

_MAX_COMBINATIONS: Final = 500
_MAX_ERRORS: Final = 20
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_]")

T = TypeVar("T", bound=Hashable)


class RequestCounters:
    """Counters and a histogram that only grow; at zero when made."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._names = ("status", *(label_name(label) for label in labels))
        self._requests: Counter[tuple[str, ...]] = Counter()
        self._values: tuple[set[str], ...] = tuple(set() for _ in labels)
        self._errors: Counter[str] = Counter()
        self._failed = 0
        self._le = np.zeros(len(BOUNDS) + 1, dtype=np.int64)
        self._sum = 0.0

    def announce(self, batch: Batch) -> None:
        """Make the counters of ``batch`` known without counting it, so that the first
        request after the start shows as an increase."""
        for key in self._combinations(batch):
            self._requests.setdefault(self._capped(key), 0)

    def add(self, batch: Batch) -> None:
        """Count a batch of single requests."""
        for key, count in self._combinations(batch).items():
            self._requests[self._capped(key)] += count
        for text, count in batch.errors.items():
            self._errors[_admit(text, self._errors, _MAX_ERRORS, OTHER)] += count
        self._failed += int(batch.failed.sum())
        known = batch.totals[np.isfinite(batch.totals)]
        where = np.searchsorted(BOUNDS, known, side="left")
        self._le += np.bincount(where, minlength=len(self._le))
        self._sum += float(known.sum())

    def samples(self, to: SampleBuilder) -> None:
        """Add the counters as they stand."""
        for key, count in self._requests.items():
            to.add("http_requests_total", count, dict(zip(self._names, key, strict=True)))
        to.add("http_requests_failed_total", self._failed)
        for text, count in self._errors.items():
            to.add("http_request_errors_total", count, {"error": text})
        running = np.cumsum(self._le)
        for bound, count in zip((*BOUNDS, "+Inf"), running.tolist(), strict=True):
            le = bound if isinstance(bound, str) else f"{bound:g}"
            to.add("http_request_duration_seconds_bucket", count, {"le": le})
        to.add("http_request_duration_seconds_sum", self._sum)
        to.add("http_request_duration_seconds_count", float(running[-1]))

    def _combinations(self, batch: Batch) -> Counter[tuple[str, ...]]:
        found: Counter[tuple[int | str, ...]] = Counter(
            zip(batch.statuses.tolist(), *batch.labels, strict=True)
        )
        return Counter({(_status(key[0]), *map(str, key[1:])): n for key, n in found.items()})

    def _capped(self, key: tuple[str, ...]) -> tuple[str, ...]:
        """``key`` with the values that are too many replaced by ``other``."""
        if key in self._requests:
            return key
        values = []
        for value, known in zip(key[1:], self._values, strict=True):
            value = _admit(value, known, VALUES_A_LABEL, OTHER)  # noqa: PLW2901
            known.add(value)
            values.append(value)
        return _admit((key[0], *values), self._requests, _MAX_COMBINATIONS, self._rest)

    @property
    def _rest(self) -> tuple[str, ...]:
        return tuple(OTHER for _ in self._names)


def label_name(column: str) -> str:
    """A column's name as a label's; not ``status``, which is the code's."""
    name = _NOT_IN_A_NAME.sub("_", column)
    name = f"_{name}" if name[0].isdigit() else name
    return f"{name}_" if name in ("status", "le", "error") else name


def _status(code: object) -> str:
    return "none" if code == UNKNOWN_STATUS else str(code)


def _admit(value: T, known: Sequence[T] | set[T] | Counter[T], limit: int, rest: T) -> T:
    """``value`` if it is known or there is room for it, else ``rest``."""
    return value if value in known or len(known) < limit else rest
