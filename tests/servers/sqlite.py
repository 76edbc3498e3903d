"""A real SQLite database file with a request log, written to from a second connection."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Sampler
from checks.probe import ProbeEnv, Target
from checks.probes.sqlite.probe import KIND, SqliteConfig, SqliteProbe
from checks.resolver import Resolver
from checks.secrets import Masker

SCHEMA = """
CREATE TABLE IF NOT EXISTS request_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at TEXT,
    provider_id TEXT,
    status_code INTEGER,
    latency_ms REAL,
    error TEXT
);
CREATE TABLE IF NOT EXISTS failed_jobs (id INTEGER PRIMARY KEY, queue TEXT);
"""

HOLD_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""

WRITE_REQUESTS = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
for number in range(int(sys.argv[2])):
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO request_logs(created_at, provider_id, status_code, latency_ms)"
        " VALUES (strftime('%Y-%m-%d %H:%M:%f', 'now'), ?, 200, 5.0)", [(sys.argv[3],)] * 5)
    connection.execute("COMMIT")
    time.sleep(0.001)
"""

Request = tuple[float, str | None, int | None, float | None, str | None]
"""Seconds since 1970, provider, status, milliseconds, error."""


def iso(when: float) -> str:
    """``when`` as SQLite's ``datetime('now', 'subsec')`` writes it, in UTC."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


class SqliteDatabase:
    """A database file in WAL mode and the connection of its application."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = self.connect()
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.executescript(SCHEMA)

    def connect(self) -> sqlite3.Connection:
        """One more writer."""
        return sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)

    def insert(self, requests: Iterable[Request]) -> None:
        """Log requests in one transaction."""
        rows = ((iso(when), *rest) for when, *rest in requests)
        self.connection.execute("BEGIN")
        self.connection.executemany(
            "INSERT INTO request_logs(created_at, provider_id, status_code, latency_ms, error)"
            " VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        self.connection.execute("COMMIT")

    def insert_with_id(self, key: int, when: float, status: int = 200) -> None:
        """Log one request whose id was given out earlier."""
        self.connection.execute(
            "INSERT INTO request_logs(id, created_at, status_code, latency_ms)"
            " VALUES (?, ?, ?, 10)",
            (key, iso(when), status),
        )

    def execute(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        return self.connection.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """The application ends; SQLite removes the write-ahead log if it is the last."""
        self.connection.close()

    def rest(self) -> None:
        """Leave WAL mode and close: a file that nobody has open."""
        self.connection.execute("PRAGMA journal_mode = DELETE")
        self.close()


@contextmanager
def writer(path: Path, transactions: int, provider: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that commits ``transactions`` of five requests each."""
    command = [sys.executable, "-c", WRITE_REQUESTS, str(path), str(transactions), provider]
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def exclusive_lock(path: Path) -> Iterator[int]:
    """Another process that holds the database's exclusive lock; yields its pid."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    """An application's database with tables ``request_logs`` and ``failed_jobs``."""
    database = SqliteDatabase(tmp_path / "app.db")
    with closing(database):
        yield database


class SqliteWatch:
    """Makes probes as the engine does, on a fake clock; closes them when the test ends."""

    def __init__(self, directory: Path) -> None:
        self.clock = FakeClock(time.time())
        self.lanes = Lanes()
        resolver = Resolver(self.lanes, self.clock)
        self._env = ProbeEnv(self.clock, resolver, self.lanes, Masker(), directory)
        self._probes: list[SqliteProbe] = []

    def probe(self, *, timeout: float = 3.0, **config: Any) -> SqliteProbe:
        """A probe of ``app.db``, or of ``path``, named ``db<number>``."""
        model = SqliteConfig.model_validate({"path": "app.db", **config})
        name = f"db{len(self._probes)}"
        probe = KIND.probe(model, Target(name, 5.0, timeout, Sampler({"job": name}), self._env))
        assert isinstance(probe, SqliteProbe)
        self._probes.append(probe)
        return probe

    async def close(self) -> None:
        for probe in self._probes:
            await probe.close()
        self.lanes.close()


@pytest_asyncio.fixture
async def sqlite_watch(tmp_path: Path) -> AsyncIterator[SqliteWatch]:
    """Checks of the files in ``tmp_path``."""
    watch = SqliteWatch(tmp_path)
    yield watch
    await watch.close()
