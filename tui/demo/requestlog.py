"""The service's database: its request log and its documents, in one SQLite file."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

__all__ = ["DOCUMENTS", "Database", "LoggedRequest"]

DOCUMENTS: Final = 400
"""How many documents there are; ids count from 1."""

_KEPT: Final = 2 * 3600.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS request_logs (
    id INTEGER PRIMARY KEY,
    created_at TEXT NOT NULL,
    status_code INTEGER NOT NULL,
    latency_ms REAL NOT NULL,
    provider_id TEXT,
    error TEXT
);
CREATE INDEX IF NOT EXISTS request_logs_created_at ON request_logs (created_at);
CREATE TABLE IF NOT EXISTS documents (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    words INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One served request: ``at`` in seconds since 1970, ``latency`` in seconds."""

    at: float
    status: int
    latency: float
    provider: str | None
    error: str | None


class Database:
    """One connection; raises sqlite3.Error. Times are stored as UTC text with milliseconds."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=2.0)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
        self._connection.executescript(_SCHEMA)
        self._fill_documents()

    def _fill_documents(self) -> None:
        dice = random.Random(1)
        rows = [(n, f"Document {n}", dice.randint(200, 9000)) for n in range(1, DOCUMENTS + 1)]
        with self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO documents VALUES (?, ?, ?)", rows)

    def document(self, number: int) -> dict[str, object] | None:
        row = self._connection.execute(
            "SELECT id, title, words FROM documents WHERE id = ?", (number,)
        ).fetchone()
        return None if row is None else {"id": row[0], "title": row[1], "words": row[2]}

    def log(self, requests: Sequence[LoggedRequest]) -> None:
        """Write requests that were served, in one transaction."""
        rows = [
            (_text(r.at), r.status, round(r.latency * 1000.0, 2), r.provider, r.error)
            for r in requests
        ]
        with self._connection:
            self._connection.executemany(
                "INSERT INTO request_logs (created_at, status_code, latency_ms, provider_id, error)"
                " VALUES (?, ?, ?, ?, ?)",
                rows,
            )

    def forget(self) -> None:
        """Delete what is older than two hours."""
        with self._connection:
            self._connection.execute(
                "DELETE FROM request_logs WHERE created_at < ?", (_text(time.time() - _KEPT),)
            )

    def check(self) -> None:
        """Ask the database for a value."""
        self._connection.execute("SELECT 1 FROM documents LIMIT 1").fetchone()

    def close(self) -> None:
        self._connection.close()


def _text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
