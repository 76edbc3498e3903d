"""The servers that a soak watches, and what may be done to them."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.harness import free_port, process
from tests.servers.http import HttpServer
from tui.demo import mariadb_server, redis_server
from tui.demo.mariadb_server import MariadbServer
from tui.demo.postgres_server import PostgresServer

__all__ = ["Servers"]

HEALTHY = {"status": "ok", "services": {"database": {"status": "up"}, "cache": "up"}}
PAGE = "".join(
    f'http_requests_total{{path="/p{n % 20}",status="{200 + n % 3 * 150}"}} {n * 17}\n'
    for n in range(60)
)


class Redis:
    """A Redis that can be stopped in its tracks, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._stack = ExitStack()
        self.pid = 0

    def start(self) -> None:
        argv = redis_server.command(redis_server.find(), self.port, self._folder)
        self.pid = self._stack.enter_context(process(*argv)).pid

    def kill(self) -> None:
        self._stack.close()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)


class Raw:
    """A port whose connections are answered by whatever is set at the moment."""

    def __init__(self) -> None:
        self.talk: Callable[[socket.socket], None] = lambda _: None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            try:
                connection.recv(65536)
                self.talk(connection)
            except OSError:
                return


class Servers:
    """HTTP, a misbehaving port, Redis, PostgreSQL and MariaDB (where it is installed)."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        folder.chmod(0o711)
        self.folder = folder
        self.http = HttpServer()
        self.http.start()
        stack.callback(self.http.stop)
        self.well()
        self.raw = Raw()
        self.redis = Redis(folder)
        self.redis.start()
        stack.callback(self.redis.kill)
        self.postgres = PostgresServer(folder / "pg", free_port())
        (folder / "pg").mkdir(mode=0o711)
        self.postgres.create()
        self.postgres.start()
        stack.callback(self.postgres.kill)
        self.mariadb: MariadbServer | None = None
        if mariadb_server.find() is not None:
            (folder / "my").mkdir(mode=0o711)
            self.mariadb = MariadbServer(folder / "my", free_port())
            self.mariadb.create()
            self.mariadb.start()
            stack.callback(self.mariadb.kill)

    def well(self) -> None:
        """Have the HTTP server answer as it should."""
        self.http.answer("/health", HEALTHY)
        self.http.answer("/metrics", PAGE, headers={"Content-Type": "text/plain; version=0.0.4"})
        self.http.requests.clear()

    def checks(self) -> list[dict[str, object]]:
        """Twenty checks and more, of every kind that needs no other machine."""
        web = f"http://127.0.0.1:{self.http.port}"
        made: list[dict[str, object]] = [
            {"name": f"api-{n}", "http": f"{web}/health"} for n in range(10)
        ]
        made += [
            # Changing labels reach this bound within minutes: memory that grows on is a leak.
            {"name": "page", "metrics": {"url": f"{web}/metrics", "max_series": 2_000}},
            {"name": "odd", "http": f"http://127.0.0.1:{self.raw.port}/"},
            {"name": "odd-page", "metrics": f"http://127.0.0.1:{self.raw.port}/metrics"},
            {"name": "port", "tcp": f"127.0.0.1:{self.redis.port}"},
            {
                "name": "cache",
                "redis": {
                    "url": f"redis://127.0.0.1:{self.redis.port}/0",
                    "queues": [{"laravel": ["default", "emails"]}],
                },
            },
            {
                "name": "shop",
                "postgres": f"postgresql://postgres@127.0.0.1:{self.postgres.port}/postgres",
            },
            {"name": "this-machine", "host": {}},
            {"name": "self", "process": {"name": "onwatch"}},
            {"name": "script", "command": {"argv": ["sh", "-c", "echo fine; exit 0"]}},
            {"name": "nowhere", "http": "http://nowhere.invalid/"},
        ]
        if self.mariadb is not None:
            sock = self.mariadb.socket
            made.append({"name": "gateway", "mysql": f"mysql://root@/mysql?socket={sock}"})
        return made
