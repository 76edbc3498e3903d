"""Debian's Prometheus exporters at work: unpacked by tools/get-peers, or installed."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from checks.exposition.model import Labels
from checks.exposition.reader import Reader
from tests.patience import PATIENCE
from tests.servers.prometheus import peer
from tests.servers.redis import free_port

__all__ = ["Exporter", "Exporters", "Scrape", "version_of"]

Scrape = dict[tuple[str, Labels], float]
"""A page of metrics: values by names and sorted labels, without empty ones."""


class Exporter:
    """One exporter that runs; ``scrape`` reads a page of it."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port = port
        self._process = process
        self._log = log
        self._reader = Reader[tuple[str, Labels]](lambda name, labels: (name, labels))

    def scrape(self, path: str = "/metrics") -> Scrape:
        """What it answers now."""
        page = self._reader.read(self._get(path))
        return {
            (name, tuple(sorted(pair for pair in labels if pair[1]))): value
            for (name, labels), value in zip(page.items, page.values, strict=True)
        }

    def _get(self, path: str) -> bytes:
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            body: bytes = answer.read()
        return body

    def wait(self) -> None:
        """Return once it answers."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                self._get("/")
                return
            alive = self._process.poll() is None and time.monotonic() < deadline
            assert alive, f"it does not answer: {self._log.read_text(errors='replace')}"
            time.sleep(0.01)


def version_of(program: Path) -> str:
    """``1.5`` of what it says of itself."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+\.\d+)\.\d+", f"{done.stdout}{done.stderr}")
    return found[1] if found else ""


class Exporters:
    """Starts exporters on ports of their own; what they say goes to files in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[subprocess.Popen[bytes]] = []

    def start(
        self, name: str, *options: str, env: Mapping[str, str] | None = None, version: str = ""
    ) -> Exporter:
        """The exporter ``prometheus-<name>-exporter``; skips the test where there is none, or one
        of another ``version`` than what is known of it is known of.
        """
        program = peer(f"prometheus-{name}-exporter")
        if version and (found := version_of(program)) != version:
            pytest.skip(f"it is said how ours differs from version {version}; here is {found}")
        port = free_port()
        # One page at a time is asked for, and the machine belongs to others, too.
        environment = {**os.environ, "GOMAXPROCS": "1", **(env or {})}
        log = self._folder / f"{name}-{port}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [program, *options, f"--web.listen-address=127.0.0.1:{port}"],
                env=environment,
                stdout=said,
                stderr=said,
            )
        self._made.append(process)
        exporter = Exporter(port, process, log)
        exporter.wait()
        return exporter

    def close(self) -> None:
        """End them all."""
        for process in self._made:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def exporters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporters]:
    """Starts exporters, which the tests of a module share."""
    made = Exporters(tmp_path_factory.mktemp("exporters"))
    yield made
    made.close()
