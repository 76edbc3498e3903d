"""MySQL's and MariaDB's option files, read as their clients read them.

``/etc/my.cnf``, ``/etc/mysql/my.cnf``, ``$MARIADB_HOME/my.cnf`` or ``$MYSQL_HOME/my.cnf``, then
``~/.my.cnf``, each with what it includes; what is read later counts. ``~/.mylogin.cnf`` and
``$MYSQL_PWD`` are left alone: see docs/checks/mysql.md.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["GROUPS", "OptionFiles", "option_files", "read_option_files"]

GROUPS: Final = ("client", "client-server", "client-mariadb", "mysql", "mariadb-client")
"""The groups that the command-line clients read."""

_BOUND: Final = 1_000_000
"""Bytes that are read of all files together."""
_DEEPEST: Final = 10
"""Files that may include one another, as in the clients."""
_MOST: Final = 200
"""Files that are read in all."""
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "s": " ", "\\": "\\"}
_OTHER_NAMES: Final = {"pass": "password"}


@dataclass(frozen=True, slots=True)
class OptionFiles:
    """What the files say. ``origin`` is the file that a value is from; ``problems`` are
    sentences about files that do not count or that others may read."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    origin: Mapping[str, Path] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def get(self, name: str) -> str:
        """The value of an option (``ssl-ca``); empty where none is given."""
        return self.values.get(name, "")

    def has(self, name: str) -> bool:
        """Whether the option is given, be it empty."""
        return name in self.values


def option_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where the clients look, in their order."""
    found = [Path("/etc/my.cnf"), Path("/etc/mysql/my.cnf")]
    home = environ.get("MARIADB_HOME") or environ.get("MYSQL_HOME")
    if home:
        found.append(Path(home) / "my.cnf")
    # Nobody's home is nobody's file.
    with contextlib.suppress(RuntimeError):
        found.append(Path.home() / ".my.cnf")
    return tuple(found)


def read_option_files(paths: tuple[Path, ...]) -> OptionFiles:
    """The options in ``paths``; a file that is not there is none. May block on a hung mount."""
    reader = _Reader()
    for path in paths:
        reader.read(path)
    return OptionFiles(reader.values, reader.origin, tuple(reader.problems))


class _Reader:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.origin: dict[str, Path] = {}
        self.problems: list[str] = []
        self._left = _MOST
        self._bytes = _BOUND

    def read(self, path: Path, depth: int = 0) -> None:
        """Take over what is in ``path`` and in what it includes."""
        if depth >= _DEEPEST or self._left <= 0:
            return
        self._left -= 1
        found = self._open(path)
        if found is None:
            return
        text, open_to_others = found
        group = ""
        for line in text.splitlines():
            stripped = line.strip()
            if not stripped or stripped[0] in "#;":
                continue
            if stripped[0] == "!":
                self._include(stripped, path, depth)
            elif stripped[0] == "[":
                group = stripped[1:].partition("]")[0].strip()
            elif group in GROUPS:
                self._take(stripped, path, open_to_others=open_to_others)

    def _open(self, path: Path) -> tuple[str, bool] | None:
        """The file's text, and whether others may read it; None where it does not count."""
        try:
            # Opening a named pipe would wait for its writer.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:  # noqa: PTH123 - opened above
                mode = os.fstat(descriptor).st_mode
                if not stat.S_ISREG(mode):
                    return None
                if mode & stat.S_IWOTH:
                    self.problems.append(
                        f"{path} is ignored, since everybody may write it; run: chmod o-w {path}"
                    )
                    return None
                data = file.read(self._bytes)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            self.problems.append(f"{path} cannot be read: {error.strerror}")
            return None
        self._bytes -= len(data)
        return data.decode("utf-8", "replace"), bool(mode & (stat.S_IRGRP | stat.S_IROTH))

    def _include(self, line: str, path: Path, depth: int) -> None:
        directive, _, rest = line[1:].partition(" ")
        if not rest.strip() or "\0" in rest or self._left <= 0:
            return
        target = Path(rest.strip())
        target = path.parent / target
        if directive == "include":
            self.read(target, depth + 1)
        elif directive == "includedir":
            # An empty folder counts too: a file may name it ten thousand times.
            self._left -= 1
            for included in _files_in(target):
                self.read(included, depth + 1)

    def _take(self, line: str, path: Path, *, open_to_others: bool) -> None:
        name, given, raw = _without_comment(line).partition("=")
        key = name.strip().removeprefix("loose-").replace("_", "-").lower()
        key = _OTHER_NAMES.get(key, key)
        self.values[key] = _value(raw) if given else ""
        self.origin[key] = path
        if key == "password" and self.values[key] and open_to_others:
            advice = f"run: chmod 600 {shlex.quote(str(path))}"
            problem = f"others may read {path}, which holds a password; {advice}"
            if problem not in self.problems:
                self.problems.append(problem)


def _files_in(folder: Path) -> Iterator[Path]:
    """The option files of a folder; the clients promise no order, so by name."""
    with contextlib.suppress(OSError):
        yield from sorted(path for path in folder.iterdir() if path.suffix == ".cnf")


def _without_comment(line: str) -> str:
    """``line`` up to a ``#`` that stands in no quotes."""
    quote, escaped = "", False
    for at, sign in enumerate(line):
        if sign in "'\"" and not escaped:
            if not quote:
                quote = sign
            elif quote == sign:
                quote = ""
        if sign == "#" and not quote:
            return line[:at]
        escaped = bool(quote) and sign == "\\" and not escaped
    return line


def _value(raw: str) -> str:
    text = raw.strip()
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        text = text[1:-1]
    out, at = [], 0
    while at < len(text):
        sign = text[at]
        if sign == "\\" and at + 1 < len(text):
            at += 1
            sign = _ESCAPES.get(text[at], "\\" + text[at])
        out.append(sign)
        at += 1
    return "".join(out)
