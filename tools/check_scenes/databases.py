"""Database servers: a blocked table, a server short of connections, a full queue, a log."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, Final

import asyncpg
import pymysql

from tests.servers.redis import RedisServer
from tests.servers.sqlite import SqliteDatabase
from tools.check_scenes.stage import Stage
from tui.demo.mariadb_server import MariadbServer
from tui.demo.postgres_server import PostgresServer

__all__ = ["mysql", "postgres", "redis", "sqlite"]

_CHANCE: Final = random.Random(11)
_TURN: Final = 30.0
"""Seconds after which things go wrong."""


class _Background:
    """Coroutines in a thread of their own, cancelled when the stage is left."""

    def __init__(self, stage: Stage) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        stage.leave.callback(self._end)

    def go(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = asyncio.run_coroutine_threadsafe(work, self._loop)

    def _end(self) -> None:
        self._work.cancel()
        with suppress(CancelledError, asyncpg.PostgresError, OSError):
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)


_SHOP: Final = """
CREATE ROLE onwatch LOGIN;

GRANT pg_monitor TO onwatch;

CREATE ROLE shop LOGIN;

CREATE ROLE backoffice LOGIN;

CREATE DATABASE shop;
"""
_ORDERS: Final = """
CREATE TABLE orders (id int PRIMARY KEY, state text NOT NULL, total numeric NOT NULL);

INSERT INTO orders SELECT i, 'paid', i % 90 FROM generate_series(1, 20000) AS i;

GRANT ALL ON orders TO shop, backoffice;
"""


def postgres(stage: Stage) -> dict[str, Any]:
    """Somebody went to lunch amid a transaction; the shop's sessions wait for the rows it holds."""
    server = PostgresServer(stage.folder("db"), 5432)
    server.create()
    server.execute("postgres", _SHOP)
    server.execute("shop", _ORDERS)
    server.start()
    stage.leave.callback(server.kill)
    _Background(stage).go(_orders())
    return {
        "name": "shop-db",
        "postgres": {
            "url": "postgresql://onwatch@db.example/shop",
            "idle_in_transaction": {"warning": "10s"},
            "lock_wait": {"warning": "5s", "critical": "20s"},
        },
    }


async def _orders() -> None:
    """A shop at work; after a while half of it waits for the back office."""
    links = [await _link("shop", "shop") for _ in range(6)]
    work = [asyncio.create_task(_serve(link, number)) for number, link in enumerate(links)]
    await asyncio.sleep(_TURN)
    idle = await _link("backoffice", "psql")
    await idle.execute("BEGIN")
    await idle.execute("UPDATE orders SET state = 'refunded' WHERE id <= 3")
    await asyncio.gather(*work)


async def _link(user: str, application: str) -> asyncpg.Connection:
    settings = {"application_name": application}
    where = {"host": "127.0.0.1", "port": 5432, "database": "shop"}
    return await asyncpg.connect(user=user, server_settings=settings, **where)


async def _serve(link: asyncpg.Connection, number: int) -> None:
    while True:
        await link.fetch("SELECT count(*), sum(total) FROM orders WHERE state = 'paid'")
        for _ in range(20):
            await link.execute("UPDATE orders SET total = total + 1 WHERE id = $1", number + 1)
            await asyncio.sleep(_CHANCE.uniform(0.02, 0.08))


_ACCOUNTS: Final = (
    "FLUSH PRIVILEGES",
    "CREATE USER onwatch@'%'",
    "GRANT PROCESS, SLAVE MONITOR, BINLOG MONITOR ON *.* TO onwatch@'%'",
    "GRANT SELECT ON *.* TO onwatch@'%'",
    "CREATE USER gateway@'%'",
    "CREATE DATABASE gateway",
    "CREATE TABLE gateway.request_logs (id INT AUTO_INCREMENT PRIMARY KEY, model VARCHAR(40),"
    " tokens INT, created_at DATETIME DEFAULT NOW())",
    "GRANT ALL ON gateway.* TO gateway@'%'",
)


def mysql(stage: Stage) -> dict[str, Any]:
    """An application that takes ever more connections, and a report that runs for long."""
    server = MariadbServer(stage.folder("db-mysql"), 3306, "--max-connections=40")
    server.create(statements=_ACCOUNTS)
    server.start()
    stage.leave.callback(server.kill)
    links: list[pymysql.Connection[Any]] = []

    def act(seconds: float) -> None:
        wanted = 8 + int(max(0.0, seconds - _TURN) * 1.2)
        if len(links) < min(wanted, 35):
            links.append(_gateway())
        for link in links[:4]:
            with link.cursor() as cursor:
                cursor.execute("INSERT INTO request_logs (model, tokens) VALUES ('large', 812)")
                cursor.execute("SELECT model, sum(tokens) FROM request_logs GROUP BY model")

    stage.acts.append(act)
    threading.Thread(target=_report, daemon=True).start()
    stage.leave.callback(lambda: [link.close() for link in links])
    return {
        "name": "gateway-db",
        "mysql": {"url": "mysql://onwatch@db.example/gateway", "longest_query": {"warning": "20s"}},
    }


def _gateway() -> pymysql.Connection[Any]:
    return pymysql.connect(
        host="127.0.0.1", user="gateway", database="gateway", autocommit=True, ssl_disabled=True
    )


def _report() -> None:
    """A statement that outlives the picture; it ends with the server."""
    time.sleep(_TURN)
    with suppress(pymysql.Error), _gateway() as link, link.cursor() as cursor:
        cursor.execute("SELECT model, sum(tokens), sleep(600) FROM request_logs GROUP BY model")


def redis(stage: Stage) -> dict[str, Any]:
    """A queue past its bound, whose workers no longer keep up, and memory that runs out."""
    server = RedisServer(stage.folder("cache"))
    server.port = 6379
    server.start("--maxmemory", "5mb")
    stage.leave.callback(server.kill)

    def act(seconds: float) -> None:
        late = seconds > _TURN
        for _ in range(_CHANCE.randint(5, 40 if late else 15)):
            job = f'{{"job":"SendInvoice","createdAt":{time.time():.0f},"data":"{"x" * 200}"}}'
            server.call("RPUSH", "queues:emails", job)
        for _ in range(_CHANCE.randint(5, 12) if late else 15):
            server.call("LPOP", "queues:emails")
        server.call("SET", f"session:{_CHANCE.randint(1, 900)}", "x" * 900)
        server.call("GET", f"session:{_CHANCE.randint(1, 1200)}")

    stage.acts.append(act)
    return {
        "name": "cache",
        "redis": {
            "url": "redis://cache.example/0",
            "memory_warning": 0.7,
            "queues": [
                {"layout": "laravel", "name": "emails", "warning": 500, "critical": 5000},
                {"layout": "laravel", "name": "default", "warning": 500},
            ],
        },
    }


def sqlite(stage: Stage) -> dict[str, Any]:
    """A reader that never ends its transaction keeps the write-ahead log growing."""
    path = stage.folder("gateway") / "gateway.db"
    database = SqliteDatabase(path)
    reader = database.connect()
    jobs = [("mails",)] * 14 + [("invoices",)] * 3
    database.connection.executemany("INSERT INTO failed_jobs(queue) VALUES (?)", jobs)
    # Those who act do so in a thread of their own.
    stage.leave.callback(reader.close)
    stage.leave.callback(database.close)

    def act(seconds: float) -> None:
        if seconds > 5 and not reader.in_transaction:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM request_logs").fetchone()
        database.insert(_requests(seconds))

    stage.acts.append(act)
    return {
        "name": "request-log",
        "sqlite": {
            "path": "gateway/gateway.db",
            "wal_size": {"warning": "2MB"},
            "queries": [
                {
                    "metric": "failed_jobs",
                    "sql": "SELECT queue, count(*) AS n FROM failed_jobs GROUP BY queue",
                    "value": "n",
                    "labels": ["queue"],
                }
            ],
            "request_log": {
                "table": "request_logs",
                "time": "created_at",
                "status": "status_code",
                "duration": {"column": "latency_ms", "unit": "ms"},
                "labels": ["provider_id"],
                "error": "error",
            },
        },
    }


def _requests(seconds: float) -> list[tuple[float, str, int, float, str | None]]:
    """Some requests of the last moment; of one provider ever more fail."""
    made = []
    for _ in range(_CHANCE.randint(3, 8)):
        provider = _CHANCE.choice(("anthropic", "openai", "mistral"))
        fails = provider == "mistral" and seconds > _TURN and _CHANCE.random() < 0.5
        error = "upstream timed out" if fails else None
        status = 504 if fails else 200
        took = 30_000.0 if fails else _CHANCE.lognormvariate(6, 0.5)
        made.append((time.time(), provider, status, took, error))
    return made
