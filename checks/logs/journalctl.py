"""The program that follows systemd's journal: started, read as far as it has written, and ended.

``journalctl`` is asked rather than the journal's files read: their format has compression, keyed
hashes and compact variants, and the program knows all of them. Whoever is to end it may be killed
first: then :mod:`checks.probes.command.guard` ends it.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from checks.errors import TargetError
from checks.logs.inputs import JournalInput
from checks.probes.command.guard import GUARD
from checks.probes.command.program import Launch, Plan

__all__ = ["Journalctl", "arguments"]

_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_FIELDS: Final = (
    "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "SYSLOG_FACILITY", "_SYSTEMD_UNIT",
    "_SYSTEMD_USER_UNIT", "UNIT", "USER_UNIT", "CONTAINER_NAME", "_PID", "_UID", "_COMM",
    "_HOSTNAME", "_TRANSPORT", "CODE_FILE", "CODE_LINE", "CODE_FUNC", "ERRNO", "MESSAGE_ID",
)  # fmt: skip
"""Fields that are asked for; an entry has three times as many (systemd.journal-fields(7))."""
_SAID: Final = 4_000
_CHUNK: Final = 262_144
_PATIENCE: Final = 0.2
"""Seconds between being asked to end and being ended."""


def arguments(wanted: JournalInput, cursor: str, newest: int | None) -> list[str]:
    """What ``journalctl`` is told: to go on after ``cursor``, or to begin with the ``newest``
    entries, or with all of them where that is None."""
    told = [
        "--output=json",
        "--follow",
        "--all",
        "--no-pager",
        "--output-fields=" + ",".join(_FIELDS),
    ]
    if cursor:
        told += [f"--after-cursor={cursor}", "--no-tail"]
    else:
        told.append("--no-tail" if newest is None else f"--lines={newest}")
    if wanted.user:
        told.append("--user")
    if wanted.priority:
        told.append(f"--priority={wanted.priority}")
    told += [f"--unit={unit}" for unit in wanted.units]
    told += [f"--identifier={name}" for name in wanted.identifiers]
    return [*told, *wanted.matches]


class Journalctl:
    """One run of it. ``program`` is another one in tests alone.

    Raises:
        TargetError: it cannot be started; a sentence says why.
    """

    def __init__(self, told: Sequence[str], program: str | None = None) -> None:
        found = program or shutil.which("journalctl", path=_PATH)
        if found is None:
            raise TargetError(
                "missing", "journalctl is not installed here: no systemd keeps a journal"
            )
        GUARD.join()
        try:
            plan = Plan([found, *told], _environment(), Path("/"), Path("/"))
            self._child = Launch(plan)()
        except BaseException:
            GUARD.leave_at_once()
            raise
        self.said = ""
        self._open = True
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)

    @property
    def ended(self) -> bool:
        """Whether it has ended and all that it wrote was read."""
        return not self._open

    def read(self, wait: float) -> bytes:
        """What it has written by now, at most some hundred kB; ``wait`` seconds for something."""
        out = self._child.stdout
        if out is None or not self._open:
            return b""
        if wait > 0:
            # Not select, which knows no descriptors above a thousand: as many targets have those.
            poll = select.poll()
            poll.register(out, select.POLLIN)
            poll.poll(wait * 1000)
        self._listen()
        try:
            data = os.read(out.fileno(), _CHUNK)
        except BlockingIOError:
            return b""
        self._open = bool(data)
        return data

    def _listen(self) -> None:
        """What it says besides: why it shows nothing, or not all."""
        err = self._child.stderr
        if err is not None:
            with contextlib.suppress(BlockingIOError):
                self.said = (self.said + os.read(err.fileno(), 4_096).decode("utf-8", "replace"))[
                    :_SAID
                ]

    def close(self) -> None:
        """End it."""
        self._listen()
        child = self._child
        self._signal(signal.SIGTERM)
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_PATIENCE)
        self._open = False
        GUARD.ended(child.pid)
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
        GUARD.leave_at_once()

    def _signal(self, number: signal.Signals) -> None:
        if self._child.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self._child.pid, number)


def _environment() -> dict[str, str]:
    """No language, no colours, no pager, times in UTC."""
    found = {"PATH": _PATH, "LC_ALL": "C", "TZ": "UTC", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
    home = os.environ.get("HOME")
    return found | ({"HOME": home} if home else {})
