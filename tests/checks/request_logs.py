"""A request log in a real SQLite database and everything that reads it, without a check."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from checks.clock import FakeClock
from checks.errors import TargetError
from checks.model import Sampler, Samples
from checks.probes.sqlite.dialect import SqliteDialect
from checks.probes.sqlite.request_log import complete
from checks.requests.config import RequestLog
from checks.requests.source import Row
from checks.requests.sql import SqlSource
from checks.requests.stats import RequestStats
from checks.requests.watch import RequestWatch

__all__ = ["LOG", "NOW", "LogBench", "log_config"]

NOW = 1_700_000_000.0
"""A multiple of the windows' time step."""


LOG = {
    "table": "request_logs",
    "time": "created_at",
    "status": "status_code",
    "duration": "latency_ms",
    "labels": ["provider_id"],
    "error": "error",
}
"""The configuration for :class:`tests.servers.sqlite.SqliteDatabase`'s table."""


def log_config(**changes: Any) -> RequestLog:
    """:data:`LOG` with ``changes``."""
    return RequestLog.model_validate({**LOG, **changes})


class BenchClock(FakeClock):
    """The clock of a :class:`LogBench`; its wall clock is the server's."""

    def __init__(self, bench: LogBench) -> None:
        super().__init__()
        self._bench = bench

    def now(self) -> float:
        return self._bench.now

    def wall(self) -> float:
        return self._bench.now + self._bench.server_ahead


class LogBench:
    """Polls the log of ``connection`` at the times it is told."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        log: RequestLog,
        now: float = NOW,
        dialect: SqliteDialect | None = None,
    ) -> None:
        self.connection = connection
        self.now = now
        self.server_ahead = 0.0
        self.statements: list[str] = []
        self.fails: Callable[[], bool] = lambda: False
        source = SqlSource(log, dialect or SqliteDialect(), self._execute, BenchClock(self))
        self.watch = RequestWatch(log, source, now)

    async def _execute(self, sql: str, parameters: Sequence[object]) -> Sequence[Row]:
        self.statements.append(sql)
        if self.fails():
            raise TargetError("timeout", "stopped")
        return self.connection.execute(sql, parameters).fetchall()

    def poll(self, seconds: float = 0.0, spare: float = 60.0) -> RequestStats:
        """Let ``seconds`` go by and read; ``spare`` seconds may be spent."""
        self.now += seconds
        complete(self.watch.poll(self.now, lambda: spare))
        return self.watch.stats()

    def try_to_poll(self, seconds: float = 0.0, spare: float = 60.0) -> None:
        """Poll; a statement that failed ends it, as it would end a check's run."""
        with contextlib.suppress(TargetError):
            self.poll(seconds, spare)

    def samples(self) -> Samples:
        to = Sampler({}).builder()
        self.watch.samples(to)
        return to.build()

    def counted(self) -> float:
        """Requests counted since the first poll."""
        samples = self.samples()
        pairs = zip(samples.series, samples.values, strict=True)
        return sum(value for series, value in pairs if series.name == "http_requests_total")
