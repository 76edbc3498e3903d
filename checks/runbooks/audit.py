"""Who ran which step on what, when, and how it ended: lines of JSON that are only ever added.

The line that says that a step begins is on the disk before it begins. One that never got its end,
since onwatch was killed meanwhile, gets a line that says so from the next session that looks.
Several onwatch write into the same file. A disk that is full must keep nobody from the step that
makes room: then the lines go into memory that all processes share. Everything here blocks; use it
from a lane.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from checks.clock import Clock
from checks.errors import OnwatchError
from checks.model import clean, clean_lines
from checks.runbooks.append_only import AppendOnly, spare_file
from checks.runbooks.running.lines import as_recorded, command_as_recorded
from checks.runbooks.running.model import Ended, Job
from checks.secrets import Masker

__all__ = ["Audit", "AuditEntry", "AuditError", "audit_file", "spare_file"]

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_SAID: Final = 1_000
_TEXT: Final = 4_000
"""Characters of a step's text that are kept; its sum is that of all of it."""
_MOST: Final = 8_000_000
"""Bytes of a file that are read."""

STARTED: Final = "started"
ENDED: Final = "ended"
CUT_OFF: Final = "cut off"
_LOST: Final = (
    "onwatch was ended while it ran, and what still ran of it with it: how far it had come is "
    "not known"
)


class AuditError(OnwatchError):
    """The audit log cannot be written or read."""


@dataclass(frozen=True, slots=True, eq=False)
class AuditEntry:
    """One line.

    Attributes:
        at: seconds since 1970 in UTC.
        event: ``started``, ``ended`` or ``cut off``.
        run: the id of the run, the same in all of its lines.
        seconds: that it took; of ``ended`` alone.
        text: of the step, of ``started`` alone; secrets masked.
        state: how it ended, in :class:`~checks.runbooks.views.RunState`'s words.
    """

    at: float
    event: str
    run: str
    runbook: str = ""
    step: str = ""
    alert: str = ""
    alert_id: str = ""
    check: str = ""
    target: str = ""
    user: str = ""
    sudo_user: str = ""
    ssh: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    text: str = ""
    state: str = ""
    exit_code: int | None = None
    said: str = ""
    seconds: float = 0.0
    digest: str = ""
    marking: str = ""
    config: str | None = None
    """The configuration by which it ran, empty for none; None where the line does not tell."""
    process: tuple[int, int, str] = field(default=(0, 0, ""))
    """Of ``started``: onwatch's process, when it began, and the machine's boot."""


def audit_file(hostname: str = "") -> Path:
    """Where it is kept: in the user's state directory, one a machine, since homes are shared."""
    import platformdirs  # noqa: PLC0415 - once, and not before the first picture

    name = hostname or socket.gethostname()
    safe = "".join(c if c.isalnum() or c in "-." else "_" for c in name)[:80] or "localhost"
    return Path(platformdirs.user_state_dir("onwatch")) / f"steps-{safe}.jsonl"


class Audit:
    """The file at ``path``; ``masker`` knows what must not stand in it. For any thread.

    ``spare`` is another one, for when that one's disk is full. ``config`` is the configuration, as
    an absolute path, empty for none: its checks are not those of another one that are called the
    same.
    """

    def __init__(
        self,
        path: Path,
        masker: Masker,
        clock: Clock,
        spare: Path | None = None,
        *,
        config: str = "",
    ) -> None:
        self.path = path
        self._config = config
        self._spare = AppendOnly(spare or spare_file(path))
        self._file = AppendOnly(path)
        self._masker = masker
        self._clock = clock
        self._lock = threading.Lock()

    def started(self, job: Job) -> None:
        """Have it on the disk that ``job`` begins.

        Raises:
            AuditError: it is not; the step must not run.
        """
        step, who = job.step, job.who
        self._add(
            {
                "event": STARTED,
                "run": job.id,
                "config": self._config,
                "user": who.user,
                "sudo_user": who.sudo_user,
                "ssh_connection": who.ssh,
                "alert": job.alert,
                "alert_id": job.subject.alert,
                "check": job.subject.check,
                "runbook": job.runbook.name,
                "file": str(job.file or job.runbook.path),
                "file_sha256": job.runbook.digest,
                "step": step.name,
                "language": step.language.value,
                "marking": step.marking.value,
                "interactive": step.interactive,
                "login": step.login,
                "target": job.target.name if job.target is not None else step.target,
                "variables": {
                    name: self._value(name, text) for name, text in job.variables.items()
                },
                "text": self._command(step.text),
                "text_sha256": hashlib.sha256(step.text.encode()).hexdigest(),
                "process": list(_this_process()),
            }
        )

    def ended(self, job: Job, ended: Ended) -> None:
        """Have it on the disk how ``job`` ended.

        Raises:
            AuditError: it is not.
        """
        captured = ended.captured
        self._add(
            {
                "event": ENDED,
                "run": job.id,
                "config": self._config,
                "runbook": job.runbook.name,
                "step": job.step.name,
                "alert": job.alert,
                "alert_id": job.subject.alert,
                "check": job.subject.check,
                "user": job.who.user,
                "state": ended.state.value,
                "exit_code": ended.exit_code,
                "seconds": round(ended.seconds, 3),
                "said": self._text(ended.said),
                "captured": {captured[0]: self._value(*captured)} if captured else {},
            }
        )

    def cut_off(self) -> tuple[AuditEntry, ...]:
        """Write down which runs were cut off since their onwatch is gone; those runs' begins.

        Raises:
            AuditError: the file cannot be read, or not be written.
        """
        with self._lock, _sentences(self.path):
            return self._file.alone(self._cut_off)

    def _cut_off(self) -> tuple[AuditEntry, ...]:
        began: dict[str, AuditEntry] = {}
        for entry in self._written():
            if entry.event == STARTED:
                began[entry.run] = entry
            else:
                began.pop(entry.run, None)
        gone = tuple(entry for entry in began.values() if not _is_there(entry.process))
        for entry in gone:
            told = {
                "event": CUT_OFF,
                "run": entry.run,
                "config": entry.config,
                "runbook": entry.runbook,
                "step": entry.step,
                "alert": entry.alert,
                "alert_id": entry.alert_id,
                "check": entry.check,
                "user": entry.user,
                "state": "failed",
                "exit_code": None,
                "said": _LOST,
            }
            self._file.write(self._line(told))
        return gone

    def entries(self, since: float = 0.0) -> tuple[AuditEntry, ...]:
        """What is written of this configuration from ``since`` on, oldest first; of any where a
        line does not tell. Lines that are none are left out.

        Raises:
            AuditError: the file cannot be read.
        """
        own = (None, self._config)
        return tuple(one for one in self._written(since) if one.config in own)

    def _written(self, since: float = 0.0) -> tuple[AuditEntry, ...]:
        found: list[AuditEntry] = []
        for path in (*self._file.all(), *self._spare.all()):
            found += (entry for entry in _entries(_lines(path)) if entry.at >= since)
        return tuple(sorted(found, key=lambda entry: entry.at))

    # Writing

    def _add(self, entry: Mapping[str, Any]) -> None:
        line = self._line(entry)
        with self._lock, _sentences(self.path):
            try:
                self._file.alone(lambda: self._file.write(line))
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                self._spare.alone(lambda: self._spare.write(line))

    def _line(self, entry: Mapping[str, Any]) -> bytes:
        moment = datetime.fromtimestamp(self._clock.wall(), UTC).isoformat(timespec="milliseconds")
        return json.dumps({"at": moment, **entry}, separators=(",", ":")).encode() + b"\n"

    def _value(self, name: str, text: str) -> str:
        return as_recorded(name, self._text(text))

    def _command(self, text: str) -> str:
        return clean_lines(self._masker.text(command_as_recorded(text.rstrip())), _TEXT)

    def _text(self, text: str) -> str:
        return clean(self._masker.text(text), _SAID)


@contextlib.contextmanager
def _sentences(path: Path) -> Iterator[None]:
    """Make an AuditError of what goes wrong with the file."""
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        raise AuditError(f"the audit log {path} cannot be written: {why}") from None


# Reading


def _lines(path: Path) -> list[bytes]:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        text = f"the audit log {path} cannot be read: {error.strerror}"
        raise AuditError(text) from None


def _entries(lines: Iterable[bytes]) -> Iterator[AuditEntry]:
    for line in lines:
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
            yield _entry(json.loads(line))


def _entry(data: Mapping[str, Any]) -> AuditEntry:
    pid, since, boot = data.get("process") or (0, 0, "")
    return AuditEntry(
        at=datetime.fromisoformat(data["at"]).timestamp(),
        event=str(data["event"]),
        run=str(data["run"]),
        runbook=str(data.get("runbook", "")),
        step=str(data.get("step", "")),
        alert=str(data.get("alert", "")),
        alert_id=str(data.get("alert_id", "")),
        check=str(data.get("check", "")),
        target=str(data.get("target", "")),
        user=str(data.get("user", "")),
        sudo_user=str(data.get("sudo_user", "")),
        ssh=str(data.get("ssh_connection", "")),
        variables=tuple((str(k), str(v)) for k, v in (data.get("variables") or {}).items()),
        text=str(data.get("text", "")),
        state=str(data.get("state", "")),
        exit_code=data.get("exit_code"),
        said=str(data.get("said", "")),
        seconds=float(data.get("seconds", 0.0)),
        digest=str(data.get("file_sha256", "")),
        marking=str(data.get("marking", "")),
        config=None if data.get("config") is None else str(data["config"]),
        process=(int(pid), int(since), str(boot)),
    )


# Processes


def _this_process() -> tuple[int, int, str]:
    pid = os.getpid()
    return pid, _began(pid), _boot()


def _is_there(process: tuple[int, int, str]) -> bool:
    """Whether that process of ours still lives: its number may have become another's."""
    pid, since, boot = process
    if pid <= 0 or boot != _boot():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return _began(pid) == since


def _began(pid: int) -> int:
    """When the process began, in ticks since the machine's start; 0 where nobody tells."""
    try:
        stat_line = Path(f"/proc/{pid}/stat").read_bytes()
        fields = stat_line.rpartition(b")")[2].split()
        return 0 if fields[0] in (b"Z", b"X") else int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
