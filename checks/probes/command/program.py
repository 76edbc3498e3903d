"""Looking at a program before it is started, and starting it. Blocks: for lanes.

A program, its interpreter or its folder may lie on a mount that hangs. The system call that
starts a program cannot be told to give up, and it holds up all of Python, so each is looked at
first, where hanging holds up a lane and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import shlex
import signal
import stat
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from checks.ends import Ends
from checks.errors import TargetError
from checks.probes.command.guard import GUARD

__all__ = ["Launch", "NoSuchProgramError", "Plan", "Starting", "found_program", "refusal"]

_HEAD: Final = 256
"""Bytes of a program that are read for the name of its interpreter; as many as Linux reads."""
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FEW: Final = 3
"""Folders of a PATH that fit a sentence."""
_LOOK: Final = 0.005
"""Seconds between looks whether a start is over."""
_SCARCE: Final = {
    errno.EAGAIN: "this user may have no more processes, or the machine can hold no more",
    errno.ENOMEM: "the machine has no memory left",
    errno.EMFILE: "onwatch has no file descriptors left; raise its limit (ulimit -n)",
    errno.ENFILE: "the machine has no file descriptors left",
}
_ODD: Final = {
    errno.ENOEXEC: "it is neither a program nor a script with #! in its first line",
    errno.ETXTBSY: "somebody is writing to it at this moment",
    errno.E2BIG: "its arguments and environment are too long",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start: absolute ``cwd``, the whole environment, and how messages name it."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    cwd: Path
    base: Path


class NoSuchProgramError(TargetError):
    """No folder of ``path`` has the program; the sentence names them where they are few."""

    def __init__(self, name: str, path: str) -> None:
        folders = path.split(":")
        where = path if len(folders) <= _FEW else f"any of the {len(folders)} folders of its PATH"
        text = f"there is no program {name} in {where}; give its whole path, or install it"
        if re.search(r"\s", name):
            text = (
                f"there is no program {shlex.quote(name)}: nothing splits it; give the program "
                "and its arguments as a list"
            )
        super().__init__("config", text)
        self.path = path


Starting = Callable[[Plan, str], "subprocess.Popen[bytes]"]
"""Starts the program at the absolute path that it is given."""


class Launch:
    """One attempt to start a program, called in a lane, that may be given up meanwhile.

    Without ``start`` its output goes into pipes.
    """

    def __init__(self, plan: Plan, start: Starting | None = None) -> None:
        self._plan = plan
        self._start = start or _start
        self._lock = threading.Lock()
        self._abandoned = False
        self._starting = False
        self._started: subprocess.Popen[bytes] | None = None

    def __call__(self) -> subprocess.Popen[bytes]:
        """Start it.

        Raises:
            TargetError: with a sentence for whatever keeps it from being started.
        """
        plan = self._plan
        program = _looked_at(plan)
        with self._lock:
            self._starting = not self._abandoned
        try:
            if self._starting:
                GUARD.watch()
                process = self._start(plan, program)
                GUARD.started(process.pid)
                with self._lock:
                    if not self._abandoned:
                        self._started = process
                        return process
                _end(process)
        finally:
            self._starting = False
        raise TargetError("timeout", f"{program} was not started in time")

    def abandon(self) -> subprocess.Popen[bytes] | None:
        """Whoever asked has gone: start nothing. What has been started already is returned."""
        with self._lock:
            self._abandoned = True
            return self._started

    async def seen_off(self, within: float) -> None:
        """Wait ``within`` seconds at most until what was being started when it was abandoned has
        been ended: nobody knows of it yet who could end it if onwatch ended first.
        """
        for _ in range(round(within / _LOOK)):
            if not self._starting:
                break
            await asyncio.sleep(_LOOK)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program that nobody waits for, with all that it has started."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    process.wait()
    GUARD.ended(process.pid)


def _start(plan: Plan, program: str) -> subprocess.Popen[bytes]:
    try:
        with Ends() as ends:
            (out, told), (err, said) = ends.pipe(), ends.pipe()
            process = subprocess.Popen(
                plan.argv,
                executable=program,
                stdin=ends.null(),
                stdout=told,
                stderr=said,
                cwd=plan.cwd,
                env=plan.environment,
                start_new_session=True,
            )
            process.stdout, process.stderr = ends.kept(out), ends.kept(err)
            return process
    except OSError as error:
        raise refusal(error, program) from None
    except ValueError as error:
        raise TargetError("config", f"{program} cannot be started: {error}") from None


def refusal(error: OSError, program: str) -> TargetError:
    """Why the system did not start ``program``."""
    code = error.errno or 0
    if code in _SCARCE:
        return TargetError("limit", f"cannot start {program}: {_SCARCE[code]}")
    if isinstance(error, PermissionError):
        return TargetError(
            "permission",
            f"may not execute {program}; is its filesystem mounted noexec, or does a policy "
            "forbid it?",
        )
    why = _ODD.get(code) or error.strerror or "the system refused it"
    if isinstance(error, FileNotFoundError):
        why = "the loader that it names is not there; was it built for another system?"
    return TargetError("config", f"cannot start {program}: {why}")


def _looked_at(plan: Plan) -> str:
    """The program's absolute path, once everything that starting it needs was seen.

    Raises:
        TargetError: for what is missing.
    """
    _look_at_folder(plan.cwd)
    program = found_program(plan.argv[0], plan.base, plan.environment.get("PATH", _PATH))
    _look_at_rights(program)
    _look_at_interpreter(program)
    return program


def _look_at_folder(folder: Path) -> None:
    try:
        is_folder = stat.S_ISDIR(folder.stat().st_mode)
    except OSError as error:
        raise TargetError(
            "config", f"cannot run in the folder {folder}: {error.strerror}"
        ) from None
    if not is_folder:
        raise TargetError("config", f"cannot run in {folder}: it is not a folder")
    if not os.access(folder, os.X_OK):
        raise TargetError("permission", f"this user may not enter the folder {folder}")


def found_program(name: str, base: Path, path: str) -> str:
    """The absolute path of ``name``, which with a slash in it is relative to ``base``.

    Raises:
        TargetError: there is none.
    """
    if "/" in name:
        with contextlib.suppress(RuntimeError):
            return str(base / Path(name).expanduser())
    refused = ""
    for folder in path.split(":"):
        candidate = str(base / (folder or ".") / name)
        with contextlib.suppress(OSError):
            if stat.S_ISREG(os.stat(candidate).st_mode):  # noqa: PTH116 - in a loop, each run
                if os.access(candidate, os.X_OK):
                    return candidate
                refused = refused or candidate
    if refused:
        return refused
    raise NoSuchProgramError(name, path)


def _look_at_rights(program: str) -> None:
    quoted = shlex.quote(program)
    try:
        mode = os.stat(program).st_mode  # noqa: PTH116 - each run
    except FileNotFoundError:
        raise TargetError("config", f"there is no program {program}") from None
    except OSError as error:
        reason = "permission" if isinstance(error, PermissionError) else "config"
        raise TargetError(reason, f"cannot reach {program}: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no file that can be run"
        raise TargetError("config", f"{program} is {what}, not a program")
    if mode & stat.S_IWOTH:
        raise TargetError(
            "permission",
            f"{program} is not run, since everybody can write to it; run: chmod o-w {quoted}",
        )
    if not os.access(program, os.X_OK):
        raise TargetError(
            "permission", f"{program} is not executable for this user; run: chmod +x {quoted}"
        )


def _look_at_interpreter(program: str) -> None:
    """A script's first line must name a program that there is."""
    try:
        with open(program, "rb", buffering=0) as file:  # noqa: PTH123 - each run
            head = file.read(_HEAD)
    except OSError:
        return  # may be executed and not read; starting it will say what is wrong
    if not head.startswith(b"#!"):
        return
    line = head[2:].partition(b"\n")[0]
    words = line.split()
    interpreter = os.fsdecode(words[0]) if words else ""
    if line.endswith(b"\r"):
        raise TargetError(
            "config",
            f"the first line of {program} ends in a carriage return, as Windows writes it; run: "
            f"sed -i 's/\\r$//' {shlex.quote(program)}",
        )
    if not interpreter:
        raise TargetError("config", f"the first line of {program} names no interpreter after #!")
    if not os.access(interpreter, os.X_OK):
        what = "is not executable" if os.path.exists(interpreter) else "is not there"  # noqa: PTH110
        raise TargetError(
            "config", f"{interpreter}, the interpreter in the first line of {program}, {what}"
        )
