"""From samples to what the panes show: hosts, charts. Pure, given store and time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from checks.model import Samples, Series, Table
from checks.probe import ChartSpec
from checks.store.window import Window
from checks.views import Chart, CheckView, FilesystemView, HostView, Points

__all__ = ["chart", "host_view"]

POINTS: Final = 120
"""Points of a history, as many as the widest pane draws."""
_DURATION: Final = "probe_duration_seconds"
_LAYERED_DISKS: Final = ("dm-", "md", "loop", "ram", "zram")
_INWARD_DEVICES: Final = (
    "lo", "docker", "br-", "virbr", "veth", "bond", "tun", "tap", "wg", "cali", "cni", "flannel"
)  # fmt: skip


def host_view(check: CheckView, window: Window, processes: Table | None) -> HostView:
    """The machine that ``check`` (of the kind host) watches."""
    modes = window.rates("onwatch_host_cpu_seconds_total", "mode")
    loads = [window.last(name) for name in ("node_load1", "node_load5", "node_load15")]
    load = tuple(value for value in loads if value is not None)
    cores = window.last("onwatch_host_cores")
    memory_total = window.last("onwatch_host_memory_limit_bytes")
    memory_used = window.last("onwatch_host_memory_used_bytes")
    return HostView(
        check=check.name,
        name=check.instance,
        status=check.status,
        cores=cores or 0.0,
        cpu=_cpu(window, cores),
        modes={mode: rate / cores for mode, rate in modes.items()} if cores else {},
        load=(load[0], load[1], load[2]) if len(load) == 3 else None,
        memory=_ratio(memory_used, memory_total),
        memory_total=memory_total,
        memory_available=None
        if memory_total is None or memory_used is None
        else memory_total - memory_used,
        swap=_swap(window),
        pressure=_pressure(window),
        filesystems=_filesystems(window),
        disk_read=window.rate("node_disk_read_bytes_total", keep=_whole_disk),
        disk_written=window.rate("node_disk_written_bytes_total", keep=_whole_disk),
        received=window.rate("node_network_receive_bytes_total", keep=_outward),
        sent=window.rate("node_network_transmit_bytes_total", keep=_outward),
        network_errors=_network_errors(window),
        cpu_history=_cpu_history(window, cores),
        memory_history=_memory_history(window),
        received_history=_outward_history(window, "receive"),
        sent_history=_outward_history(window, "transmit"),
        processes=processes,
        boot_time=window.last("node_boot_time_seconds"),
    )


def _ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _cpu(window: Window, cores: float | None) -> float | None:
    """Busy share of the cores; of the container's own where a cgroup limits it."""
    busy = window.rate("onwatch_host_cpu_seconds_total")
    return min(1.0, busy / cores) if busy is not None and cores else None


def _cpu_history(window: Window, cores: float | None) -> Points:
    if not cores:
        return ()
    busy = window.history("onwatch_host_cpu_seconds_total", POINTS, rate=True)
    return tuple(min(1.0, used / cores) if math.isfinite(used) else used for used in busy)


def _whole_disk(series: Series) -> bool:
    """Whether a disk is none that is made of others, which count the same bytes again."""
    return not series.label("device").startswith(_LAYERED_DISKS)


def _outward(series: Series) -> bool:
    """Whether an interface leads out of the machine itself: no loopback, bridge or tunnel."""
    device = series.label("device")
    return not device.startswith(_INWARD_DEVICES) and "." not in device


def _outward_history(window: Window, way: str) -> Points:
    name = f"node_network_{way}_bytes_total"
    return window.history(name, POINTS, rate=True, keep=_outward)


def _memory_history(window: Window) -> Points:
    used = np.array(window.history("onwatch_host_memory_used_bytes", POINTS))
    limit = np.array(window.history("onwatch_host_memory_limit_bytes", POINTS))
    return tuple((used / limit).tolist()) if used.shape == limit.shape else ()


def _swap(window: Window) -> float | None:
    total = window.last("node_memory_SwapTotal_bytes")
    free = window.last("node_memory_SwapFree_bytes")
    return 1.0 - free / total if total and free is not None else None


def _pressure(window: Window) -> dict[str, float]:
    rates = {
        "cpu": window.rate("node_pressure_cpu_waiting_seconds_total"),
        "memory": window.rate("node_pressure_memory_waiting_seconds_total"),
        "io": window.rate("node_pressure_io_waiting_seconds_total"),
    }
    return {name: min(1.0, rate) for name, rate in rates.items() if rate is not None}


def _network_errors(window: Window) -> float | None:
    names = (
        "node_network_receive_errs_total",
        "node_network_transmit_errs_total",
        "node_network_receive_drop_total",
        "node_network_transmit_drop_total",
    )
    rates = [rate for name in names if (rate := window.rate(name)) is not None]
    return sum(rates) if rates else None


def _filesystems(window: Window) -> tuple[FilesystemView, ...]:
    def by_mount(name: str) -> dict[str, float]:
        return window.last_by(f"node_filesystem_{name}", "mountpoint")

    sizes, available = by_mount("size_bytes"), by_mount("avail_bytes")
    free, readonly = by_mount("free_bytes"), by_mount("readonly")
    inodes, inodes_free = by_mount("files"), by_mount("files_free")
    views = []
    for mount, size in sizes.items():
        left = available.get(mount)
        if left is None or size <= 0:
            continue
        # As df does: what only root may still use counts as used.
        taken = size - free.get(mount, left)
        views.append(
            FilesystemView(
                mount=mount,
                used=taken / (taken + left) if taken + left > 0 else 1.0,
                size=size,
                available=left,
                inodes_used=1.0 - inodes_free.get(mount, 0.0) / inodes[mount]
                if inodes.get(mount)
                else None,
                readonly=readonly.get(mount) == 1.0,
            )
        )
    return tuple(sorted(views, key=lambda view: -view.used))


def chart(spec: ChartSpec, window: Window) -> Chart | None:
    """The curve of ``spec`` over the window; None while nothing is known.

    How long a run took that brought no answer is no response time: it is a gap.
    """
    times, values = window.curve(spec.metric, rate=spec.rate, **spec.labels)
    if spec.metric == _DURATION:
        values = _answered(times, values, window)
    if spec.ceiling:
        most = dict(zip(*window.curve(spec.ceiling), strict=True))
        # In this order: of a bound and a NaN, min() would take the bound for the smaller one.
        values = tuple(
            min(value, most.get(time, math.inf)) for time, value in zip(times, values, strict=True)
        )
    if not any(math.isfinite(value) for value in values):
        return None
    warning, critical = (_bound(spec, bound, window) for bound in (spec.warning, spec.critical))
    return Chart(spec.title, spec.unit, times, values, warning, critical, falling=spec.falling)


def _bound(spec: ChartSpec, bound: float | None, window: Window) -> float | None:
    """``bound`` in the chart's unit; None where it is a ratio of a limit that nobody knows."""
    if bound is None or not spec.limit:
        return bound
    limit = window.last(spec.limit)
    return bound * limit if limit else None


def _answered(times: Points, values: Points, window: Window) -> Points:
    """``values`` of the runs whose target was up; NaN for the others."""
    ups = dict(zip(*window.curve("up"), strict=True))
    pairs = zip(times, values, strict=True)
    return tuple(value if ups.get(time) == 1.0 else math.nan for time, value in pairs)


def sample_lines(samples: Samples, hidden: Iterable[str]) -> tuple[tuple[str, float], ...]:
    """Each sample as ``name{labels}`` and value, without the labels every one carries."""
    left_out = frozenset(hidden)
    lines = []
    for series, value in zip(samples.series, samples.values, strict=True):
        inner = ", ".join(f'{k}="{v}"' for k, v in series.labels if k not in left_out)
        lines.append((f"{series.name}{{{inner}}}" if inner else series.name, value))
    return tuple(lines)
