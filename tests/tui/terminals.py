"""Real pseudo-terminals with a program on them, for the tests of start and end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tests.patience import PATIENCE
from tests.tui.emulated import Emulated

__all__ = ["MODES", "OWNING", "OnTerminal"]

OWNING = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
"""A program that makes the terminal its own, so that it is told of resizes, and runs another."""

MODES = re.compile(r"\x1b\[[?>=<][0-9;]*\$?[a-zA-Z]|\x1b\][^8][^\x07\x1b]*(?:\x07|\x1b\\)|\r")
"""What is said to a terminal that changes no cell."""

_ROOT = Path(__file__).parents[2]


# Whoever runs the tests in several processes tells them the size of another terminal.
_NOT_INHERITED = (
    "NO_COLOR",
    "TEXTUAL_THEME",
    "COLUMNS",
    "LINES",
    "COLORFGBG",
    "STY",
    "TMUX",
    "LC_ALL",
    "LC_CTYPE",
)


class OnTerminal:
    """``python ARGUMENTS`` with a terminal of its own, as session leader."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        size: tuple[int, int] = (120, 36),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.master, slave = pty.openpty()
        self.name = os.ttyname(slave)
        self.output = b""
        self._size = size
        self.resize(*size)
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        inherited = {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED}
        looks = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=_ROOT,
            start_new_session=True,
            env={**inherited, **looks, **(environ or {})},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.close_master()
        self.close_slave()

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def close_slave(self) -> None:
        """Let go of our own hold on the terminal, so that closing the master hangs it up."""
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1

    def close_master(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def attributes(self) -> list[Any]:
        """The terminal's settings now."""
        return termios.tcgetattr(self._slave)

    def settle(self, attributes: list[Any]) -> None:
        """Give the terminal other settings."""
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def read_until(self, text: bytes, seconds: float = PATIENCE) -> None:
        """Read what is written until ``text`` was, failing after ``seconds``."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} not in the last {self.output[-400:]!r}"
            if select.select([self.master], [], [], left)[0]:
                self.output += os.read(self.master, 65536)

    def read_until_shown(self, text: str, seconds: float = PATIENCE) -> list[str]:
        """Read until ``text`` stands in a line of the screen, however it got there; all lines."""
        deadline = time.monotonic() + seconds
        while text not in "\n".join(lines := self.lines()):
            assert self.process.poll() is None
            assert time.monotonic() < deadline, f"{text!r} not in {lines}"
            for _ in self.drain():
                pass
        return lines

    def lines(self) -> list[str]:
        """The lines of the screen, up to the last sequence, which may not all have come yet."""
        whole = self.output.rpartition(b"\x1b")[0].decode()
        return Emulated(*self._size).feed(MODES.sub("", whole)).lines

    def drain(self) -> Iterator[bytes]:
        """What is there to be read now, without waiting."""
        while select.select([self.master], [], [], 0.05)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.output += data
            yield data

    def read_on(self, seconds: float = 0.15) -> int:
        """Read until nothing has come for ``seconds`` in which the program was asleep; the bytes.

        On a busy machine it may long have something to draw before it gets to it.
        """
        before = len(self.output)
        limit, until = time.monotonic() + 30, time.monotonic() + seconds
        while time.monotonic() < until:
            assert time.monotonic() < limit, "the program does not come to rest"
            if any(True for _ in self.drain()) or self._is_at_work():
                until = time.monotonic() + seconds
        return len(self.output) - before

    def _is_at_work(self) -> bool:
        """Whether any of the program's threads runs, or would."""
        states = set()
        for task in Path(f"/proc/{self.process.pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):
                states.add(task.read_text().rpartition(")")[2].split()[0])
        return bool(states & {"R", "D"})

    def wait_reading(self, seconds: float) -> int:
        """The exit code, reading on so that the program is not held up."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "the program goes on"
            for _ in self.drain():
                pass
        for _ in self.drain():
            pass
        return self.process.returncode
