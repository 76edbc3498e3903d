"""The processes that use the most CPU and memory.

The scan is shared with the `process` checks; user and command line are read of those alone that
are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Final

from checks.model import Table
from checks.probes.host.files import Roots, read
from checks.probes.host.listing import shown_command
from checks.processes.scan import STATES, Process, ProcessTable, parse_process
from checks.processes.usage import Usage
from checks.processes.users import Users
from checks.wording import size

__all__ = ["COLUMNS", "Process", "Scan", "Scanner", "parse_process", "table", "top"]

COLUMNS: Final = ("pid", "name", "user", "cpu %", "memory", "state", "command")
_FRESH: Final = 0.2
"""Seconds that another check's scan is good for; less than lies between the first run and the
second, whose scan would be the first one's again: from that no use of CPU can be told."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan brought. ``note`` says what could not be seen, empty where all was."""

    processes: tuple[Process, ...]
    count: int
    note: str = ""


def top(processes: Iterable[Process], count: int) -> list[Process]:
    """Those that matter: by CPU, then by memory."""
    return nlargest(count, processes, key=lambda one: (one.cpu or 0.0, one.memory))


def table(processes: Sequence[Process]) -> Table:
    """The rows for the screen; CPU as percent of one core, empty until it is known."""
    rows = tuple(
        (
            str(one.pid),
            one.name,
            one.user,
            "" if one.cpu is None else f"{one.cpu * 100:.1f}",
            size(one.memory),
            STATES.get(one.state, one.state),
            one.command or one.name,
        )
        for one in processes
    )
    return Table("processes", COLUMNS, rows, frozenset({"pid", "cpu %", "memory"}))


class Scanner:
    """Ranks what a scan brought; keeps CPU times from one to the next. Belongs to one thread.

    ``known`` is a table shared with other checks, whose last scan will do where it is fresh.
    """

    def __init__(self, roots: Roots, count: int, known: ProcessTable | None = None) -> None:
        self._proc = roots.proc
        self._count = count
        self._known = known or ProcessTable(roots.proc)
        self._fresh = _FRESH if known is not None else 0.0
        self._usage = Usage()
        self._users = Users(roots.proc)

    def scan(self, now: float) -> Scan | None:
        """The top processes at ``now``; None where there is no `/proc`."""
        try:
            listing = self._known.look(now, self._fresh)
        except OSError:
            return None
        if listing is None:
            return None
        found = listing.processes
        used = self._usage.since(listing.at, lambda _: None)
        ranked = nlargest(self._count, found, key=lambda one: (used(one) or 0.0, one.memory))
        shown = tuple(self._described(one._replace(cpu=used(one))) for one in ranked)
        self._usage.remember(found, listing.at)
        return Scan(shown, len(found), listing.note)

    def _described(self, one: Process) -> Process:
        words = read(f"{self._proc}/{one.pid}/cmdline", 4_096) or ""
        command = f"[{one.name}]" if one.kernel else shown_command(words)
        return one._replace(user=self._users.of_process(one.pid), command=command)
