"""Request logs on real servers, written to by sessions of their own and read as a check reads
them; what the two kinds of server do differently is said here."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import aiomysql
import asyncpg
import pymysql

from checks.clock import FakeClock
from checks.errors import TargetError
from checks.findings import Finding
from checks.model import Sampler
from checks.probes.mysql.request_log import MysqlCatalogue
from checks.probes.postgres.dialect import PostgresDialect
from checks.probes.postgres.request_log import PostgresCatalogue
from checks.requests.config import RequestLog
from checks.requests.remote import Catalogue, RemoteRequestLog
from checks.requests.shape import TableShape
from checks.requests.source import Dialect, Execute, Row
from checks.requests.stats import RequestStats
from tests.servers.mariadb import OWNER, PASSWORD, MariadbDatabase
from tests.servers.postgres import PostgresDatabase

__all__ = [
    "LogDatabase",
    "MariadbLog",
    "PostgresLog",
    "RemoteBench",
    "Request",
    "ShiftedClock",
    "TimeStyle",
    "Writer",
]

Request = tuple[float | None, str | None, int | None, float | None, str | None]
"""Seconds since 1970, provider, status, milliseconds, error."""

STATEMENT_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class TimeStyle:
    """How a table writes its times: by the column's type on either server.

    ``zone`` is that of dates without one, ``unit`` parts of a second of numbers.
    """

    name: str
    postgres: str
    mariadb: str
    zone: str = "UTC"
    unit: float = 0.0
    text: str = ""
    config: Any = "created_at"

    def value(self, when: float) -> str:
        """``when`` as an SQL literal, for a session whose zone is UTC."""
        if self.unit:
            return str(round(when * self.unit))
        moment = datetime.fromtimestamp(when, UTC).astimezone(ZoneInfo(self.zone))
        if self.text == "offset":
            return f"'{moment.isoformat(timespec='milliseconds')}'"
        if self.text == "zulu":
            return f"'{moment.strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3]}Z'"
        return f"'{moment.strftime('%Y-%m-%d %H:%M:%S.%f')}'"


class Writer(Protocol):
    """A session of the application."""

    async def run(self, sql: str) -> None: ...


class LogDatabase(Protocol):
    """An empty database for a request log, and the way to it."""

    kind: str
    catalogue: Catalogue

    async def execute(self, sql: str, parameters: Sequence[object]) -> Sequence[Row]:
        """As a check's connection does, opened anew where it was lost."""

    async def run(self, *statements: str) -> None:
        """Statements of somebody else."""

    async def fetch(self, sql: str) -> list[tuple[Any, ...]]: ...

    async def writer(self) -> Writer: ...

    async def close(self) -> None: ...

    async def stream(self, seed: int, rows: int, seconds: float) -> int:
        """Insert that many at a time from a session of its own, fifty times a second; return
        how many were committed."""

    async def kill_reader(self) -> None:
        """End the connection of :meth:`execute` once it is amid a statement."""

    async def kill_all(self) -> int:
        """End the sessions of every check; how many there were."""

    async def rows_read(self) -> int:
        """Rows that the server looked at so far for :meth:`execute`."""

    def limit(self, seconds: float) -> None:
        """Have the server give up what takes :meth:`execute` longer."""

    def slow_condition(self, seconds: float) -> str:
        """A condition that every row meets, after that long."""

    def schema(self, style: TimeStyle, table: str = "request_logs") -> str:
        """CREATE TABLE for :data:`tests.checks.request_logs.LOG`."""

    def loose_schema(self) -> str:
        """The same with texts where numbers and a time should be."""

    def partitioned_schema(self, style: TimeStyle) -> list[str]:
        """The same by ranges of ids: up to 100, up to 200, and the rest."""

    def history(self, rows: int, ages: Callable[[str], str]) -> list[str]:
        """Statements that log as many requests, the oldest first; ``ages`` makes the SQL of a
        request's age in seconds from that of its position, 0 for the newest to 1."""

    def interval(self, seconds: float) -> str:
        """An interval's literal behind the word INTERVAL."""

    minutes: str
    """A query of requests a minute in the last hour, a minute as the seconds since 1970."""

    def quoted(self, name: str) -> str: ...

    def plan_blindly(self) -> None:
        """Have the server plan statements without a look at their parameters, if it can."""

    def many(self, rows: int, when: float | None = None) -> list[str]:
        """Statements that fill a table of ``id, created_at`` and have the server count it; or
        a request log with requests of that time."""

    async def stranger(self, *grants: str) -> LogDatabase:
        """The same database for an account that may only connect, and has ``grants``
        (``{user}`` is who it is)."""


def insertion(requests: Sequence[Request], style: TimeStyle, table: str = "request_logs") -> str:
    """INSERT INTO ``table``."""
    rows = ", ".join(
        f"({'NULL' if when is None else style.value(when)}, {', '.join(map(_literal, rest))})"
        for when, *rest in requests
    )
    columns = "created_at, provider_id, status_code, latency_ms, error"
    return f"INSERT INTO {table}({columns}) VALUES {rows}"  # noqa: S608


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(value)


POSTGRES_ROWS = "generate_series(1, {rows})"
MARIADB_ROWS = "seq_1_to_{rows}"


def _stream(seed: int, rows: int, seconds: float, source: str) -> Iterator[str | tuple[int, float]]:
    """Statements of one session, and between them rows committed and seconds to wait."""
    dice = random.Random(seed)
    columns = "created_at, provider_id, status_code, latency_ms"
    values = f"CURRENT_TIMESTAMP, 'a', 200, 5 FROM {source.format(rows=rows)}"
    insert = f"INSERT INTO request_logs({columns}) SELECT {values}"
    end = time.monotonic() + seconds
    due = time.monotonic()
    while time.monotonic() < end:
        times, kept = dice.choice([1, 1, 1, 2, 8]), dice.random() < 0.95
        yield "BEGIN"
        for _ in range(times):
            due += 0.02
            yield insert
            yield 0, max(0.0, due - time.monotonic())
        yield "COMMIT" if kept else "ROLLBACK"
        yield times * rows if kept else 0, 0.0


class _PostgresWriter:
    def __init__(self, link: asyncpg.Connection) -> None:
        self._link = link

    async def run(self, sql: str) -> None:
        await self._link.execute(sql)


class PostgresLog:
    """A :class:`LogDatabase` of PostgreSQL."""

    kind = "postgres"

    def __init__(self, database: PostgresDatabase, user: str = "postgres") -> None:
        self.database = database
        self.user = user
        self.catalogue: Catalogue = PostgresCatalogue()
        self.settings = {
            "statement_timeout": f"{STATEMENT_SECONDS:g}s",
            "application_name": "onwatch",
        }
        self._link: asyncpg.Connection | None = None

    async def execute(self, sql: str, parameters: Sequence[object]) -> Sequence[Row]:
        try:
            if self._link is None or self._link.is_closed():
                self._link = await self.database.connect(self.user, server_settings=self.settings)
            return await self._link.fetch(sql, *parameters)  # type: ignore[no-any-return]
        except asyncpg.QueryCanceledError as error:
            raise TargetError("timeout", str(error)) from None
        except asyncpg.InsufficientPrivilegeError as error:
            raise TargetError("permission", str(error)) from None
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
            raise TargetError("protocol", str(error)) from None
        except asyncpg.PostgresError as error:
            reason = "protocol" if str(error.sqlstate).startswith("57P") else "config"
            raise TargetError(reason, str(error)) from None

    async def run(self, *statements: str) -> None:
        for statement in statements:
            await self.database.execute(statement)

    async def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return await self.database.fetch(sql)

    async def writer(self) -> Writer:
        return _PostgresWriter(await self.database.connect())

    async def close(self) -> None:
        self._link = None
        await self.database.close()

    async def stream(self, seed: int, rows: int, seconds: float) -> int:
        link = await self.database.connect()
        committed = 0
        for step in _stream(seed, rows, seconds, POSTGRES_ROWS):
            if isinstance(step, str):
                await link.execute(step)
            else:
                committed += step[0]
                await asyncio.sleep(step[1])
        return committed

    async def kill_reader(self) -> None:
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'onwatch' AND state = 'active'"
            " AND now() - query_start > interval '0.2 s'"
        )
        while not await self.fetch(kill):
            await asyncio.sleep(0.02)

    async def kill_all(self) -> int:
        kill = (
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
            " WHERE application_name = 'onwatch' AND datname = current_database()"
        )
        return len(await self.fetch(kill))

    async def rows_read(self) -> int:
        await self.execute("SELECT pg_stat_force_next_flush()", ())
        await self.execute("SELECT 1", ())
        read = "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_user_tables"
        return int((await self.fetch(read))[0][0])

    def limit(self, seconds: float) -> None:
        self.settings["statement_timeout"] = f"{1000 * seconds:g}ms"

    def slow_condition(self, seconds: float) -> str:
        return f"pg_sleep({seconds}) IS NOT NULL"

    def schema(self, style: TimeStyle, table: str = "request_logs") -> str:
        return (
            f"CREATE TABLE {table} (id bigserial PRIMARY KEY, created_at {style.postgres},"
            " provider_id text, status_code integer, latency_ms double precision, error text)"
        )

    def partitioned_schema(self, style: TimeStyle) -> list[str]:
        made = self.schema(style).removesuffix(")") + ") PARTITION BY RANGE (id)"
        of = "CREATE TABLE {} PARTITION OF request_logs FOR VALUES FROM ({}) TO ({})"
        return [
            made,
            of.format("logs_1", "MINVALUE", 100),
            of.format("logs_2", 100, 200),
            of.format("logs_3", 200, "MAXVALUE"),
        ]

    minutes = (
        "SELECT extract(epoch FROM date_trunc('minute', created_at))::bigint AS minute,"
        " COUNT(*) AS requests FROM request_logs"
        " WHERE created_at >= NOW() - INTERVAL '1 hour' GROUP BY minute ORDER BY minute DESC"
    )

    def history(self, rows: int, ages: Callable[[str], str]) -> list[str]:
        return [
            "INSERT INTO request_logs(created_at, provider_id, status_code, latency_ms, error)"  # noqa: S608
            f" SELECT now() - interval '1 s' * ({ages('p')}),"
            " (ARRAY['openai', 'anthropic', 'local', NULL])[1 + floor(a * 4)::int],"
            " CASE WHEN b < 0.02 THEN 500 WHEN b < 0.04 THEN 404 WHEN b < 0.05 THEN NULL"
            " ELSE 200 END, exp(8 * a + 3 * c),"
            " CASE WHEN b < 0.01 THEN 'refresh failed: token ' || n WHEN b < 0.02 THEN '' END"
            f" FROM (SELECT n, 1 - n::float8 / {rows} AS p, random() AS a, random() AS b,"
            f" random() AS c FROM generate_series(1, {rows}) n) AS made",
            "ANALYZE request_logs",
        ]

    def interval(self, seconds: float) -> str:
        return f"'{seconds:g} s'"

    def quoted(self, name: str) -> str:
        return PostgresDialect().quote(name)

    def plan_blindly(self) -> None:
        self.settings["plan_cache_mode"] = "force_generic_plan"

    def many(self, rows: int, when: float | None = None) -> list[str]:
        time = "n" if when is None else f"to_timestamp({when})"
        return [
            f"INSERT INTO request_logs SELECT n, {time} FROM generate_series(1, {rows}) n",  # noqa: S608
            f"SELECT setval(pg_get_serial_sequence('request_logs', 'id'), {rows})",
            "ANALYZE request_logs",
        ]

    async def stranger(self, *grants: str) -> PostgresLog:
        user = f"stranger_{self.database.name}"
        await self.run(f"CREATE ROLE {user} LOGIN", *(g.format(user=user) for g in grants))
        return PostgresLog(self.database, user)

    def loose_schema(self) -> str:
        return (
            "CREATE TABLE request_logs (id serial PRIMARY KEY, created_at text,"
            " status_code varchar(40), latency_ms text)"
        )


class _MariadbWriter:
    def __init__(self, link: pymysql.Connection[Any]) -> None:
        self._link = link

    async def run(self, sql: str) -> None:
        with self._link.cursor() as cursor:
            cursor.execute(sql)


class MariadbLog:
    """A :class:`LogDatabase` of MariaDB."""

    kind = "mariadb"

    def __init__(self, database: MariadbDatabase, user: str = OWNER) -> None:
        self.database = database
        self.user = user
        self.catalogue: Catalogue = MysqlCatalogue()
        self.settings = f"SET SESSION max_statement_time = {STATEMENT_SECONDS:g}"
        self.ignores_warnings = False
        self._link: aiomysql.Connection | None = None

    async def execute(self, sql: str, parameters: Sequence[object]) -> Sequence[Row]:
        try:
            if self._link is None or self._link.closed:
                self._link = await self._connect()
            async with self._link.cursor() as cursor:
                # The driver warns of whatever the server does; elsewhere that is an error.
                with warnings.catch_warnings(action="ignore" if self.ignores_warnings else None):
                    await cursor.execute(sql, tuple(parameters))
                return await cursor.fetchall()  # type: ignore[no-any-return]
        except (pymysql.Error, OSError) as error:
            raise self._failed(error) from None

    async def _connect(self) -> aiomysql.Connection:
        return await aiomysql.connect(
            host="127.0.0.1",
            port=self.database.port,
            user=self.user,
            password=PASSWORD,
            db=self.database.name,
            charset="utf8mb4",
            autocommit=True,
            init_command=self.settings,
        )

    def _failed(self, error: Exception) -> TargetError:
        code = error.args[0] if error.args else 0
        if code in (1969, 3024):
            return TargetError("timeout", str(error))
        if code in (1142, 1143, 1044):
            return TargetError("permission", str(error))
        lost = OSError | pymysql.err.OperationalError | pymysql.err.InterfaceError
        if code in (1054, 1146) or not isinstance(error, lost):
            return TargetError("config", str(error))
        link, self._link = self._link, None
        if link is not None:
            link.close()
        return TargetError("protocol", str(error))

    async def run(self, *statements: str) -> None:
        self.database.execute(*statements)

    async def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return self.database.fetch(sql)

    async def writer(self) -> Writer:
        return _MariadbWriter(self.database.connect())

    async def close(self) -> None:
        if self._link is not None:
            self._link.close()

    async def stream(self, seed: int, rows: int, seconds: float) -> int:
        return await asyncio.to_thread(self._write, seed, rows, seconds)

    def _write(self, seed: int, rows: int, seconds: float) -> int:
        committed = 0
        with self.database.connect().cursor() as cursor:
            for step in _stream(seed, rows, seconds, MARIADB_ROWS):
                if isinstance(step, str):
                    cursor.execute(step)
                else:
                    committed += step[0]
                    time.sleep(step[1])
        return committed

    async def kill_reader(self) -> None:
        find = (
            "SELECT id FROM information_schema.processlist WHERE command = 'Query'"
            " AND time_ms > 200 AND info LIKE '%SLEEP%' AND info NOT LIKE '%processlist%'"
        )
        while not (found := await self.fetch(find)):
            await asyncio.sleep(0.02)
        await self.run(f"KILL {found[0][0]}")

    async def kill_all(self) -> int:
        others = f"db = '{self.database.name}' AND id <> CONNECTION_ID()"
        found = await self.fetch(f"SELECT id FROM information_schema.processlist WHERE {others}")  # noqa: S608
        killed = 0
        for (session,) in found:
            # One that has ended by itself meanwhile is as good.
            with contextlib.suppress(pymysql.err.OperationalError):
                await self.run(f"KILL {session}")
                killed += 1
        return killed

    async def rows_read(self) -> int:
        rows = await self.execute("SHOW SESSION STATUS LIKE 'Handler_read%%'", ())
        return sum(int(count) for _, count in rows)

    def limit(self, seconds: float) -> None:
        self.settings = f"SET SESSION max_statement_time = {seconds:g}"

    def slow_condition(self, seconds: float) -> str:
        return f"SLEEP({seconds}) = 0"

    def schema(self, style: TimeStyle, table: str = "request_logs") -> str:
        return (
            f"CREATE TABLE {table} (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,"
            f" created_at {style.mariadb}, provider_id VARCHAR(64), status_code INT,"
            " latency_ms DOUBLE, error TEXT) CHARACTER SET utf8mb4"
        )

    def partitioned_schema(self, style: TimeStyle) -> list[str]:
        by = (
            " PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (100),"
            " PARTITION b VALUES LESS THAN (200), PARTITION c VALUES LESS THAN MAXVALUE)"
        )
        return [self.schema(style) + by]

    minutes = (
        "SELECT UNIX_TIMESTAMP(DATE_FORMAT(created_at, '%Y-%m-%d %H:%i:00')) as minute,"
        " COUNT(*) as requests FROM request_logs WHERE created_at >= NOW() - INTERVAL 1 HOUR"
        " GROUP BY minute ORDER BY minute DESC"
    )

    def history(self, rows: int, ages: Callable[[str], str]) -> list[str]:
        return [
            "INSERT INTO request_logs(created_at, provider_id, status_code, latency_ms, error)"  # noqa: S608
            f" SELECT NOW(3) - INTERVAL ROUND(1000000 * ({ages('p')})) MICROSECOND,"
            " ELT(1 + FLOOR(a * 4), 'openai', 'anthropic', 'local', NULL),"
            " CASE WHEN b < 0.02 THEN 500 WHEN b < 0.04 THEN 404 WHEN b < 0.05 THEN NULL"
            " ELSE 200 END, exp(8 * a + 3 * c),"
            " CASE WHEN b < 0.01 THEN CONCAT('refresh failed: token ', n)"
            " WHEN b < 0.02 THEN '' END"
            f" FROM (SELECT seq AS n, 1 - seq / {rows} AS p, RAND() AS a, RAND() AS b,"
            f" RAND() AS c FROM seq_1_to_{rows}) AS made",
        ]

    def interval(self, seconds: float) -> str:
        return f"{seconds:g} SECOND"

    def quoted(self, name: str) -> str:
        return f"`{name}`"

    def plan_blindly(self) -> None:
        pass

    def many(self, rows: int, when: float | None = None) -> list[str]:
        time = "seq" if when is None else f"FROM_UNIXTIME({when})"
        return [
            f"INSERT INTO request_logs(id, created_at) SELECT seq, {time} FROM seq_1_to_{rows}",  # noqa: S608
            "ANALYZE TABLE request_logs",
        ]

    async def stranger(self, *grants: str) -> MariadbLog:
        user = f"stranger_{self.database.name}"
        await self.run(
            f"CREATE USER {user}@'%' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT SELECT ON {self.database.name}.nothing TO {user}@'%'",
            *(g.format(user=f"{user}@'%'") for g in grants),
        )
        return MariadbLog(self.database, user)

    def loose_schema(self) -> str:
        return (
            "CREATE TABLE request_logs (id SERIAL PRIMARY KEY, created_at VARCHAR(40),"
            " status_code VARCHAR(40), latency_ms TEXT) CHARACTER SET latin1"
        )


class ShiftedClock(FakeClock):
    """The machine's clock, ``ahead`` seconds wrong."""

    def __init__(self, ahead: float = 0.0) -> None:
        super().__init__()
        self.ahead = ahead

    def now(self) -> float:
        return time.time() + self.ahead

    def wall(self) -> float:
        return self.now()


class _OnOurClock:
    """A catalogue whose dialect takes the server's clock for ours, which may be a fake one."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def shape(self, execute: Execute, table: str) -> TableShape | None:
        return await self._catalogue.shape(execute, table)

    async def tables(self, execute: Execute, table: str) -> Sequence[str]:
        return await self._catalogue.tables(execute, table)

    def dialect(self, shape: TableShape) -> Dialect:
        dialect = self._catalogue.dialect(shape)
        dialect.clock = ""
        return dialect


class RemoteBench:
    """Polls a request log on ``database`` at the times it is told, or by ``clock``."""

    def __init__(
        self,
        database: LogDatabase,
        log: RequestLog,
        now: float = 0.0,
        clock: FakeClock | None = None,
    ) -> None:
        self.database = database
        self.statements: list[str] = []
        self.lose_connection_at = 0
        self.clock = clock or FakeClock(now)
        catalogue = database.catalogue if clock else _OnOurClock(database.catalogue)
        self.log = RemoteRequestLog(log, self.clock, catalogue)

    @property
    def now(self) -> float:
        return self.clock.now()

    async def execute(self, sql: str, parameters: Sequence[object]) -> Sequence[Row]:
        self.statements.append(sql)
        if self.lose_connection_at:
            self.lose_connection_at -= 1
            if not self.lose_connection_at:
                raise TargetError("protocol", "the connection was lost")
        return await self.database.execute(sql, parameters)

    async def attempt(self, seconds: float = 0.0, spare: float = 120.0) -> list[Finding]:
        """Let ``seconds`` go by and read."""
        if seconds:
            await self.clock.advance(seconds)
        return await self.log.read(self.execute, spare)

    async def poll(self, seconds: float = 0.0, spare: float = 120.0) -> RequestStats:
        """Let ``seconds`` go by and read, which has to succeed."""
        findings = await self.attempt(seconds, spare)
        assert findings == [], findings
        stats = self.log.stats()
        assert stats is not None
        return stats

    async def trouble(self) -> tuple[str, str]:
        """Reason and sentence of a read that has to fail."""
        (finding,) = await self.attempt()
        assert self.log.stats() is None
        return finding.reason, finding.part.message.removeprefix("request_log: ")

    async def complete(self) -> RequestStats:
        """Read until the last hour is in and nothing is left over."""
        while (stats := await self.poll()).note:
            pass
        return stats

    def counted(self) -> float:
        """Requests counted since the first poll."""
        to = Sampler({}).builder()
        self.log.samples(to)
        samples = to.build()
        pairs = zip(samples.series, samples.values, strict=True)
        return sum(value for series, value in pairs if series.name == "http_requests_total")


def iso(when: float, hours: float = 0.0) -> str:
    """``when`` as a date and time in a zone that many hours ahead."""
    moment = datetime.fromtimestamp(when, UTC) + timedelta(hours=hours)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")
