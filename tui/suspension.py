"""Ctrl-Z: the whole job stops, as the shell that started it expects."""

from __future__ import annotations

import os
import signal

__all__ = ["has_shell", "stop_job"]

_TERMINAL = 0
"""Standard input, from which the screen reads its keys."""


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
    before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    try:
        os.killpg(0, signal.SIGTSTP)
        while os.tcgetpgrp(_TERMINAL) != os.getpgrp():
            os.killpg(0, signal.SIGTSTP)
    finally:
        signal.signal(signal.SIGTSTP, before)
