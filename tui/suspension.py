"""The terminal is somebody else's for a while: that of a shell (Ctrl-Z: the whole job stops, as
the shell that started it expects), or of a step that asks.
"""

from __future__ import annotations

import contextlib
import os
import signal
import termios
from collections.abc import Iterator
from typing import Final

from checks.model import clean

__all__ = ["has_shell", "stop_job", "wait_for_enter"]

_TERMINAL = 0
"""Standard input, from which the screen reads its keys."""
_SCREEN: Final = 2
"""Standard error, on which the screen is drawn."""
_RETURNS: Final = b"\r\n\x03\x04"
"""Enter; Ctrl-C and Ctrl-D, by which nobody means to end more than the waiting."""


def has_shell() -> bool:
    """Whether a shell with job control can bring this job back.

    In the process group of the session's leader there is none, as in a container or a
    terminal that was opened for this program alone: a stopped job would stay stopped.
    """
    return os.getpgrp() != os.getsid(0)


def stop_job() -> None:
    """Stop this process with its group; returns when it is in the foreground again.

    A ``make`` or a script between the shell and us is in that group: were it to go on, the
    shell would wait for it and never take the terminal back. Continued in the background,
    the job stops once more, as editors do.
    """
    stops = (signal.SIGTSTP, signal.SIGTTOU)
    before = [signal.signal(stop, signal.SIG_DFL) for stop in stops]
    try:
        os.killpg(0, signal.SIGTSTP)
        # Whoever is in the background is stopped for asking it (tcsetpgrp(3)); where it is ours
        # nothing changes. To look whose it is and then to stop would let the shell give it to us
        # in between, and see the job stop at once. There is an error where no shell is left.
        with contextlib.suppress(OSError):
            while not _own_terminal():
                pass
    finally:
        for stop, handler in zip(stops, before, strict=True):
            signal.signal(stop, handler)


def _own_terminal() -> bool:
    """Wait until the terminal is ours; false where a signal interrupted that, as SIGCONT does."""
    try:
        os.tcsetpgrp(_TERMINAL, os.getpgrp())
    except InterruptedError:
        return False
    return True


def wait_for_enter(said: str) -> None:
    """Say how a step has ended, and wait until somebody has read what it put out.

    What was typed before is no answer. A terminal that is gone ends the waiting.
    """
    with contextlib.suppress(OSError, termios.error), _by_keys():
        os.write(_SCREEN, f"\r\n{clean(said)} — press Enter to return".encode())
        while (typed := os.read(_TERMINAL, 256)) and not set(typed) & set(_RETURNS):
            pass


@contextlib.contextmanager
def _by_keys() -> Iterator[None]:
    """Each key is read as it is pressed and not shown; none of them is a signal, which would end
    onwatch. Raises termios.error where there is no terminal.
    """
    before = termios.tcgetattr(_TERMINAL)
    keys = termios.tcgetattr(_TERMINAL)
    keys[3] &= ~(termios.ICANON | termios.ISIG | termios.ECHO)
    keys[6][termios.VMIN], keys[6][termios.VTIME] = 1, 0
    termios.tcsetattr(_TERMINAL, termios.TCSAFLUSH, keys)
    try:
        yield
    finally:
        termios.tcsetattr(_TERMINAL, termios.TCSADRAIN, before)
