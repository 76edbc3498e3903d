"""Requests that records tell of, one each: figures for the panes, and samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from checks.logs.counting_templates import template
from checks.logs.filters import Fits, Get, as_text, compiled, getter, numeric
from checks.logs.model import Record, Value
from checks.logs.requests_config import DURATIONS, STATUSES, RecordRequests
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

Row = tuple[Any, ...]


class RequestRecords:
    """Windows and counters of the requests of one check."""

    def __init__(self, config: RecordRequests, now: float) -> None:
        self._fits: Fits | None = compiled(config.where) if config.where is not None else None
        self._status = _first([config.status] if config.status else STATUSES)
        self._duration = _seconds(config)
        self._error = getter(config.error) if config.error else None
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
        self._counters = RequestCounters(config.labels)
        self._seen: set[str] = {"labels"} if config.labels else set()
        if config.error:
            self._seen.add("error")
        self._at = now
        self.note = ""
        """What limits the figures; empty where nothing does."""

    def recall(self, records: Sequence[Record], since: float, now: float) -> None:
        """Requests from before the start; all that were written from ``since`` on are among
        them."""
        self._window.advance(now)
        batch = self._batch(records, now, trusted=True)
        if batch is not None:
            self._window.add(batch)
            self._counters.announce(batch)
        self._window.covered_from = max(since, now - _HOUR)
        self._window.rows_since = self._window.covered_from

    def add(self, records: Sequence[Record], now: float, *, trusted: bool) -> None:
        """Count ``records``; unless their times are ``trusted``, those far from ``now`` are taken
        to be now."""
        self._window.advance(now)
        self._at = now
        batch = self._batch(records, now, trusted=trusted)
        if batch is not None:
            self._window.add(batch)
            self._counters.add(batch)

    def figures(self) -> RequestFigures:
        """The figures as of the last records, made when somebody asks for them."""
        return RequestFigures(self._at, self._stats)

    def samples(self, to: SampleBuilder) -> None:
        """The counters as they stand."""
        self._counters.samples(to)

    def _stats(self, only: float | None = None) -> RequestStats:
        return self._window.stats(self.note, frozenset(self._seen), only=only)

    def _batch(self, records: Sequence[Record], now: float, *, trusted: bool) -> Batch | None:
        rows = [row for record in records if (row := self._row(record, now, trusted)) is not None]
        return from_rows(rows, self._log, now, 0.0) if rows else None

    def _row(self, record: Record, now: float, trusted: bool) -> Row | None:
        """The record as a request; None where it is none."""
        if self._fits is not None and not self._fits(record):
            return None
        status = numeric(self._status(record))
        seconds = self._duration(record)
        if status is None and seconds is None and self._fits is None:
            return None
        if status is not None:
            self._seen.add("status")
        if seconds is not None:
            self._seen.add("duration")
        time = record.time
        if not trusted and abs(time - now) > _FAR:
            time = math.nan
        error = self._error(record) if self._error is not None else None
        text = as_text(error)[:1000] if error is not None else None
        labels = (get(record) for get in self._labels)
        values = (None if value is None else as_text(value) for value in labels)
        return (record.number, time, status, seconds, text, *values)


_FAR: Final = 900.0
"""Seconds by which a line that was just written cannot be old: its zone is another."""


def _first(names: Sequence[str]) -> Get:
    """The first of the fields ``names`` that a record has; the one found last is tried first."""
    gets = [getter(name) for name in names]
    if len(gets) == 1:
        return gets[0]
    usual = gets[0]

    def first(record: Record) -> Value:
        nonlocal usual
        found = usual(record)
        if found is not None:
            return found
        for get in gets:
            found = get(record)
            if found is not None:
                usual = get
                return found
        return None

    return first


def _seconds(config: RecordRequests) -> Callable[[Record], float | None]:
    if config.duration is not None:
        units: dict[str, str] = {config.duration.field: config.duration.unit}
    else:
        units = DURATIONS
    gets = [(getter(name), _UNITS[unit]) for name, unit in units.items()]

    def seconds(record: Record) -> float | None:
        for get, unit in gets:
            number = numeric(get(record))
            if number is not None:
                return number * unit
        return None

    return seconds


def _label(name: str) -> Get:
    if name != "route":
        return getter(name)
    path = _first(_PATHS)

    def route(record: Record) -> Value:
        found = path(record)
        if not isinstance(found, str):
            return found
        return template(_path_of(found).replace("'", "").replace('"', ""))

    return route


def _path_of(address: str) -> str:
    """The path of an address, without host and query."""
    if "://" in address[:12]:
        address = f"/{address.split('://', 1)[1].partition('/')[2]}"
    return address.partition("?")[0].partition("#")[0]
