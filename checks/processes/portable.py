"""The processes of a system without `/proc` (macOS, BSD), as psutil tells them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from checks.processes.scan import Listing, Process

if TYPE_CHECKING:
    import psutil

__all__ = ["PortableTable"]

_STATES: Final = {
    "running": "R",
    "sleeping": "S",
    "disk-sleep": "D",
    "zombie": "Z",
    "stopped": "T",
    "tracing-stop": "t",
    "idle": "I",
    "dead": "X",
}
_ATTRIBUTES: Final = (
    "pid", "name", "status", "create_time", "cpu_times", "memory_info", "ppid", "num_threads"
)  # fmt: skip


class PortableTable:
    """Scans with psutil; those that it may not read are counted as refused."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Listing | None = None

    def look(self, now: float, age: float) -> Listing | None:
        """All processes that this user may read."""
        with self._lock:
            last = self._last
            if last is None or not 0.0 <= now - last.at <= age:
                last = self._last = _scan(now)
            return last

    def glance(self, now: float, age: float) -> Listing | None:
        """The same: psutil has no cheaper way."""
        return self.look(now, age)

    def again(self, one: Process) -> Process | None:
        """As it was: the listing is fresh."""
        return one


def _scan(now: float) -> Listing:
    import psutil  # noqa: PLC0415

    found: list[Process] = []
    refused = 0
    for process in psutil.process_iter(_ATTRIBUTES):
        one = _process(process)
        refused += one is None
        if one is not None:
            found.append(one)
    note = f"the system refuses figures of {refused} of them" if refused else ""
    return Listing(now, tuple(found), note, refused=refused)


def _process(process: psutil.Process) -> Process | None:
    info: dict[str, Any] = process.info
    times, memory = info["cpu_times"], info["memory_info"]
    state = _STATES.get(info["status"] or "", "S")
    if (times is None or memory is None) and state != "Z":
        return None
    return Process(
        pid=info["pid"],
        name=info["name"] or "",
        state=state,
        time=times.user + times.system if times else 0.0,
        memory=float(memory.rss) if memory else 0.0,
        key=(info["pid"], int((info["create_time"] or 0) * 100)),
        parent=info["ppid"] or 0,
        system=times.system if times else 0.0,
        virtual=float(memory.vms) if memory else 0.0,
        threads=info["num_threads"] or 0,
    )
