"""The database of agents, with the tables that the system has."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

__all__ = ["SwarmDB"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS agent_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT UNIQUE NOT NULL,
    event_type TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    agent_type TEXT NOT NULL,
    timestamp TEXT NOT NULL,
    metadata TEXT,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX IF NOT EXISTS idx_agent_events_event_type ON agent_events(event_type);
CREATE INDEX IF NOT EXISTS idx_agent_events_timestamp ON agent_events(timestamp);
CREATE TABLE IF NOT EXISTS agent_registry (
    agent_id TEXT PRIMARY KEY,
    agent_type TEXT NOT NULL,
    status TEXT NOT NULL,
    spawn_time REAL NOT NULL,
    complete_time REAL,
    duration_ms INTEGER,
    metadata TEXT,
    last_updated TEXT DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX IF NOT EXISTS idx_agent_registry_status ON agent_registry(status);
"""


class SwarmDB:
    """``.moai/memory/swarm.db`` below the current folder; made where it is not there."""

    def __init__(self) -> None:
        self.path = Path.cwd() / ".moai" / "memory" / "swarm.db"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        with self._lock, closing(self._connect()) as connection:
            connection.executescript(_SCHEMA)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=0.5)
        connection.execute("PRAGMA synchronous = OFF")  # nothing here outlives the test
        return connection

    def get_database_size(self) -> int:
        """Bytes of the file."""
        return self.path.stat().st_size

    def get_active_agents(self) -> list[dict[str, Any]]:
        """Agents that were spawned and have not come to their end."""
        with closing(self._connect()) as connection:
            connection.row_factory = sqlite3.Row
            sql = "SELECT * FROM agent_registry WHERE status IN ('spawned', 'running')"
            return [dict(row) for row in connection.execute(sql)]

    def register_agent(self, agent_id: str, agent_type: str, status: str, spawned: float) -> None:
        """Put an agent into the registry; ``spawned`` is seconds since 1970."""
        sql = """
        INSERT OR REPLACE INTO agent_registry (agent_id, agent_type, status, spawn_time)
        VALUES (?, ?, ?, ?)
        """
        with self._lock, closing(self._connect()) as connection, connection:
            connection.execute(sql, (agent_id, agent_type, status, spawned))

    def insert_event(self, event_type: str, agent_id: str, agent_type: str) -> None:
        """Write down what became of an agent: ``spawn``, ``complete``, ``error``."""
        sql = """
        INSERT INTO agent_events (event_id, event_type, agent_id, agent_type, timestamp)
        VALUES (?, ?, ?, ?, ?)
        """
        now = datetime.now(UTC).replace(tzinfo=None).isoformat()
        with self._lock, closing(self._connect()) as connection, connection:
            connection.execute(sql, (str(uuid4()), event_type, agent_id, agent_type, now))
