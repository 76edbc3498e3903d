"""An example's application in a process of its own, which does what the test tells it.

The test's side is :class:`App`; the application's is :func:`obey`, which takes a line of JSON on
standard input for each thing to be done and answers with one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final

__all__ = ["App", "Kernel", "obey"]

_ROOT: Final = Path(__file__).parents[2]


class App:
    """A Python module that runs, started anew by :meth:`start` with the same arguments.

    ``log`` is the file that its standard error goes to, if any.
    """

    def __init__(
        self,
        module: str,
        *arguments: str,
        cwd: Path,
        environ: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self._command = [sys.executable, "-W", "ignore", "-m", module, *arguments]
        self._cwd, self._log = cwd, log
        path = os.pathsep.join(
            [str(_ROOT), *([os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else [])]
        )
        self._environ = {**os.environ, "PYTHONPATH": path, **(environ or {})}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        complaints: IO[bytes] | int = (
            self._log.open("ab") if self._log is not None else subprocess.DEVNULL
        )
        self._process = subprocess.Popen(
            self._command,
            cwd=self._cwd,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
        if not isinstance(complaints, int):
            complaints.close()
        assert self._answer() == "ready"

    def do(self, what: str, **how: object) -> Any:
        """Have it do ``what``; what it answers."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([what, how]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """It crashes: what it counted is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.wait()

    def _answer(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"{self._command[4]} has ended"
        return json.loads(line)


def obey(commands: Mapping[str, Callable[..., object]]) -> None:
    """Say that all is ready, and do what is asked for until nobody asks any more."""
    answers = sys.stdout
    answers.write('"ready"\n')
    answers.flush()
    for line in sys.stdin:
        what, how = json.loads(line)
        answers.write(json.dumps(commands[what](**how)) + "\n")
        answers.flush()


class Kernel:
    """What prometheus_client takes a process' own figures from, where the test says what they are.

    A tree as ``/proc``: nobody burns a core for a quarter of an hour, or fills the memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stat = Path("/proc/self/stat").read_text(encoding="utf-8")
        self._cpu, self._rss = time.process_time(), 60_000_000.0
        (folder / "self" / "fd").mkdir(parents=True, exist_ok=True)
        for name in ("stat", "self/limits"):
            (folder / name).write_bytes(Path("/proc", name).read_bytes())
        self.say()

    def say(self, cpu: float = 0.0, rss: float | None = None) -> None:
        """``cpu`` seconds more were spent; ``rss`` bytes are resident."""
        self._cpu += cpu
        self._rss = self._rss if rss is None else rss
        head, _, rest = self._stat.rpartition(")")
        parts = rest.split()
        ticks = os.sysconf("SC_CLK_TCK")
        parts[11], parts[12] = str(round(self._cpu * ticks)), "0"
        parts[21] = str(round(self._rss / os.sysconf("SC_PAGE_SIZE")))
        fresh = self._folder / "self" / "stat.new"
        fresh.write_text(f"{head}) {' '.join(parts)}\n", encoding="utf-8")
        fresh.replace(self._folder / "self" / "stat")
