"""An engine in a process of its own, which may be given little: its arguments are the
configuration and a JSON object with the ``seconds`` it runs, how many ``descriptors`` it may have,
``hog_after``: the second from which on all of them are taken for three, ``jumps``: pairs of a
second and the seconds by which somebody else sets the wall clock then, ``programs``: the folder
where systemctl is looked for, ``log``: the file that everything is logged to, and ``forkless``:
the second from which on it is no longer root and may start no process for three.

Prints a JSON object: of each check its results (time, status, sentence); the events, most resident
megabytes, those of halfway, descriptors and threads at the end, and how many runs were late.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from checks.engine import Engine
from checks.probes.systemd import asking
from tui import logs
from tui.config import load

HOGGED = 3.0


async def hog(after: float) -> None:
    """Take every descriptor there is for a while, and those that are given back meanwhile."""
    await asyncio.sleep(after)
    taken: list[int] = []
    until = time.monotonic() + HOGGED
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open("/dev/null", os.O_RDONLY))
        await asyncio.sleep(0.02)
    for descriptor in taken:
        os.close(descriptor)


async def fork_nothing(after: float) -> None:
    """Have this user be at the limit of processes, for a while."""
    await asyncio.sleep(after)
    # Root is bound by no such limit. Only now: others may not read all that is to be imported.
    os.setgid(65534)
    os.setuid(61234)
    _, most = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, most))
    await asyncio.sleep(HOGGED)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))


async def jump(after: float, seconds: float) -> None:
    """Set the wall clock, for whoever asks in this process."""
    await asyncio.sleep(after)
    was = time.time
    time.time = lambda: was() + seconds


def most_resident(status: TextIO) -> float:
    """Megabytes; unlike ``ru_maxrss`` not those of whoever started this process."""
    status.seek(0)
    return int(status.read().partition("VmHWM:")[2].split()[0]) / 1000


async def run(path: str, options: dict[str, Any]) -> dict[str, object]:
    engine = Engine(load(path).engine)
    # Opened while there are descriptors.
    status = Path("/proc/self/status").open()  # noqa: SIM115 - closed at the end
    task = asyncio.create_task(engine.run(lambda snapshot: None))
    others = [asyncio.create_task(jump(*each)) for each in options.get("jumps", ())]
    if "hog_after" in options:
        others.append(asyncio.create_task(hog(options["hog_after"])))
    if "forkless" in options:
        others.append(asyncio.create_task(fork_nothing(options["forkless"])))
    await asyncio.sleep(options["seconds"] / 2)
    halfway = most_resident(status)
    await asyncio.sleep(options["seconds"] / 2)
    found = {
        "checks": {
            name: [(line.time, line.status.value, line.message) for line in state.results]
            for name, state in engine.states.items()
        },
        "events": [event.text for event in engine.snapshot().events],
        "memory": most_resident(status),
        "halfway": halfway,
        "threads": threading.active_count(),
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "late": engine.scheduler.counts.late,
        "ended": task.done() or not all(other.done() for other in others),
    }
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    status.close()
    return found


if __name__ == "__main__":
    config, given = sys.argv[1], json.loads(sys.argv[2])
    if "descriptors" in given:
        resource.setrlimit(resource.RLIMIT_NOFILE, (given["descriptors"],) * 2)
    if "programs" in given:
        asking._PATH = given["programs"]  # type: ignore[misc]
    if "log" in given:
        sys.stderr = Path(given["log"]).open("w")  # noqa: SIM115 - for as long as it runs
        logs.configure(2)
    print(json.dumps(asyncio.run(run(config, given))))
    sys.stdout.flush()
    # Threads that hang are daemons; nothing is to be waited for.
    os._exit(0)
