"""A real systemd-journald in a mount namespace of its own, and the reader of its journal.

``python -m tests.checks.journald CONFIG`` as root: it starts journald on an empty `/run`, logs what
:func:`written` gives, reads it with `CONFIG` (a JSON object of a log's `journal:`), and prints what
came of it as JSON. It is a program of its own, since what it does to itself cannot be undone.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from checks.logs.inputs import LogInput
from checks.logs.journal import JournalReader
from checks.logs.model import Record
from tests.patience import PATIENCE

_JOURNALD: Final = "/usr/lib/systemd/systemd-journald"
_NEW_MOUNTS: Final = 0x0002_0000
_PRIVATE: Final = (1 << 18) | (1 << 14)
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_QUIET: Final = "[Journal]\nReadKMsg=no\nStorage=volatile\nForwardToSyslog=no\nAudit=no\n"


def journal_of(config: dict[str, Any]) -> list[dict[str, Any]]:
    """What a reader of ``config`` got of :func:`written`: a batch each."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.checks.journald", json.dumps(config)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


def may_run_journald() -> bool:
    """Whether this machine has one, and lets the tests run it: root, with the right to mount."""
    if sys.platform != "linux" or os.geteuid() != 0 or not Path(_JOURNALD).exists():
        return False
    if shutil.which("journalctl") is None:
        return False
    return (
        subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0
    )


def _send(**fields: str | bytes) -> None:
    """An entry, as sd_journal_send(3) writes it."""
    data = b""
    for name, value in fields.items():
        octets = value if isinstance(value, bytes) else value.encode()
        data += name.encode() + b"\n" + struct.pack("<Q", len(octets)) + octets + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect("/run/systemd/journal/socket")
        sender.send(data)


def _log(name: str, priority: int, message: str | bytes) -> None:
    _send(MESSAGE=message, PRIORITY=str(priority), SYSLOG_IDENTIFIER=name)


def _unmounted() -> None:
    """From here on `/run` is ours alone."""
    if _LIBC.unshare(_NEW_MOUNTS) or _LIBC.mount(None, b"/", None, _PRIVATE, None):
        raise OSError(ctypes.get_errno(), "no namespace")
    if _LIBC.mount(b"tmpfs", b"/run", b"tmpfs", 0, None):
        raise OSError(ctypes.get_errno(), "no mount")
    for folder in ("systemd/journald.conf.d", "systemd/journal", "log/journal"):
        (Path("/run") / folder).mkdir(parents=True)
    Path("/run/systemd/journald.conf.d/test.conf").write_text(_QUIET)


def _said(record: Record) -> dict[str, Any]:
    return {
        "number": record.number,
        "time": record.time,
        "level": record.level.name if record.level is not None else None,
        "message": record.message,
        "source": record.source,
        "fields": dict(record.fields),
        "text": record.text,
    }


def _read(reader: JournalReader, count: int, later: float = 0.0) -> dict[str, Any]:
    """Read ``later``, until ``count`` records are there, or for five seconds."""
    records: list[Record] = []
    old = 0
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        batch = reader.read(time.time() + later, 1 << 20, 1.0)
        records += batch.records
        old += batch.old
        if len(records) >= count:
            break
        time.sleep(0.02)
    problem = batch.sources[0].problem
    return {"records": [_said(one) for one in records], "old": old, "problem": problem}


def main(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Before, while, and after its program was killed."""
    _unmounted()
    daemon = subprocess.Popen([_JOURNALD], stderr=subprocess.DEVNULL)
    while not Path("/run/systemd/journal/socket").exists():
        time.sleep(0.01)
    _log("app", 6, "before onwatch came")
    _log("other", 6, "nobody asked")
    subprocess.run(["journalctl", "--sync"], check=False, capture_output=True, timeout=5)
    time.sleep(0.05)
    reader = JournalReader(LogInput.model_validate({"journal": config}))
    batches = [_read(reader, 1)]
    _log("app", 4, "Failed password for root\x1b[31m from 203.0.113.5")
    _log("app", 3, "Traceback (most recent call last):\n  File x\nValueError: boom")
    _log("app", 6, b"octets \xff\xfe that are no text")
    _log("app", 6, '{"level":"error","message":"a JSON log on its output","took":12.5}')
    _log("app", 6, "2024-12-26 10:00:00,123 WARNING app.db slow: " + "x" * 6_000)
    batches.append(_read(reader, 5))
    os.kill(_pid_of_journalctl(), signal.SIGKILL)
    _log("app", 5, "written while nobody read")
    while not reader.read(time.time(), 1 << 20, 1.0).events:
        time.sleep(0.02)
    _log("app", 5, "and after")
    batches.append(_read(reader, 2, later=10.0))
    reader.close()
    daemon.kill()
    daemon.wait()
    return batches


def _pid_of_journalctl() -> int:
    for file in Path("/proc").glob("[0-9]*/stat"):
        if b"(journalctl)" in file.read_bytes():
            fields = file.read_bytes().rpartition(b")")[2].split()
            if int(fields[1]) == os.getpid():
                return int(file.parent.name)
    raise LookupError("journalctl does not run")


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
