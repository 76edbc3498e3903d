"""Runs `process` checks on children of the test, with a clock of the test's own."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checks.clock import FakeClock
from checks.lanes import Lanes
from checks.model import Result
from checks.probes.process.config import ProcessConfig
from checks.probes.process.details import Reader
from checks.probes.process.probe import ProcessProbe
from checks.processes.scan import Table
from tests.checks.host_trees import host_target

WAIT = "import sys; print('up', flush=True); sys.stdin.read()"
"""A program that says when it is there, and ends with the test."""


class Watching:
    """A check and the clock it lives by."""

    def __init__(self, folder: Path, source: Table | None, reader: Reader | None) -> None:
        self.clock = FakeClock()
        self.lanes = Lanes()
        self._target = host_target(self.clock, self.lanes, folder, "app")
        self._source, self._reader = source, reader

    def probe(self, **config: Any) -> ProcessProbe:
        made = ProcessConfig.model_validate(config)
        return ProcessProbe(made, self._target, self._source, self._reader)

    async def again(self, probe: ProcessProbe, seconds: float = 5.0) -> Result:
        """Its next run, after so many seconds."""
        await self.clock.advance(seconds)
        return await probe.run()


@contextmanager
def watching(
    folder: Path, source: Table | None = None, reader: Reader | None = None
) -> Iterator[Watching]:
    made = Watching(folder, source, reader)
    try:
        yield made
    finally:
        made.lanes.close()


@contextmanager
def child(code: str = WAIT, *words: str, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that has said that it is there; its command line ends with ``words``."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **more,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stdin.close()


def mark() -> str:
    """A word that no other process has in its command line."""
    return f"onwatch-test-{uuid.uuid4().hex}"
