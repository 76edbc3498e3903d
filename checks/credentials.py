"""Reading credentials from files, the environment and commands."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import stat
from asyncio.subprocess import SubprocessStreamProtocol
from pathlib import Path

from checks.errors import SecretError

__all__ = ["read_command", "read_env", "read_file"]

_BOUND = 64 * 1024


def _first_line(data: bytes, source: str) -> str:
    try:
        line = data.decode("utf-8").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise SecretError(f"the credential from {source} is not UTF-8 text") from None
    if not line:
        raise SecretError(f"the credential from {source} is empty")
    return line


def read_env(name: str) -> str:
    """The environment variable ``name``; SecretError where it is unset or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise SecretError(f"the environment variable {name} is not set; export it and restart")
    return value


def read_file(path: Path) -> str:
    """The first line of ``path``; refused when everybody can read it. May block on a hung mount."""
    try:
        # Opening a named pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - opened above
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise SecretError(f"the credential file {path} is not a regular file")
            if mode & stat.S_IROTH:
                advice = f"run: chmod 600 {shlex.quote(str(path))}"
                raise SecretError(f"everybody can read the credential file {path}; {advice}")
            data = file.read(_BOUND)
    except OSError as error:
        raise SecretError(f"cannot read the credential file {path}: {error.strerror}") from None
    return _first_line(data, str(path))


async def read_command(argv: list[str], timeout: float, cwd: Path) -> str:  # noqa: ASYNC109
    """The first line that ``argv`` prints; it runs without a shell and without standard input."""
    name, loop = Path(argv[0]).name, asyncio.get_running_loop()
    try:
        # What create_subprocess_exec() does, which does not hand out the transport.
        transport, protocol = await loop.subprocess_exec(
            lambda: SubprocessStreamProtocol(_BOUND, loop),
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise SecretError(f"cannot run the credential command {name}: {error.strerror}") from None
    process = asyncio.subprocess.Process(transport, protocol, loop)
    try:
        async with asyncio.timeout(timeout):
            assert process.stdout is not None  # noqa: S101 - asked for above
            data = await _until_end(process.stdout)
            code = await process.wait()
    except TimeoutError:
        raise SecretError(
            f"the credential command {name} gave nothing within {timeout:g} s"
        ) from None
    finally:
        try:
            if process.returncode is None:
                # It may have ended this moment.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        finally:
            # What it has left behind, an agent say, may keep its output open for days.
            transport.close()
    if code != 0:
        raise SecretError(f"the credential command {name} ended with exit code {code}")
    return _first_line(data, f"the command {name}")


async def _until_end(stream: asyncio.StreamReader) -> bytes:
    """All that comes; a credential printed in two goes is still one."""
    data = b""
    while len(data) < _BOUND and (chunk := await stream.read(_BOUND - len(data))):
        data += chunk
    return data
