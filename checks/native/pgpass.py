"""``.pgpass``, read as libpq reads it: first match wins, wildcards, escapes, closed to others."""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["PassEntry", "PassFile", "pass_file_path", "read_pass_file"]

SOCKET_FOLDERS: Final = ("/var/run/postgresql", "/run/postgresql", "/tmp")  # noqa: S108
"""Folders of unix sockets that a ``.pgpass`` calls ``localhost``: what clients are built with."""

_BOUND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class PassEntry:
    """One line. A field that is None matches everything."""

    host: str | None
    port: str | None
    database: str | None
    user: str | None
    password: str = field(repr=False)

    def matches(self, hosts: Iterable[str], port: int, database: str, user: str) -> bool:
        """Whether it is for this login; ``hosts`` are the names that the server goes by."""
        return (
            (self.host is None or self.host in hosts)
            and self.port in (None, str(port))
            and self.database in (None, database)
            and self.user in (None, user)
        )


@dataclass(frozen=True, slots=True)
class PassFile:
    """What is in a file, or in ``problem`` why nothing in it counts: a clause for a sentence."""

    path: Path
    entries: tuple[PassEntry, ...] = ()
    problem: str = ""

    def password(self, host: str, port: int, database: str, user: str) -> str:
        """The password of the first line that matches; empty where none does.

        ``host`` is a name or address as the user wrote it, or the folder of a socket.
        """
        hosts = {host, "localhost"} if host in SOCKET_FOLDERS else {host}
        for entry in self.entries:
            if entry.matches(hosts, port, database, user):
                return entry.password
        return ""


def pass_file_path(environ: Mapping[str, str]) -> Path | None:
    """``$PGPASSFILE`` or ``~/.pgpass``; None for somebody without a home."""
    named = environ.get("PGPASSFILE")
    if named:
        return Path(named)
    with contextlib.suppress(RuntimeError):
        return Path.home() / ".pgpass"
    return None


def read_pass_file(path: Path) -> PassFile:
    """The entries of ``path``; none of a file that is not there. May block on a hung mount.

    As with libpq, a file that its group or others may read does not count at all.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - opened above
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                return PassFile(path, problem=f"{path} is not a regular file")
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                advice = f"run: chmod 600 {shlex.quote(str(path))}"
                problem = f"{path} is ignored, since others may read it; {advice}"
                return PassFile(path, problem=problem)
            text = file.read(_BOUND).decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return PassFile(path)
    except OSError as error:
        return PassFile(path, problem=f"{path} cannot be read: {error.strerror}")
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    parsed = (_parse(line) for line in lines if not line.startswith("#"))
    return PassFile(path, tuple(entry for entry in parsed if entry is not None))


def _parse(line: str) -> PassEntry | None:
    """The entry in ``line``; None where it has not all five fields."""
    fields = _split(line)
    if len(fields) < 5:
        return None
    host, port, database, user = (None if raw == "*" else _unescaped(raw) for raw in fields[:4])
    return PassEntry(host, port, database, user, _unescaped(fields[4]))


def _split(line: str) -> list[str]:
    """``line`` cut at its colons, those behind a backslash excepted."""
    fields, start, at = [], 0, 0
    while at < len(line):
        if line[at] == "\\":
            at += 1
        elif line[at] == ":":
            fields.append(line[start:at])
            start = at + 1
        at += 1
    return [*fields, line[start:]]


def _unescaped(text: str) -> str:
    """``text`` without the backslashes that stand before something."""
    out, at = [], 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        out.append(text[at])
        at += 1
    return "".join(out)
