"""What the five guides ask of logs, row by row, on lines as their applications write them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from checks.logs.filters import compiled
from checks.logs.model import Level, Record
from checks.logs.source import open_reader
from checks.model import Sampler
from checks.probes.log.digest import Digest
from checks.probes.log.metrics import add_samples
from tests.checks.log_kit import config

NOW = 1_790_000_000.0
KEY = "sk-" + "a1B2" * 6


class Read:
    """A log check that has read ``text``, all of it written while it looked."""

    def __init__(self, folder: Path, text: str, name: str = "app.log", **keys: Any) -> None:
        path = folder / name
        path.touch()
        own = config(files=[str(folder / "*.log")], **keys)
        reader = open_reader(own, Path)
        self.digest = Digest(own, NOW)
        self.digest.take(reader.read(NOW, 1_000_000, 5.0), NOW)
        path.write_text(text)
        for second in (1.0, 4.0, 8.0):
            self.digest.take(reader.read(NOW + second, 1_000_000, 5.0), NOW + second)
        reader.close()
        to = Sampler({}).builder()
        add_samples(to, self.digest, up=True)
        self.samples = to.build()

    @property
    def records(self) -> tuple[Record, ...]:
        held = self.digest.tail.held()
        return (*held.older, *held.newest)

    def fit(self, text: str) -> list[str]:
        """Messages of those that a search finds."""
        fits = compiled(text)
        return [record.message for record in self.records if fits(record)]

    def counts(self) -> dict[str, int]:
        return {pattern.name: pattern.total for pattern in self.digest.patterns}

    def value(self, name: str, **labels: str) -> float | None:
        return self.samples.get(name, **labels)


def moment(text: str) -> float:
    """Of a date and time in UTC."""
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


def lines(*records: dict[str, Any] | str) -> str:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in records)


def test_aigateway(tmp_path: Path) -> None:
    """AIG-42 to AIG-51."""
    request = {
        "timestamp": "2024-12-26T10:00:00Z",
        "level": "INFO",
        "message": "Request completed",
        "request_id": "req-123",
        "provider": "antigravity",
        "model": "claude-sonnet-4-5",
        "latency_ms": 234,
        "status": 200,
    }
    read = Read(
        tmp_path,
        lines(
            request,
            {**request, "status": 502, "request_id": "req-124"},
            {**request, "message": "Started", "latency_ms": None, "status": None},
        ),
        requests={
            "where": 'message = "Request completed"',
            "duration": "latency_ms",
            "labels": ["provider", "model"],
        },
    )
    assert read.records[0].time == moment("2024-12-26T10:00:00")
    assert read.records[0].level is Level.INFO
    assert read.fit('request_id = "req-123"') == ["Request completed", "Started"]
    assert read.fit("req-124") == ["Request completed"]
    labels = {"provider": "antigravity", "model": "claude-sonnet-4-5"}
    assert read.value("http_requests_total", status="200", **labels) == 1
    assert read.value("http_requests_total", status="502", **labels) == 1
    assert read.value("http_request_duration_seconds_sum") == pytest.approx(0.468)
    assert read.value("log_lines_total", level="info") == 3


def test_askproai_laravel(tmp_path: Path) -> None:
    """ASK-66, ASK-76 to ASK-78 and ASK-82 to ASK-86: lines with stack traces and JSON, mixed."""
    monolog = {
        "message": "Slow API request",
        "context": {"url": "/api/calls", "duration": 1.8, "tags": []},
        "level": 300,
        "level_name": "WARNING",
        "channel": "production",
        "datetime": "2026-09-21T13:46:40.000000+00:00",
        "extra": {},
    }

    def said(
        message: str, level: str = "INFO", channel: str = "production", **context: Any
    ) -> dict[str, Any]:
        return {
            **monolog,
            "message": message,
            "context": context,
            "level": {"INFO": 200, "WARNING": 300, "ERROR": 400}[level],
            "level_name": level,
            "channel": channel,
        }

    text = lines(
        '[2026-09-21 13:46:40] production.ERROR: Undefined offset: 3 {"exception":"[object] '
        "(ErrorException(code: 0): Undefined offset: 3 at /var/www/app/Call.php:88)",
        "[stacktrace]",
        "#0 /var/www/app/Call.php(88): Illuminate\\\\Foundation\\\\handleError()",
        "#1 {main}",
        '"} ',
        monolog,
        said("mysql slow query", "WARNING", duration=1500, sql="select * from calls"),
        said("quick slow query", "WARNING", duration=900, sql="select 1"),
        said(
            "webhook", channel="webhooks", status="failed", webhook_type="retell", error="timeout"
        ),
        said("webhook", channel="webhooks", status="ok", webhook_type="retell"),
        said("api", "INFO", status=500, type="api_request", url="/api/calls", reason="boom"),
        said("api", "INFO", status=200, type="api_request", url="/api/calls"),
        said("oops", "ERROR", user_id=7, exception="RuntimeException"),
    )
    read = Read(
        tmp_path,
        text,
        name="laravel-2026-09-21.log",
        patterns=[
            {
                "name": "slow requests",
                "where": 'message = "Slow API request"',
                "by": "context.url",
                "warning": "20/10m",
            },
            {"name": "errors", "where": "level = error"},
            {
                "name": "slow queries",
                "where": 'message contains "slow query" and context.duration > 1000',
                "by": "context.sql",
            },
            {
                "name": "failed webhooks",
                "where": "channel = webhooks and context.status = failed",
                "by": "context.webhook_type",
            },
            {
                "name": "api errors",
                "where": "context.status >= 400 and context.type = api_request",
                "by": "context.url",
            },
            {"use": "exceptions"},
        ],
        metrics=[
            {
                "metric": "webhook_failures_total",
                "pattern": "failed webhooks",
                "labels": {"type": "context.webhook_type"},
            }
        ],
        requests={
            "where": "context.type = api_request",
            "status": "context.status",
            "labels": ["route"],
        },
    )
    assert read.counts() == {
        "slow requests": 1,
        "errors": 2,
        "slow queries": 1,
        "failed webhooks": 1,
        "api errors": 1,
        "exceptions": 1,
    }
    trace = next(one for one in read.records if one.message.startswith("Undefined offset"))
    assert "#1 {main}" in trace.text, "a stack trace is one record"
    assert len(read.records) == 9
    assert read.value("webhook_failures_total", type="retell") == 1
    assert read.value("http_requests_total", status="500", route="/api/calls") == 1
    by = next(one for one in read.digest.patterns if one.name == "slow queries").by
    assert by is not None
    assert by.most(3) == [("select * from calls", 1)]
    assert read.fit("level = error and context.user_id = 7") == ["oops"]


def test_askproai_nginx(tmp_path: Path) -> None:
    """ASK-79: access and error log of one glob; requests with status and duration."""
    text = lines(
        '::1 - - [21/Sep/2026:13:46:40 +0000] "GET /api/calls/81 HTTP/1.1" 200 512 "-" "-" 0.120',
        '::1 - - [21/Sep/2026:13:46:40 +0000] "POST /api/calls HTTP/1.1" 429 12 "-" "-" 0.001',
        "2026/09/21 13:46:40 [error] 81#81: *7 connect() failed (111: Connection refused) while "
        'connecting to upstream, client: 10.0.0.1, server: _, request: "GET / HTTP/1.1"',
    )
    read = Read(tmp_path, text, requests=True, patterns=["rate-limit", "refused-connections"])
    assert read.value("http_requests_total", status="200", route="/api/calls/N") == 1
    assert read.value("http_request_duration_seconds_sum") == pytest.approx(0.121)
    assert read.value("http_request_duration_seconds_count") == 2
    assert read.counts() == {"rate-limit": 1, "refused-connections": 1}
    assert read.value("log_lines_total", level="error") == 1


def test_smart_ebook_chat(tmp_path: Path) -> None:
    """EBC-77 to EBC-88, EBC-184 and EBC-187."""
    upload = {
        "timestamp": "2024-01-15T10:00:00Z",
        "level": "INFO",
        "service": "api",
        "trace_id": "abc123",
        "span_id": "def456",
        "user_id": "user123",
        "message": "Document uploaded successfully",
        "metadata": {"document_id": "doc123", "file_size": 1024000, "processing_time": 0.5},
    }
    login = {
        "level": "WARN",
        "event_type": "security",
        "action": "failed_login",
        "user_id": "user123",
        "ip_address": "192.168.1.1",
        "user_agent": "Mozilla/5.0",
    }
    slow = {
        "level": "WARN",
        "event_type": "performance",
        "operation": "document_processing",
        "duration": 30.5,
        "threshold": 10.0,
    }
    fine = {**slow, "duration": 3.5}
    upgrade = {
        "level": "INFO",
        "event_type": "business",
        "action": "subscription_upgrade",
        "user_id": "user123",
        "from_plan": "free",
        "to_plan": "pro",
    }
    debug = {"level": "DEBUG", "message": "cache miss"}
    read = Read(
        tmp_path,
        lines(upload, login, login, slow, fine, upgrade, debug),
        patterns=[
            {
                "name": "failed logins",
                "where": "event_type = security and action = failed_login",
                "by": "ip_address",
                "warning": "1/10m",
            },
            {
                "name": "slow",
                "where": "event_type = performance and duration > threshold",
                "by": "operation",
            },
        ],
        metrics=[
            {
                "metric": "document_processing_seconds",
                "type": "histogram",
                "value": "metadata.processing_time",
            },
            {
                "metric": "security_events_total",
                "where": "event_type = security",
                "labels": ["action"],
            },
            {"metric": "slow_operations_total", "pattern": "slow", "labels": ["operation"]},
            {
                "metric": "business_events_total",
                "where": "event_type = business",
                "labels": ["action"],
            },
        ],
    )
    assert read.counts() == {"failed logins": 2, "slow": 1}
    assert read.value("document_processing_seconds_bucket", le="0.5") == 1
    assert read.value("security_events_total", action="failed_login") == 2
    assert read.value("slow_operations_total", operation="document_processing") == 1
    assert read.value("business_events_total", action="subscription_upgrade") == 1
    assert [read.value("log_lines_total", level=level) for level in ("warning", "debug")] == [4, 1]
    assert read.fit("trace_id = abc123 and span_id = def456 and service = api") == [
        upload["message"]
    ]
    assert len(read.fit("user_id = user123 and level > debug")) == 4


def test_xionimus(tmp_path: Path) -> None:
    """XIO-33 to XIO-39, XIO-65, XIO-96, XIO-98 and XIO-99: JSON, and what is none of stderr."""
    sent = {
        "timestamp": "2025-10-01T05:08:03Z",
        "level": "INFO",
        "logger": "app.api.chat",
        "message": "Message sent",
        "module": "chat",
        "function": "send_message",
        "line": 342,
        "user_id": "user123",
        "provider": "openai",
        "model": "gpt-4.1",
        "duration_ms": 1234,
    }
    text = lines(
        sent,
        *({**sent, "level": "ERROR", "message": f"User {n} not found"} for n in range(3)),
        'INFO:     127.0.0.1:4711 - "POST /api/chat HTTP/1.1" 429 Too Many Requests',
        {
            **sent,
            "level": "WARNING",
            "message": "query failed: SELECT * FROM u WHERE n='' OR '1'='1'",
        },
        {**sent, "level": "ERROR", "message": f"bad key {KEY} and AKIAIOSFODNN7EXAMPLE"},
        {**sent, "level": "WARNING", "message": "Failed login for bob"},
    )
    read = Read(
        tmp_path,
        text,
        name="backend.err.log",
        patterns=["failed-logins", "rate-limit", "sql-injection", "api-keys"],
        requests={
            "where": 'message = "Message sent"',
            "duration": "duration_ms",
            "labels": ["provider", "model"],
        },
    )
    assert read.counts() == {
        "failed-logins": 1,
        "rate-limit": 1,
        "sql-injection": 1,
        "api-keys": 1,
    }
    assert read.fit("bad key") == ["bad key ••• and •••"]
    assert "AKIA" not in repr(read.records)
    assert read.digest.errors.most(1) == [("User N not found", 3)]
    assert (
        read.fit('logger = "app.api.chat" and function = send_message and line = 342')[0]
        == "Message sent"
    )
    assert read.value("http_request_duration_seconds_sum") == pytest.approx(1.234)
    assert read.value("http_requests_total", provider="openai", model="gpt-4.1") == 1
    assert read.value("log_lines_total", level="error") == 4


def test_moai_flow(tmp_path: Path) -> None:
    """MOA-41 to MOA-52: JSON without a zone, plain lines of the file handler, bad JSON counted."""
    said = {
        "timestamp": "2026-09-21T13:46:40.123456",
        "level": "ERROR",
        "logger": "moai_flow",
        "message": "Failed to insert event: locked",
        "module": "store",
        "function": "insert",
        "line": 9,
        "exception": 'Traceback (most recent call last):\n  File "a.py", line 1\nOSError: locked',
        "user_id": "u1",
        "agent_id": "a7",
    }
    text = lines(
        said,
        "DEBUG:moai_flow:Processing event: {'a': 1}",
        "INFO:moai_flow:Agent spawned successfully",
        "WARNING:moai_flow:Query took 150ms (expected <100ms)",
        "ERROR:moai_flow:Failed to insert event: locked",
        "CRITICAL:moai_flow:Database connection lost",
        '{"timestamp": "2026-09-21T13:46:41", "level": "INFO", "message": "cut',
    )
    read = Read(
        tmp_path,
        text,
        format="json",
        patterns=[
            {"name": "critical", "level": "critical", "critical": "0/5m"},
            {"name": "slow queries", "match": r"Query took \d{3,}ms", "warning": "10/5m"},
            {"name": "inserts", "match": "Failed to insert event", "by": "agent_id"},
        ],
        metrics=[
            {
                "metric": "query_seconds",
                "type": "histogram",
                "value": {"match": r"took (\d+)ms", "unit": "ms"},
            },
            {"metric": "agents_spawned_total", "where": 'message ~ "^Agent spawned"'},
        ],
    )
    assert read.counts() == {"critical": 1, "slow queries": 1, "inserts": 2}
    status = {one.name: one.judge(NOW + 8)[0].value for one in read.digest.patterns}
    assert status == {"critical": "critical", "slow queries": "ok", "inserts": "ok"}
    assert read.value("query_seconds_sum") == pytest.approx(0.15)
    assert read.value("agents_spawned_total") == 1
    assert read.value("log_unreadable_lines_total") == 6, "what is not JSON is counted, and kept"
    assert len(read.records) == 7
    error = next(one for one in read.records if one.fields.get("agent_id") == "a7")
    assert error.time == moment("2026-09-21T13:46:40.123456"), "without a zone it is UTC"
    assert "OSError: locked" in error.text
    assert read.fit("agent_id = a7 and user_id = u1") == ["Failed to insert event: locked"]
    assert [
        read.value("log_lines_total", level=name) for name in ("debug", "error", "critical")
    ] == [1, 2, 1]
