"""Twenty checks on a machine whose only name server never answers: run as a program.

In namespaces of its own, so that the C library's real look-up meets a real /etc/resolv.conf and
a real server on port 53. What came of the checks goes to standard output as JSON.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import yaml

from checks.engine import Engine
from tests.servers.http import HttpServer
from tui.config import load

INTERVAL = 0.75
SECONDS = 9.0
SERVER = "127.0.0.53"
FILES = {
    "resolv.conf": f"nameserver {SERVER}\noptions timeout:1 attempts:2\n",
    "hosts": "127.0.0.1 localhost well.internal\n",
    "nsswitch.conf": "hosts: files dns\n",
}


def lay_out(folder: Path) -> None:
    """Loopback, and our own files over the machine's."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
        subprocess.run(["mount", "--bind", folder / name, f"/etc/{name}"], check=True)


def configuration(folder: Path, port: int) -> str:
    """Ten checks that are well, half of them by a name in the hosts file, and ten whose names
    nobody can tell."""
    hosts = {f"well-{n}": "127.0.0.1" if n < 5 else "well.internal" for n in range(10)}
    hosts |= {f"lost-{n}": f"shop-{n}.example" for n in range(10)}
    checks = [{"name": n, "http": f"http://{host}:{port}/"} for n, host in hosts.items()]
    defaults = {"interval": INTERVAL, "timeout": INTERVAL}
    path = folder / "onwatch.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "defaults": defaults, "checks": checks}))
    path.chmod(0o600)
    return str(path)


async def watch(path: str) -> dict[str, Any]:
    engine = Engine(load(path).engine)
    told: dict[str, set[str]] = {}

    def take(_snapshot: object) -> None:
        for name, state in engine.states.items():
            told.setdefault(name, set()).add(state.view.message)

    task = asyncio.create_task(engine.run(take))
    await asyncio.sleep(SECONDS)
    checks = {
        name: {
            "status": state.view.status.value,
            "said": sorted(told[name]),
            "began": [line.time for line in state.results],
        }
        for name, state in engine.states.items()
    }
    threads = threading.active_count()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return {"checks": checks, "threads": threads}


def main() -> None:
    with tempfile.TemporaryDirectory() as name, socket.socket(type=socket.SOCK_DGRAM) as dead:
        lay_out(Path(name))
        dead.bind((SERVER, 53))
        server = HttpServer()
        server.start()
        server.answer("/")
        found = asyncio.run(watch(configuration(Path(name), server.port)))
        dead.setblocking(False)
        found["asked"] = bool(dead.recv(1000))
        server.stop()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
