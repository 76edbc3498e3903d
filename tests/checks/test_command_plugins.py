"""Debian's Monitoring Plugins, run as they are: status, sentence and performance data."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from checks.model import Result, Status
from tests.checks.http_kit import ask
from tests.servers.plugins import Plugins

DATUM = "onwatch_command_perfdata"


@pytest.fixture
def web_port(tmp_path: Path) -> Iterator[int]:
    """A web server that ends each connection, as the plugin wants it; its port."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


async def run(argv: list[str], **more: Any) -> Result:
    result = await ask("command", {"argv": argv, **more}, timeout=10.0)
    assert "performance data left out" not in dict(result.facts)
    return result


async def test_check_dummy(plugins: Plugins) -> None:
    for code, status in enumerate((Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN)):
        result = await run(plugins.argv("check_dummy", str(code), "so it is"))
        assert (result.status, result.message) == (status, f"{status.name}: so it is")


async def test_check_disk(plugins: Plugins, tmp_path: Path) -> None:
    argv = plugins.argv("check_disk", "-w", "1%", "-c", "0%", "-p", str(tmp_path))
    result = await run(argv)
    assert result.status is Status.OK
    assert result.message.startswith("DISK OK - free space: /")
    sizes = os.statvfs(tmp_path)
    (row,) = result.tables[0].rows
    known = result.samples.get(f"{DATUM}_max", label=row[0], unit="bytes") or 0.0
    assert known == pytest.approx(sizes.f_blocks * sizes.f_frsize, rel=0.01)
    used = result.samples.get(DATUM, label=row[0], unit="bytes")
    assert used == pytest.approx((sizes.f_blocks - sizes.f_bfree) * sizes.f_frsize, rel=0.05)
    warning = result.samples.get(f"{DATUM}_warning", label=row[0], bound="upper")
    assert warning == pytest.approx(known * 0.99, rel=0.01)
    full = await run(plugins.argv("check_disk", "-w", "100%", "-c", "0%", "-p", str(tmp_path)))
    assert full.status is Status.WARNING
    assert full.tables[0].rows[0][2] == "warning"


async def test_check_load(plugins: Plugins) -> None:
    argv = plugins.argv("check_load", "-w", "1000,900,800", "-c", "2000,1900,1800")
    result = await run(argv)
    assert result.status is Status.OK
    assert result.message.startswith("LOAD OK - ")
    for label, near, bound in zip(
        ("load1", "load5", "load15"), os.getloadavg(), (1000, 900, 800), strict=True
    ):
        assert result.samples.get(DATUM, label=label) == pytest.approx(near, abs=2)
        assert result.samples.get(f"{DATUM}_warning", label=label, bound="upper") == bound


async def test_check_procs(plugins: Plugins) -> None:
    result = await run(plugins.argv("check_procs", "-w", "100000"))
    assert (result.status, result.message[:9]) == (Status.OK, "PROCS OK:")
    assert (result.samples.get(DATUM, label="procs") or 0) > 1
    few = await run(plugins.argv("check_procs", "-c", "0:0"))
    assert few.status is Status.CRITICAL
    assert few.tables[0].rows[0][2] == "critical"


async def test_check_users(plugins: Plugins) -> None:
    result = await run(plugins.argv("check_users", "-w", "500", "-c", "1000"))
    assert (result.status, result.message[:8]) == (Status.OK, "USERS OK")
    assert result.samples.get(f"{DATUM}_critical", label="users", bound="upper") == 1000


async def test_check_file_age(plugins: Plugins, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_bytes(b"x" * 2048)
    os.utime(file, (time.time() - 500,) * 2)
    argv = plugins.argv("check_file_age", "-w", "100", "-c", "1000", "-f", str(file))
    result = await run(argv)
    assert result.status is Status.WARNING
    assert result.message.startswith(f"FILE_AGE WARNING: {file} is 50")
    assert result.samples.get(DATUM, label="age", unit="seconds") == pytest.approx(500, abs=5)
    assert result.samples.get(DATUM, label="size", unit="bytes") == 2048
    missing = await run([*argv[:-1], str(tmp_path / "none")])
    assert missing.status is Status.CRITICAL


async def test_check_tcp(plugins: Plugins) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        argv = plugins.argv("check_tcp", "-H", "127.0.0.1", "-p", port, "-w", "4", "-c", "5")
        result = await run(argv)
    assert (result.status, result.message[:6]) == (Status.OK, "TCP OK")
    taken = result.samples.get(DATUM, label="time", unit="seconds")
    assert taken is not None
    assert 0 < taken < 4
    assert result.value.endswith("ms")
    refused = await run(argv)
    assert refused.status is Status.CRITICAL
    assert "Connection refused" in refused.message


async def test_check_http(plugins: Plugins, web_port: int) -> None:
    argv = plugins.argv("check_http", "-H", "127.0.0.1", "-p", str(web_port))
    result = await run([*argv, "-w", "4", "-c", "5"])
    assert (result.status, result.message[:19]) == (Status.OK, "HTTP OK: HTTP/1.0 2")
    assert result.samples.get(f"{DATUM}_critical", label="time", bound="upper") == 5
    assert (result.samples.get(DATUM, label="size", unit="bytes") or 0) > 100
    missing = await run([*argv, "-u", "/missing"])
    assert (missing.status, missing.message[:12]) == (Status.WARNING, "HTTP WARNING")


async def test_check_ping(plugins: Plugins) -> None:
    argv = plugins.argv("check_ping", "-H", "127.0.0.1", "-p", "1")
    result = await run([*argv, "-w", "100,10%", "-c", "200,20%"])
    if not Path("/bin/ping").exists():
        # What it says where there is no ping; a real plugin's way of failing.
        assert result.status in (Status.CRITICAL, Status.UNKNOWN)
        assert "ping" in result.message
        return
    if result.status is Status.OK:
        assert result.message.startswith("PING OK - Packet loss = 0%")
        assert result.samples.get(DATUM, label="pl", unit="ratio") == 0
        assert result.samples.get(f"{DATUM}_critical", label="rta", bound="upper") == 0.2


async def test_what_a_plugin_says_of_wrong_arguments(plugins: Plugins) -> None:
    result = await run(plugins.argv("check_load", "--nonsense"))
    assert result.status is Status.UNKNOWN
    assert result.message
