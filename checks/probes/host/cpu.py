"""CPU time by mode, and what `/proc/stat` counts besides.

CPU is judged over a window of at least a minute, so that one busy interval pages nobody.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from checks.probes.host.files import Emit, Roots, read

__all__ = ["BUSY", "MODES", "CpuStat", "CpuWindow", "Monotonic", "collect_cpu", "parse_stat"]

MODES: Final = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""The columns of a `cpu` line, in the kernel's order."""

BUSY: Final = tuple(mode for mode in MODES if mode not in {"idle", "iowait"})
"""The modes in which a CPU is not free for others."""

_COUNTS: Final = {
    "intr": "node_intr_total",
    "ctxt": "node_context_switches_total",
    "btime": "node_boot_time_seconds",
    "processes": "node_forks_total",
    "procs_running": "node_procs_running",
    "procs_blocked": "node_procs_blocked",
}
_HOTPLUG: Final = 3.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class CpuStat:
    """`/proc/stat`: seconds by mode, of all CPUs together and of each; counts by name."""

    total: Mapping[str, float]
    cpus: Mapping[str, Mapping[str, float]]
    counts: Mapping[str, float]

    @property
    def busy(self) -> float:
        """Seconds that CPUs were busy, of all together."""
        return sum(self.total.get(mode, 0.0) for mode in BUSY)


def parse_stat(text: str, ticks: int = _TICKS) -> CpuStat:
    """Reads `/proc/stat`; ``ticks`` is the kernel's clock ticks a second.

    Kernels before 2.6.11 give fewer columns: a mode without its column is left out.
    """
    total: dict[str, float] = {}
    cpus: dict[str, dict[str, float]] = {}
    counts: dict[str, float] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name.startswith("cpu"):
            columns = rest.split()[: len(MODES)]
            if not all(map(_is_count, columns)):
                continue
            times = {
                mode: int(column) / ticks for mode, column in zip(MODES, columns, strict=False)
            }
            if name == "cpu":
                total = times
            else:
                cpus[name[3:]] = times
        elif name in _COUNTS:
            first = rest.partition(" ")[0]
            if _is_count(first):
                counts[name] = float(first)
    return CpuStat(total, cpus, counts)


def _is_count(text: str) -> bool:
    """Whether ``text`` is a number as the kernel writes one, of 64 bits at most."""
    return text.isascii() and text.isdigit() and len(text) <= 20


class Monotonic:
    """Holds CPU counters still that the kernel lets run back a little (iowait, idle).

    A drop of idle by three seconds or more means that the CPU was unplugged and came
    back: its counters then start anew.
    """

    def __init__(self) -> None:
        self._last: dict[str, dict[str, float]] = {}

    def hold(self, cpu: str, times: Mapping[str, float]) -> Mapping[str, float]:
        """``times`` of ``cpu``, never below what was returned for it before."""
        last = self._last.get(cpu)
        if last is None or last.get("idle", 0.0) - times.get("idle", 0.0) >= _HOTPLUG:
            held = dict(times)
        else:
            held = {mode: max(value, last.get(mode, 0.0)) for mode, value in times.items()}
        self._last[cpu] = held
        return held


def collect_cpu(roots: Roots, held: Monotonic, emit: Emit) -> CpuStat | None:
    """Emits what `/proc/stat` tells; None where it tells nothing."""
    text = read(f"{roots.proc}/stat")
    if not text:
        return None
    stat = parse_stat(text)
    for cpu, times in stat.cpus.items():
        for mode, seconds in held.hold(cpu, times).items():
            emit("node_cpu_seconds_total", seconds, {"cpu": cpu, "mode": mode})
    for name, value in stat.counts.items():
        emit(_COUNTS[name], value)
    return stat


class CpuWindow:
    """CPU time used against the clock, over the last ``span`` seconds (a minute at least)."""

    MINIMUM: Final = 60.0

    def __init__(self, span: float) -> None:
        self.span = max(span, self.MINIMUM)
        self._points: deque[tuple[float, float]] = deque()

    def add(self, now: float, used: float) -> None:
        """``used`` seconds of CPU since some start, at ``now``; a reset begins anew."""
        points = self._points
        if points and (used < points[-1][1] or now <= points[-1][0]):
            points.clear()
        points.append((now, used))
        while len(points) > 2 and points[1][0] <= now - self.span:
            points.popleft()

    def last(self, cores: float) -> float | None:
        """Ratio of ``cores`` in use between the last two samples; None before there are two."""
        return self._ratio(-2, cores) if len(self._points) > 1 else None

    def mean(self, cores: float) -> float | None:
        """Ratio of ``cores`` in use over the window; None before a minute is covered."""
        points = self._points
        if len(points) < 2 or points[-1][0] - points[0][0] < self.MINIMUM:
            return None
        return self._ratio(0, cores)

    @property
    def covered(self) -> float:
        """Seconds between the oldest sample and the newest."""
        return self._points[-1][0] - self._points[0][0] if self._points else 0.0

    def _ratio(self, start: int, cores: float) -> float:
        (then, before), (now, after) = self._points[start], self._points[-1]
        return min(1.0, max(0.0, (after - before) / (now - then) / max(cores, 0.001)))
