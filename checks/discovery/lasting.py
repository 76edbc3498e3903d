"""Whether a server is meant to stay, so that it is missed when it is gone.

What was thrown together for an hour leaves the same traces as what serves customers. It is told
apart by who started it (a service manager, or somebody in a session), by where it lives, and by
how long it has run.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from itertools import pairwise
from typing import Final

from checks.discovery.machine import Machine
from checks.discovery.model import Process, Service
from checks.discovery.processes import session_of, unit_of
from checks.discovery.programs import is_interpreter

__all__ = ["Lasting"]

_DATA: Final = re.compile(
    r"^(?:-D|--?(?:datadir|data-dir|data|dir|dbpath|defaults-file|basedir|directory))(?:=(.*))?$"
)
"""Options by which servers are told where their data or their settings are."""


class Lasting:
    """Judges the services of one look at ``machine``."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._ticks = _ticks_since_boot(machine)

    def judged(self, service: Service) -> Service:
        """``service`` with all that is told of how long it is meant to stay."""
        process = service.process
        if process is None:
            return service
        proc = self._machine.proc
        unit = unit_of(proc, process.pid)
        if unit:
            return replace(service, unit=unit, lasting=True)
        folder = self._folder(process, service.path if service.kind == "sqlite" else "")
        by_hand = process.terminal or session_of(proc, process.pid)
        return replace(
            service,
            lasting=not (by_hand or folder),
            transient=folder,
            young=self._is_young(process),
        )

    def _is_young(self, process: Process) -> bool:
        age = (self._ticks - process.started) / os.sysconf("SC_CLK_TCK")
        return bool(self._ticks) and age < self._machine.young

    def _folder(self, process: Process, file: str) -> str:
        """The temporary folder that it lives in; empty where it lives in none.

        Sockets and lock files of every kind of server lie in such folders and say nothing.
        """
        places = [file, *_programs(process), *_data(process)]
        try:
            link = self._machine.proc / str(process.pid) / "cwd"
            places.append(str(link.readlink()).removesuffix(" (deleted)"))
        except OSError:
            pass
        temporary = self._machine.temporary
        return next((at for at in places if f"{at}/".startswith(temporary)), "")


def _ticks_since_boot(machine: Machine) -> float:
    """0 where the system does not tell."""
    try:
        text = (machine.proc / "uptime").read_text()
        return float(text.split()[0]) * os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def _programs(process: Process) -> list[str]:
    """The program and, of an interpreter, the script that it reads."""
    words = [
        word
        for before, word in pairwise(process.argv)
        # What follows a long option is most likely its value.
        if not word.startswith("-") and not before.startswith("--")
    ]
    return [*process.argv[:1], *(words[:1] if is_interpreter(process) else ())]


def _data(process: Process) -> list[str]:
    """The folders and files that its arguments say its data or its settings are in."""
    found = []
    for word, following in pairwise((*process.argv, "")):
        option = _DATA.match(word)
        if option:
            found.append(option[1] or following)
    return found
