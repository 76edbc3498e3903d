"""The servers whose request log is read: how each is filled, written to, and asked by hand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import aiomysql
import asyncpg

from benchmarks.harness import free_port
from benchmarks.relay import Relay
from checks.probes.mysql.request_log import MysqlCatalogue
from checks.probes.postgres.request_log import PostgresCatalogue
from checks.requests.remote import Catalogue
from tui.demo import mariadb_server, postgres_server

ROWS, RATE = 5_000_000, 2_000
"""Requests that there are, and that come a second."""

Rows = Sequence[Sequence[Any]]


class Session(Protocol):
    """A connection to the server; ``task`` is the folder of its process or thread in /proc."""

    task: Path

    async def execute(self, sql: str, parameters: Sequence[object] | None) -> Rows:
        """Its rows; without parameters the text is taken as it is."""

    async def close(self) -> None: ...


class Side(Protocol):
    """A kind of server: how it is filled, written to and asked by hand."""

    product: str
    catalogue: Catalogue
    fill: tuple[str, ...]
    insert: str
    protocol: str
    port: int

    async def connect(self, port: int) -> Session: ...

    async def manual(self, by_hand: Meter) -> None:
        """Ask what the manual tells operators to ask, once."""


@dataclass(slots=True)
class Meter:
    """What one session cost so far: CPU seconds of the server, statements, rows, bytes."""

    session: Session
    relay: Relay
    statements: int = 0

    @property
    def cpu(self) -> float:
        return int((self.session.task / "schedstat").read_text().split()[0]) / 1e9

    async def execute(self, sql: str, parameters: Sequence[object] | None = None) -> Any:
        self.statements += 1
        return await self.session.execute(sql, parameters)

    def now(self) -> tuple[float, int, int, int]:
        return self.cpu, self.statements, self.relay.rows, self.relay.sent


# PostgreSQL


class PostgresSession:
    def __init__(self, link: asyncpg.Connection) -> None:
        self._link = link
        self.task = Path(f"/proc/{link.get_server_pid()}")

    async def execute(self, sql: str, parameters: Sequence[object] | None) -> Rows:
        rows: Rows = await self._link.fetch(sql, *(parameters or ()))
        return rows

    async def close(self) -> None:
        await self._link.close()


_VALUES = (
    "CASE WHEN b < 0.02 THEN 500 WHEN b < 0.04 THEN 404 ELSE 200 END, exp(8 * a + 3 * c),"
    " CASE WHEN b < 0.003 THEN 'refresh failed: token 12' END"
)


class Postgres:
    product, protocol = "PostgreSQL", "postgres"
    catalogue: Catalogue = PostgresCatalogue()
    _made = (
        "INSERT INTO request_logs(created_at, provider_id, status_code, latency_ms, error)"
        " SELECT clock_timestamp() - {ago},"
        " (ARRAY['openai', 'anthropic', 'local'])[1 + floor(a * 3)::int],"
        f" {_VALUES} FROM (SELECT n, random() AS a, random() AS b, random() AS c"
        " FROM generate_series(1, {rows}) n) AS made"
    )
    fill: tuple[str, ...] = (
        "CREATE TABLE request_logs (id bigserial PRIMARY KEY, created_at timestamptz NOT NULL,"
        " provider_id text, status_code integer, latency_ms double precision, error text)",
        _made.format(ago=f"interval '1 s' * (({ROWS} - n) / {RATE}.0)", rows=ROWS),
        "CREATE INDEX ON request_logs(created_at)",
        "VACUUM ANALYZE request_logs",
    )
    insert = _made.format(ago="interval '0'", rows=RATE // 10)

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        settings = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
        server = postgres_server.PostgresServer(folder, free_port(), settings=settings)
        server.create()
        server.start()
        stack.callback(server.kill)
        self.port = server.port

    async def connect(self, port: int) -> PostgresSession:
        return PostgresSession(
            await asyncpg.connect(
                host="127.0.0.1",
                port=port,
                user="postgres",
                database="postgres",
                # The relay reads along.
                ssl=False,
                server_settings={"jit": "off", "max_parallel_workers_per_gather": "0"},
            )
        )

    async def manual(self, by_hand: Meter) -> None:
        hour, minutes = (
            f"created_at >= NOW() - INTERVAL '{span}'" for span in ("1 hour", "5 minutes")
        )
        await by_hand.execute(
            "SELECT date_trunc('minute', created_at) AS minute, COUNT(*) AS requests"
            f" FROM request_logs WHERE {hour} GROUP BY minute ORDER BY minute DESC LIMIT 10"
        )
        await _shared(by_hand, hour, minutes)
        offset = "LIMIT 1 OFFSET (SELECT FLOOR(COUNT(*) * {q}) FROM request_logs WHERE {since})"
        for q, since in ((0.5, hour), (0.95, hour), (0.95, minutes)):
            await by_hand.execute(
                f"SELECT latency_ms FROM request_logs WHERE {since} ORDER BY latency_ms "
                + offset.format(q=q, since=since)
            )


# MariaDB


class MariadbSession:
    def __init__(self, link: aiomysql.Connection, task: Path) -> None:
        self._link = link
        self.task = task

    async def execute(self, sql: str, parameters: Sequence[object] | None) -> Rows:
        async with self._link.cursor() as cursor:
            await cursor.execute(sql, None if parameters is None else tuple(parameters))
            rows: Rows = await cursor.fetchall()
            return rows

    async def close(self) -> None:
        self._link.close()


class Mariadb:
    product, protocol = "MariaDB", "mysql"
    catalogue: Catalogue = MysqlCatalogue()
    _made = (
        "INSERT INTO request_logs(created_at, provider_id, status_code, latency_ms, error)"
        " SELECT NOW(3) - {ago}, ELT(1 + FLOOR(a * 3), 'openai', 'anthropic', 'local'),"
        f" {_VALUES} FROM (SELECT seq AS n, RAND() AS a, RAND() AS b, RAND() AS c"
        " FROM seq_1_to_{rows}) AS made"
    )
    fill: tuple[str, ...] = (
        "CREATE TABLE request_logs (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,"
        " created_at DATETIME(3) NOT NULL, provider_id VARCHAR(64), status_code INT,"
        " latency_ms DOUBLE, error TEXT) CHARACTER SET utf8mb4",
        _made.format(ago=f"INTERVAL ({ROWS} - n) * {1000000 // RATE} MICROSECOND", rows=ROWS),
        "CREATE INDEX by_time ON request_logs(created_at)",
        "ANALYZE TABLE request_logs",
    )
    insert = _made.format(ago="INTERVAL 0 SECOND", rows=RATE // 10)

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        options = ("--innodb-buffer-pool-size=2G", "--innodb-log-file-size=1G")
        server = mariadb_server.MariadbServer(folder, free_port(), *options)
        user = (
            "FLUSH PRIVILEGES",
            "CREATE USER watch@'%' IDENTIFIED BY 'watching'",
            "GRANT ALL ON *.* TO watch@'%'",
        )
        server.create(statements=(*user, "CREATE DATABASE shop"))
        server.start()
        stack.callback(server.kill)
        self.port, self._pid = server.port, server.pid

    async def connect(self, port: int) -> MariadbSession:
        link = await aiomysql.connect(
            host="127.0.0.1",
            port=port,
            user="watch",
            password="watching",
            db="shop",
            autocommit=True,
            charset="utf8mb4",
        )
        async with link.cursor() as cursor:
            await cursor.execute(
                "SELECT TID FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()"
            )
            ((thread,),) = await cursor.fetchall()
        return MariadbSession(link, Path(f"/proc/{self._pid}/task/{thread}"))

    async def manual(self, by_hand: Meter) -> None:
        hour, minutes = (
            f"created_at >= NOW() - INTERVAL {span}" for span in ("1 HOUR", "5 MINUTE")
        )
        await by_hand.execute(
            "SELECT FROM_UNIXTIME(UNIX_TIMESTAMP(created_at) DIV 60 * 60) AS minute,"
            f" COUNT(*) AS requests FROM request_logs WHERE {hour}"
            " GROUP BY minute ORDER BY minute DESC LIMIT 10"
        )
        await _shared(by_hand, hour, minutes)
        for q, since in ((0.5, hour), (0.95, hour), (0.95, minutes)):
            # A subquery of OFFSET, as the manual has it, is an error here.
            ((rank,),) = await by_hand.execute(
                f"SELECT FLOOR(COUNT(*) * {q}) FROM request_logs WHERE {since}"
            )
            await by_hand.execute(
                f"SELECT latency_ms FROM request_logs WHERE {since}"
                f" ORDER BY latency_ms LIMIT 1 OFFSET {int(rank)}"
            )


async def _shared(by_hand: Meter, hour: str, minutes: str) -> None:
    """What is written alike for both."""
    errors = "SUM(CASE WHEN status_code >= 400 THEN 1 ELSE 0 END)"
    for since in (hour, minutes):
        await by_hand.execute(
            f"SELECT COUNT(*), {errors}, ROUND({errors} * 100.0 / COUNT(*), 2)"
            f" FROM request_logs WHERE {since}"
        )
    await by_hand.execute(
        f"SELECT MIN(latency_ms), AVG(latency_ms), MAX(latency_ms) FROM request_logs WHERE {hour}"
    )
    await by_hand.execute(
        f"SELECT provider_id, COUNT(*) FROM request_logs WHERE {hour} GROUP BY provider_id"
    )
    await by_hand.execute(
        "SELECT COUNT(*) AS failures FROM request_logs"
        f" WHERE error LIKE '%refresh failed%' AND {minutes}"
    )
