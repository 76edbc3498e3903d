"""Running programs on a pseudo-terminal and weighing them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv" / "bin"
COLUMNS, ROWS = 180, 50

_ESCAPES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P_^][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]"
)


@dataclass(frozen=True, slots=True)
class Weight:
    """CPU in percent of a core, resident memory in MB, bytes a second to the terminal."""

    cpu: float
    memory: float
    written: float


class Terminal:
    """A program on a pty of 180x50 that somebody reads all the time, unless it is stalled."""

    def __init__(self, argv: Sequence[str], env: dict[str, str] | None = None) -> None:
        if not os.access(argv[0], os.X_OK):
            raise FileNotFoundError(f"{argv[0]} is not installed; run: make bench")
        self.started = time.perf_counter()
        self.received = 0
        self.output = bytearray()
        self.moments: list[tuple[float, int]] = []
        self._environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self._environment |= {"COLORTERM": "truecolor", **(env or {})}
        # Every program has its bytecode cached, as an installed one has.
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            with contextlib.suppress(OSError):
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            # A child that cannot become the program must not unwind the parent's stack.
            with contextlib.suppress(OSError):
                os.execve(argv[0], list(argv), self._environment)
            os._exit(127)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._ended = threading.Event()
        self._stalled = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while not self._ended.is_set():
            if self._stalled.is_set():
                time.sleep(0.05)
                continue
            readable, _, _ = select.select([self._fd], [], [], 0.2)
            if not readable:
                continue
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                break
            if not data:
                break
            self.received += len(data)
            self.output += data
            self.moments.append((time.perf_counter(), len(self.output)))
        self._ended.set()

    def press(self, keys: bytes) -> float:
        """Type ``keys``; the moment at which they went."""
        moment = time.perf_counter()
        os.write(self._fd, keys)
        return moment

    def resize(self, columns: int, rows: int) -> None:
        """Make it larger or smaller; the program is told."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def stall(self, stalled: bool) -> None:
        """Stop reading what it writes, or go on."""
        if stalled:
            self._stalled.set()
        else:
            self._stalled.clear()

    def text(self) -> str:
        """All that was printed, without its escape sequences."""
        return _ESCAPES.sub(b" ", bytes(self.output)).decode("utf-8", "replace")

    def wait(self, seen: Callable[[str], bool], timeout: float = 20.0) -> float:
        """Seconds from exec to the first moment whose output ``seen`` accepts."""
        deadline = time.perf_counter() + timeout
        looked = 0
        while time.perf_counter() < deadline:
            while looked < len(self.moments):
                moment, length = self.moments[looked]
                looked += 1
                plain = _ESCAPES.sub(b" ", bytes(self.output[:length]))
                if seen(plain.decode("utf-8", "replace")):
                    return moment - self.started
            if self._ended.is_set() and looked == len(self.moments):
                break
            time.sleep(0.001)
        raise TimeoutError(f"not seen on the screen: {self.text()[-400:]!r}")

    def tree(self) -> list[psutil.Process]:
        """The program and all its children."""
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.pid)
            return [root, *root.children(recursive=True)]
        return []

    def weigh(self, seconds: float) -> Weight:
        """Its weight over the coming ``seconds``."""
        before, bytes_before = cpu_seconds(self.tree()), self.received
        began = time.perf_counter()
        time.sleep(seconds)
        took = time.perf_counter() - began
        processes = self.tree()
        cpu = (cpu_seconds(processes) - before) / took * 100
        return Weight(cpu, resident(processes), (self.received - bytes_before) / took)

    def close(self) -> None:
        """Kill it and all that it started."""
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        self._ended.set()
        self._reader.join(timeout=1)
        os.close(self._fd)


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """User and system seconds of ``processes`` so far."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def resident(processes: Sequence[psutil.Process]) -> float:
    """Resident megabytes of ``processes`` together."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total / 1e6


@contextmanager
def terminal(*argv: str | Path, env: dict[str, str] | None = None) -> Iterator[Terminal]:
    """A program on a pty, killed at the end."""
    running = Terminal([str(arg) for arg in argv], env)
    try:
        yield running
    finally:
        running.close()


@contextmanager
def process(*argv: str | Path, cwd: Path | None = None) -> Iterator[psutil.Popen]:
    """A server in a process group of its own, killed at the end."""
    running = psutil.Popen(
        [str(arg) for arg in argv],
        cwd=cwd or ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[int]:
    """A server of ours, killed at the end; the port that it prints."""
    argv = [str(BIN / "python"), "-m", module, *arguments]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            server.kill()


def peer(name: str) -> str | None:
    """The program called ``name``: what tools/get-peers fetched, or the system's own."""
    fetched = ROOT / ".tools" / "peers" / "usr" / "bin" / name
    return str(fetched) if os.access(fetched, os.X_OK) else shutil.which(name)


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
