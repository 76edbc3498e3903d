"""Xionimus AI's servers for a test: its backend, its log folder, and a port in MongoDB's place."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tests.examples.kit_app import App
from tests.examples.xionimus_app import DATABASE
from tests.servers.http import RawServer
from tests.servers.redis import free_port

__all__ = ["XionimusStack"]


class XionimusStack:
    """The backend on a port of its own in ``folder``.

    MongoDB is a unit and a port in the guide and nothing else; what listens there says nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "backend"
        self.logs = folder / "supervisor"
        self.home.mkdir()
        self.logs.mkdir()
        self.database = self.home / DATABASE
        self.out = self.logs / "backend.out.log"
        self.port, self.mongodb_port = free_port(), free_port()
        self.app = App(
            "tests.examples.xionimus_app",
            str(self.port),
            str(self.out),
            cwd=self.home,
            log=self.logs / "backend.err.log",
        )
        self._mongodb: RawServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Have all of it running, with a user and a few requests."""
        self.app.start()
        self.app.do("register", name="user123")
        self.app.do("requests", count=2)
        self.start_mongodb()

    def was_there(self, days: int) -> None:
        """The first user wrote so many days ago, too."""
        sql = (
            "INSERT INTO messages VALUES (NULL, ?, 'user', 'hello', NULL, NULL, datetime('now', ?))"
        )
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(sql, ("session-user123", f"-{days} days"))

    def start_mongodb(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.mongodb_port))
        self._mongodb = RawServer(_silent, listener)

    def stop_mongodb(self) -> None:
        if self._mongodb is not None:
            self._mongodb.close()
            self._mongodb = None

    def close(self) -> None:
        """End all of it."""
        self.app.stop()
        self.stop_mongodb()

    @property
    def environ(self) -> Mapping[str, str]:
        """Where the example finds it."""
        return {
            "XIONIMUS_URL": self.url,
            "XIONIMUS_PUBLIC": self.url,
            "XIONIMUS_DATABASE": str(self.database),
            "XIONIMUS_LOGS": str(self.logs),
            "XIONIMUS_PROMETHEUS": "false",
            "XIONIMUS_GRAFANA": "false",
            "XIONIMUS_MONGODB": f"127.0.0.1:{self.mongodb_port}",
        }


def _silent(connection: socket.socket) -> None:
    """Take the connection, and say nothing."""
    connection.recv(1)
