"""The engine without a screen, on a configuration, for as long as it is told.

Arguments: configuration, seconds to warm up, seconds to measure, and seconds to measure once more
without the figures of pictures, as where nobody looks at any. Prints a JSON object.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from checks.clock import SystemClock
from checks.engine import Engine
from checks.garbage import collect_seldom, settle
from tui.config import load


class NotingClock(SystemClock):
    """The machine's clocks, and how late each sleeper woke (seconds)."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []

    async def sleep_until(self, when: float) -> None:
        await super().sleep_until(when)
        self.late.append(self.now() - when)


def cpu() -> float:
    """CPU seconds this process has used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident() -> float:
    """Megabytes that this process holds; read without a library, which would be weighed too."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def percent(seconds: float) -> float:
    """CPU that this process uses for so long, in percent of a core."""
    used, began = cpu(), time.perf_counter()
    await asyncio.sleep(seconds)
    return (cpu() - used) / (time.perf_counter() - began) * 100


async def main(path: str, warm_up: float, seconds: float, unseen: float = 0.0) -> None:
    clock = NotingClock()
    engine = Engine(load(path).engine, clock)
    # As the monitor has it.
    collect_seldom()
    settling = asyncio.create_task(settle())
    task = asyncio.create_task(engine.run(lambda snapshot: None))
    await asyncio.sleep(warm_up)
    counts = engine.scheduler.counts
    runs, skipped = counts.runs, counts.skipped
    clock.late.clear()
    began = time.perf_counter()
    used = await percent(seconds)
    took = time.perf_counter() - began
    late = sorted(clock.late)
    found = {
        "cpu_percent": used,
        "runs_per_second": (counts.runs - runs) / took,
        "skipped": counts.skipped - skipped,
        "lateness_p99": late[int(len(late) * 0.99)],
        "lateness_max": late[-1],
        # not ru_maxrss, which begins at what the process had that started this one
        "resident_mb": resident(),
        "ok": sum(state.view.status.value == "ok" for state in engine.states.values()),
        "checks": len(engine.states),
        "series": engine.store.series_count,
        "rules_seconds": engine.rules.busy if engine.rules else 0.0,
        "rules_missed": engine.rules.missed if engine.rules else 0,
    }
    if unseen:
        engine.figures = False
        found["unseen_percent"] = await percent(unseen)
    task.cancel()
    await asyncio.gather(task, settling, return_exceptions=True)
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(float, sys.argv[2:])))
