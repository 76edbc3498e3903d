"""The demo's servers, asked themselves: what they answer in calm and in each incident."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import redis

from tests.tui.demo_helpers import until
from tui.demo.children import DemoError
from tui.demo.hoard import SESSIONS
from tui.demo.queues import queue
from tui.demo.redis_server import MAX_MEMORY
from tui.demo.stack import Stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack.start("--no-incidents", "--no-databases", "--seed", "7") as running:
        yield running


@pytest.fixture(autouse=True)
def _calm_afterwards(stack: Stack) -> Iterator[None]:
    yield
    stack.control.stop()


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.endpoints.http, timeout=5) as client:
        yield client


@pytest.fixture(scope="module")
def store(stack: Stack) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(stack.endpoints.redis, decode_responses=True) as client:
        yield client


def rows(stack: Stack, sql: str, *values: object) -> list[Any]:
    path = f"file:{stack.endpoints.database}?mode=ro"
    with closing(sqlite3.connect(path, uri=True)) as database:
        return database.execute(sql, values).fetchall()


def last_id(stack: Stack) -> int:
    return int(rows(stack, "SELECT coalesce(max(id), 0) FROM request_logs")[0][0])


def detailed(api: httpx.Client) -> dict[str, Any]:
    return dict(api.get("/health/detailed").json())


def test_calm_means_that_everything_is_healthy(stack: Stack, api: httpx.Client) -> None:
    assert until(lambda: detailed(api)["status"] == "healthy")
    document = detailed(api)
    assert document["services"]["redis"] == "healthy"
    active = document["workers"].pop("active_tasks")
    assert 0 <= active <= 7
    assert document["workers"] == {
        "indexer": "healthy",
        "mailer": "healthy",
        "notifier": "healthy",
    }
    assert stack.control.status() == ()


def test_every_api_request_is_logged_and_the_monitors_own_are_not(
    stack: Stack, api: httpx.Client
) -> None:
    before = last_id(stack)
    assert api.get("/api/documents/none").status_code == 404
    assert until(lambda: bool(rows(stack, NOT_FOUND, before)))
    created, latency, error = rows(stack, NOT_FOUND, before)[0]
    assert created > "2020-01-01 00:00:00"
    assert 0 < latency < 1000
    assert error is None
    page = api.get("/metrics").text
    assert 'http_requests_total{method="GET",handler="/api/documents/{id}",status="404"}' in page
    own = rows(stack, "SELECT count(*) FROM request_logs WHERE id > ?", 0)[0][0]
    served = sum(
        float(line.rpartition(" ")[2])
        for line in page.splitlines()
        if line.startswith("http_requests_total{") and "/api/" in line
    )
    assert own <= served + 5


NOT_FOUND = """
SELECT created_at, latency_ms, error FROM request_logs WHERE id > ? AND status_code = 404
"""


def test_traffic_reaches_every_provider_and_the_cache(stack: Stack, store: redis.Redis) -> None:
    def providers() -> set[str]:
        found = rows(stack, "SELECT DISTINCT provider_id FROM request_logs")
        return {name for (name,) in found if name}

    assert until(lambda: providers() == {"aurora", "borealis", "cirrus"})
    assert until(lambda: int(store.get("cache:hits") or 0) > 0)
    assert until(lambda: int(store.get("cache:misses") or 0) > 0)


def test_workers_take_what_is_queued(api: httpx.Client, store: redis.Redis) -> None:
    answer = api.post("/api/invitations", json={"people": 25})
    assert answer.status_code == 202
    assert store.llen(queue("emails").waiting) > 10
    assert until(lambda: store.llen(queue("emails").processing) == 2)
    assert until(lambda: store.llen(queue("emails").waiting) == 0)


def test_the_page_of_metrics_is_cumulative(api: httpx.Client) -> None:
    api.get("/api/models")
    lines = api.get("/metrics").text.splitlines()
    buckets = [
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith('http_request_duration_seconds_bucket{handler="/api/models"')
    ]
    count = next(
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith('http_request_duration_seconds_count{handler="/api/models"')
    )
    assert buckets == sorted(buckets)
    assert buckets[-1] == count >= 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", b"", 404),
        ("POST", "/health", b"", 405),
        ("DELETE", "/api/chat", b"", 405),
        ("POST", "/api/chat", b"{", 400),
        ("POST", "/api/chat", b"[]", 400),
        ("POST", "/api/chat", b'{"provider": "nobody"}', 422),
        ("POST", "/api/documents", b'{"documents": -1}', 422),
        ("POST", "/api/chat", b" " * 100_000, 413),
        ("GET", "/api/documents/9999", b"", 404),
    ],
)
def test_wrong_requests_get_an_answer(
    api: httpx.Client, method: str, path: str, body: bytes, status: int
) -> None:
    answer = api.request(method, path, content=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_slow_service(stack: Stack, api: httpx.Client) -> None:
    assert until(lambda: api.get("/health").elapsed.total_seconds() < 0.5)
    stack.control.start("slow-service")
    assert api.get("/health").elapsed.total_seconds() > 0.7
    slow = "SELECT count(*) FROM request_logs WHERE latency_ms > 750 AND id > ?"
    before = last_id(stack)
    assert until(lambda: rows(stack, slow, before)[0][0] > 3)
    stack.control.stop("slow-service")
    assert until(lambda: api.get("/health").elapsed.total_seconds() < 0.5)


def test_errors_of_one_provider(stack: Stack, api: httpx.Client) -> None:
    before = last_id(stack)
    stack.control.start("provider-errors")
    failed = """
        SELECT count(*) FROM request_logs
        WHERE id > ? AND provider_id = ? AND status_code = 502 AND error LIKE 'borealis%'
    """
    assert until(lambda: rows(stack, failed, before, "borealis")[0][0] >= 5)
    assert rows(stack, failed, before, "aurora")[0][0] <= 1
    assert until(lambda: detailed(api)["services"]["borealis"] == "degraded")
    assert detailed(api)["status"] == "degraded"


def test_queue_backlog(stack: Stack, store: redis.Redis) -> None:
    stack.control.start("queue-backlog")
    waiting = queue("default").waiting
    assert until(lambda: store.llen(waiting) > 60)
    stack.control.stop("queue-backlog")
    assert until(lambda: store.llen(waiting) < 10)


def test_service_down(stack: Stack, api: httpx.Client) -> None:
    before = api.get("/health").json()["uptime_seconds"]
    pid = stack.control.processes()["service"]
    stack.control.start("service-down", hold=True)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{stack.endpoints.http}/health")
    assert until(lambda: "service" not in stack.control.processes())
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{stack.endpoints.http}/health")
    stack.control.stop()
    assert until(lambda: _answers(stack))
    assert stack.control.processes()["service"] != pid
    assert httpx.get(f"{stack.endpoints.http}/health").json()["uptime_seconds"] < before + 3


def _answers(stack: Stack) -> bool:
    try:
        return httpx.get(f"{stack.endpoints.http}/health").status_code == 200
    except httpx.TransportError:
        return False


def test_redis_out_of_memory(stack: Stack, api: httpx.Client, store: redis.Redis) -> None:
    stack.control.start("redis-full")

    def refuses() -> bool:
        try:
            store.set("test:value", "1")
        except redis.exceptions.OutOfMemoryError:
            return True
        return False

    assert until(refuses)
    memory = store.info("memory")
    assert memory["used_memory"] > 0.95 * MAX_MEMORY
    assert memory["maxmemory_policy"] == "noeviction"
    assert until(lambda: api.post("/api/hooks").status_code == 503)
    assert until(lambda: detailed(api)["services"]["redis"] == "degraded")
    assert until(lambda: detailed(api)["workers"]["indexer"] == "unhealthy")
    before = last_id(stack)
    refused = "SELECT error FROM request_logs WHERE id > ? AND status_code = 503"
    assert until(lambda: bool(rows(stack, refused, before)))
    assert "takes no jobs" in rows(stack, refused, before)[0][0]

    stack.control.stop("redis-full")
    assert until(lambda: store.info("memory")["used_memory"] < 0.5 * MAX_MEMORY)
    assert not list(store.scan_iter(f"{SESSIONS}*"))
    assert until(lambda: detailed(api)["status"] == "healthy")


def test_redis_killed_from_outside_degrades_the_service_and_comes_back(
    stack: Stack, api: httpx.Client, store: redis.Redis
) -> None:
    os.kill(stack.control.processes()["redis"], signal.SIGKILL)
    assert until(lambda: detailed(api)["services"]["redis"] == "unhealthy")
    assert api.get("/health").json()["status"] == "healthy"
    assert until(lambda: detailed(api)["status"] == "healthy")
    assert store.ping()


def test_jobs_of_workers_that_died_are_taken_again(
    stack: Stack, api: httpx.Client, store: redis.Redis
) -> None:
    api.post("/api/invitations", json={"people": 12})
    assert until(lambda: store.llen(queue("emails").processing) > 0)
    os.kill(stack.control.processes()["workers"], signal.SIGKILL)
    emails = queue("emails")
    assert until(lambda: store.llen(emails.processing) + store.llen(emails.waiting) == 0)


def test_the_control_socket_refuses_what_it_does_not_know(stack: Stack) -> None:
    with pytest.raises(DemoError, match="no incident 'earthquake'"):
        stack.control.start("earthquake")
    with pytest.raises(DemoError, match="no incident"):
        stack.control.stop("earthquake")


def test_an_incident_of_a_database_that_is_left_out_is_refused(stack: Stack) -> None:
    assert set(stack.control.missing()) == {"PostgreSQL", "MariaDB"}
    with pytest.raises(DemoError, match="lock-pile-up happens on PostgreSQL: left out by"):
        stack.control.start("lock-pile-up")
    with pytest.raises(DemoError, match="mysql-down happens on MariaDB: left out by"):
        stack.control.toggle("mysql-down")
    assert stack.control.status() == ()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["status", "api", "report"], 0, r"service +api +running \(\d+\) +release 2.4.1"),
        (["keys"], 0, r"of 16.00M, when full: noeviction(.|\n)*cache: +\d+"),
        (["log", "api"], 0, "POST /api/chat 200 in"),
        (["log", "api", "release"], 0, r"^\d\d:\d\d:\d\d info +release 2.4.1 serves"),
        (["start", "redis"], 0, r"redis is running already\nredis: serves \(process \d+\)"),
        (["status", "mariadb"], 1, "there is no mariadb; there are api"),
        (["flag", "remember-me", "perhaps"], 1, "a flag is on or off"),
        (["launch"], 2, "usage: shopctl"),
    ],
)
def test_the_operators_program(stack: Stack, words: list[str], code: int, says: str) -> None:
    program = Path(stack.endpoints.folder) / "shopctl"
    ran = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert ran.returncode == code, ran
    assert re.search(says, ran.stdout + ran.stderr), ran


def test_a_service_is_stopped_and_started_as_operators_do(stack: Stack) -> None:
    assert stack.control.operate("stop", "workers") == "workers: stopped"
    assert until(lambda: "workers" not in stack.control.processes())
    stack.control.operate("start", "workers")
    assert until(lambda: "workers" in stack.control.ready())
    before = stack.control.processes()["workers"]
    stack.control.operate("restart", "workers")
    assert until(lambda: stack.control.processes().get("workers", before) != before)


def test_the_clock_of_the_demo_goes_on_at_once(stack: Stack) -> None:
    stack.control.start("slow-service")
    (running,) = stack.control.advance(20)
    assert running.left == pytest.approx(30, abs=1)
    stack.control.start("provider-errors", hold=True)
    assert [run.name for run in stack.control.advance(600)] == ["provider-errors"]
    with pytest.raises(DemoError, match="more than 0"):
        stack.control.advance(-1)


def test_everything_listens_on_loopback_alone(stack: Stack) -> None:
    addresses = {
        connection.laddr.ip
        for pid in (stack.pid, *stack.control.processes().values())
        for connection in psutil.Process(pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}
