"""The supervisor's child processes: started, kept running, given faults, ended."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from checks.errors import OnwatchError
from tui.demo.leash import OVER

__all__ = ["Child", "DemoError", "module"]

_START_WITHIN: Final = 20.0
_END_WITHIN: Final = 1.5
_RESTART_AFTER: Final = 1.5
_LARGEST_LOG: Final = 2_000_000
"""Bytes."""
_PR_SET_PDEATHSIG: Final = 1


class DemoError(OnwatchError):
    """The demo's stack cannot be started, or does not do what it was asked."""


def module(name: str, *arguments: str) -> list[str]:
    """The command line of one of this package's processes; the working directory is not trusted."""
    return [sys.executable, "-P", "-m", f"tui.demo.{name}", *arguments]


def _dies_with_its_parent() -> Callable[[], None] | None:
    """What a child does before it becomes its program; Linux alone knows this."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """One program that runs for as long as it is wanted, started anew when it dies.

    ``leashed`` children announce themselves on standard output and take faults on standard
    input; the others are asked by ``answers`` whether they are there. What they write to
    standard error goes to ``<folder>/<name>.log``. ``prepare`` may block and comes before
    the first start; ``end_by`` is the signal that asks the program to end; ``over`` is told
    the incidents whose end a leashed child announces.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        *,
        answers: Callable[[], bool] | None = None,
        prepare: Callable[[], None] | None = None,
        end_by: signal.Signals = signal.SIGTERM,
        over: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self._command = tuple(command)
        self._folder = folder
        self._answers = answers
        self._prepare = prepare
        self._end_by = end_by
        self._over = over
        self._faults: dict[str, bool] = {}
        self._process: Process | None = None
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._ready = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def is_ready(self) -> bool:
        """Whether it does its work now."""
        return self._ready.is_set()

    async def ready(self, within: float | None = _START_WITHIN) -> None:
        """Wait until it does its work, at most ``within`` seconds if that is given.

        Raises DemoError where it does not come to that.
        """
        try:
            async with asyncio.timeout(within):
                await self._ready.wait()
        except TimeoutError:
            raise DemoError(
                f"the demo's {self.name} did not start within {within:g} s: "
                f"{self._last_words() or 'it said nothing'}"
            ) from None

    def _last_words(self) -> str:
        with suppress(OSError):
            lines = self._log.read_text(errors="replace").strip().splitlines()
            return lines[-1] if lines else ""
        return ""

    @property
    def _log(self) -> Path:
        return self._folder / f"{self.name}.log"

    async def keep(self) -> None:
        """Start it, and again whenever it dies; cancel to end that.

        Raises DemoError or OSError where it cannot be prepared.
        """
        if self._prepare is not None:
            await asyncio.to_thread(self._prepare)
        while True:
            await self._wanted.wait()
            process = await self._spawn()
            await self._wait_ready(process)
            await self._listen(process)
            await process.wait()
            self._ready.clear()
            await asyncio.sleep(_RESTART_AFTER)

    async def _spawn(self) -> Process:
        leashed = self._answers is None
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE if leashed else DEVNULL,
                stdout=PIPE if leashed else log,
                stderr=log,
                cwd=self._folder,
                preexec_fn=_dies_with_its_parent(),
            )
        self._process = process
        return process

    async def _wait_ready(self, process: Process) -> None:
        if self._answers is not None:
            while process.returncode is None:
                if self._answers():
                    break
                await asyncio.sleep(0.01)
        elif process.stdout is not None and not await process.stdout.readline():
            return
        if process.returncode is None:
            self._tell(self._faults)
            self._ready.set()

    async def _listen(self, process: Process) -> None:
        """Pass on what a leashed child says until it ends."""
        while process.stdout is not None and (line := await process.stdout.readline()):
            word = line.decode(errors="replace").strip()
            if self._over is not None and word.startswith(OVER):
                self._over(word.removeprefix(OVER))

    def show(self, faults: Mapping[str, bool]) -> None:
        """Switch faults on and off, also in its next lives."""
        self._faults.update(faults)
        if self._ready.is_set():
            self._tell(faults)

    def _tell(self, faults: Mapping[str, bool]) -> None:
        if self.pid is not None and self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(json.dumps(faults).encode() + b"\n")

    def trim(self) -> None:
        """Empty its log once that is large; programs append to it, and go on from its beginning."""
        with suppress(OSError):
            if self._log.stat().st_size > _LARGEST_LOG:
                os.truncate(self._log, 0)

    def put_down(self) -> None:
        """Kill it and leave it dead until :meth:`raise_up`."""
        self._wanted.clear()
        self._signal(signal.SIGKILL)

    def raise_up(self) -> None:
        self._wanted.set()

    def restart(self) -> None:
        """Kill it; it is started again as ever."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def end(self) -> None:
        """Ask it to end, then make it."""
        process = self._process
        if process is None:
            return
        self._signal(self._end_by)
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_WITHIN):
                await process.wait()
                return
        self._signal(signal.SIGKILL)
        await process.wait()
