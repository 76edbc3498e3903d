"""The monitor with threads beside it that note what the process holds, and what held it up.

Arguments: the file to write to (a JSON object a line), then those of onwatch. Lines without
``what`` are written every few seconds; the others tell of one run that was ``late`` or
``left out``, of the engine's loop that was ``stuck``, of the whole process that stood ``still``,
and of a long ``collection`` of garbage.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.soak.loop import Watched
from checks.engine import Engine
from checks.scheduler import LATE
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


class Notes:
    """The file of notes; any thread may add to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    def add(self, **note: object) -> None:
        """A line; one call of write, so that lines of two threads do not mix."""
        self._file.write(json.dumps(note) + "\n")


class Delays(logging.Handler):
    """Notes each run that the scheduler calls late or leaves out, with what the loop did."""

    def __init__(self, notes: Notes, watched: Watched) -> None:
        super().__init__()
        self._notes = notes
        self._watched = watched

    def emit(self, record: logging.LogRecord) -> None:
        """Called in the engine's thread."""
        check, figure = record.args if isinstance(record.args, tuple) else ("", 0)
        note = {"time": record.created, "check": check}
        if record.msg == LATE:
            ran, waited = self._watched.spent(float(str(figure)))
            self._notes.add(what="late", **note, seconds=figure, ran=ran, waited=waited)
        else:
            self._notes.add(what="left out", **note, runs=figure)


def _all() -> Iterable[asyncio.Task[object]]:
    # asyncio.all_tasks tells of the loop of its own thread alone.
    found: Iterable[asyncio.Task[object]] = asyncio.tasks._all_tasks  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def tasks() -> list[asyncio.Task[object]]:
    """Tasks of all loops that have not ended."""
    for _ in range(20):
        try:
            return [task for task in list(_all()) if not task.done()]
        except RuntimeError:  # another thread made one meanwhile
            time.sleep(0.01)
    return []


def _kind(task: asyncio.Task[object]) -> str:
    """``widgets`` for the one that each of Textual's widgets has, for as long as it is there.

    ``bars`` for that of a scroll bar: a pane makes its two when it first needs them, and keeps
    them.
    """
    name = task.get_name()
    if name.startswith("message pump ScrollBar("):
        return "bars"
    return "widgets" if name.startswith("message pump ") else "tasks"


def _stored(engine: Engine) -> float:
    """Megabytes of columns that the store holds."""
    for _ in range(20):
        try:
            return engine.store.nbytes / 1e6
        except RuntimeError:  # the engine's thread added to it meanwhile
            time.sleep(0.01)
    return 0.0


def observe(notes: Notes, watched: Watched) -> None:
    """Write until the process ends."""
    process = psutil.Process()
    while True:
        time.sleep(EVERY)
        if not _engines:
            continue
        engine, there = _engines[0], tasks()
        counts = engine.scheduler.counts
        kinds = Counter(map(_kind, there))
        memory, store = process.memory_info().rss / 1e6, _stored(engine)
        notes.add(
            time=time.time(),
            memory=memory,
            store=store,
            besides=memory - store,
            objects=sys.getallocatedblocks() / 1000,
            series=engine.store.series_count,
            descriptors=process.num_fds(),
            threads=threading.active_count(),
            widgets=kinds["widgets"],
            bars=kinds["bars"],
            tasks=kinds["tasks"],
            runs=counts.runs,
            late=counts.late,
            skipped=counts.skipped,
            engine=id(engine),
            load=os.getloadavg()[0],
        )
        ticking = next((task for task in there if task.get_name() == "tick"), None)
        if ticking is not None:
            watched.follow(ticking.get_loop())
        for found in watched.taken():
            notes.add(**found)


def start(path: Path) -> None:
    """Begin to note into ``path``."""
    remember_engines()
    notes, watched = Notes(path), Watched()
    log = logging.getLogger("onwatch.scheduler")
    log.setLevel(logging.DEBUG)
    log.propagate = False
    log.addHandler(Delays(notes, watched))
    for work in (lambda: observe(notes, watched), watched.run):
        threading.Thread(target=work, daemon=True).start()


if __name__ == "__main__":
    start(Path(sys.argv[1]))
    sys.argv[1:] = sys.argv[2:]
    sys.exit(main())
