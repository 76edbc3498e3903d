"""What psutil tells where there is no `/proc` (macOS, BSD): fewer figures, the same names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from checks.probes.host.cpu import BUSY, MODES, CpuStat, Monotonic
from checks.probes.host.files import Emit
from checks.probes.host.kernel import Kernel
from checks.probes.host.memory import Memory
from checks.probes.host.mounts import Mount
from checks.probes.host.processes import Process, Scan, top
from checks.processes.portable import PortableTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checks.processes.scan import Table

__all__ = ["PortableScanner", "portable_cpu", "portable_devices", "portable_kernel"]
__all__ += ["portable_memory", "portable_mounts"]


def portable_cpu(held: Monotonic, emit: Emit) -> CpuStat:
    """Emits CPU time by those modes that the system tells apart."""
    import psutil  # noqa: PLC0415

    cpus: dict[str, Mapping[str, float]] = {}
    for index, times in enumerate(psutil.cpu_times(percpu=True)):
        found = {mode: getattr(times, mode) for mode in MODES if hasattr(times, mode)}
        cpus[str(index)] = held.hold(str(index), found)
        for mode, seconds in cpus[str(index)].items():
            emit("node_cpu_seconds_total", seconds, {"cpu": str(index), "mode": mode})
    emit("node_boot_time_seconds", psutil.boot_time())
    emit("node_context_switches_total", psutil.cpu_stats().ctx_switches)
    total = {mode: sum(times.get(mode, 0.0) for times in cpus.values()) for mode in BUSY}
    return CpuStat(total, cpus, {"btime": psutil.boot_time()})


def portable_memory(emit: Emit) -> Memory:
    """Emits memory and swap."""
    import psutil  # noqa: PLC0415

    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    emit("node_memory_MemTotal_bytes", memory.total)
    emit("node_memory_MemAvailable_bytes", memory.available)
    emit("node_memory_MemFree_bytes", memory.free)
    emit("node_memory_SwapTotal_bytes", swap.total)
    emit("node_memory_SwapFree_bytes", swap.free)
    return Memory(memory.total, memory.available, swap.total, swap.free, None)


def portable_kernel(now: float, emit: Emit) -> Kernel:
    """Emits load averages; the uptime is reckoned from the time of boot."""
    import psutil  # noqa: PLC0415

    load = _load()
    for minutes, value in zip((1, 5, 15), load or (), strict=False):
        emit(f"node_load{minutes}", value)
    return Kernel(load, now - psutil.boot_time())


def _load() -> tuple[float, float, float] | None:
    try:
        return os.getloadavg()
    except OSError:
        return None


def portable_devices(emit: Emit) -> None:
    """Emits throughput of disks and interfaces."""
    import psutil  # noqa: PLC0415

    for device, disk in (psutil.disk_io_counters(perdisk=True) or {}).items():
        labels = {"device": device}
        emit("node_disk_reads_completed_total", disk.read_count, labels)
        emit("node_disk_writes_completed_total", disk.write_count, labels)
        emit("node_disk_read_bytes_total", disk.read_bytes, labels)
        emit("node_disk_written_bytes_total", disk.write_bytes, labels)
        emit("node_disk_read_time_seconds_total", disk.read_time / 1000, labels)
        emit("node_disk_write_time_seconds_total", disk.write_time / 1000, labels)
    for device, link in psutil.net_io_counters(pernic=True).items():
        labels = {"device": device}
        emit("node_network_receive_bytes_total", link.bytes_recv, labels)
        emit("node_network_transmit_bytes_total", link.bytes_sent, labels)
        emit("node_network_receive_packets_total", link.packets_recv, labels)
        emit("node_network_transmit_packets_total", link.packets_sent, labels)
        emit("node_network_receive_errs_total", link.errin, labels)
        emit("node_network_transmit_errs_total", link.errout, labels)
        emit("node_network_receive_drop_total", link.dropin, labels)
        emit("node_network_transmit_drop_total", link.dropout, labels)


def portable_mounts() -> list[Mount]:
    """The mounts of physical devices."""
    import psutil  # noqa: PLC0415

    return [
        Mount(
            point=part.mountpoint,
            device=part.device,
            type=part.fstype,
            identity=part.device,
            readonly="ro" in part.opts.split(","),
        )
        for part in psutil.disk_partitions(all=False)
    ]


class PortableScanner:
    """Ranks what psutil tells of processes; those that it may not read lack their figures.

    ``known`` is a table shared with others, whose last scan will do where it is fresh.
    """

    def __init__(self, count: int, known: Table | None = None) -> None:
        self._count = count
        self._known = known or PortableTable()
        self._fresh = 0.5 if known is not None else 0.0
        self._times: dict[tuple[int, int], float] = {}
        self._then: float | None = None

    def scan(self, now: float) -> Scan | None:
        """The top processes at ``now``; None where the system tells of none."""
        listing = self._known.look(now, self._fresh)
        if listing is None:
            return None
        found = [
            one._replace(cpu=self._cpu(one.key, one.time, listing.at)) for one in listing.processes
        ]
        self._times = {one.key: one.time for one in found}
        self._then = listing.at
        ranked = tuple(_described(one) for one in top(found, self._count))
        return Scan(ranked, len(found) + listing.refused, listing.note)

    def _cpu(self, key: tuple[int, int], time: float, now: float) -> float | None:
        if self._then is None or now <= self._then:
            return None
        return max(0.0, time - self._times.get(key, 0.0)) / (now - self._then)


def _described(one: Process) -> Process:
    """With user and command line, as far as the system gives them."""
    import psutil  # noqa: PLC0415

    try:
        process = psutil.Process(one.pid)
        described = one._replace(user=process.username())
        return described._replace(command=" ".join(process.cmdline()))
    except psutil.Error:
        return one
