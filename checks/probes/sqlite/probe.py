"""Kind ``sqlite``: a database file, read without leaving a trace in it or beside it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from typing import Final

from checks.databases.asked import Ledger
from checks.databases.model import FigureSpec
from checks.errors import TargetError
from checks.findings import Finding, trouble
from checks.lanes import LaneBusyError
from checks.model import Part, Result, Samples, Status, worst
from checks.probe import ChartSpec, Expected, Kind, Metric, Question, Target
from checks.probes.sqlite.config import SizeBounds, SqliteConfig
from checks.probes.sqlite.file import DatabaseFile, Session
from checks.probes.sqlite.integrity import Integrity, IntegrityCheck
from checks.probes.sqlite.request_log import RequestLogTable
from checks.probes.sqlite.survey import (
    ROWS_SQL,
    SURVEY_SQL,
    Survey,
    TableRows,
    human_size,
    survey,
    table_rows,
)
from checks.queries import DueQueries, charts_of, queue_traits_of, readings
from checks.requests.metrics import REQUEST_METRICS
from checks.settings import KindConfig

__all__ = ["KIND", "SizeBounds", "SqliteConfig", "SqliteProbe"]

_SLOW_TIER: Final = 60.0
_EMPTY: Final = Finding(
    "missing",
    Part(
        "content",
        Status.WARNING,
        "the file is empty: it was truncated, or nothing was ever written to it; where it held "
        "data, restore a backup",
        "0 B",
    ),
)
_UNJUDGED: Final = ("permission", "config", "limit")


class SqliteProbe:
    """Each run is one call in a lane of its own: open, look, ask, close."""

    def __init__(self, config: SqliteConfig, target: Target) -> None:
        self._config = config
        self._target = target
        self._clock = target.env.clock
        self._lane = f"sqlite {target.name}"
        self._file = DatabaseFile(target.env.path(config.path))
        self._integrity = IntegrityCheck(
            self._file.path, target, config.integrity_check, self._stopped
        )
        self._queries = DueQueries(config.queries)
        self._ledger = Ledger(self._clock)
        log = config.request_log
        self._requests = RequestLogTable(log, self._clock) if log is not None else None
        self._rows = TableRows()
        self._rows_at = -math.inf
        self._schema: int | None = None
        self._closed = False

    async def run(self) -> Result:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._target.timeout * 0.97):
                result = await self._target.env.lanes.run(self._lane, self._look)
        except LaneBusyError as busy:
            return self._hung(loop.time() - busy.since)
        except TimeoutError:
            return self._hung(self._target.timeout)
        if not self._closed:
            self._integrity.start_if_due()
        return result

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        # A run may still read from the file, or be about to open it.
        self._target.env.lanes.drop(self._lane, self._file.close)
        await self._integrity.close()

    async def ask(self, question: str) -> str:
        """``integrity`` is what it can be asked."""
        if question != "integrity":
            return f"an sqlite check knows no {question}"
        return f"integrity: {(await self.check_integrity()).text}"

    async def check_integrity(self) -> Integrity:
        """Read the whole file with ``PRAGMA quick_check``, now, in a lane of its own."""
        return await self._integrity.run()

    def _look(self) -> Result:
        began = time.monotonic()
        try:
            with self._file.session(began + self._target.timeout * 0.9, self._stopped) as session:
                opened = time.perf_counter()
                seen = survey(session, self._file)
                self._ledger.note("survey", SURVEY_SQL, time.perf_counter() - opened, None)
                took = time.monotonic() - began
                return self._judge(seen, took, self._ask(session))
        except TargetError as error:
            return self._failed(error)

    def _stopped(self) -> bool:
        return self._closed

    def _ask(self, session: Session) -> list[Finding]:
        """Everything past the survey; what fails here costs its own figures only."""
        findings = self._read_requests(session)
        self._run_queries(session)
        findings += [
            trouble(f"query {metric}", str(error), error)
            for metric, error in self._queries.problems()
        ]
        findings += self._queries.values()
        return findings + self._estimate_rows(session)

    def _read_requests(self, session: Session) -> list[Finding]:
        if self._requests is None:
            return []
        began = time.perf_counter()
        findings = self._requests.read(session)
        took = time.perf_counter() - began
        self._ledger.request_log(self._requests.asked, took, None)
        return findings

    def _run_queries(self, session: Session) -> None:
        now = self._clock.now()
        for number, query in self._queries.due(now):
            began = time.perf_counter()
            try:
                found = session.bounded(query.sql, query.max_rows, session.spare / 2)
                took = time.perf_counter() - began
                self._ledger.query(query.metric, query.sql, took, len(found.rows), query.interval)
                values = readings(query, found.columns, found.rows)
            except TargetError as error:
                self._queries.failed(number, now, error)
            else:
                self._queries.succeeded(number, now, values, more=found.more)

    def _estimate_rows(self, session: Session) -> list[Finding]:
        now = self._clock.now()
        if now < self._rows_at + _SLOW_TIER:
            return []
        began = time.perf_counter()
        try:
            self._rows = table_rows(session)
            took = time.perf_counter() - began
            self._ledger.note("rows of tables", ROWS_SQL, took, len(self._rows.estimates))
        except TargetError as error:
            self._rows = TableRows()
            return [trouble("tables", f"tables: {error}", error)]
        self._rows_at = now
        return []

    def _judge(self, seen: Survey, took: float, findings: list[Finding]) -> Result:
        findings = [*findings, *self._size_findings(seen), *self._integrity.findings()]
        if seen.empty:
            findings.insert(0, _EMPTY)
        status = worst(finding.part.status for finding in findings)
        cause = next((f for f in findings if f.part.status is status is not Status.OK), None)
        if seen.empty:
            # Queries find no table then, which would be said in its place.
            cause = _EMPTY
        figures = f"{seen.sizes()}, read in {took * 1000:.0f} ms"
        return Result(
            status,
            cause.part.message if cause else figures,
            reason=cause.reason if cause else "ok",
            value=human_size(seen.size),
            duration=took,
            samples=self._samples(seen),
            parts=tuple(finding.part for finding in findings),
            tables=(self._rows.table(),) if self._rows.estimates else (),
            facts=(("path", str(self._file.path)), *seen.facts()),
            events=tuple(self._events(seen)),
            requests=self._requests.stats() if self._requests is not None else None,
            asked=self._ledger.asked(),
        )

    def _size_findings(self, seen: Survey) -> list[Finding]:
        sizes = (
            ("size", "the database", self._config.size, seen.size),
            ("write-ahead log", "the write-ahead log", self._config.wal_size, seen.wal_size),
        )
        return [
            Finding("limit", Part(name, status, f"{what} holds {shown}", shown))
            for name, what, bounds, size in sizes
            for status, shown in ((bounds.judge(size), human_size(size)),)
            if status is not Status.OK
        ]

    def _samples(self, seen: Survey) -> Samples:
        to = self._target.sampler.builder()
        to.add("sqlite_up", 1)
        seen.samples(to)
        self._rows.samples(to)
        self._integrity.samples(to)
        self._queries.samples(to)
        if self._requests is not None:
            self._requests.samples(to)
        return to.build()

    def _events(self, seen: Survey) -> Iterator[str]:
        if self._file.replaced:
            yield "the file was replaced by another"
        elif self._schema not in (None, seen.schema_version):
            yield f"the schema changed: version {self._schema} became {seen.schema_version}"
        self._schema = seen.schema_version
        if self._requests is not None:
            yield from self._requests.events()

    def _failed(self, error: TargetError) -> Result:
        status = Status.UNKNOWN if error.reason in _UNJUDGED else Status.CRITICAL
        return self._down(error.reason, str(error), status)

    def _hung(self, seconds: float) -> Result:
        text = f"no answer from {self._file.path} for {seconds:.0f} s: does its file system hang?"
        return self._down("timeout", text, Status.CRITICAL)

    def _down(self, reason: str, sentence: str, status: Status) -> Result:
        to = self._target.sampler.builder()
        if status is Status.CRITICAL:
            to.add("sqlite_up", 0)
        return Result.failed(reason, sentence, status=status, samples=to.build())


def _probe(config: KindConfig, target: Target) -> SqliteProbe:
    if not isinstance(config, SqliteConfig):
        raise TypeError(f"{type(config).__name__} is no configuration of an SQLite check")
    return SqliteProbe(config, target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    if not isinstance(config, SqliteConfig):
        return ()
    size = tuple(
        ChartSpec(title, metric, "bytes", warning=bounds.warning, critical=bounds.critical)
        for title, metric, bounds in (
            ("size", "sqlite_database_size_bytes", config.size),
            ("write-ahead log", "sqlite_wal_size_bytes", config.wal_size),
        )
    )
    own = (*size, *charts_of(config.queries))
    if config.request_log is None:
        return own
    requests = (
        ChartSpec("requests a second", "http_requests_total", "1/s", rate=True),
        ChartSpec("failed requests a second", "http_requests_failed_total", "1/s", rate=True),
    )
    return requests + own


def _expects(config: KindConfig) -> Expected:
    if not isinstance(config, SqliteConfig):
        return Expected()
    told = config.request_log is not None
    return Expected(queue_traits=queue_traits_of(config.queries), requests=told)


_FIGURES = (
    FigureSpec("size", ("sqlite_database_size_bytes",), "bytes"),
    FigureSpec("write-ahead log", ("sqlite_wal_size_bytes",), "bytes"),
    FigureSpec("free pages", ("sqlite_freelist_pages",), "ratio", of=("sqlite_page_count",)),
    FigureSpec("tables", ("sqlite_tables",)),
    FigureSpec("rows, about", ("sqlite_table_rows_estimate",)),
    FigureSpec("requests", ("http_requests_total",), "1/s", rate=True),
    FigureSpec("failed requests", ("http_requests_failed_total",), "1/s", rate=True),
)
"""What the databases screen shows of a file."""

KIND = Kind(
    name="sqlite",
    summary="an SQLite database file: size, write-ahead log, integrity, queries, request log",
    config=SqliteConfig,
    bounds={"size": ("SqliteDatabaseLarge",), "wal_size": ("SqliteWalLarge",)},
    probe=_probe,
    charts=_charts,
    expects=_expects,
    figures=_FIGURES,
    questions=(
        Question("integrity", "check integrity", "read the whole file and look for damage"),
    ),
    metrics=(
        Metric("sqlite_up", "gauge", "Whether the database could be read."),
        Metric(
            "sqlite_database_size_bytes", "gauge", "Size of the database: all its pages.", "bytes"
        ),
        Metric("sqlite_file_size_bytes", "gauge", "Size of the file alone.", "bytes"),
        Metric("sqlite_wal_size_bytes", "gauge", "Size of the write-ahead log.", "bytes"),
        Metric("sqlite_page_size_bytes", "gauge", "Size of a page.", "bytes"),
        Metric("sqlite_page_count", "gauge", "Pages of the database."),
        Metric("sqlite_freelist_pages", "gauge", "Pages that hold nothing."),
        Metric("sqlite_schema_version", "gauge", "Grows with every change of the schema."),
        Metric("sqlite_user_version", "gauge", "The application's own version number."),
        Metric("sqlite_tables", "gauge", "Tables of the schema."),
        Metric(
            "sqlite_info",
            "info",
            "Journal mode and text encoding.",
            labels=("journal_mode", "encoding"),
        ),
        Metric(
            "sqlite_table_rows_estimate", "gauge", "Estimated rows of a table.", labels=("table",)
        ),
        Metric("sqlite_integrity_ok", "gauge", "Whether the last integrity check found no damage."),
        Metric(
            "sqlite_integrity_check_timestamp_seconds",
            "gauge",
            "When the last integrity check ended.",
            "seconds",
        ),
        *REQUEST_METRICS,
    ),
)
