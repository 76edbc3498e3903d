"""A step that needs the terminal for itself: an editor, ``top``, ``psql``, a password prompt.

It runs as a job of a shell does: in a process group of its own that has the terminal until it
ends, with the keys' signals. Its output is nobody's but the terminal's, and its timeout does not
count: somebody sits before it. Everything here blocks, and belongs to the main thread of a process
that reads nothing from the terminal meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from dataclasses import replace
from types import FrameType
from typing import Any, Final

from checks.errors import OnwatchError, TargetError
from checks.expectations import seconds
from checks.probes.command.guard import GUARD
from checks.probes.command.program import Launch, Plan, refusal
from checks.runbooks.model import Language
from checks.runbooks.running.model import Around, Ended, Job
from checks.runbooks.running.shell import ending, plan_of
from checks.runbooks.running.start import changed_since
from checks.runbooks.views import RunState

__all__ = ["run_foreground"]

log = logging.getLogger("onwatch.runbooks")

_ENDINGS: Final = (os.CLD_EXITED, os.CLD_KILLED, os.CLD_DUMPED)


def run_foreground(job: Job, around: Around, terminal: int = 0) -> Ended:
    """Run ``job`` on the terminal with this descriptor, and return once it has ended and the
    terminal is ours again, as it was. Raises nothing of its own.
    """
    try:
        changed_since(job)
        plan = _plan(job, around, terminal)
        if around.audit is not None:
            around.audit.started(job)
    except OnwatchError as error:
        return Ended(RunState.FAILED, None, f"not run: {error}")
    began = time.monotonic()
    try:
        code = _run(plan, terminal)
    except TargetError as error:
        ended = Ended(RunState.FAILED, None, str(error))
    except Exception as error:
        # The rim: whatever fails inside, the run has ended, and the audit log is to say so.
        log.exception("the step %s failed inside", job.step.name)
        took = time.monotonic() - began
        said = f"internal error: {type(error).__name__}"
        ended = Ended(RunState.FAILED, None, said, seconds=took)
    else:
        took = time.monotonic() - began
        said = f"{ending(code)} after {seconds(took)}; its output went to the terminal"
        ended = Ended(RunState.DONE, code, said, seconds=took)
    if around.audit is not None:
        try:
            around.audit.ended(job, ended)
        except OnwatchError as error:
            ended = replace(ended, said=f"{ended.said}; {error}")
    return ended


def _plan(job: Job, around: Around, terminal: int) -> Plan:
    """Raises TargetError where it cannot run here."""
    if job.step.language in (Language.SQL, Language.HTTP):
        raise TargetError("config", "only steps in a shell can be interactive")
    if not os.isatty(terminal):
        raise TargetError("config", "it is interactive, and there is no terminal")
    return plan_of(job, around, terminal=True)


def _run(plan: Plan, terminal: int) -> int:
    """The exit code, as a shell says it. Raises TargetError where it cannot be started."""

    def start(plan: Plan, program: str) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                plan.argv,
                executable=program,
                stdin=terminal,
                stdout=terminal,
                stderr=terminal,
                cwd=plan.cwd,
                env=plan.environment,
                process_group=0,
            )
        except OSError as error:
            raise refusal(error, program) from None

    GUARD.join()
    try:
        with _given_back(terminal), _handed_on() as started:
            process = Launch(plan, start)()
            started.append(process.pid)
            _front(terminal, process.pid)
            _wait(process, terminal)
            # What it leaves in the background is hung up on, as by the end of a terminal.
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGHUP)
            code: int = process.wait()
            GUARD.ended(process.pid)
    finally:
        GUARD.leave_at_once()
    return 128 - code if code < 0 else code


@contextlib.contextmanager
def _given_back(terminal: int) -> Iterator[None]:
    """Whatever happens meanwhile, the terminal is in front of us again, in its modes."""
    modes: list[Any] | None = None
    with contextlib.suppress(termios.error):
        modes = termios.tcgetattr(terminal)
    try:
        yield
    finally:
        _front(terminal, os.getpgrp())
        if modes is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(terminal, termios.TCSADRAIN, modes)


@contextlib.contextmanager
def _handed_on() -> Iterator[list[int]]:
    """Ctrl-C is the step's also in the moment before it has the terminal; the list takes its
    group once it has one."""
    started: list[int] = []

    def hand_on(number: int, frame: FrameType | None) -> None:
        del frame
        for group in started:
            with contextlib.suppress(OSError):
                os.killpg(group, number)

    # What has a handler is not ignored by what is started; what is ignored would be.
    before = signal.signal(signal.SIGINT, hand_on)
    try:
        yield started
    finally:
        signal.signal(signal.SIGINT, before)


def _front(terminal: int, group: int) -> None:
    """Have the terminal be that group's. A job in the background is stopped for this, unless it
    has the signal blocked; ignored it would be for what we start, too."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait(process: subprocess.Popen[bytes], terminal: int) -> None:
    """Wait for its end. What stops itself (Ctrl-Z) goes on: nobody could fetch it back.

    It is not buried: until its group has been hung up on nobody else gets its number.
    """
    while True:
        told = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WSTOPPED | os.WNOWAIT)
        if told is None or told.si_code in _ENDINGS:
            return
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        _front(terminal, process.pid)
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGCONT)
