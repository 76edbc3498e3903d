"""The demo's stack as the command that started it sees it."""

from __future__ import annotations

import selectors
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tui.demo.children import DemoError, module
from tui.demo.control import Control
from tui.demo.endpoints import Endpoints

__all__ = ["Stack"]

_START_WITHIN: Final = 25.0
_END_WITHIN: Final = 4.0
_SWEPT_WITHIN: Final = 2.0


class Stack:
    """The servers, running; a context manager that ends them.

    They end also when this process dies, however it dies: the supervisor's standard input
    is a pipe whose other end only this process holds.
    """

    def __init__(self, supervisor: subprocess.Popen[bytes], endpoints: Endpoints) -> None:
        self._supervisor = supervisor
        self.endpoints = endpoints
        self.control = Control(endpoints.control)

    @classmethod
    def start(cls, *options: str) -> Stack:
        """Start the servers and wait until they answer.

        The databases come a little later. ``options`` are the supervisor's (``--seed N``,
        ``--no-incidents``, ``--no-databases``, ``--incident NAME``, ``--hold``). Raises
        DemoError with what is missing or went wrong.
        """
        supervisor, line = _start(module("supervisor", *options))
        try:
            return cls(supervisor, Endpoints.from_line(line))
        except DemoError:
            _end(supervisor)
            raise

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        return self._supervisor.pid

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the supervisor to end by itself; whether it has."""
        try:
            self._supervisor.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """End the servers and wait, for a few seconds at most, until nothing is left."""
        _end(self._supervisor)
        deadline = time.monotonic() + _SWEPT_WITHIN
        while Path(self.endpoints.folder).exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _start(command: Sequence[str]) -> tuple[subprocess.Popen[bytes], str]:
    """The supervisor and the line it said; what it complained of is in the error."""
    with tempfile.TemporaryFile() as complaints:
        supervisor = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
        )
        line = _first_line(supervisor)
        if line:
            return supervisor, line
        _end(supervisor)
        complaints.seek(0)
        last = complaints.read().decode(errors="replace").strip().splitlines()[-1:]
        raise DemoError(f"the demo's supervisor did not start: {''.join(last) or 'it is silent'}")


def _first_line(supervisor: subprocess.Popen[bytes]) -> str:
    if supervisor.stdout is None:
        return ""
    with selectors.DefaultSelector() as selector:
        selector.register(supervisor.stdout, selectors.EVENT_READ)
        if not selector.select(_START_WITHIN):
            return ""
    return supervisor.stdout.readline().decode()


def _end(supervisor: subprocess.Popen[bytes]) -> None:
    for pipe in (supervisor.stdin, supervisor.stdout):
        if pipe is not None:
            pipe.close()
    try:
        supervisor.wait(_END_WITHIN)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()
