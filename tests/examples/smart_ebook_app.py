"""Smart Ebook Chat's API, and its worker's process: health documents, metrics, a log of JSON lines.

``python -m tests.examples.smart_ebook_app api PORT LOG POSTGRES_DSN REDIS_URL STORES_URL``, or
``… worker`` for a process that takes no part and is there to be seen.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from tests.examples.kit_app import obey

_PATIENCE: Final = 1.0


class Api:
    """What it counts, and what it says of itself."""

    def __init__(self, log: Path, postgres: str, redis: str, stores: str) -> None:
        from prometheus_client import Counter, Gauge, Histogram  # noqa: PLC0415 - not the worker's

        self._log, self._postgres, self._redis, self._stores = log, postgres, redis, stores
        self.active_tasks = 0
        self.version = "1.2.3"
        self._requests = Counter("http_requests_total", "Requests", ("method", "path", "status"))
        self._durations = Histogram("http_request_duration_seconds", "Duration", ("method", "path"))
        self._connections = Gauge("http_connections_active", "Connections that are open")
        self._refused_logins = Counter("auth_failures_total", "Logins that were refused")
        self._refused_files = Counter("file_upload_rejected_total", "Uploads that were refused")
        self._documents = Counter("documents_processed_total", "Documents", ("status",))
        self._processing = Histogram(
            "document_processing_seconds", "Time a document takes", buckets=(1, 5, 10, 30, 60)
        )

    # What the test has it do

    def requests(
        self, count: int, path: str = "/api/chat", status: int = 200, seconds: float = 0.05
    ) -> None:
        """``count`` requests are served."""
        self._requests.labels("GET", path, str(status)).inc(count)
        observed = self._durations.labels("GET", path)
        for _ in range(min(count, 200)):
            observed.observe(seconds)

    def refuse(self, logins: int = 0, uploads: int = 0) -> None:
        self._refused_logins.inc(logins)
        self._refused_files.inc(uploads)

    def process(self, count: int, seconds: float, status: str = "success") -> None:
        """``count`` documents are processed."""
        self._documents.labels(status).inc(count)
        for _ in range(count):
            self._processing.observe(seconds)

    def say(self, level: str, message: str = "", **fields: object) -> None:
        """A line of the log, in the guide's format."""
        line = {
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "level": level,
            "service": "api",
            "trace_id": "abc123",
            "span_id": "def456",
            "message": message,
            **fields,
        }
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def set(self, **figures: Any) -> None:
        """``active_tasks``, ``version``."""
        for name, value in figures.items():
            setattr(self, name, value)

    # What it answers

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for ``path``."""
        from prometheus_client import generate_latest  # noqa: PLC0415

        if path == "/metrics":
            return 200, "text/plain; version=0.0.4", generate_latest()
        if path == "/health":
            return 200, "application/json", json.dumps(self._head("healthy")).encode()
        if path == "/health/detailed":
            return 200, "application/json", json.dumps(self._detailed()).encode()
        return 404, "text/plain", b"not found"

    def _head(self, status: str) -> dict[str, Any]:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"status": status, "timestamp": now, "version": self.version}

    def _detailed(self) -> dict[str, Any]:
        services = {
            "database": _word(self._ask_database),
            "redis": _word(self._ask_redis),
            "qdrant": _word(lambda: self._ask("/readyz")),
            "minio": _word(lambda: self._ask("/minio/health/live")),
        }
        well = set(services.values()) == {"healthy"}
        return {
            "status": "healthy" if well else "degraded",
            "services": services,
            "workers": {"celery": "healthy", "active_tasks": self.active_tasks},
        }

    def _ask_database(self) -> None:
        import asyncpg  # noqa: PLC0415 - not the worker's

        async def ask() -> None:
            link = await asyncpg.connect(self._postgres, timeout=_PATIENCE)
            await link.execute("SELECT 1")
            await link.close()

        asyncio.run(ask())

    def _ask_redis(self) -> None:
        from redis import Redis  # noqa: PLC0415

        with Redis.from_url(self._redis, socket_timeout=_PATIENCE) as link:
            link.ping()

    def _ask(self, path: str) -> None:
        urllib.request.urlopen(self._stores + path, timeout=_PATIENCE).close()  # noqa: S310


def _word(ask: Callable[[], None]) -> str:
    try:
        ask()
    except Exception:  # noqa: BLE001 - as the guide's own check_database() has it
        return "unhealthy"
    return "healthy"


def _serve(api: Api, port: int) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, kind, body = api.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    """Serve, and do as told."""
    if sys.argv[1] == "worker":
        obey({})
        return
    port, log, postgres, redis, stores = sys.argv[2:]
    api = Api(Path(log), postgres, redis, stores)
    _serve(api, int(port))
    obey(
        {
            "requests": api.requests,
            "refuse": api.refuse,
            "process": api.process,
            "say": api.say,
            "set": api.set,
        }
    )


if __name__ == "__main__":
    main()
