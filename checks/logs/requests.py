"""Requests that records tell of, one each: figures for the panes, and samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Final

from checks.logs.counting_columns import Columns
from checks.logs.filters import Fits, as_text, compiled, numeric
from checks.logs.model import Record, Value
from checks.logs.requests_config import DURATIONS, STATUSES, RecordRequests
from checks.logs.requests_routes import Routes
from checks.model import SampleBuilder
from checks.requests.batch import Batch, from_rows
from checks.requests.config import DurationColumn, RequestLog, TimeColumn
from checks.requests.counters import RequestCounters
from checks.requests.stats import RequestFigures, RequestStats
from checks.requests.window import RequestWindow

__all__ = ["RequestRecords"]

_HOUR: Final = 3600.0
_PATHS: Final = (
    "route", "path", "uri", "url", "request_uri", "endpoint", "context.url", "context.path",
    "http.target", "http.route", "url.path", "req.url", "request.path",
)  # fmt: skip
_UNITS: Final = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


class RequestRecords:
    """Windows and counters of the requests of one check."""

    def __init__(self, config: RecordRequests, now: float) -> None:
        self._fits: Fits | None = compiled(config.where) if config.where is not None else None
        names = [config.status] if config.status else STATUSES
        units = DURATIONS
        if config.duration is not None:
            units = {config.duration.field: config.duration.unit}
        self._statuses = _First(dict.fromkeys(names, 1.0))
        self._seconds = _First({name: _UNITS[unit] for name, unit in units.items()})
        self._error = config.error
        self._labels = tuple(_label(name) for name in config.labels)
        self._log = RequestLog(
            table="log",
            time=TimeColumn(column="time", zone="utc", format="s"),
            status="status",
            duration=DurationColumn(column="duration", unit="s"),
            labels=list(config.labels),
            error="error" if config.error else None,
            errors_from=config.errors_from,
        )
        self._window = RequestWindow(config.labels, now)
        self._lock = Lock()
        """Of the window: it is added to in a lane, and looked at in the engine's loop."""
        self._counters = RequestCounters(config.labels)
        self._seen: set[str] = {"labels"} if config.labels else set()
        if config.error:
            self._seen.add("error")
        self._at = now
        self.note = ""
        """What limits the figures; empty where nothing does."""

    def recall(self, records: Columns, since: float, now: float) -> None:
        """Requests from before the start; all that were written from ``since`` on are among
        them."""
        batch = self._batch(records, now, trusted=True)
        if batch is not None:
            self._counters.announce(batch)
        with self._lock:
            self._window.advance(now)
            if batch is not None:
                self._window.add(batch)
            self._window.covered_from = max(since, now - _HOUR)
            self._window.rows_since = self._window.covered_from

    def add(self, records: Columns, now: float, *, trusted: bool) -> None:
        """Count ``records``; unless their times are ``trusted``, those far from ``now`` are taken
        to be now."""
        self._at = now
        batch = self._batch(records, now, trusted=trusted)
        if batch is not None:
            self._counters.add(batch)
        with self._lock:
            self._window.advance(now)
            if batch is not None:
                self._window.add(batch)

    def figures(self) -> RequestFigures:
        """The figures as of the last records, made when somebody asks for them."""
        return RequestFigures(self._at, self._stats)

    def samples(self, to: SampleBuilder) -> None:
        """The counters as they stand."""
        self._counters.samples(to)

    def _stats(self, only: float | None = None) -> RequestStats:
        with self._lock:
            return self._window.stats(self.note, frozenset(self._seen), only=only)

    def _batch(self, records: Columns, now: float, *, trusted: bool) -> Batch | None:
        """Those of ``records`` that are requests."""
        chosen = records
        if self._fits is not None:
            fits = self._fits
            chosen = records.at([at for at, one in enumerate(records.records) if fits(one)])
        statuses = [_code(number) for number in self._statuses(chosen)]
        seconds = self._seconds(chosen)
        if self._fits is None:
            pairs = enumerate(zip(statuses, seconds, strict=True))
            told = [at for at, pair in pairs if pair != (None, None)]
            if len(told) < len(chosen):
                chosen = chosen.at(told)
                statuses, seconds = ([one[at] for at in told] for one in (statuses, seconds))
        if not len(chosen):
            return None
        self._note(statuses, seconds)
        columns = (
            [record.number for record in chosen.records],
            _times(chosen.records, now, trusted=trusted),
            statuses,
            seconds,
            self._errors(chosen),
            *(label(chosen) for label in self._labels),
        )
        return from_rows(list(zip(*columns, strict=True)), self._log, now, 0.0)

    def _errors(self, records: Columns) -> Sequence[str | None]:
        if not self._error:
            return [None] * len(records)
        found = records.column(self._error)
        return [None if value is None else as_text(value)[:1000] for value in found]

    def _note(self, statuses: Sequence[float | None], seconds: Sequence[float | None]) -> None:
        """What the log knows of requests."""
        for name, values in (("status", statuses), ("duration", seconds)):
            if name not in self._seen and any(value is not None for value in values):
                self._seen.add(name)


_FAR: Final = 900.0
"""Seconds by which a line that was just written cannot be old: its zone is another."""


def _code(number: float | None) -> float | None:
    """``number`` where it can be that of a status."""
    return number if number is not None and 100 <= number <= 999 else None


def _times(records: Sequence[Record], now: float, *, trusted: bool) -> list[float]:
    if trusted:
        return [record.time for record in records]
    return [record.time if abs(record.time - now) <= _FAR else math.nan for record in records]


class _First:
    """The first of several fields that a record has, as a number; the one found last is tried
    first. Each has its own unit.
    """

    def __init__(self, units: Mapping[str, float]) -> None:
        self._units = units
        self._usual = next(iter(units))

    def __call__(self, records: Columns) -> list[float | None]:
        factor = self._units[self._usual]
        found = _scaled(records.column(self._usual), factor)
        if len(self._units) > 1 and None in found:
            self._look_on(records, found)
        return found

    def _look_on(self, records: Columns, found: list[float | None]) -> None:
        """Fill in what the other fields say."""
        missing = [at for at, number in enumerate(found) if number is None]
        for name, factor in self._units.items():
            rest = records.at(missing) if len(missing) < len(records) else records
            others = _scaled(rest.column(name), factor)
            for at, number in zip(missing, others, strict=True):
                found[at] = number
            if any(number is not None for number in others):
                self._usual = name
                missing = [at for at in missing if found[at] is None]
            if not missing:
                return


def _scaled(values: Sequence[Value], factor: float) -> list[float | None]:
    if factor == 1.0:
        return [numeric(value) for value in values]
    numbers = map(numeric, values)
    return [None if number is None else number * factor for number in numbers]


def _label(name: str) -> Callable[[Columns], Sequence[str | None]]:
    if name == "route":
        return _Route()
    return lambda records: list(map(_as_label, records.column(name)))


def _as_label(value: Value) -> str | None:
    return value if isinstance(value, str | None) else as_text(value)


class _Route:
    """The path of a request, without what differs."""

    def __init__(self) -> None:
        self._routes = Routes()
        self._usual = _PATHS[0]

    def __call__(self, records: Columns) -> Sequence[str | None]:
        names = (self._usual, *_PATHS)
        found: list[Value] = []
        for name in names:
            found = records.column(name)
            if any(value is not None for value in found):
                self._usual = name
                break
        of = self._routes.of
        return [of(value) if isinstance(value, str) else _as_label(value) for value in found]
