"""Kind ``sqlite``: a database file, read without leaving a trace in it or beside it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from pydantic import Field

from checks.errors import TargetError
from checks.lanes import LaneBusyError
from checks.model import Part, Result, Samples, Status, worst
from checks.probe import ChartSpec, Kind, Metric, Question, Target
from checks.probes.sqlite.dialect import SqliteDialect
from checks.probes.sqlite.file import DatabaseFile, Session
from checks.probes.sqlite.survey import Survey, TableRows, human_size, survey, table_rows
from checks.queries import DueQueries, UserQuery, readings
from checks.requests.config import RequestLog
from checks.requests.metrics import REQUEST_METRICS
from checks.settings import Duration, KindConfig, Model, Size

if TYPE_CHECKING:
    from checks.requests.source import Row
    from checks.requests.watch import RequestWatch

__all__ = ["KIND", "SizeBounds", "SqliteConfig", "SqliteProbe"]

_SLOW_TIER: Final = 60.0
_LONGEST_INTEGRITY_CHECK: Final = 1800.0
_REQUEST_LOG_BUDGET: Final = 0.5
_UNJUDGED: Final = ("permission", "config", "limit")

T = TypeVar("T")


class SizeBounds(Model):
    """Bounds of a size."""

    warning: Size | None = None
    """WARNING from this size on."""
    critical: Size | None = None
    """CRITICAL from this size on."""

    def judge(self, size: int) -> Status:
        """The status of ``size`` bytes."""
        if self.critical is not None and size >= self.critical:
            return Status.CRITICAL
        if self.warning is not None and size >= self.warning:
            return Status.WARNING
        return Status.OK


class SqliteConfig(KindConfig):
    """An SQLite database file."""

    shorthand: ClassVar[str] = "path"

    path: str = Field(min_length=1)
    """Path of the database file; it is opened read-only and never created."""
    size: SizeBounds = SizeBounds()
    """Bounds of the file's size."""
    wal_size: SizeBounds = SizeBounds()
    """Bounds of its write-ahead log's size: a large one means that nothing checkpoints it."""
    integrity_check: Duration | None = None
    """How often `PRAGMA quick_check` reads the whole file; never unless given."""
    queries: list[UserQuery] = Field(default_factory=list)
    """Queries of your own that become samples."""
    request_log: RequestLog | None = None
    """A table with a row for each request."""

    def instance(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class Finding:
    """A child row, and the reason the check takes from it when it is the worst."""

    reason: str
    part: Part


@dataclass(frozen=True, slots=True)
class Integrity:
    """Outcome of the last integrity check; ``at`` is sample time."""

    at: float
    sound: bool | None
    """None where the check itself did not come to an end."""
    text: str


def complete(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never has to wait, run where it is called."""
    try:
        work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    work.close()
    raise RuntimeError("a coroutine that was to run in a lane had to wait")


class SqliteProbe:
    """Each run is one call in a lane of its own: open, look, ask, close."""

    def __init__(self, config: SqliteConfig, target: Target) -> None:
        self._config = config
        self._target = target
        self._clock = target.env.clock
        self._lane = f"sqlite {target.name}"
        self._file = DatabaseFile(target.env.path(config.path))
        self._checked_file = DatabaseFile(self._file.path)
        self._queries = DueQueries(config.queries)
        self._session: Session | None = None
        self._watch: RequestWatch | None = None
        self._rows = TableRows()
        self._rows_at = -math.inf
        self._schema: int | None = None
        self._integrity: Integrity | None = None
        self._checking: asyncio.Task[None] | None = None
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
        self._start_integrity_check()
        return result

    async def close(self) -> None:
        self._closed = True
        if self._checking is not None:
            self._checking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._checking
        lanes = self._target.env.lanes
        for lane, file in ((self._lane, self._file), (self._check_lane, self._checked_file)):
            # Closing a file that a hung call still reads from would not help it.
            if not lanes.busy(lane):
                file.close()
            lanes.drop(lane)

    async def ask(self, question: str) -> str:
        """``integrity`` is what it can be asked."""
        if question != "integrity":
            return f"an sqlite check knows no {question}"
        return f"integrity: {(await self.check_integrity()).text}"

    async def check_integrity(self) -> Integrity:
        """Read the whole file with ``PRAGMA quick_check``, now, in a lane of its own."""
        try:
            found = await self._target.env.lanes.run(self._check_lane, self._quick_check)
        except LaneBusyError:
            found = Integrity(self._clock.now(), None, "the previous check has not ended yet")
        self._integrity = found
        return found

    @property
    def _check_lane(self) -> str:
        return f"{self._lane} integrity"

    def _look(self) -> Result:
        began = time.monotonic()
        try:
            with self._file.session(began + self._target.timeout * 0.9, self._stopped) as session:
                seen = survey(session, self._file)
                took = time.monotonic() - began
                return self._judge(seen, took, self._ask(session))
        except TargetError as error:
            return self._failed(error)

    def _stopped(self) -> bool:
        return self._closed

    def _ask(self, session: Session) -> list[Finding]:
        """Everything past the survey; what fails here costs its own figures only."""
        self._session = session
        findings = self._read_requests(session)
        self._run_queries(session)
        findings += [
            _finding(f"query {metric}", str(error), error)
            for metric, error in self._queries.problems()
        ]
        return findings + self._estimate_rows(session)

    def _read_requests(self, session: Session) -> list[Finding]:
        log = self._config.request_log
        if log is None:
            return []
        watch = self._watch or self._make_watch(log)
        end = time.monotonic() + min(session.spare / 2, _REQUEST_LOG_BUDGET)
        try:
            complete(watch.poll(self._clock.now(), lambda: end - time.monotonic()))
        except TargetError as error:
            return [_finding("request log", f"request log {log.table}: {error}", error)]
        return []

    def _make_watch(self, log: RequestLog) -> RequestWatch:
        # numpy comes with these: only checks that have a request log pay for it.
        from checks.requests.source import SqlSource  # noqa: PLC0415
        from checks.requests.watch import RequestWatch  # noqa: PLC0415

        source = SqlSource(log, SqliteDialect(), self._execute, self._clock.wall)
        self._watch = RequestWatch(log, source, self._clock.now())
        return self._watch

    async def _execute(self, sql: str, parameters: Sequence[object]) -> Sequence[Row]:
        assert self._session is not None  # noqa: S101 - set by the run that polls
        return self._session.rows(sql, parameters)

    def _run_queries(self, session: Session) -> None:
        now = self._clock.now()
        for number, query in self._queries.due(now):
            try:
                found = session.bounded(query.sql, query.max_rows, session.spare / 2)
                values = readings(query, found.columns, found.rows)
            except TargetError as error:
                self._queries.failed(number, now, error)
            else:
                self._queries.succeeded(number, now, values, more=found.more)

    def _estimate_rows(self, session: Session) -> list[Finding]:
        now = self._clock.now()
        if now < self._rows_at + _SLOW_TIER:
            return []
        try:
            self._rows = table_rows(session)
        except TargetError as error:
            return [_finding("tables", f"tables: {error}", error)]
        self._rows_at = now
        return []

    def _judge(self, seen: Survey, took: float, findings: list[Finding]) -> Result:
        findings = [*findings, *self._size_findings(seen), *self._integrity_findings()]
        status = worst(finding.part.status for finding in findings)
        cause = next((f for f in findings if f.part.status is status is not Status.OK), None)
        figures = f"{human_size(seen.size)}, read in {took * 1000:.0f} ms"
        if seen.wal_size:
            figures += f", write-ahead log {human_size(seen.wal_size)}"
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
            requests=self._watch.stats() if self._watch is not None else None,
        )

    def _size_findings(self, seen: Survey) -> list[Finding]:
        sizes = (
            ("size", "the file", self._config.size, seen.size),
            ("write-ahead log", "the write-ahead log", self._config.wal_size, seen.wal_size),
        )
        return [
            Finding("limit", Part(name, status, f"{what} holds {shown}", shown))
            for name, what, bounds, size in sizes
            for status, shown in ((bounds.judge(size), human_size(size)),)
            if status is not Status.OK
        ]

    def _integrity_findings(self) -> list[Finding]:
        last = self._integrity
        if last is None:
            return []
        if last.sound:
            return [Finding("ok", Part("integrity", Status.OK, last.text, "sound"))]
        if last.sound is None:
            return [Finding("timeout", Part("integrity", Status.UNKNOWN, last.text))]
        return [Finding("protocol", Part("integrity", Status.CRITICAL, last.text, "damaged"))]

    def _samples(self, seen: Survey) -> Samples:
        to = self._target.sampler.builder()
        to.add("sqlite_up", 1)
        seen.samples(to)
        self._rows.samples(to)
        if self._integrity is not None and self._integrity.sound is not None:
            to.add("sqlite_integrity_ok", self._integrity.sound)
            to.add("sqlite_integrity_check_timestamp_seconds", self._integrity.at)
        self._queries.samples(to)
        if self._watch is not None:
            self._watch.samples(to)
        return to.build()

    def _events(self, seen: Survey) -> Iterator[str]:
        if self._file.replaced:
            yield "the file was replaced by another"
        elif self._schema not in (None, seen.schema_version):
            yield f"the schema changed: version {self._schema} became {seen.schema_version}"
        self._schema = seen.schema_version
        if self._watch is not None:
            yield from self._watch.events()

    def _failed(self, error: TargetError) -> Result:
        status = Status.UNKNOWN if error.reason in _UNJUDGED else Status.CRITICAL
        return self._down(error.reason, str(error), status)

    def _hung(self, seconds: float) -> Result:
        text = f"no answer from {self._file.path} for {seconds:.0f} s: does its file system hang?"
        return self._down("timeout", text, Status.CRITICAL)

    def _down(self, reason: str, sentence: str, status: Status) -> Result:
        to = self._target.sampler.builder()
        to.add("sqlite_up", 0)
        return Result.failed(reason, sentence, status=status, samples=to.build())

    def _start_integrity_check(self) -> None:
        interval = self._config.integrity_check
        running = self._checking is not None and not self._checking.done()
        recent = self._integrity is not None and (
            self._clock.now() < self._integrity.at + (interval or 0.0)
        )
        if interval is not None and not running and not recent:
            self._checking = asyncio.create_task(self._check(), name=self._check_lane)

    async def _check(self) -> None:
        await self.check_integrity()

    def _quick_check(self) -> Integrity:
        """Runs in a lane: may take minutes, and ends when the probe is closed."""
        began = time.monotonic()
        try:
            end = began + _LONGEST_INTEGRITY_CHECK
            with self._checked_file.session(end, self._stopped) as session:
                rows = session.rows("PRAGMA quick_check(5)")
        except TargetError as error:
            damaged = error.reason == "protocol"
            sound = False if damaged else None
            return Integrity(self._clock.now(), sound, f"integrity check: {error}")
        took = time.monotonic() - began
        if rows == [("ok",)]:
            return Integrity(self._clock.now(), sound=True, text=f"sound, read in {took:.1f} s")
        found = "; ".join(str(row[0]) for row in rows)
        text = f"{self._file.path} is damaged: {found}; restore a backup"
        return Integrity(self._clock.now(), sound=False, text=text)


def _finding(name: str, text: str, error: TargetError) -> Finding:
    passing = error.reason in ("timeout", "limit")
    status = Status.WARNING if passing else Status.UNKNOWN
    return Finding(error.reason, Part(name, status, text))


def _probe(config: KindConfig, target: Target) -> SqliteProbe:
    if not isinstance(config, SqliteConfig):
        raise TypeError(f"{type(config).__name__} is no configuration of an SQLite check")
    return SqliteProbe(config, target)


def _charts(config: KindConfig) -> tuple[ChartSpec, ...]:
    size = (
        ChartSpec("size", "sqlite_database_size_bytes", "bytes"),
        ChartSpec("write-ahead log", "sqlite_wal_size_bytes", "bytes"),
    )
    if not isinstance(config, SqliteConfig) or config.request_log is None:
        return size
    requests = (
        ChartSpec("requests a second", "http_requests_total", "1/s", rate=True),
        ChartSpec("failed requests a second", "http_requests_failed_total", "1/s", rate=True),
    )
    return requests + size


KIND = Kind(
    name="sqlite",
    summary="an SQLite database file: size, write-ahead log, integrity, queries, request log",
    config=SqliteConfig,
    probe=_probe,
    charts=_charts,
    questions=(
        Question("integrity", "check integrity", "read the whole file and look for damage"),
    ),
    metrics=(
        Metric("sqlite_up", "gauge", "Whether the database could be read."),
        Metric("sqlite_database_size_bytes", "gauge", "Size of the file.", "bytes"),
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
