"""The monitor with a thread beside it that notes, every few seconds, what the process holds.

Arguments: the file to write to (a JSON object a line), then those of onwatch.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from checks.engine import Engine
from tui.cli import main

EVERY = 2.0

_engines: list[Engine] = []


def remember_engines() -> None:
    """Have each engine that is made noted; the last one is the one that runs."""
    make = Engine.__init__

    def made(self: Engine, *args: Any, **options: Any) -> None:
        make(self, *args, **options)
        _engines[:] = [self]

    Engine.__init__ = made  # type: ignore[method-assign]


def _all() -> Iterable[asyncio.Task[object]]:
    # asyncio.all_tasks tells of the loop of its own thread alone.
    found: Iterable[asyncio.Task[object]] = asyncio.tasks._all_tasks  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def tasks() -> int:
    """Tasks of all loops that have not ended."""
    for _ in range(20):
        try:
            return sum(not task.done() for task in list(_all()))
        except RuntimeError:  # another thread made one meanwhile
            time.sleep(0.01)
    return -1


def observe(path: Path) -> None:
    """Write until the process ends."""
    process = psutil.Process()
    before = process.cpu_times()
    with path.open("a", buffering=1) as file:
        while True:
            time.sleep(EVERY)
            used, counts = process.cpu_times(), None
            if _engines:
                counts = _engines[0].scheduler.counts
            line = {
                "time": time.time(),
                "memory": process.memory_info().rss / 1e6,
                "descriptors": process.num_fds(),
                "threads": threading.active_count(),
                "tasks": tasks(),
                "cpu": used.user + used.system - before.user - before.system,
                "runs": counts.runs if counts else 0,
                "late": counts.late if counts else 0,
                "skipped": counts.skipped if counts else 0,
                "engine": id(_engines[0]) if _engines else 0,
                "load": os.getloadavg()[0],
                "cores": len(os.sched_getaffinity(0)),
            }
            file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    remember_engines()
    threading.Thread(target=observe, args=(Path(sys.argv[1]),), daemon=True).start()
    sys.argv[1:] = sys.argv[2:]
    sys.exit(main())
