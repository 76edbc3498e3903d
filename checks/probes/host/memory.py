"""Memory and swap as `/proc/meminfo` tells, paging as `/proc/vmstat` does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from checks.probes.host.files import Emit, Roots, number, pairs, read

__all__ = ["MEMINFO", "VMSTAT", "Memory", "collect_memory", "parse_meminfo"]

_FIELDS: Final = (
    "MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive Active_anon "
    "Inactive_anon Active_file Inactive_file Unevictable Mlocked HighTotal HighFree LowTotal "
    "LowFree SwapTotal SwapFree Zswap Zswapped Dirty Writeback AnonPages Mapped Shmem "
    "KReclaimable Slab SReclaimable SUnreclaim KernelStack ShadowCallStack PageTables "
    "SecPageTables NFS_Unstable Bounce WritebackTmp CommitLimit Committed_AS VmallocTotal "
    "VmallocUsed VmallocChunk Percpu EarlyMemtestBad HardwareCorrupted AnonHugePages "
    "ShmemHugePages ShmemPmdMapped FileHugePages FilePmdMapped CmaTotal CmaFree Unaccepted "
    "Balloon Hugepagesize Hugetlb DirectMap4k DirectMap4M DirectMap2M DirectMap1G"
)
_COUNTS: Final = ("HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp")

MEMINFO: Final = {
    **{name: f"node_memory_{name}_bytes" for name in _FIELDS.split()},
    **{name: f"node_memory_{name}" for name in _COUNTS},
}
"""Field of `/proc/meminfo` (brackets as underscores) and its metric."""

VMSTAT: Final = {
    name: f"node_vmstat_{name}"
    for name in (
        "oom_kill",
        "pgfault",
        "pgmajfault",
        "pgpgin",
        "pgpgout",
        "pswpin",
        "pswpout",
    )
}
"""Field of `/proc/vmstat` and its metric."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of memory and swap; ``oom_kills`` counts since boot, None where not told."""

    total: float
    available: float
    swap_total: float
    swap_free: float
    oom_kills: float | None

    @property
    def used(self) -> float:
        return max(0.0, self.total - self.available)


def parse_meminfo(text: str) -> dict[str, float]:
    """Bytes (or counts, where the kernel gives no unit) by field, brackets as underscores."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        value = number(words[0]) if words else None
        if value is not None:
            key = name.replace("(", "_").replace(")", "")
            found[key] = value * 1024 if words[-1] == "kB" else value
    return found


def collect_memory(roots: Roots, emit: Emit) -> Memory | None:
    """Emits memory, swap and paging; None where `/proc/meminfo` cannot be read."""
    vmstat = pairs(read(f"{roots.proc}/vmstat") or "", VMSTAT)
    for field, metric in VMSTAT.items():
        emit(metric, vmstat.get(field))
    info = parse_meminfo(read(f"{roots.proc}/meminfo") or "")
    for field, metric in MEMINFO.items():
        emit(metric, info.get(field))
    if "MemTotal" not in info:
        return None
    return Memory(
        total=info["MemTotal"],
        available=_available(info),
        swap_total=info.get("SwapTotal", 0.0),
        swap_free=info.get("SwapFree", 0.0),
        oom_kills=vmstat.get("oom_kill"),
    )


def _available(info: Mapping[str, float]) -> float:
    """MemAvailable; before Linux 3.14, what the kernel could give back at once."""
    if "MemAvailable" in info:
        return info["MemAvailable"]
    return sum(info.get(field, 0.0) for field in ("MemFree", "Buffers", "Cached"))
