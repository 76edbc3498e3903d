"""A terminal that has stopped reading: whether the engine goes on and memory stays flat.

The server of the checks counts what it is asked, so that the engine is seen from outside.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import yaml

from benchmarks.harness import BIN, Terminal, resident, terminal
from benchmarks.loopback import Health
from benchmarks.report import Budget, Section

CHECKS = 20
WARM_UP, READING, STALLED = 20.0, 30.0, 120.0


class Counting(Health):
    """Notes when it was asked."""

    asked: list[float] = []  # noqa: RUF012 - one for all connections

    def data_received(self, data: bytes) -> None:
        self.asked.append(time.perf_counter())
        super().data_received(data)


class Server(threading.Thread):
    """Serves on the loopback until the process ends."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.port = 0
        self.ready = threading.Event()

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Counting, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()


def observed(screen: Terminal, seconds: float) -> tuple[float, float, float]:
    """Over ``seconds``: runs a second, the longest pause between two, resident MB at the end."""
    began = time.perf_counter()
    time.sleep(seconds)
    asked = [moment for moment in Counting.asked if moment >= began]
    pauses = [after - before for before, after in pairwise(asked)]
    return len(asked) / seconds, max(pauses, default=seconds), resident(screen.tree())


def run() -> Iterator[Section]:
    server = Server()
    server.start()
    server.ready.wait()
    url = f"http://127.0.0.1:{server.port}/health"
    checks = [{"name": f"api-{n}", "http": url} for n in range(CHECKS)]
    config = {"version": 1, "defaults": {"interval": "1s"}, "checks": checks}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "onwatch.yaml"
        path.write_text(yaml.safe_dump(config))
        path.chmod(0o600)
        with terminal(BIN / "onwatch", "-c", path) as screen:
            time.sleep(WARM_UP)
            before = observed(screen, READING)
            screen.stall(True)
            during = observed(screen, STALLED)
            screen.stall(False)
            after = observed(screen, READING)
    labels = ("read", f"stalled for {STALLED:g} s", "read again")
    rows = tuple(
        (label, f"{rate:.1f}/s", f"{pause * 1000:.0f} ms", f"{memory:.0f} MB")
        for label, (rate, pause, memory) in zip(labels, (before, during, after), strict=True)
    )
    yield Section(
        f"a terminal that has stopped reading, {CHECKS} checks every second",
        ("", "runs", "longest pause", "memory"),
        rows,
        budgets=(
            Budget("stalled terminal: runs", during[0] / before[0], 0.99, "x", least=True),
            Budget("stalled terminal: memory", during[2] / before[2], 1.05, "x"),
        ),
    )
