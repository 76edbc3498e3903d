"""Xionimus AI's backend: FastAPI, metrics by the guide's two lines, its health document and log.

``python -m tests.examples.xionimus_app PORT LOG`` in the system's folder.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import threading
import time
from collections.abc import MutableMapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import prometheus_client
import prometheus_fastapi_instrumentator.middleware as instrumentation
import uvicorn
from fastapi import FastAPI, HTTPException
from prometheus_fastapi_instrumentator import Instrumentator

from tests.examples.kit_app import Kernel, obey

DATABASE: Final = "xionimus.db"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, email TEXT UNIQUE NOT NULL, username TEXT UNIQUE NOT NULL,
    hashed_password TEXT NOT NULL, created_at DATETIME);
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, user_id TEXT, title TEXT, created_at DATETIME, updated_at DATETIME);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL REFERENCES sessions(id),
    role TEXT NOT NULL, content TEXT NOT NULL, provider TEXT, model TEXT, created_at DATETIME);
"""


class Backend:
    """What the application holds. Its clock is the machine's, and ``late`` seconds more: a request
    that is to take 3 s moves the clock instead of making everybody wait."""

    def __init__(self, log: Path) -> None:
        self.late = 0.0
        self.began = self.now()
        self.log = log
        self.memory = 26.9
        self.providers = dict.fromkeys(("openai", "anthropic", "perplexity"), True)
        with closing(self.connect()) as connection:
            connection.executescript(_SCHEMA)

    def now(self) -> float:
        return time.monotonic() + self.late

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(DATABASE, timeout=0.2)
        connection.execute("PRAGMA synchronous = OFF")  # nothing here outlives the test
        return connection

    def write(self, level: str, message: str, **fields: object) -> None:
        """A line of the log, in the guide's format."""
        line = {
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "level": level,
            "logger": "app.api.chat",
            "message": message,
            "module": "chat",
            "function": "send_message",
            "line": 342,
            **fields,
        }
        with self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def trouble(self) -> str | None:
        """What keeps the database from answering."""
        try:
            with closing(self.connect()) as connection:
                connection.execute("SELECT count(*) FROM users")
        except sqlite3.Error as error:
            return str(error)
        return None

    def health(self) -> dict[str, Any]:
        """The document, as the guide has it."""
        trouble, configured = self.trouble(), sum(self.providers.values())
        status = "degraded" if trouble else "healthy" if configured else "limited"
        return {
            "status": status,
            "version": "2.0.0",
            "platform": "Xionimus AI",
            "timestamp": datetime.now(UTC).isoformat(),
            "uptime_seconds": int(self.now() - self.began),
            "services": {
                "database": {
                    "status": "error" if trouble else "connected",
                    "type": "SQLite",
                    "error": trouble,
                },
                "ai_providers": {
                    "configured": configured,
                    "total": len(self.providers),
                    "status": self.providers,
                },
            },
            "system": {
                "memory_used_percent": self.memory,
                "memory_available_mb": round(64144 * (1 - self.memory / 100), 2),
            },
            "environment": {"debug": True, "log_level": "INFO"},
        }

    def send(self, user: str, provider: str, model: str, seconds: float) -> None:
        """A message of ``user``, and the answer of ``provider``, which took ``seconds``."""
        now = "datetime('now')"
        with closing(self.connect()) as connection, connection:
            connection.execute(
                f"INSERT OR REPLACE INTO sessions VALUES (?, ?, 'New Chat', {now}, {now})",  # noqa: S608
                (f"session-{user}", user),
            )
            sql = f"INSERT INTO messages VALUES (NULL, ?, ?, 'hello', ?, ?, {now})"  # noqa: S608
            connection.execute(sql, (f"session-{user}", "user", None, None))
            connection.execute(sql, (f"session-{user}", "assistant", provider, model))
        self.late += seconds
        fields = {"user_id": user, "provider": provider, "model": model}
        self.write("INFO", "Message sent", **fields, duration_ms=round(seconds * 1000))


def application(backend: Backend) -> FastAPI:
    """The application."""
    app = FastAPI()

    # Add Prometheus metrics
    Instrumentator().instrument(app).expose(app)

    @app.get("/api/health")
    async def health() -> dict[str, Any]:
        return backend.health()

    @app.get("/api/chat")
    async def chat(
        user: str = "user123",
        provider: str = "openai",
        model: str = "gpt-4.1",
        seconds: float = 0.05,
        fails: bool = False,
    ) -> dict[str, str]:
        if fails:
            backend.write("ERROR", f"Provider failed: {provider}", provider=provider)
            raise HTTPException(502, "the provider failed")
        backend.send(user, provider, model, seconds)
        return {"answer": "hello"}

    return app


async def _ask(app: FastAPI, path: str, query: dict[str, Any]) -> int:
    """The status of the answer to a request that comes to the application as uvicorn's do."""
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "query_string": urlencode(query).encode(),
        "root_path": "",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8001),
    }
    await app(scope, receive, send)
    return status


def main() -> None:
    """Serve, and do as told."""
    port, log = int(sys.argv[1]), Path(sys.argv[2])
    backend = Backend(log)
    instrumentation.default_timer = backend.now  # type: ignore[attr-defined]
    kernel = Kernel(Path("proc").absolute())
    prometheus_client.PROCESS_COLLECTOR._proc = "proc"
    app = application(backend)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    loop = asyncio.new_event_loop()
    threading.Thread(target=lambda: loop.run_until_complete(server.serve()), daemon=True).start()
    while not server.started:
        time.sleep(0.01)

    async def asked(count: int, path: str, query: dict[str, Any]) -> int:
        return [await _ask(app, path, query) for _ in range(count)][-1] if count else 0

    def requests(count: int, path: str = "/api/chat", **query: Any) -> int:
        return asyncio.run_coroutine_threadsafe(asked(count, path, query), loop).result()

    def passes(seconds: float) -> None:
        backend.late += seconds

    def register(name: str) -> None:
        with closing(backend.connect()) as connection, connection:
            connection.execute(
                "INSERT INTO users VALUES (?, ?, ?, 'x', datetime('now'))",
                (name, f"{name}@example.com", name),
            )

    obey(
        {
            "requests": requests,
            "passes": passes,
            "register": register,
            "memory": lambda percent: setattr(backend, "memory", percent),
            "providers": backend.providers.update,
            "process": kernel.say,
            "log": backend.write,
        }
    )


if __name__ == "__main__":
    main()
