"""A started program: its output is read to a bound, its end is seen, and it can be ended.

Everything happens on the event loop that it was made on. The program leads a process session
of its own, so that whatever it has started is ended with it. Its zombie is kept until its group
has been ended: until then the system gives its number to nobody else.
"""

from __future__ import annotations

import asyncio
import os
import resource  # noqa: F401 - os.wait4 imports it, which may fail once descriptors are scarce
import signal
import subprocess
from dataclasses import dataclass
from typing import IO, Final

from checks.probes.command.guard import GUARD

__all__ = ["Child", "Ended"]

FLOOD: Final = 8_000_000
"""Bytes of output after which a program is ended."""
LINGER: Final = 0.2
"""Seconds that output may still come after the program's end, from what it has started."""
GRACE: Final = 1.0
"""Seconds between being asked to end (SIGTERM) and being ended (SIGKILL)."""
_CHUNK: Final = 65_536
_LOST: Final = 1 << 16
"""Stands for an exit code that the system did not keep."""
_CAN_PEEK: Final = hasattr(os, "waitid")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    ``code`` is its exit code, negative for the number of a signal, None where the system did
    not keep it. ``lingers`` says that something it started kept its output open; ``flood`` that
    it was ended for writing too much. ``cpu`` is in seconds, of the program and its children.
    """

    code: int | None
    cpu: float
    lingers: bool
    flood: bool


class _Stream:
    """One pipe, read as it fills; the first ``limit`` bytes are kept."""

    def __init__(self, pipe: IO[bytes], limit: int, changed: asyncio.Event) -> None:
        self._pipe = pipe
        self._limit = limit
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self.data = bytearray()
        self.total = 0
        os.set_blocking(pipe.fileno(), False)
        self._loop.add_reader(pipe.fileno(), self._read)

    @property
    def closed(self) -> bool:
        return self._pipe.closed

    def _read(self) -> None:
        try:
            chunk = os.read(self._pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.close()
            return
        room = self._limit - len(self.data)
        if room > 0:
            self.data += chunk[:room]
        self.total += len(chunk)
        if self.total > FLOOD:
            self._changed.set()

    def close(self) -> None:
        if not self._pipe.closed:
            self._loop.remove_reader(self._pipe.fileno())
            self._pipe.close()
            self._changed.set()


class Child:
    """The running ``process``, of whose output ``limit`` bytes are kept each."""

    def __init__(self, process: subprocess.Popen[bytes], limit: int) -> None:
        assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._exited = asyncio.Event()
        self._hurried = asyncio.Event()
        self._usage = 0.0
        self.foreign = False
        """Whether it belongs to another user and cannot be ended."""
        self.out = _Stream(process.stdout, limit, self._changed)
        self.err = _Stream(process.stderr, limit, self._changed)
        self._descriptor = self._watch()

    @property
    def pid(self) -> int:
        """The number of its process, its group and its session."""
        return self._process.pid

    @property
    def waits(self) -> bool:
        """Whether it sleeps at this moment, so that another could use the processor."""
        try:
            with open(f"/proc/{self.pid}/stat", "rb") as file:  # noqa: PTH123 - on the loop
                return file.read(512).rpartition(b")")[2].split()[0] in (b"S", b"D")
        except (OSError, IndexError):
            return False

    def _watch(self) -> int | None:
        """A descriptor that is readable when the process has ended; None where there is none."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            return None
        self._loop.add_reader(descriptor, self._has_exited)
        return descriptor

    def _has_exited(self) -> None:
        self._unwatch()
        self._exited.set()
        self._changed.set()

    def _unwatch(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)

    def _peek(self) -> bool:
        """Whether the process has ended; where the system allows, without burying it."""
        if self._process.returncode is not None:
            return True
        if not _CAN_PEEK:
            return self._bury()
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    async def _exit(self) -> None:
        """Wait for the end of the process."""
        if self._descriptor is not None:
            await self._exited.wait()
            return
        pause = 0.005
        while not self._exited.is_set():
            if self._peek():
                self._has_exited()
                return
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.1)

    async def ended(self) -> Ended:
        """Wait until the program has ended and said all, or has said too much."""
        watching = None if self._descriptor is not None else asyncio.create_task(self._exit())
        try:
            lingers = await self._silent()
        finally:
            if watching is not None:
                watching.cancel()
        flood = max(self.out.total, self.err.total) > FLOOD
        if flood:
            await self.end(grace=0.0)
        else:
            self._kill(signal.SIGKILL)
            self._bury()
        self._release()
        code: int | None = self._process.returncode
        return Ended(None if code == _LOST else code, self._usage, lingers, flood)

    async def _silent(self) -> bool:
        """Wait for the end of program and output; whether output was left open by others."""
        while not (self.out.closed and self.err.closed and self._exited.is_set()):
            if max(self.out.total, self.err.total) > FLOOD:
                return False
            self._changed.clear()
            try:
                async with asyncio.timeout(LINGER if self._exited.is_set() else None):
                    await self._changed.wait()
            except TimeoutError:
                return True
        return False

    async def end(self, grace: float = GRACE) -> None:
        """End the program and its group: asked first, after ``grace`` seconds not asked any more.

        Returns when it is gone, which a process that hangs in the kernel may never be. Its output
        is read meanwhile: a script would be ended by its last words (SIGPIPE) before it has
        cleaned up.
        """
        try:
            if grace > 0:
                self._kill(signal.SIGTERM)
                await self._exits_within(grace)
            self._kill(signal.SIGKILL)
            await self._exit()
        finally:
            self._kill(signal.SIGKILL)
            self._bury()
            self._release()

    async def _exits_within(self, seconds: float) -> None:
        exiting = asyncio.create_task(self._exit())
        hurried = asyncio.create_task(self._hurried.wait())
        try:
            await asyncio.wait(
                (exiting, hurried), timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            exiting.cancel()
            hurried.cancel()

    def hurry(self) -> None:
        """Give no more time to end by itself."""
        self._hurried.set()

    def _kill(self, number: signal.Signals) -> None:
        """Send a signal to the group; not once its number may be another's."""
        if self._process.returncode is not None:
            return
        try:
            os.killpg(self.pid, number)
        except PermissionError:
            # What became another user (sudo) is that user's; some systems say so of zombies too.
            self.foreign = not self._exited.is_set()
        except ProcessLookupError:
            self.foreign = False

    def _bury(self) -> bool:
        """Take the exit code of an ended process, if it has ended; whether it has."""
        if self._process.returncode is not None:
            return True
        try:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        except ChildProcessError:
            # Whoever started onwatch had it ignore SIGCHLD: the system keeps no exit codes.
            self._process.returncode = _LOST
            GUARD.ended(self.pid)
            return True
        if pid == 0:
            return False
        GUARD.ended(self.pid)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._usage = usage.ru_utime + usage.ru_stime
        return True

    def _release(self) -> None:
        self.out.close()
        self.err.close()
        self._unwatch()
