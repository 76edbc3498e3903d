"""``onwatch`` without a terminal, forked from a process that has loaded what it imports.

Starting Python and importing the engine take three times as long as most commands. What is
forked is a process of its own all the same: its folder, environment, output and exit code are
what the command's are. That a start from nothing works is tried where ``PROGRAM`` is run.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["run"]

_LIMIT = 60.0
"""Seconds after which a command is taken for stuck."""
_MOST = 65536
"""Bytes of what is asked for."""
_ROOT = Path(__file__).parents[2]


def run(
    arguments: Sequence[str], folder: Path, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """``onwatch ARGUMENTS`` in ``folder`` with nothing but ``environ`` as its environment.

    TimeoutError where it takes longer than a minute.
    """
    server = _server()
    asked = json.dumps([[*arguments], str(folder), dict(environ)]).encode()
    with tempfile.TemporaryFile("w+b") as out, tempfile.TemporaryFile("w+b") as err:
        socket.send_fds(server, [asked], [out.fileno(), err.fileno()])
        code = int(server.recv(_MOST))
        shown = []
        for file in (out, err):
            file.seek(0)
            shown.append(file.read().decode())
    return subprocess.CompletedProcess(["onwatch", *arguments], code, *shown)


@cache
def _server() -> socket.socket:
    """What asks the process that forks, which ends when this is closed."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        command = [sys.executable, "-m", "tests.tui.forked", str(its.fileno())]
        process = subprocess.Popen(
            command, cwd=_ROOT, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL
        )
    ours.settimeout(_LIMIT)
    atexit.register(_end, ours, process)
    return ours


def _end(server: socket.socket, process: subprocess.Popen[bytes]) -> None:
    server.close()
    process.wait()


def _load() -> None:
    """Import what the commands do, without computing anything or starting a thread."""
    from checks.numerics import import_numpy  # noqa: PLC0415 - in the process that forks alone
    from checks.registry import KINDS, kind  # noqa: PLC0415

    import_numpy()
    for name in ("checks.live", "checks.triage", "tui.config", "tui.commands.check"):
        import_module(name)
    for name in KINDS:
        kind(name)


def _serve(asker: socket.socket) -> list[str]:
    """Fork for whatever is asked; the arguments, in the process that is to run them."""
    while True:
        asked, descriptors, _, _ = socket.recv_fds(asker, _MOST, 2)
        if not asked:
            os._exit(0)
        child = os.fork()
        if not child:
            asker.close()
            return _become(json.loads(asked), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(BrokenPipeError):
            asker.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(asked: Any, descriptors: Sequence[int]) -> list[str]:
    arguments, folder, environ = asked
    for number, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    assert isinstance(arguments, list)
    return arguments


if __name__ == "__main__":
    _load()
    called = _serve(socket.socket(fileno=int(sys.argv[1])))
    from tui.cli import main

    sys.argv = ["onwatch", *called]
    sys.exit(main())
