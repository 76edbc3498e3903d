"""From a machine's facts and samples to what the host screen shows. Pure, given store and time.

Made while somebody looks, once a run; rates are those since the run before.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Final

from checks.hosts.courses import as_shares, changes_of
from checks.hosts.model import (
    ArrayView,
    CoreView,
    DiskView,
    HostDetail,
    HostFacts,
    InterfaceView,
    MemoryView,
    MountFact,
    MountView,
    PressureView,
    SocketsView,
    TemperatureView,
)
from checks.store.window import Window

__all__ = ["host_detail"]

POINTS: Final = 120
Points = tuple[float, ...]
_Curves = Mapping[str, Points]
_PAGE: Final = float(os.sysconf("SC_PAGE_SIZE"))
"""Bytes of a page; the kernel counts what it swaps in pages."""
_LAYERED: Final = ("loop", "ram", "zram")


def host_detail(
    check: str, facts: HostFacts, window: Window, silent_since: float | None
) -> HostDetail:
    """Everything about the machine of ``check`` at the end of ``window``."""
    reader = _Reader(window)
    memory = _memory(reader)
    disks, interfaces = _disks(reader), _interfaces(reader)
    pressure = _pressure(reader)
    mounts = _mounts(reader, facts.mounts)
    allocated = reader.last("node_filefd_allocated")
    most = reader.last("node_filefd_maximum")
    return HostDetail(
        check=check,
        facts=facts,
        cores=_cores(reader),
        modes=_modes(reader),
        switches=reader.rate("node_context_switches_total"),
        interrupts=reader.rate("node_intr_total"),
        forks=reader.rate("node_forks_total"),
        running=reader.last("node_procs_running"),
        blocked=reader.last("node_procs_blocked"),
        throttled=reader.rate("container_cpu_cfs_throttled_seconds_total"),
        load_history=window.history("node_load1", POINTS),
        memory=memory,
        pressure=pressure,
        mounts=mounts,
        disks=disks,
        interfaces=interfaces,
        sockets=_sockets(reader),
        temperatures=_temperatures(reader),
        arrays=_arrays(reader),
        memory_errors=_sum(window.last_by("node_edac_uncorrectable_errors_total", "controller")),
        descriptors=None if allocated is None or not most else (allocated, most),
        changes=changes_of(window, facts, memory.total),
        silent_since=silent_since,
    )


class _Reader:
    """Newest values and rates of one check; None where the newest run did not tell."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def last(self, name: str) -> float | None:
        return self.window.last(name)

    def rate(self, name: str) -> float | None:
        """The increase a second since the run before, summed over all series."""
        found = [
            value
            for points in self.window.courses(name, points=1, rate=True).values()
            if (value := _newest(points)) is not None
        ]
        return sum(found) if found else None

    def rates(self, name: str, label: str) -> _Curves:
        """Courses of the increase a second by the label."""
        return _by_one(self.window.courses(name, label, points=POINTS, rate=True))

    def values(self, name: str, label: str) -> _Curves:
        return _by_one(self.window.courses(name, label, points=POINTS))


def _by_one(found: Mapping[tuple[str, ...], Points]) -> _Curves:
    return {key[0]: points for key, points in found.items()}


def _newest(points: Points | None) -> float | None:
    return points[-1] if points and math.isfinite(points[-1]) else None


def _sum(found: Mapping[str, float]) -> float | None:
    return sum(found.values()) if found else None


def _natural(name: str) -> tuple[int, int, str]:
    """Numbers by their value, before all else."""
    return (0, int(name), "") if name.isdigit() else (1, 0, name)


def _cores(reader: _Reader) -> tuple[CoreView, ...]:
    found = reader.window.courses("node_cpu_seconds_total", "cpu", "mode", points=1, rate=True)
    cores: dict[str, dict[str, float]] = {}
    for (cpu, mode), points in found.items():
        value = _newest(points)
        if value is not None:
            cores.setdefault(cpu, {})[mode] = max(0.0, value)
    # Ticks are coarse: a second of them need not be a second by the clock.
    shares = {
        cpu: {mode: value / total for mode, value in modes.items()}
        for cpu, modes in cores.items()
        if (total := sum(modes.values())) > 0
    }
    return tuple(CoreView(cpu, shares[cpu]) for cpu in sorted(shares, key=_natural))


def _modes(reader: _Reader) -> dict[str, float]:
    """Share of the time of all CPUs by mode."""
    found: dict[str, float] = {}
    curves = reader.window.courses("node_cpu_seconds_total", "cpu", "mode", points=1, rate=True)
    for (_, mode), points in curves.items():
        value = _newest(points)
        if value is not None:
            found[mode] = found.get(mode, 0.0) + max(0.0, value)
    total = sum(found.values())
    return {mode: value / total for mode, value in found.items()} if total else {}


def _memory(reader: _Reader) -> MemoryView:
    def field(name: str) -> float | None:
        return reader.last(f"node_memory_{name}_bytes")

    total, free, available = field("MemTotal"), field("MemFree"), field("MemAvailable")
    cached, reclaimable, buffers = field("Cached"), field("SReclaimable"), field("Buffers")
    swap, swap_free = field("SwapTotal"), field("SwapFree")
    if cached is not None:
        # What programs share is in there and cannot be had back.
        cached = max(0.0, cached + (reclaimable or 0.0) - (field("Shmem") or 0.0))
    used = None
    if total is not None and free is not None:
        used = max(0.0, total - free - (cached or 0.0) - (buffers or 0.0))
    swapped_in = _only(reader.window, "node_vmstat_pswpin")
    swapped_out = _only(reader.window, "node_vmstat_pswpout")
    return MemoryView(
        total=total,
        used=used,
        cached=cached,
        buffers=buffers,
        free=free,
        available=available,
        dirty=field("Dirty"),
        swap_total=swap,
        swap_used=None if swap is None or swap_free is None else swap - swap_free,
        swapped_in=_newest(swapped_in),
        swapped_out=_newest(swapped_out),
        faults=reader.rate("node_vmstat_pgmajfault"),
        swapped_in_history=swapped_in,
        swapped_out_history=swapped_out,
    )


def _only(window: Window, name: str) -> Points:
    """The course of a counter of pages, in bytes a second."""
    found = window.history(name, POINTS, rate=True)
    return tuple(value * _PAGE for value in found)


def _pressure(reader: _Reader) -> tuple[PressureView, ...]:
    made = []
    for resource in ("cpu", "memory", "io"):
        some = reader.window.history(
            f"node_pressure_{resource}_waiting_seconds_total", POINTS, rate=True
        )
        full = reader.rate(f"node_pressure_{resource}_stalled_seconds_total")
        if not some:
            continue
        interval = max(1.0, reader.window.seconds / max(1, len(some)))
        known = [value for value in some[-max(1, round(60 / interval)) :] if math.isfinite(value)]
        made.append(
            PressureView(
                resource=resource,
                some=_share(_newest(some)),
                full=_share(full),
                minute=_share(sum(known) / len(known)) if known else None,
                history=as_shares(some),
            )
        )
    return tuple(made)


def _share(value: float | None) -> float | None:
    return None if value is None else min(1.0, max(0.0, value))


def _mounts(reader: _Reader, facts: Iterable[MountFact]) -> tuple[MountView, ...]:
    def by_mount(name: str) -> dict[str, float]:
        return reader.window.last_by(f"node_filesystem_{name}", "mountpoint")

    sizes, free, left = by_mount("size_bytes"), by_mount("free_bytes"), by_mount("avail_bytes")
    files, files_free = by_mount("files"), by_mount("files_free")
    readonly = by_mount("readonly")
    courses = reader.values("node_filesystem_avail_bytes", "mountpoint")
    made = []
    for fact in facts:
        point = fact.point
        size, available = sizes.get(point), left.get(point)
        if fact.error or size is None or available is None:
            made.append(MountView(fact))
            continue
        taken = size - free.get(point, available)
        room = taken + available
        inodes = files.get(point)
        made.append(
            MountView(
                fact=fact,
                size=size,
                used=taken / room if room > 0 else None,
                available=available,
                inodes_used=1.0 - files_free.get(point, 0.0) / inodes if inodes else None,
                inodes_free=files_free.get(point) if inodes else None,
                readonly=readonly.get(point) == 1.0,
                history=tuple(1.0 - value / size for value in courses.get(point, ()))
                if size > 0
                else (),
            )
        )
    return tuple(made)


def _disks(reader: _Reader) -> tuple[DiskView, ...]:
    def by_disk(name: str) -> dict[str, float | None]:
        curves = reader.window.courses(f"node_disk_{name}", "device", points=1, rate=True)
        return {key[0]: _newest(points) for key, points in curves.items()}

    busy = reader.rates("node_disk_io_time_seconds_total", "device")
    read, written = by_disk("read_bytes_total"), by_disk("written_bytes_total")
    reads, writes = by_disk("reads_completed_total"), by_disk("writes_completed_total")
    reading, writing = by_disk("read_time_seconds_total"), by_disk("write_time_seconds_total")
    queued = by_disk("io_time_weighted_seconds_total")
    made = []
    for device in read:
        if device.startswith(_LAYERED):
            continue
        made.append(
            DiskView(
                device=device,
                read=read[device],
                written=written.get(device),
                reads=reads.get(device),
                writes=writes.get(device),
                busy=_share(_newest(busy.get(device))),
                wait=_wait(
                    (reading.get(device), writing.get(device)),
                    (reads.get(device), writes.get(device)),
                ),
                queue=queued.get(device),
                history=as_shares(busy.get(device, ())),
            )
        )
    return tuple(sorted(made, key=lambda disk: (-(disk.busy or 0.0), disk.device)))


def _wait(
    seconds: tuple[float | None, float | None], requests: tuple[float | None, float | None]
) -> float | None:
    """Mean seconds of a request; None where there was none."""
    count = sum(value or 0.0 for value in requests)
    return sum(value or 0.0 for value in seconds) / count if count > 0 else None


def _interfaces(reader: _Reader) -> tuple[InterfaceView, ...]:
    def by_device(name: str) -> dict[str, float | None]:
        curves = reader.window.courses(f"node_network_{name}", "device", points=1, rate=True)
        return {key[0]: _newest(points) for key, points in curves.items()}

    received = reader.rates("node_network_receive_bytes_total", "device")
    sent = reader.rates("node_network_transmit_bytes_total", "device")
    wrong = [by_device(f"{way}_errs_total") for way in ("receive", "transmit")]
    dropped = [by_device(f"{way}_drop_total") for way in ("receive", "transmit")]
    up = reader.window.last_by("node_network_up", "device")
    speed = reader.window.last_by("node_network_speed_bytes", "device")
    made = [
        InterfaceView(
            device=device,
            up=None if device not in up or device == "lo" else up[device] == 1.0,
            speed=_known_speed(speed.get(device)),
            received=_newest(points),
            sent=_newest(sent.get(device)),
            errors=_both(wrong, device),
            drops=_both(dropped, device),
            received_history=points,
            sent_history=sent.get(device, ()),
        )
        for device, points in received.items()
    ]
    return tuple(sorted(made, key=lambda one: (one.device == "lo", -_traffic(one), one.device)))


def _known_speed(value: float | None) -> float | None:
    """A link's speed; drivers that do not know it say 0 or less."""
    return value if value is not None and value > 0 else None


def _traffic(one: InterfaceView) -> float:
    """Its mean traffic, roughly: interfaces must not change places all the time."""
    known = [v for v in (*one.received_history, *one.sent_history) if math.isfinite(v)]
    mean = sum(known) / len(known) if known else 0.0
    return float(int(math.log10(mean))) if mean >= 1 else 0.0


def _both(ways: Iterable[Mapping[str, float | None]], device: str) -> float | None:
    known = [value for way in ways if (value := way.get(device)) is not None]
    return sum(known) if known else None


def _sockets(reader: _Reader) -> SocketsView:
    return SocketsView(
        established=reader.last("node_netstat_Tcp_CurrEstab"),
        waiting=reader.last("node_sockstat_TCP_tw"),
        orphans=reader.last("node_sockstat_TCP_orphan"),
        udp=reader.last("node_sockstat_UDP_inuse"),
        opened=_both_rates(reader, "node_netstat_Tcp_ActiveOpens", "node_netstat_Tcp_PassiveOpens"),
        retransmitted=reader.rate("node_netstat_Tcp_RetransSegs"),
        overflowed=reader.rate("node_netstat_TcpExt_ListenOverflows"),
        reset=reader.rate("node_netstat_Tcp_OutRsts"),
    )


def _both_rates(reader: _Reader, *names: str) -> float | None:
    known = [rate for name in names if (rate := reader.rate(name)) is not None]
    return sum(known) if known else None


def _temperatures(reader: _Reader) -> tuple[TemperatureView, ...]:
    def by_sensor(name: str) -> dict[tuple[str, ...], Points]:
        return reader.window.courses(name, "chip", "sensor", points=1)

    highs = by_sensor("node_hwmon_temp_max_celsius")
    found = []
    for key, points in by_sensor("node_hwmon_temp_celsius").items():
        value = _newest(points)
        if value is not None:
            high = _newest(highs.get(key))
            found.append(TemperatureView(" ".join(key), value, high or None))
    return tuple(sorted(found, key=lambda one: -one.celsius))


def _arrays(reader: _Reader) -> tuple[ArrayView, ...]:
    required = reader.window.last_by("node_md_disks_required", "device")
    active = reader.window.last_by("node_md_disks", "device", state="active")
    failed = reader.window.last_by("node_md_disks", "device", state="failed")
    doing: dict[str, str] = {}
    for state in ("inactive", "recovering", "resync", "check"):
        told = reader.window.last_by("node_md_state", "device", state=state)
        doing |= {device: state for device, value in told.items() if value == 1.0}
    progress = reader.window.last_by("onwatch_host_md_sync_ratio", "device")
    return tuple(
        ArrayView(
            device,
            needs,
            active.get(device, 0.0),
            failed.get(device, 0.0),
            doing.get(device, ""),
            progress.get(device),
        )
        for device, needs in sorted(required.items())
    )
