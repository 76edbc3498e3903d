"""One reading of the machine, made in one go in a thread of its own."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from checks.probes.host.cgroup import Limits, read_limits
from checks.probes.host.clock import collect_clock
from checks.probes.host.cpu import BUSY, Monotonic, collect_cpu
from checks.probes.host.devices import collect_disks, collect_network
from checks.probes.host.files import Emit, Roots
from checks.probes.host.kernel import Kernel, collect_kernel
from checks.probes.host.memory import Memory, collect_memory
from checks.probes.host.mounts import Mount, read_mounts

__all__ = ["Reader", "Reading"]

log = logging.getLogger("onwatch.host")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading brought; None where the system does not tell.

    ``cpus`` is the machine's CPUs, ``cores`` those that may be used; ``cpu`` the seconds
    they were busy by mode. ``contained`` says that cores and CPU time are the container's,
    ``confined`` that the memory limit, its use and the kills are.
    """

    cpus: int
    cores: float
    cpu: Mapping[str, float]
    contained: bool
    confined: bool
    memory: Memory | None
    memory_limit: float | None
    memory_used: float | None
    oom_kills: float | None
    kernel: Kernel
    mounts: tuple[Mount, ...] = ()
    portable: bool = False
    """Whether there is no `/proc`, and psutil tells what it can."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """The whole machine, whatever a container may use of it."""

    cpus: int
    busy: Mapping[str, float]
    memory: Memory | None
    kernel: Kernel
    mounts: tuple[Mount, ...]
    portable: bool


class Reader:
    """Reads `/proc` and `/sys`, and asks psutil where there are none.

    Not safe for two threads at once.
    """

    def __init__(self, roots: Roots) -> None:
        self._roots = roots
        self._held = Monotonic()

    def read(self, now: float, emit: Emit) -> Reading:
        """Emits every sample that one reading gives, at the wall clock's ``now``."""
        roots = self._roots
        emit("node_time_seconds", now)
        stat = collect_cpu(roots, self._held, emit)
        memory = collect_memory(roots, emit)
        kernel = collect_kernel(roots, emit)
        collect_disks(roots, emit)
        collect_network(roots, emit)
        collect_clock(emit)
        mounts = read_mounts(roots)
        portably = stat is None
        if stat is None or memory is None or mounts is None:
            from checks.probes.host import portable  # noqa: PLC0415 - psutil: rarely

            if stat is None:
                stat = _attempt(lambda: portable.portable_cpu(self._held, emit))
                kernel = _attempt(lambda: portable.portable_kernel(now, emit)) or kernel
                _attempt(lambda: portable.portable_devices(emit))
            memory = memory or _attempt(lambda: portable.portable_memory(emit))
            mounts = mounts if mounts is not None else _attempt(portable.portable_mounts)
        machine = _Machine(
            cpus=len(stat.cpus) if stat and stat.cpus else os.cpu_count() or 1,
            busy={mode: stat.total[mode] for mode in BUSY if mode in stat.total} if stat else {},
            memory=memory,
            kernel=kernel,
            mounts=tuple(mounts or ()),
            portable=portably,
        )
        return _effective(machine, read_limits(roots), emit)


def _effective(machine: _Machine, limits: Limits, emit: Emit) -> Reading:
    """Of machine and container, what holds for whoever runs here."""
    memory = machine.memory
    contained = bool(limits.cores and limits.cores < machine.cpus and limits.cpu)
    confined = _confined(limits, memory)
    if confined:
        allowed, used, kills = limits.memory_limit, limits.memory_used, limits.oom_kills
    elif memory is not None:
        allowed, used, kills = memory.total, memory.used, memory.oom_kills
    else:
        allowed = used = kills = None
    reading = Reading(
        cpus=machine.cpus,
        cores=min(float(machine.cpus), limits.cores or machine.cpus),
        cpu=limits.cpu if contained else machine.busy,
        contained=contained,
        confined=confined,
        memory=memory,
        memory_limit=allowed,
        memory_used=used,
        oom_kills=kills,
        kernel=machine.kernel,
        mounts=machine.mounts,
        portable=machine.portable,
    )
    emit("onwatch_host_cores", reading.cores)
    for mode, seconds in reading.cpu.items():
        emit("onwatch_host_cpu_seconds_total", seconds, {"mode": mode})
    emit("onwatch_host_memory_limit_bytes", reading.memory_limit)
    emit("onwatch_host_memory_used_bytes", reading.memory_used)
    if contained:
        emit("container_cpu_cfs_periods_total", limits.periods)
        emit("container_cpu_cfs_throttled_periods_total", limits.throttled)
        emit("container_cpu_cfs_throttled_seconds_total", limits.throttled_seconds)
    if confined:
        emit("container_oom_events_total", limits.oom_kills)
    return reading


def _confined(limits: Limits, memory: Memory | None) -> bool:
    """Whether the container's memory limit is the one that is hit first."""
    if limits.memory_limit is None or limits.memory_used is None:
        return False
    return memory is None or limits.memory_limit < memory.total


def _attempt(call: Callable[[], T]) -> T | None:
    """``call()``; None where the system refuses it or does not know it."""
    import psutil  # noqa: PLC0415

    try:
        return call()
    except (OSError, RuntimeError, psutil.Error) as error:
        log.debug("psutil gives no answer: %s", error)
        return None
