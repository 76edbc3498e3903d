"""Reading a file that a user wrote as text, and deciding whether to trust it."""

from __future__ import annotations

import grp
import os
import pwd
import re
import select
import shlex
import stat
import time
from pathlib import Path
from typing import Final

from checks.errors import ConfigError, ConfigProblem

__all__ = ["as_text", "read_bytes", "read_text"]

MAX_BYTES: Final = 2 * 1024 * 1024

_WRITER: Final = 1.0
"""Seconds within which somebody must have opened a pipe to write the file's text to it."""

_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def read_text(
    path: Path,
    *,
    trusted: bool,
    shown: Path | None = None,
    power: str = "can run commands",
    split: str = "split it with `include`",
) -> tuple[str, str]:
    """The file's text, and a warning or nothing.

    ``trusted`` says that the user named the file: then writable by others is a warning,
    else a refusal, since ``power`` is what a configuration has. ``shown`` is the name that
    messages use, ``split`` their advice where it is too large.

    Raises:
        ConfigError: for everything that keeps it from being read as text.
    """
    data, warning = read_bytes(path, trusted=trusted, shown=shown, power=power, split=split)
    return as_text(shown or path, data), warning


def read_bytes(
    path: Path,
    *,
    trusted: bool,
    shown: Path | None = None,
    power: str,
    split: str,
    limit: int = MAX_BYTES,
) -> tuple[bytes, str]:
    """As :func:`read_text`, the bytes as they are; at most ``limit``.

    Raises:
        ConfigError: as :func:`read_text`, whatever the bytes are.
    """
    shown = shown or path
    try:
        if not trusted and not stat.S_ISREG(path.stat().st_mode):
            raise _error(shown, "is not a regular file")
        # Opening a pipe would wait for somebody to write to it.
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            doubt = _doubt(shown, status, power) if stat.S_ISREG(status.st_mode) else ""
            if doubt and not trusted:
                raise _error(shown, f"refused: {doubt}")
            begun = _begun(file.fileno()) if stat.S_ISFIFO(status.st_mode) else b""
            if begun is None:
                raise _error(shown, "cannot be read: it is a pipe that nobody writes to")
            os.set_blocking(file.fileno(), True)
            data = begun + file.read(limit + 1 - len(begun))
    except OSError as error:
        raise _error(shown, f"cannot be read: {_reason(error)}") from None
    except ValueError:
        raise _error(shown, "is no name that a file can have") from None
    if len(data) > limit:
        raise _error(shown, f"is larger than {limit // 1024**2} MiB; {split}")
    return data, f"{shown}: {doubt}" if doubt else ""


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK)


def _begun(pipe: int) -> bytes | None:
    """What was first written to ``pipe``, empty where somebody is about to write.

    None where nobody opens it for writing within a second.
    """
    poller = select.poll()
    poller.register(pipe, select.POLLIN)
    until = time.monotonic() + _WRITER
    while time.monotonic() < until:
        gone = poller.poll(50)
        try:
            data = os.read(pipe, MAX_BYTES)
        except BlockingIOError:
            return b""
        if data or gone:
            return data
    return None


def _error(path: Path, text: str, line: int = 0) -> ConfigError:
    return ConfigError([ConfigProblem(str(path), line, "", text)])


def _reason(error: OSError) -> str:
    known = {
        FileNotFoundError: "there is no such file",
        PermissionError: "permission denied",
        IsADirectoryError: "it is a directory; name a file",
    }
    return known.get(type(error), error.strerror or "input or output failed")


def _doubt(path: Path, status: os.stat_result, power: str) -> str:
    """Why somebody else could have written the file; empty where nobody could."""
    quoted = shlex.quote(str(path))
    if status.st_uid not in (0, os.geteuid()):
        return (
            f"it belongs to {_user(status.st_uid)}, neither to you nor to root, and {power}; "
            f"read it, then run: chown {_user(os.geteuid())} {quoted}"
        )
    if status.st_mode & stat.S_IWOTH or (
        status.st_mode & stat.S_IWGRP and not _is_private_group(status)
    ):
        return f"others can write to it, and it {power}; run: chmod go-w {quoted}"
    return ""


def _is_private_group(status: os.stat_result) -> bool:
    """Whether the file's group is its owner's own, as on systems with umask 002."""
    try:
        group = grp.getgrgid(status.st_gid)
        owner = pwd.getpwuid(status.st_uid)
    except KeyError:
        return False
    return group.gr_name == owner.pw_name and set(group.gr_mem) <= {owner.pw_name}


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def as_text(path: Path, data: bytes) -> str:
    """``data`` as UTF-8 text; ``path`` is the name that messages use.

    Raises:
        ConfigError: where it is none.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _error(path, "is UTF-16 text; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = f"is not UTF-8 text: byte 0x{data[error.start]:02x} on this line"
        raise _error(path, text, line) from None
    odd = _NOT_TEXT.search(text)
    if odd is not None:
        line = text.count("\n", 0, odd.start()) + 1
        raise _error(path, f"is not a text file: it holds U+{ord(odd.group()):04X}", line)
    return text
