"""A terminal of its own for a step, and the start of a shell on it.

Programs write to a terminal line by line, to a pipe when a block of it is full. A step gets no
input: its standard input is empty, and its terminal says at once that there is nothing more, so
that a program which asks goes on, or gives up, and does not wait unseen.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
import subprocess
import termios
import threading
from typing import Final

from checks.errors import NO_DESCRIPTORS, NONE_LEFT, TargetError
from checks.probes.command.program import Plan, refusal

__all__ = ["Pty"]

_ON_TERMINAL: Final = 'read -r go || exit; command : <>"$1"; shift; exec "$@" </dev/null'
"""Waits until it is let go: who starts it may be killed before anybody else knows of it. A
session's leader that opens a terminal has it as its own from then on (open(2)); closing the
terminal then hangs up on all of its session."""
_LINGERING: Final = (
    'read -r go || exit; command : <>"$1"; shift; trap : HUP INT QUIT TERM; exec 3>&2 2>/dev/null; '
    '(exec "$@" </dev/null 2>&3 3>&-); code=$?; exec 3>&-; sleep 0.3; exit $code'
)
"""The same, and stays a moment after the program: when a session's leader ends, the system hangs up
on all that runs in front, before `setsid x &` on the last line has got as far as to leave it."""
_SHELL: Final = "/bin/sh"
_INTERRUPT: Final = b"\x03"
_UMASK: Final = 0o022


class Pty:
    """Made on the loop; :meth:`start` is for a lane, which may hang when :meth:`close` is called.

    With ``lingers`` what the program starts behind itself has a moment to leave the session.

    Raises TargetError where there is no terminal to be had.
    """

    def __init__(self, size: tuple[int, int], *, lingers: bool = False) -> None:
        self._script = _LINGERING if lingers else _ON_TERMINAL
        try:
            self.master, self._slave = os.openpty()
        except OSError as error:
            why = NO_DESCRIPTORS if error.errno in NONE_LEFT else error.strerror
            if error.errno == errno.ENOENT:
                why = "/dev/ptmx is not there: is /dev/pts mounted?"
            raise TargetError("limit", f"there is no terminal for the step: {why}") from None
        self._lock = threading.Lock()
        self._closed = False
        self._gate = -1
        os.set_blocking(self.master, False)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self._set_modes()

    def _set_modes(self) -> None:
        modes = termios.tcgetattr(self._slave)
        modes[1] &= ~termios.OPOST
        # Not by lines and without waiting (MIN and TIME 0): each read ends at once, with nothing.
        modes[3] &= ~(termios.ECHO | termios.ICANON)
        modes[3] |= termios.ISIG
        modes[6][termios.VMIN] = modes[6][termios.VTIME] = 0
        termios.tcsetattr(self._slave, termios.TCSANOW, modes)

    def start(self, plan: Plan, program: str) -> subprocess.Popen[bytes]:
        """Start ``program`` as the leader of a session with this terminal; it does nothing until
        :meth:`let_go`. Blocks.
        """
        with self._lock:
            if self._closed:
                raise TargetError("timeout", f"{program} was not started in time")
            try:
                return self._started(plan, program)
            except OSError as error:
                raise refusal(error, program) from None
            finally:
                self._close_slave()
                if self._closed:
                    self._close_gate()
                    self._close_master()

    def _started(self, plan: Plan, program: str) -> subprocess.Popen[bytes]:
        name = os.ttyname(self._slave)
        waiting, self._gate = os.pipe()
        try:
            return subprocess.Popen(
                [_SHELL, "-c", self._script, "onwatch", name, program, *plan.argv[1:]],
                stdin=waiting,
                stdout=self._slave,
                stderr=self._slave,
                bufsize=0,
                cwd=plan.cwd,
                env=plan.environment,
                umask=_UMASK,
                start_new_session=True,
            )
        finally:
            os.close(waiting)

    def let_go(self) -> None:
        """Have what was started begin."""
        if self._gate >= 0:
            with contextlib.suppress(OSError):
                os.write(self._gate, b"\n")
            self._close_gate()

    def interrupt(self) -> None:
        """Press Ctrl-C: the system then signals whoever is in front, also what is root's."""
        with contextlib.suppress(OSError):
            os.write(self.master, _INTERRUPT)

    def close(self) -> None:
        """Hang up."""
        self._closed = True
        # Whoever starts something on it at this moment closes it afterwards.
        if self._lock.acquire(blocking=False):
            try:
                self._close_slave()
                self._close_gate()
                self._close_master()
            finally:
                self._lock.release()

    def _close_slave(self) -> None:
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1

    def _close_gate(self) -> None:
        if self._gate >= 0:
            os.close(self._gate)
            self._gate = -1

    def _close_master(self) -> None:
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
