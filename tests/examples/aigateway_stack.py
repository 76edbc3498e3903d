"""AIGateway's servers: MySQL with its tables, Redis with its keys, its HTTP endpoints, its log.

Tables and columns are those that the guide's SQL names; the endpoint's document, the page of
metrics and the log's lines are the guide's own.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.servers.http import HttpServer
from tests.servers.mariadb import MONITOR, OWNER, PASSWORD, MariadbDatabase
from tests.servers.redis import RedisServer

__all__ = ["Gateway", "Traffic"]

SCHEMA: Final = (
    "CREATE TABLE providers (id VARCHAR(64) PRIMARY KEY, name VARCHAR(128) NOT NULL)",
    """CREATE TABLE accounts (
        id BIGINT AUTO_INCREMENT PRIMARY KEY, provider_id VARCHAR(64) NOT NULL
    )""",
    "CREATE TABLE proxy_pool (id BIGINT AUTO_INCREMENT PRIMARY KEY, url VARCHAR(255) NOT NULL)",
    """CREATE TABLE request_logs (
        id BIGINT AUTO_INCREMENT PRIMARY KEY,
        provider_id VARCHAR(64) NOT NULL,
        model VARCHAR(128) NOT NULL,
        status_code INT NOT NULL,
        latency_ms INT NOT NULL,
        error TEXT,
        created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        KEY created (created_at)
    )""",
)
PROVIDERS: Final = ("antigravity", "openai", "glm")
MODELS: Final = ("claude-sonnet-4-5", "gpt-4o", "glm-4.6")
BOUNDS: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
"""Of the planned histogram, in seconds; 0.5 is the one that the guide shows."""


@dataclass
class Traffic:
    """What the gateway has to do: requests a second, and how they go.

    ``hits`` and ``misses`` are look-ups of OAuth tokens a second.
    """

    rate: float = 4.0
    status: int = 200
    latency: int = 120
    error: str | None = None
    hits: float = 4.0
    misses: float = 0.1


@dataclass
class Gateway:
    """The whole system; ``traffic`` may change while it runs."""

    database: MariadbDatabase
    redis: RedisServer
    http: HttpServer
    folder: Path
    traffic: Traffic = field(default_factory=Traffic)
    counted: Counter[tuple[str, int]] = field(default_factory=Counter)
    below: Counter[tuple[str, float]] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chance = random.Random(7)
        self._link = self.database.connect()
        self.logs = self.folder / "log"
        self.backups = self.folder / "backups"
        self.data = self.folder / "mysql"
        for folder in (self.logs, self.backups, self.data):
            folder.mkdir()
        self.program = self.folder / "aigateway"
        self.program.symlink_to("/bin/sleep")
        self.database.execute(*SCHEMA)
        with self._link.cursor() as cursor:
            cursor.executemany("INSERT INTO providers VALUES (%s, %s)", [(n, n) for n in PROVIDERS])
            cursor.executemany(
                "INSERT INTO accounts (provider_id) VALUES (%s)", [(n,) for n in PROVIDERS * 4]
            )
            proxies = [(f"socks5://10.0.0.{n}",) for n in range(1, 6)]
            cursor.executemany("INSERT INTO proxy_pool (url) VALUES (%s)", proxies)
        self.redis.call("MSET", "oauth:cache:hits", 1_000_000, "oauth:cache:misses", 1000)
        self.healthy()
        self.publish()

    @property
    def environ(self) -> dict[str, str]:
        """Where its servers are, as examples/aigateway/README.md says."""
        return {
            "AIGATEWAY_INTERVAL": "15s",
            "AIGATEWAY_URL": self.http.url,
            "AIGATEWAY_METRICS": "true",
            "AIGATEWAY_MYSQL": self.database.url.replace(f"{MONITOR}@", f"{MONITOR}:{PASSWORD}@"),
            "AIGATEWAY_REDIS": self.redis.url,
            "AIGATEWAY_LOGS": str(self.logs),
            "AIGATEWAY_BACKUPS": str(self.backups),
            "AIGATEWAY_DATADIR": str(self.data),
        }

    @contextmanager
    def process(self) -> Iterator[subprocess.Popen[bytes]]:
        """A process called as the gateway's is."""
        with subprocess.Popen([str(self.program), "600"]) as running:
            try:
                yield running
            finally:
                running.kill()

    def files(self) -> None:
        """What lies around on a good day: a log, the database's files, a backup of the night."""
        (self.logs / "gateway.log").touch()
        (self.data / "ibdata1").write_bytes(bytes(5000))
        self.dump("nightly.sql", hours=7)
        (self.backups / "latest.sql").symlink_to("nightly.sql")

    # What it does

    def healthy(self) -> None:
        self.http.answer("/health", {"status": "ok"})

    def serve(self, seconds: float) -> None:
        """The traffic of so many seconds."""
        traffic = self.traffic
        self.requests(round(traffic.rate * seconds))
        self.redis.call("INCRBY", "oauth:cache:hits", round(traffic.hits * seconds))
        self.redis.call("INCRBY", "oauth:cache:misses", round(traffic.misses * seconds))
        self.publish()

    def requests(self, count: int) -> None:
        """So many requests now, each as :attr:`traffic` says."""
        rows, lines = [], []
        for _ in range(count):
            which = self._chance.randrange(len(PROVIDERS))
            row = (PROVIDERS[which], MODELS[which], self._latency())
            rows.append(row)
            lines.append(self._line(*row))
            self._count(row[0], row[2])
        status, error = self.traffic.status, self.traffic.error
        if rows:
            self._insert([(*row, status, error) for row in rows])
        with (self.logs / "gateway.log").open("a") as file:
            file.write("".join(lines))

    def history(self, count: int, seconds: float) -> None:
        """Requests of the last ``seconds``, all at once: some fail, some are slow."""
        rows = []
        for _ in range(count):
            which = self._chance.choice((0, 0, 0, 1, 1, 2))
            status = self._chance.choices((200, 401, 429, 503), (95, 2, 2, 1))[0]
            error = None if status == 200 else f"upstream answered {status}"
            latency = round(self._chance.lognormvariate(5.3, 0.7))
            ago = self._chance.uniform(5, seconds)
            rows.append((PROVIDERS[which], MODELS[which], latency, status, error, ago))
        with self._link.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO request_logs (provider_id, model, latency_ms, status_code, error,"
                " created_at) VALUES (%s, %s, %s, %s, %s, NOW(3) - INTERVAL %s SECOND)",
                # Ids are given in the order of time, as an application does.
                sorted(rows, key=lambda row: -row[5]),
            )

    def dump(self, name: str, hours: float) -> Path:
        """A dump of the database as mariadb-dump makes it, so many hours old."""
        program = shutil.which("mysqldump")
        if program is None:
            pytest.skip("there is no mysqldump; tools/get-servers installs it on Debian")
        server = self.database.server
        login = [f"--socket={server.socket}", f"--user={OWNER}", f"--password={PASSWORD}"]
        made = subprocess.run(
            [program, "--no-defaults", *login, self.database.name],
            capture_output=True,
            text=True,
            check=True,
        )
        return self.backup(name, made.stdout, hours)

    def backup(self, name: str, text: str, hours: float) -> Path:
        """A file among the backups, so many hours old."""
        file = self.backups / name
        file.write_text(text)
        then = time.time() - hours * 3600
        os.utime(file, (then, then))
        return file

    def publish(self) -> None:
        """The page of metrics, as the guide plans it."""
        lines = ["# TYPE aigateway_requests_total counter"]
        for (provider, status), count in self.counted.items():
            labels = f'provider="{provider}",status="{status}"'
            lines.append(f"aigateway_requests_total{{{labels}}} {count}")
        lines.append("# TYPE aigateway_request_duration_seconds histogram")
        name = "aigateway_request_duration_seconds"
        for provider, seconds in self.seconds.items():
            for bound in BOUNDS:
                below = self.below[provider, bound]
                le = "+Inf" if bound == math.inf else f"{bound:g}"
                lines.append(f'{name}_bucket{{provider="{provider}",le="{le}"}} {below}')
            lines.append(f'{name}_sum{{provider="{provider}"}} {seconds:g}')
            lines.append(f'{name}_count{{provider="{provider}"}} {self.below[provider, math.inf]}')
        text = {"Content-Type": "text/plain; version=0.0.4"}
        self.http.answer("/metrics", "\n".join(lines) + "\n", headers=text)

    def _latency(self) -> int:
        return round(self.traffic.latency * self._chance.uniform(0.8, 1.2))

    def _insert(self, rows: list[tuple[str, str, int, int, str | None]]) -> None:
        with self._link.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO request_logs (provider_id, model, latency_ms, status_code, error)"
                " VALUES (%s, %s, %s, %s, %s)",
                rows,
            )

    def _count(self, provider: str, latency: int) -> None:
        self.counted[provider, self.traffic.status] += 1
        self.seconds[provider] += latency / 1000  # type: ignore[assignment]
        for bound in BOUNDS:
            self.below[provider, bound] += latency / 1000 <= bound

    def _line(self, provider: str, model: str, latency: int) -> str:
        now = datetime.now(UTC)
        failed = self.traffic.status >= 400
        entry = {
            "timestamp": f"{now:%Y-%m-%dT%H:%M:%S.%f}Z",
            "level": "ERROR" if failed else "INFO",
            "message": "Request completed",
            "request_id": f"req-{self._chance.randrange(10**6)}",
            "provider": provider,
            "model": model,
            "latency_ms": latency,
            "status": self.traffic.status,
        }
        return json.dumps(entry) + "\n"
