"""The first process of a step: its end is seen at once, and its number stays its own until then.

Its zombie is kept until its whole session has been ended: until then the system gives its number,
which is also that of the session, to nobody else.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from typing import Final

from checks.probes.command.guard import GUARD

__all__ = ["Leader"]

_LOST: Final = 1 << 16
"""Stands for an exit code that the system did not keep."""
_LOOK: Final = 0.02
_MOMENTS: Final = 50
_MOMENT: Final = 0.001


class Leader:
    """Watches ``process`` on the running loop."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._loop = asyncio.get_running_loop()
        self.exited = asyncio.Event()
        self._forsaken = False
        self._descriptor: int | None = None
        self._looking: asyncio.TimerHandle | None = None
        try:
            self._descriptor = os.pidfd_open(self.pid)
            self._loop.add_reader(self._descriptor, self._has_exited)
        except (AttributeError, OSError):
            self._look()

    @property
    def pid(self) -> int:
        """The number of the process, of its group and of its session."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code as a shell says it: 128 and more for signals. None where it is unknown."""
        code: int | None = self._process.returncode
        if code is None or code == _LOST:
            return None
        return 128 - code if code < 0 else code

    def _look(self) -> None:
        """Where there are no descriptors of processes: look from time to time."""
        try:
            lives = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            lives = False
        if not lives:
            self._has_exited()
        else:
            self._looking = self._loop.call_later(_LOOK, self._look)

    def _has_exited(self) -> None:
        self.release()
        self.exited.set()
        if self._forsaken:
            self.bury()

    def forsake(self) -> None:
        """Nobody waits for it any more: it is buried whenever it ends."""
        self._forsaken = True
        if self.exited.is_set():
            self.bury()

    def bury(self) -> bool:
        """Take the exit code if it has ended; whether it has. Its number is then anybody's."""
        if self._process.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                # Whoever started onwatch had it ignore SIGCHLD: the system keeps no exit codes.
                pid, status = self.pid, -1
            if pid == 0:
                return False
            GUARD.ended(self.pid)
            code = _LOST if status == -1 else os.waitstatus_to_exitcode(status)
            self._process.returncode = code
        return True

    def bury_soon(self) -> None:
        """The same of one that was killed this moment: nobody waits on the loop any more."""
        for _ in range(_MOMENTS):
            if self.bury():
                self.release()
                return
            time.sleep(_MOMENT)

    def release(self) -> None:
        """Watch no more."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
