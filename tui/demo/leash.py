"""How a process of the demo hangs on the supervisor that started it.

Its standard input is a pipe that the supervisor holds: lines of JSON on it are the
faults to show from now on, and its end, by whatever death, is the process's own end.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable
from dataclasses import dataclass, fields
from typing import Any, Final

__all__ = ["OVER", "Faults", "announce", "leashed", "over"]

OVER: Final = "over "
"""What a line begins with that says which incident has come to its end."""


@dataclass(slots=True)
class Faults:
    """What incidents and operators have switched; shared by all that a process does."""

    slow: bool = False
    """The api runs a release whose answers take a second longer."""
    provider_errors: bool = False
    """One provider fails most calls."""
    detour: bool = False
    """No fault: the other providers take that one's share."""
    backlog: bool = False
    """A bulk import arrives and workers are slow."""
    indexers: int = 3
    """No fault: the workers of the queue ``default``."""
    hoard: bool = False
    """Visitors come whose sessions take much room in Redis."""
    endless: bool = False
    """These have no expiry."""
    lock_pile_up: bool = False
    """Billing leaves a transaction open that others wait for."""
    leak: bool = False
    """A program opens sessions and closes none."""
    slow_query: bool = False
    """Reporting joins every order with every earlier one."""
    reports: bool = True
    """No fault: reporting runs."""
    backup_quota: bool = False
    """The shop's dumps are cut off."""
    quota_locks: bool = False
    """The gateway's job leaves a transaction open that others wait for."""
    shop: bool = False
    """No fault: the shop's database is founded, and people shop."""
    skipped: float = 0.0
    """No fault: seconds by which the demo's clock was advanced."""

    def update(self, values: dict[str, Any]) -> None:
        """Take over those of ``values`` that are faults."""
        for field in fields(self):
            if field.name in values:
                kind = type(getattr(self, field.name))
                setattr(self, field.name, kind(values[field.name]))


def announce() -> None:
    """Tell the supervisor that this process does its work now."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


def over(incident: str) -> None:
    """Tell the supervisor that somebody has mended what ``incident`` broke."""
    sys.stdout.write(f"{OVER}{incident}\n")
    sys.stdout.flush()


async def leashed(work: Awaitable[None], faults: Faults) -> None:
    """Do ``work`` until the supervisor is gone, or asks by SIGTERM to end."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    end = asyncio.ensure_future(_follow(faults))
    loop.add_signal_handler(signal.SIGTERM, end.cancel)
    await asyncio.wait((task, end), return_when=asyncio.FIRST_COMPLETED)
    end.cancel()
    if task.cancel():
        await asyncio.wait((task,))
    elif not task.cancelled():
        task.result()


async def _follow(faults: Faults) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        faults.update(json.loads(line))
