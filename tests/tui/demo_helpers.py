"""What the tests of the demo share: waiting for something outside, and seeing what is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tui.demo.stack import Stack

__all__ = ["Traces", "until"]


def until(true: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Whether ``true`` comes to hold within ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return true()


class Traces:
    """Everything one demo has on the machine: its processes and its folder."""

    def __init__(self, stack: Stack) -> None:
        pids = [stack.pid, *stack.control.processes().values()]
        self.processes = [psutil.Process(pid) for pid in pids]
        self.folder = Path(stack.endpoints.folder)

    def left(self) -> list[str]:
        """What is still there."""
        alive = [str(process) for process in self.processes if _lives(process)]
        return [*alive, *([str(self.folder)] if self.folder.exists() else [])]

    def vanish(self, seconds: float = 8.0) -> bool:
        """Whether nothing is left within ``seconds``."""
        return until(lambda: not self.left(), seconds)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
