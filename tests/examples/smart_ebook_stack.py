"""Smart Ebook Chat's servers for a test: PostgreSQL, Redis, its API, and stores that answer as
Qdrant, MinIO, cAdvisor, kube-state-metrics and S3's command document it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import trustme

from tests.examples.kit_app import App
from tests.servers.dns import DnsServer
from tests.servers.http import HttpServer, RawServer
from tests.servers.postgres import PostgresDatabase, PostgresServers
from tests.servers.redis import RedisServer, free_port
from tests.servers.tls import secured, server_context

__all__ = ["SETTINGS", "EbookStack"]

SETTINGS: Final = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "64MB",
    "shared_preload_libraries": "pg_stat_statements",
}
"""The guide's, and what its slow queries need."""
_SCHEMA: Final = Path(__file__).with_name("smart_ebook_schema.sql")
_MODULE: Final = "tests.examples.smart_ebook_app"
_CONTAINERS: Final = """\
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="api",namespace="default",pod="api-1"} 12.5
# TYPE container_memory_working_set_bytes gauge
container_memory_working_set_bytes{container="api",namespace="default",pod="api-1"} 1.2e+08
"""
_KUBERNETES: Final = """\
# TYPE kube_horizontalpodautoscaler_spec_min_replicas gauge
kube_horizontalpodautoscaler_spec_min_replicas{namespace="default",horizontalpodautoscaler="api-hpa"} 2
# TYPE kube_horizontalpodautoscaler_spec_max_replicas gauge
kube_horizontalpodautoscaler_spec_max_replicas{namespace="default",horizontalpodautoscaler="api-hpa"} 10
# TYPE kube_horizontalpodautoscaler_spec_target_metric gauge
kube_horizontalpodautoscaler_spec_target_metric{namespace="default",horizontalpodautoscaler="api-hpa",metric_name="cpu",metric_target_type="utilization"} 70
# TYPE kube_horizontalpodautoscaler_status_current_replicas gauge
kube_horizontalpodautoscaler_status_current_replicas{namespace="default",horizontalpodautoscaler="api-hpa"} %d
"""  # noqa: E501
_AWS: Final = """\
#!{python}
import json, sys
words = sys.argv[1:]
given = dict(zip(words, words[1:]))
store = json.load(open({store!r}))
if words[1] == "get-bucket-versioning":
    print(json.dumps(store["versioning"]))
else:
    found = [one for one in store["objects"] if one["Key"].startswith(given["--prefix"])]
    print(json.dumps({{"Contents": found}}) if found else "")
"""


class EbookStack:
    """All of it below ``folder``; ``environ`` says where the example finds it."""

    def __init__(self, folder: Path, servers: PostgresServers) -> None:
        for name in ("log", "redis", "bin", "grafana"):
            (folder / name).mkdir()
        self.folder = folder
        self.log = folder / "log" / "api.log"
        self.postgres = servers.create(**SETTINGS)
        self.database = PostgresDatabase(self.postgres, "smartchat")
        self.redis = RedisServer(folder / "redis")
        self.around = HttpServer()
        self.dns = DnsServer()
        self.port = free_port()
        self.worker = App(_MODULE, "worker", cwd=folder)
        certificate = trustme.CA().issue_cert("127.0.0.1")
        self.tls = RawServer(secured(server_context(certificate)))
        self.api: App | None = None

    def start(self) -> None:
        """Have all of it running."""
        self.postgres.start()
        main = PostgresDatabase(self.postgres)
        main.psql("CREATE DATABASE smartchat")
        self.database.psql("CREATE EXTENSION pg_stat_statements")
        self.database.psql(_SCHEMA.read_text(encoding="utf-8"))
        self.ask_models(20)
        self.redis.start()
        self._start_around()
        self.api = App(
            _MODULE,
            *("api", str(self.port), str(self.log)),
            *(self.database.url, self.redis.url, self.around.url),
            cwd=self.folder,
        )
        self.start_api()
        self.worker.start()

    def start_api(self) -> None:
        assert self.api is not None
        self.api.start()
        for status in (200, 403, 404, 429, 500):
            self.do("requests", count=1, status=status)
        self.do("process", count=3, seconds=4)
        self.do("say", level="INFO", message="started")

    def do(self, what: str, **how: object) -> None:
        """Have the API do it."""
        assert self.api is not None
        self.api.do(what, **how)

    def ask_models(self, count: int, status: int = 200, provider: str = "openai") -> None:
        """So many calls of an AI model."""
        error = "NULL" if status < 400 else "'overloaded'"
        self.database.psql(
            "INSERT INTO ai_requests (provider, model, status_code, latency_ms, prompt_tokens,"  # noqa: S608
            f" completion_tokens, cost, error) SELECT '{provider}', 'gpt-4.1', {status}, 900, 100,"
            f" 50, 0.002, {error} FROM generate_series(1, {count})"
        )

    def enqueue(self, queue: str, count: int) -> None:
        """So many of Celery's messages, in its list."""
        message = json.dumps({"headers": {"task": "process_document"}, "body": "W10="})
        self.redis.call("RPUSH", queue, *[message] * count)

    def replicas(self, count: int) -> None:
        """How many the HorizontalPodAutoscaler has now."""
        self.around.answer("/kubernetes", _KUBERNETES % count)

    def back_up(self, *, hours: Mapping[str, float], versioned: bool = True) -> None:
        """What the bucket holds: an object below each prefix, so many hours old."""
        now = datetime.now(UTC)
        objects = [
            {"Key": f"{prefix}{age}", "LastModified": (now - timedelta(hours=age)).isoformat()}
            for prefix, age in hours.items()
        ]
        store = {"objects": objects, "versioning": {"Status": "Enabled"} if versioned else {}}
        (self.folder / "s3.json").write_text(json.dumps(store), encoding="utf-8")

    def _start_around(self) -> None:
        self.around.start()
        self.around.answer("/readyz", "all shards are ready")
        self.around.answer("/minio/health/live")
        self.around.answer("/api/health", {"database": "ok", "version": "11.0.0"})
        self.around.answer("/containers", _CONTAINERS)
        self.replicas(3)
        self.dns.add("api.example.com", "A", "192.0.2.1")
        self.back_up(hours=FRESH)
        exported = {"dashboard": {"title": "Application Overview", "panels": []}}
        (self.folder / "grafana" / "overview.json").write_text(json.dumps(exported))
        aws = self.folder / "bin" / "aws"
        text = _AWS.format(python=sys.executable, store=str(self.folder / "s3.json"))
        aws.write_text(text, encoding="utf-8")
        aws.chmod(0o755)
        (self.folder / "bin" / "python3").symlink_to(sys.executable)

    def close(self) -> None:
        """End all of it."""
        for app in (self.api, self.worker):
            if app is not None:
                app.stop()
        self.around.stop()
        self.tls.close()
        self.dns.close()
        self.redis.kill()
        self.postgres.kill()

    @property
    def environ(self) -> Mapping[str, str]:
        """Where the example finds it."""
        around = self.around.url
        return {
            "EBC_API": f"http://127.0.0.1:{self.port}",
            "EBC_POSTGRES": self.database.url,
            "EBC_REDIS": self.redis.url,
            "EBC_QDRANT": around,
            "EBC_MINIO": around,
            "EBC_CADVISOR": f"{around}/containers",
            "EBC_KUBE_STATE_METRICS": f"{around}/kubernetes",
            "EBC_PROMETHEUS": "false",
            "EBC_ALERTMANAGER": "false",
            "EBC_GRAFANA_EXPORTS": str(self.folder / "grafana"),
            "EBC_GRAFANA": around,
            "EBC_API_COMMAND": f"{_MODULE} api",
            "EBC_WORKER_COMMAND": f"{_MODULE} worker",
            "EBC_NAME_SERVER": self.dns.where,
            "EBC_TLS": f"127.0.0.1:{self.tls.port}",
            "EBC_TLS_VERIFY": "none",
            "EBC_PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
            "EBC_LOGS": str(self.log.parent),
        }


FRESH: Final = {"database/full/": 8.0, "database/incremental/": 2.0, "minio-data/": 8.0}
"""Hours since the last backups, as they should be."""
