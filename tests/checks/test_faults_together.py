"""Every kind of broken target at once, and the healthy ones keep their interval."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
import trustme
import yaml

from checks.engine import Engine
from checks.model import Status
from checks.resolver import Address
from tests.patience import tried_again
from tests.servers.dns import DnsServer
from tests.servers.http import HttpServer, RawServer, full_backlog
from tests.servers.redis import RedisServer, free_port
from tui.config import load

INTERVAL = 0.5
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
EVIL = '{"status": "down", "services": {"[red]db[/]\\u001b[2J": "\\u001b]0;owned\\u0007[b]"}}'

RawStart = Callable[[Callable[[socket.socket], None]], RawServer]


def silent(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.recv(65536)


def trickling(ending: threading.Event) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        for byte in ANSWER % 100_000:
            connection.sendall(bytes([byte]))
            if ending.wait(0.2):
                return

    return talk


def endless(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(ANSWER % 1_000_000_000)
    while True:
        connection.sendall(b"x" * 65536)


def answering(payload: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        while connection.recv(65536):
            connection.sendall(payload)

    return talk


@pytest.fixture
def hanging_names() -> Iterator[Callable[[str], list[Address]]]:
    """A resolver whose ``hang…`` names never answer and whose other names do not exist."""
    ending = threading.Event()

    def lookup(host: str) -> list[Address]:
        if host.startswith("hang"):
            ending.wait(60)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    yield lookup
    ending.set()


def body(text: str) -> bytes:
    return ANSWER % len(text.encode()) + text.encode()


@tried_again
async def test_what_is_broken_costs_the_healthy_nothing(  # noqa: PLR0917 - servers, each
    http_server: HttpServer,
    redis_server: RedisServer,
    raw_server: RawStart,
    https_server: Callable[[trustme.LeafCert | None], HttpServer],
    hanging_names: Callable[[str], list[Address]],
    dns_server: DnsServer,
    tmp_path: Path,
) -> None:
    dead = dns_server
    dead.replies = lambda _query, _tcp: []
    ending = threading.Event()
    (tmp_path / "not-a.db").write_bytes(b"\x00\xff" * 5000)
    with ExitStack() as stack:
        stack.callback(ending.set)
        black_hole = stack.enter_context(full_backlog())

        def raw(talk: Callable[[socket.socket], None]) -> int:
            return raw_server(talk).port

        never_ends = {"command": ["sleep", "60"], "timeout": "30s"}
        pipe = {"file": str(tmp_path / "pipe")}
        http = {
            "latin-1": f"127.0.0.1:{raw(answering(ANSWER % 4 + bytes([123, 255, 254, 125])))}",
            "refused": f"127.0.0.1:{free_port()}",
            "black-hole": f"127.0.0.1:{black_hole}",
            "silent": f"127.0.0.1:{raw(silent)}",
            "trickle": f"127.0.0.1:{raw(trickling(ending))}",
            "endless": f"127.0.0.1:{raw(endless)}",
            "broken-json": f"127.0.0.1:{raw(answering(body('{broken')))}",
            "evil": f"127.0.0.1:{raw(answering(body(EVIL)))}",
            "no-such-name": "nowhere.invalid",
            **{f"hanging-name-{n}": f"hang{n}.invalid" for n in range(10)},
        }
        checks: list[dict[str, object]] = [
            {"name": name, "http": {"url": f"http://{where}/"}} for name, where in http.items()
        ]
        broken = next(check for check in checks if check["name"] == "broken-json")
        broken["http"] = {
            "url": f"http://{http['broken-json']}/",
            "expect": {"json": {"status": "ok"}},
        }
        os.mkfifo(tmp_path / "pipe", 0o600)
        locked = RedisServer(tmp_path, "--requirepass", "opensesame")
        locked.start(wait=False)
        stack.callback(locked.kill)
        checks += [
            {"name": "untrusted", "http": f"{https_server(None).url}/"},
            {"name": "locked", "redis": locked.url},
            {"name": "slow-secret", "redis": {"url": locked.url, "password": never_ends}},
            {"name": "pipe-secret", "redis": {"url": locked.url, "password": pipe}},
            {"name": "no-redis", "redis": f"redis://127.0.0.1:{raw(silent)}/0"},
            {"name": "no-db", "sqlite": str(tmp_path / "not-a.db")},
            {"name": "missing-db", "sqlite": str(tmp_path / "missing.db")},
            {"name": "no-port", "tcp": f"127.0.0.1:{free_port()}"},
            {"name": "hung-tls", "tls": f"127.0.0.1:{raw(silent)}"},
            {"name": "dead-names", "dns": {"name": "shop.example", "server": dead.where}},
            {"name": "hung-ping", "ping": "hang11.invalid"},
            {"name": "healthy-http", "http": f"{http_server.url}/"},
            {"name": "healthy-redis", "redis": redis_server.url},
        ]
        path = tmp_path / "onwatch.yaml"
        defaults = {"interval": INTERVAL, "timeout": "400ms"}
        path.write_text(yaml.safe_dump({"version": 1, "defaults": defaults, "checks": checks}))
        path.chmod(0o600)
        engine = Engine(load(str(path)).engine, lookup=hanging_names)
        task = asyncio.create_task(engine.run(lambda snapshot: None))
        await asyncio.sleep(16 * INTERVAL)
        views = {name: state.view for name, state in engine.states.items()}
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for name in ("healthy-http", "healthy-redis"):
        assert views[name].status is Status.OK, views[name].message
        began = [line.time for line in engine.states[name].results]
        assert len(began) >= 14
        assert max(b - a for a, b in pairwise(began[1:])) < 1.5 * INTERVAL
    ill = {name: view for name, view in views.items() if not name.startswith("healthy")}
    # A body that never ends is read to a bound; nothing was expected of it.
    assert {name for name, view in ill.items() if view.status is Status.OK} == {"endless"}
    for name, view in ill.items():
        assert view.status is not Status.WAITING, name
        assert len(engine.states[name].results) >= 8, f"{name} kept no interval"
        assert "\x1b" not in view.message
        assert all("\x1b" not in part.name + part.message for part in view.parts)
    assert not (tmp_path / "missing.db").exists()
