"""The slow tier: what is asked once a minute, over the connection of the queries."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from checks.databases.statements import statement
from checks.model import SampleBuilder, Table
from checks.probe import Metric
from checks.probes.mysql.asking import Asker, Record
from checks.probes.mysql.config import MysqlConfig
from checks.probes.mysql.sizes import SIZE_METRICS, Sizes, read_sizes
from checks.wording import size, span

__all__ = ["SLOW_METRICS", "SlowTier"]

EVERY: Final = 60.0
_PICO: Final = 1e12
_LOG_BOUND: Final = 10_000_000
"""Bytes of mysql.slow_log beyond which it is not read: it has no index."""
_COUNTED: Final = {
    "total": ("count_star", 1.0, "calls"),
    "seconds_total": ("sum_timer_wait", _PICO, "time they took"),
    "errors_total": ("sum_errors", 1.0, "errors"),
    "warnings_total": ("sum_warnings", 1.0, "warnings"),
    "rows_affected_total": ("sum_rows_affected", 1.0, "rows changed"),
    "rows_sent_total": ("sum_rows_sent", 1.0, "rows sent"),
    "rows_examined_total": ("sum_rows_examined", 1.0, "rows read"),
    "tmp_tables_total": ("sum_created_tmp_tables", 1.0, "temporary tables"),
    "tmp_disk_tables_total": ("sum_created_tmp_disk_tables", 1.0, "temporary tables on disk"),
    "sort_merge_passes_total": ("sum_sort_merge_passes", 1.0, "passes of sorts"),
    "sort_rows_total": ("sum_sort_rows", 1.0, "rows sorted"),
    "no_index_used_total": ("sum_no_index_used", 1.0, "calls without an index"),
}
_DIGEST: Final = "mysql_perf_schema_events_statements_"


@dataclass(frozen=True, slots=True)
class _Logs:
    """Binary logs: how many, bytes in all, number of the last."""

    files: int
    bytes: float
    number: float


class SlowTier:
    """Asks once a minute, and remembers what was said until then."""

    def __init__(self, config: MysqlConfig) -> None:
        self._config = config
        self._next = -math.inf
        self._sizes = Sizes()
        self._digests: tuple[Record, ...] = ()
        self._before: dict[str, tuple[float, float]] = {}
        self._since = 0.0
        self._elapsed = 0.0
        """Seconds between the last two looks at the statements."""
        self._logs: _Logs | None = None
        self._slow_log: tuple[Record, ...] = ()
        self._notes: tuple[str, ...] = ()

    def due(self, now: float) -> bool:
        return now >= self._next

    def missed(self, now: float) -> None:
        """What was due at ``now`` could not be asked: what was said before is no more."""
        if self.due(now):
            self._sizes, self._logs = Sizes(), None
            self._digests = self._slow_log = ()

    def forget(self) -> None:
        """Ask again at once: the connection is another."""
        self._next = -math.inf

    async def collect(self, ask: Asker, variables: Mapping[str, str], now: float) -> None:
        """Ask everything.

        Raises:
            TargetError: the connection was lost; what was asked by then stands.

        What could not be read is forgotten, so that nothing is shown that may no longer be so.
        """
        # Half a second of leeway keeps a run that is a little early from skipping one.
        self._next = now + EVERY - 0.5
        notes: list[str] = []
        if self._config.statements:
            await self._read_digests(ask, now, notes)
        await self._read_binary_logs(ask, variables)
        await self._read_slow_log(ask, variables, notes)
        if self._config.tables:
            self._sizes = await read_sizes(ask, self._config.tables) or Sizes()
            notes += [self._sizes.note] if self._sizes.note else []
        self._notes = tuple(notes)

    async def _read_digests(self, ask: Asker, now: float, notes: list[str]) -> None:
        if not ask.server.performance_schema:
            notes.append(
                "statements are not counted, since performance_schema is off: "
                "performance_schema=ON in my.cnf and a restart switch it on"
            )
            return
        rows = await ask("digests", self._config.statements)
        if rows is None:
            self._digests = ()
            return
        self._before = {_key(row): _done(row) for row in self._digests}
        self._digests, self._elapsed = tuple(rows), now - self._since
        self._since = now
        if not rows:
            notes.append(
                "statements are not counted: UPDATE performance_schema.setup_consumers "
                "SET ENABLED = 'YES' WHERE NAME = 'statements_digest'"
            )

    async def _read_binary_logs(self, ask: Asker, variables: Mapping[str, str]) -> None:
        self._logs = None
        if variables.get("log_bin", "").upper() not in ("ON", "1"):
            return
        rows = await ask("binary_logs")
        if rows:
            last = str(rows[-1]["Log_name"]).rpartition(".")[2]
            held = sum(float(row["File_size"] or 0) for row in rows)
            self._logs = _Logs(len(rows), held, float(last) if last.isdigit() else 0.0)

    async def _read_slow_log(
        self, ask: Asker, variables: Mapping[str, str], notes: list[str]
    ) -> None:
        self._slow_log = ()
        if variables.get("slow_query_log", "").upper() not in ("ON", "1"):
            notes.append("slow statements are not logged: SET GLOBAL slow_query_log = ON")
            return
        if "TABLE" not in variables.get("log_output", "").upper():
            file = variables.get("slow_query_log_file") or "a file"
            notes.append(
                f"slow statements are logged in {file} alone (log_output=FILE): "
                "SET GLOBAL log_output = 'FILE,TABLE' shows them here"
            )
            return
        measured = await ask("slow_log_size")
        if measured and float(measured[0]["bytes"] or 0) > _LOG_BOUND:
            held = size(float(measured[0]["bytes"]))
            notes.append(f"mysql.slow_log is too large to be read ({held}): rotate it")
        elif measured:
            self._slow_log = tuple(await ask("slow_log") or ())

    def samples(self, out: SampleBuilder) -> None:
        """Add what was said last."""
        self._sizes.samples(out)
        if self._logs is not None:
            out.add("mysql_binlog_files", self._logs.files)
            out.add("mysql_binlog_size_bytes", self._logs.bytes)
            out.add("mysql_binlog_file_number", self._logs.number)
        for row in self._digests:
            labels = {
                "schema": str(row["schema_name"] or "NONE"),
                "digest": str(row["digest"] or ""),
                "digest_text": statement(str(row["digest_text"] or ""), 120),
            }
            for name, (column, unit, _) in _COUNTED.items():
                out.add(_DIGEST + name, float(row[column] or 0) / unit, labels)

    def tables(self) -> tuple[Table, ...]:
        """What was said last, as tables for the screens."""
        return (*self._statements(), *_logged(self._slow_log), *self._sizes.shown())

    def notes(self) -> tuple[str, ...]:
        """What cannot be seen and what would show it."""
        return self._notes

    def facts(self) -> Iterator[tuple[str, str]]:
        if self._logs is not None:
            yield "binary logs", f"{self._logs.files:,} files, {size(self._logs.bytes)}"

    def _statements(self) -> Iterator[Table]:
        if not self._digests:
            return
        columns = (
            "statement",
            "database",
            "calls",
            "mean",
            "longest",
            "share",
            "rows read",
            "lately",
        )
        whole = sum(float(row["sum_timer_wait"] or 0) for row in self._digests) or 1.0
        rows = tuple(self._statement_row(row, whole) for row in self._digests)
        yield Table("Statements", columns, rows, frozenset(columns[2:]))

    def _statement_row(self, row: Record, whole: float) -> tuple[str, ...]:
        calls, seconds = _done(row)
        before = self._before.get(_key(row))
        lately = ""
        if before is not None and calls >= before[0]:
            lately = f"{calls - before[0]:,.0f} in {span(round(self._elapsed))}"
        per_call = float(row["sum_rows_examined"] or 0) / calls if calls else 0.0
        return (
            statement(str(row["digest_text"] or ""), 300),
            str(row["schema_name"] or ""),
            f"{calls:,.0f}",
            _milliseconds(seconds / calls if calls else 0.0),
            _milliseconds(float(row["max_timer_wait"] or 0) / _PICO),
            f"{seconds * _PICO / whole:.0%}".replace("%", " %"),
            f"{per_call:,.0f}",
            lately,
        )


def _key(row: Record) -> str:
    return f"{row['schema_name']}/{row['digest']}"


def _done(row: Record) -> tuple[float, float]:
    """Calls, and seconds in all."""
    return float(row["count_star"] or 0), float(row["sum_timer_wait"] or 0) / _PICO


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def _logged(rows: Sequence[Record]) -> Iterator[Table]:
    if not rows:
        return
    columns = ("began", "took", "rows read", "who", "database", "statement")
    shown = tuple(
        (
            str(row["started"] or ""),
            _milliseconds(float(row["seconds"] or 0)),
            f"{float(row['rows_examined'] or 0):,.0f}",
            str(row["user_host"] or ""),
            str(row["db"] or ""),
            statement(str(row["sql_text"] or ""), 300),
        )
        for row in rows
    )
    yield Table("Slow log, last day", columns, shown, frozenset({"took", "rows read"}))


SLOW_METRICS: Final = (
    *SIZE_METRICS,
    Metric("mysql_binlog_files", "gauge", "binary logs there are"),
    Metric("mysql_binlog_size_bytes", "gauge", "bytes of all binary logs", "bytes"),
    Metric("mysql_binlog_file_number", "gauge", "number of the last binary log"),
    *(
        Metric(
            _DIGEST + name,
            *("counter", f"{text} of one of the costliest statements", ""),
            ("schema", "digest", "digest_text"),
        )
        for name, (_, _, text) in _COUNTED.items()
    ),
)
