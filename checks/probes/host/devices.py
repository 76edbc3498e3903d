"""Disks and network interfaces: `/proc/diskstats` and `/proc/net/dev`."""

from __future__ import annotations

import re
from typing import Final

from checks.probes.host.files import Emit, Roots, read

__all__ = ["DISK", "NETWORK", "collect_disks", "collect_network", "is_inner"]

_SECTOR: Final = 512.0
_MILLISECOND: Final = 0.001

DISK: Final = (
    ("node_disk_reads_completed_total", 1.0),
    ("node_disk_reads_merged_total", 1.0),
    ("node_disk_read_bytes_total", _SECTOR),
    ("node_disk_read_time_seconds_total", _MILLISECOND),
    ("node_disk_writes_completed_total", 1.0),
    ("node_disk_writes_merged_total", 1.0),
    ("node_disk_written_bytes_total", _SECTOR),
    ("node_disk_write_time_seconds_total", _MILLISECOND),
    ("node_disk_io_now", 1.0),
    ("node_disk_io_time_seconds_total", _MILLISECOND),
    ("node_disk_io_time_weighted_seconds_total", _MILLISECOND),
    ("node_disk_discards_completed_total", 1.0),
    ("node_disk_discards_merged_total", 1.0),
    ("node_disk_discarded_sectors_total", 1.0),
    ("node_disk_discard_time_seconds_total", _MILLISECOND),
    ("node_disk_flush_requests_total", 1.0),
    ("node_disk_flush_requests_time_seconds_total", _MILLISECOND),
)
"""The columns of `/proc/diskstats` after the device's name, and what one unit of each is worth."""

NETWORK: Final = tuple(
    f"node_network_{way}_{what}_total"
    for way, columns in (
        ("receive", "bytes packets errs drop fifo frame compressed multicast"),
        ("transmit", "bytes packets errs drop fifo colls carrier compressed"),
    )
    for what in columns.split()
)
"""The columns of `/proc/net/dev` after the interface's name."""

_NO_DISK = re.compile(r"(z?ram|loop|fd|(h|s|v|xv)d[a-z]+|nvme\d+n\d+p|mmcblk\d+p|sr)\d+")
"""Partitions, RAM and loop devices, drives for discs: node_exporter leaves the most of them out."""

_NO_INTERFACE = re.compile(r"(veth|cali|lxc|tap|ifb|dummy)[0-9a-f_]*")
"""The host's ends of containers' interfaces: there are hundreds, and the bridge counts them too."""


def is_inner(device: str) -> bool:
    """Whether an interface is the host's end of a container's."""
    return _NO_INTERFACE.fullmatch(device) is not None


def collect_disks(roots: Roots, emit: Emit) -> None:
    """Emits throughput and times of whole disks; older kernels give fewer columns."""
    for line in (read(f"{roots.proc}/diskstats") or "").splitlines():
        columns = line.split()
        if len(columns) < 14 or _NO_DISK.fullmatch(columns[2]):
            continue
        labels = {"device": columns[2]}
        for (metric, unit), text in zip(DISK, columns[3:], strict=False):
            if text.isdigit():
                emit(metric, int(text) * unit, labels)


def collect_network(roots: Roots, emit: Emit) -> None:
    """Emits bytes, packets, errors and drops by interface."""
    for line in (read(f"{roots.proc}/net/dev") or "").splitlines()[2:]:
        name, _, rest = line.strip().rpartition(":")
        if not name or _NO_INTERFACE.fullmatch(name):
            continue
        labels = {"device": name}
        for metric, text in zip(NETWORK, rest.split(), strict=False):
            if text.isdigit():
                emit(metric, int(text), labels)
