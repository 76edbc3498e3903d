"""Health pages over unix sockets, as gunicorn, Docker and php-fpm's front ends serve them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.model import Status
from tests.checks.http_kit import ask, probing
from tests.reliability import UserSees
from tests.servers.http import HttpServer

URL = "http://localhost/health"


@pytest.fixture
def path() -> Iterator[Path]:
    """Short, as a socket's path must be, and in a folder that others may enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "app.sock"


@pytest.fixture
def app(path: Path) -> Iterator[HttpServer]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    server = HttpServer()
    server.start(listener)
    server.answer("/health", {"status": "ok"})
    yield server
    server.stop()


async def test_it_is_asked_over_a_connection_that_is_kept(app: HttpServer, path: Path) -> None:
    config = {"url": URL, "socket": path.name}
    async with probing("http", config, base_dir=path.parent) as probe:
        results = [await probe.run() for _ in range(3)]
    assert {result.status for result in results} == {Status.OK}, results[0].message
    assert app.connections == 1
    assert app.requests[0].headers["host"] == "localhost"
    assert app.requests[0].path == "/health"
    assert ("address", str(path)) in results[0].facts
    assert results[0].samples.get("probe_ip_protocol") is None
    app.answer("/health", "a 1\n")
    result = await ask("metrics", config, base_dir=path.parent)
    assert result.samples.get("a") == 1


async def test_another_origin_is_not_behind_the_socket(
    app: HttpServer, path: Path, http_server: HttpServer
) -> None:
    http_server.answer("/there", "here")
    app.answer("/health", status=302, headers={"Location": f"{http_server.url}/there"})
    result = await ask("http", {"url": URL, "socket": str(path)})
    assert result.status is Status.OK, result.message
    assert [request.path for request in http_server.requests] == ["/there"]


async def test_no_socket(path: Path) -> None:
    result = await ask("http", {"url": URL, "socket": str(path)})
    assert (
        result.message == f"there is no socket {path}: is the server running, and the path right?"
    )
    assert (result.status, result.reason) == (Status.CRITICAL, "refused")


async def test_nobody_listens(path: Path, user_sees: UserSees) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    result = await ask("http", {"url": URL, "socket": str(path)})
    assert result.message == (
        f"nobody listens on the socket {path}: is the server running, and the path right?"
    )
    user_sees("a unix socket that nobody listens on", result)
    assert (result.status, result.reason) == (Status.CRITICAL, "refused")


async def test_a_path_that_is_too_long(path: Path) -> None:
    result = await ask("http", {"url": URL, "socket": str(path.parent / ("x" * 120))})
    assert result.status is Status.CRITICAL
    assert "too long" in result.message


async def test_a_queue_that_is_full(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        fillers = []
        for _ in range(2):
            filler = socket.socket(socket.AF_UNIX)
            filler.setblocking(False)
            filler.connect_ex(str(path))
            fillers.append(filler)
        result = await ask("http", {"url": URL, "socket": str(path)}, timeout=0.3)
        for filler in fillers:
            filler.close()
    assert result.message == (
        f"no answer from {path} within 300 ms: its queue of connections is full; does the server "
        "still take any?"
    )


async def test_silence(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        result = await ask("http", {"url": URL, "socket": str(path)}, timeout=1.0)
    assert result.message.startswith(f"no answer from {path} within 1 s: connected after ")
    assert result.message.endswith(", then silence; is it stuck or overloaded?")


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")
def test_a_socket_of_others(app: HttpServer, path: Path) -> None:
    path.chmod(0o600)
    code = (
        "import asyncio, os\n"
        "from tests.checks.http_kit import ask\n"
        "import checks.probes.http.probe\n"
        "os.setgid(65534); os.setuid(61234)\n"
        f"result = asyncio.run(ask('http', {{'url': {URL!r}, 'socket': {str(path)!r}}}))\n"
        "print(result.status.value, result.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == (
        f"unknown this user may not use the socket {path}: join its group, or have its mode changed"
    )
