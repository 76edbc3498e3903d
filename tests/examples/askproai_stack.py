"""AskProAI's servers: MySQL and Redis with what Laravel keeps there, pages, logs, programs.

Tables and columns are those that the guide's models read (``Appointment``, ``Call`` with its
``duration``, ``Customer``) and Laravel's own ``failed_jobs``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from tests.examples.askproai_artisan import QUEUES, artisan
from tests.examples.askproai_statsd import StatsdPage
from tests.servers.http import HttpServer
from tests.servers.mariadb import MONITOR, OWNER, PASSWORD, MariadbDatabase
from tests.servers.postgres import until
from tests.servers.redis import RedisServer

__all__ = ["QUEUES", "AskProAI", "Requests"]

SCHEMA: Final = (
    """CREATE TABLE customers (
        id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
        name VARCHAR(255) NOT NULL, created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP
    )""",
    """CREATE TABLE appointments (
        id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer_id BIGINT UNSIGNED NOT NULL,
        starts_at DATETIME NOT NULL, status VARCHAR(32) NOT NULL,
        price DECIMAL(10, 2) NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE calls (
        id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, status VARCHAR(32) NOT NULL,
        duration INT UNSIGNED, created_at TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP
    )""",
    """CREATE TABLE failed_jobs (
        id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, uuid VARCHAR(255) NOT NULL UNIQUE,
        connection TEXT NOT NULL, queue VARCHAR(255) NOT NULL, payload LONGTEXT NOT NULL,
        exception LONGTEXT NOT NULL, failed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    )""",
)
ROWS: Final = (
    "INSERT INTO customers (name, created_at) VALUES ('a', NOW() - INTERVAL 40 DAY), ('b', NOW())",
    """INSERT INTO appointments (customer_id, starts_at, status, price) VALUES
        (1, NOW() - INTERVAL 60 DAY, 'completed', 80), (1, CURDATE(), 'completed', 120.50),
        (2, CURDATE(), 'completed', 60), (2, CURDATE() + INTERVAL 23 HOUR, 'confirmed', 50),
        (2, NOW() + INTERVAL 2 DAY, 'confirmed', 90), (2, NOW() + INTERVAL 6 DAY, 'confirmed', 90),
        (2, NOW() + INTERVAL 9 DAY, 'confirmed', 90)""",
    """INSERT INTO calls (status, duration, created_at) VALUES
        ('active', NULL, NOW()), ('completed', 120, NOW()), ('completed', 60, NOW()),
        ('completed', 999, NOW() - INTERVAL 3 DAY)""",
    """INSERT INTO failed_jobs (uuid, connection, queue, payload, exception) VALUES
        ('1', 'redis', 'webhooks', '{}', 'RuntimeException: no answer'),
        ('2', 'redis', 'emails', '{}', 'TransportException: refused'),
        ('3', 'redis', 'webhooks', '{}', 'RuntimeException: no answer')""",
)


@dataclass
class Requests:
    """API requests a second, how many of them fail, and how long they take (seconds)."""

    rate: float = 2.0
    failing: float = 0.0
    seconds: float = 0.12


@dataclass
class AskProAI:
    """The whole system; ``requests`` may change while it runs.

    With ``mapping`` statsd_exporter has the example's mapping.
    """

    database: MariadbDatabase
    redis: RedisServer
    http: HttpServer
    folder: Path
    mapping: Path | None = None
    node: int = 9
    """Port of a node exporter; where none runs, nobody listens."""
    requests: Requests = field(default_factory=Requests)

    def __post_init__(self) -> None:
        self.home = self.folder / "api-gateway"
        self.logs = self.home / "storage" / "logs"
        self.nginx = self.folder / "nginx"
        self.programs = self.folder / "programs"
        for folder in (self.logs, self.nginx, self.programs):
            folder.mkdir(parents=True)
        login = {"unix_socket": str(self.database.server.socket), "user": OWNER}
        login |= {"password": PASSWORD, "database": self.database.name}
        artisan(self.home, login, self.redis.port)
        self.database.execute(*SCHEMA, *ROWS)
        self.redis.call("LPUSH", "queues:default", *["{}"] * 3)
        for key, value in (("rpm", "118"), ("avg_response_time", "96.4"), ("error_rate", "0.4")):
            self.redis.call("SET", f"laravel_cache:api.{key}", value)
        self.redis.call("SET", "laravel_cache:active_users", "i:37;")
        for file in ("access.log", "error.log"):
            (self.nginx / file).touch()
        self.log_line("INFO", "Application started")
        self.page = StatsdPage(self.mapping)
        self.http.answer("/api/health", {"commit": "8c2a", "database": "ok", "version": "10.2.3"})
        self._failing = 0.0
        # A counter is there from the first error on.
        self.page.request("POST", "api/appointments", 500, 0.2, 1)
        self.serve(5.0)

    @property
    def environ(self) -> dict[str, str]:
        """Where its servers are, as examples/askproai/README.md says."""
        node = f"127.0.0.1:{self.node}"
        nodes = ("WEB1", "WEB2", "DB1", "DB_PRIMARY", "DB_REPLICA")
        return {
            "ASKPROAI_INTERVAL": "15s",
            "ASKPROAI_MYSQL": self.database.url.replace(f"{MONITOR}@", f"{MONITOR}:{PASSWORD}@"),
            "ASKPROAI_SLOW_DATABASE": "5s",
            "ASKPROAI_REDIS": self.redis.url,
            "ASKPROAI_CACHE": self.redis.url,
            "ASKPROAI_STATSD": f"{self.http.url}/metrics",
            "ASKPROAI_REQUESTS": "api_requests_total" if self.mapping else "api_requests",
            "ASKPROAI_PHP": sys.executable,
            "ASKPROAI_HOME": str(self.home),
            "ASKPROAI_LOGS": str(self.logs),
            "ASKPROAI_NGINX_LOGS": str(self.nginx),
            "ASKPROAI_SUPERVISORCTL": str(self.programs / "supervisorctl"),
            **{f"ASKPROAI_{name}": node for name in nodes},
            "ASKPROAI_PING": "127.0.0.1",
            # They have a test of their own.
            "ASKPROAI_PROMETHEUS": "false",
            "ASKPROAI_ALERTMANAGER": "false",
            "ASKPROAI_GRAFANA_URL": self.http.url,
        }

    # Programs

    @contextmanager
    def php_fpm(self) -> Iterator[None]:
        """Processes called as php-fpm's are."""
        program = self.programs / "php-fpm8.2"
        program.symlink_to("/bin/sleep")
        with subprocess.Popen([str(program), "600"]) as running:
            try:
                yield
            finally:
                running.kill()

    @contextmanager
    def supervisor(self, *programs: str) -> Iterator[None]:
        """A supervisor at work whose programs sleep; ``supervisorctl`` asks it."""
        config = self.programs / "supervisord.conf"
        sections = "".join(
            f"[program:{name}]\ncommand=/bin/sleep 600\nstartsecs=0\n" for name in programs
        )
        socket = self.programs / "s"
        config.write_text(
            f"[unix_http_server]\nfile={socket}\n"
            f"[supervisord]\nnodaemon=true\nlogfile=/dev/null\nlogfile_maxbytes=0\n"
            f"pidfile={self.programs}/pid\n{'user=root' if os.geteuid() == 0 else ''}\n"
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
            f"[supervisorctl]\nserverurl=unix://{socket}\n{sections}"
        )
        control = self.programs / "supervisorctl"
        python = f"{sys.executable} -W ignore -m supervisor"
        control.write_text(f'#!/bin/sh\nexec {python}.supervisorctl -c {config} "$@"\n')
        control.chmod(0o755)
        command = [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord"]
        command += ["-c", str(config)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
            try:
                until(socket.exists)
                yield
            finally:
                running.terminate()

    # What it does

    def serve(self, seconds: float) -> None:
        """The API requests of so many seconds."""
        now = self.requests
        self._failing += now.rate * now.failing * seconds
        failed, self._failing = int(self._failing), self._failing % 1
        fine = max(0, round(now.rate * seconds) - failed)
        self.page.request("POST", "api/appointments", 200, now.seconds, fine)
        if failed:
            self.page.request("POST", "api/appointments", 500, now.seconds, failed)
        text = {"Content-Type": "text/plain; version=0.0.4"}
        self.http.answer("/metrics", self.page.text, headers=text)

    def log(self, *lines: str, file: str = "laravel.log") -> None:
        """Lines of the application's log as they stand."""
        self.write(self.logs / file, *lines)

    @staticmethod
    def write(file: Path, *lines: str) -> None:
        """Add lines to a file."""
        with file.open("a") as log:
            log.write("".join(f"{line}\n" for line in lines))

    def log_line(self, level: str, message: str, context: object = None) -> None:
        """A line as Laravel's default formatter writes it."""
        stamp = datetime.now(ZoneInfo("Europe/Berlin"))
        tail = f" {json.dumps(context)} " if context is not None else ""
        self.log(f"[{stamp:%Y-%m-%d %H:%M:%S}] production.{level}: {message}{tail}")

    def log_json(self, level: str, message: str, context: object, channel: str) -> None:
        """A line as Monolog's JsonFormatter writes it, into the day's file."""
        numbers = {"INFO": 200, "WARNING": 300, "ERROR": 400}
        now = datetime.now(UTC)
        entry = {
            "message": message,
            "context": context,
            "level": numbers[level],
            "level_name": level,
            "channel": channel,
            "datetime": now.isoformat(),
            "extra": {},
        }
        self.log(json.dumps(entry), file=f"laravel-{now:%Y-%m-%d}.log")
