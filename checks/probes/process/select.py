"""Which processes a check means: by name, command line, pid file, user; with their children."""

from __future__ import annotations

import os
import pwd
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path
from typing import Final

from checks.model import Status
from checks.patterns import Matcher
from checks.probes.process.config import ProcessConfig
from checks.probes.process.details import Reader
from checks.probes.process.pidfile import PidFile, Refusal, read_pid_file
from checks.processes.scan import Listing, Process
from checks.wording import span

Key = tuple[int, int]
Fit = tuple[float, bool]
"""When it was found out of a process whether it fits, and whether it does."""
Again = Callable[[Process], Process | None]
"""Reads a process anew."""

__all__ = ["Selection", "Selector", "uid_of"]

_COMM: Final = 15
"""Characters that the kernel keeps of a program's name."""
_SETTLED: Final = 10.0
_KEPT: Final = 60.0
"""Seconds that a command line is believed of a process older than ``_SETTLED``."""
_SLACK: Final = 10.0
"""Seconds that a process may seem to be younger than the file that names it."""
_PATTERN: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Selection:
    """The processes that are meant, and where the pid file does not lead to any, why."""

    processes: tuple[Process, ...]
    refusal: Refusal | None = None


def uid_of(user: str) -> int | None:
    """The number of a user given by name or number; None where there is no such user."""
    if user.isascii() and user.isdigit():
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


class Selector:
    """Chooses from a listing; remembers names and command lines. Belongs to one thread."""

    def __init__(self, config: ProcessConfig, reader: Reader, pid_file: Path | None) -> None:
        self._config = config
        self._reader = reader
        self._pid_file = pid_file
        self._names = _Names(config.name)
        self._command = Matcher(config.command) if config.command else None
        self._fitting: dict[Key, Fit] = {}

    def choose(self, listing: Listing, started: Started, again: Again) -> Selection:
        """Those of ``listing`` that are meant, as they are now; zombies among them.

        Raises:
            SlowPatternError: the command line's pattern takes too long on one of them.
        """
        if self._pid_file is not None:
            named = self._by_pid_file(listing, self._pid_file, started, again)
            if isinstance(named, Refusal):
                return Selection((), named)
            found = [named]
        else:
            called = [one for one in listing.processes if self._is_called(one)]
            likely = self._narrowed(called, listing.at, started)
            fresh = (now for one in likely if (now := again(one)) is not None)
            found = [one for one in fresh if self._is_called(one)]
        if self._config.children:
            children = _children(found, listing.processes)
            found += [now for one in children if (now := again(one)) is not None]
        return Selection(tuple(found))

    def _is_called(self, one: Process) -> bool:
        return not one.kernel and self._names.match(one, self._reader)

    def _narrowed(self, found: Iterable[Process], now: float, started: Started) -> list[Process]:
        """Those of ``found`` that the user and the command line fit."""
        if self._config.user is None and self._command is None:
            return list(found)
        uid = None if self._config.user is None else uid_of(self._config.user)
        before, self._fitting = self._fitting, {}
        chosen = []
        for one in found:
            known = before.get(one.key)
            if known is None or now - known[0] >= _KEPT:
                known = self._fit(one, uid, known, now, started)
            self._fitting[one.key] = known
            if known[1]:
                chosen.append(one)
        return chosen

    def _fit(
        self, one: Process, uid: int | None, known: Fit | None, now: float, started: Started
    ) -> Fit:
        """Whether it fits; of a zombie, which has no command line any more, whether it did."""
        fits = self._is_of(one, uid) and self._says(one, known)
        # What was started just now may be about to become another program.
        young = time.time() - started(one) <= _SETTLED
        return (now - _KEPT if young else now), fits

    def _is_of(self, one: Process, uid: int | None) -> bool:
        return self._config.user is None or self._reader.owner(one.pid) == uid

    def _says(self, one: Process, known: Fit | None) -> bool:
        if self._command is None:
            return True
        # What looks for a pattern has the pattern in its own command line.
        if one.pid == os.getpid():
            return False
        words = self._reader.words(one.pid)
        if not words and known is not None:
            return known[1]
        return self._command.search(" ".join(words)) is not None

    def _by_pid_file(
        self, listing: Listing, path: Path, started: Started, again: Again
    ) -> Process | Refusal:
        named = read_pid_file(path)
        if isinstance(named, Refusal):
            return named
        known = next((p for p in listing.processes if p.pid == named.pid), None)
        one = None if known is None else again(known)
        if one is None or one.state == "Z":
            return _gone(path, named, listing)
        wrong = self._another(one, named, path, listing.at, started)
        return one if wrong is None else wrong

    def _another(
        self, one: Process, named: PidFile, path: Path, now: float, started: Started
    ) -> Refusal | None:
        """Why the process that now has the id is not the one that was meant."""
        wanted = self._config.described()
        if not self._names.match(one, self._reader):
            other = f"which is {one.name} now, not {' or '.join(self._config.name)}"
        elif not self._narrowed([one], now, started):
            other = f"which is {one.name} now, not {wanted}"
        elif self._config.name or self._config.command or _akin(path.stem, one.name):
            return None
        elif started(one) > named.written + _SLACK:
            later = span(started(one) - named.written)
            other = f"but {one.name} with that id was started {later} after the file was written"
        else:
            return None
        return Refusal(
            Status.CRITICAL,
            "missing",
            f"the pid file {path} is stale: it names process {named.pid}, {other}",
        )


class Started:
    """When processes were started, in seconds since 1970."""

    def __init__(self, boot: float, ticks: float) -> None:
        self._boot = boot
        self._ticks = ticks

    def __call__(self, one: Process) -> float:
        return self._boot + one.key[1] / self._ticks


class _Names:
    """Names and shell patterns, with what was found out about each name of a program."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._any = not wanted
        self._pattern = re.compile("|".join(translate(one) for one in wanted)) if wanted else None
        self._long = [one for one in wanted if len(one) > _COMM]
        self._known: dict[str, bool] = {}

    def match(self, one: Process, reader: Reader) -> bool:
        if self._pattern is None:
            return True
        known = self._known.get(one.name)
        if known is None:
            if len(self._known) > 5_000:
                self._known.clear()
            known = self._known[one.name] = bool(self._pattern.match(one.name))
        return known or (len(one.name) == _COMM and self._whole(one, reader))

    def _whole(self, one: Process, reader: Reader) -> bool:
        """The kernel cuts names at 15 characters; the command line has the rest."""
        likely = any(
            name.startswith(one.name) or _PATTERN.search(name[:_COMM]) for name in self._long
        )
        words = reader.words(one.pid) if likely else ()
        program = words[0].split(" ")[0].rpartition("/")[2] if words else ""
        return self._pattern is not None and bool(self._pattern.match(program))


def _children(found: Sequence[Process], everybody: Iterable[Process]) -> list[Process]:
    """All that ``found`` started, and those that these did, without themselves."""
    children: dict[int, list[Process]] = {}
    for one in everybody:
        children.setdefault(one.parent, []).append(one)
    taken = {one.pid: one for one in found}
    waiting = list(found)
    while waiting:
        for child in children.get(waiting.pop().pid, ()):
            if child.pid not in taken:
                taken[child.pid] = child
                waiting.append(child)
    return list(taken.values())[len(found) :]


def _akin(stem: str, name: str) -> bool:
    """Whether a program's name fits that of its pid file: then no clock need be believed."""
    a, b = stem.lower(), name.lower()
    return a.startswith(b[:4]) or b.startswith(a[:4])


def _gone(path: Path, named: PidFile, listing: Listing) -> Refusal:
    if listing.hidden:
        return Refusal(
            Status.UNKNOWN,
            "permission",
            f"process {named.pid} of the pid file {path} cannot be seen: {listing.note}",
        )
    return Refusal(
        Status.CRITICAL,
        "missing",
        f"the pid file {path} is stale: process {named.pid}, which it names, no longer runs",
    )
