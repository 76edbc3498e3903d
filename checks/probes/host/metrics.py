"""The names that a `host` check yields: node_exporter's, and the container's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from checks.probe import Metric
from checks.probes.host.devices import DISK, NETWORK
from checks.probes.host.kernel import NETSTAT, PRESSURE, SOCKSTAT
from checks.probes.host.memory import MEMINFO, VMSTAT

__all__ = ["METRICS"]

_FILESYSTEM: Final = ("device", "fstype", "mountpoint")
_SENSOR: Final = ("chip", "sensor")

_SINGLE: Final = (
    Metric("node_cpu_seconds_total", "counter", "CPU time by mode", "s", ("cpu", "mode")),
    Metric("node_intr_total", "counter", "interrupts served"),
    Metric("node_context_switches_total", "counter", "context switches"),
    Metric("node_forks_total", "counter", "processes started"),
    Metric("node_procs_running", "gauge", "tasks that want a CPU now"),
    Metric("node_procs_blocked", "gauge", "tasks that wait for a disk"),
    Metric("node_boot_time_seconds", "gauge", "when the machine was started", "s"),
    Metric("node_time_seconds", "gauge", "the machine's wall clock", "s"),
    Metric("node_load1", "gauge", "load average over 1 minute"),
    Metric("node_load5", "gauge", "load average over 5 minutes"),
    Metric("node_load15", "gauge", "load average over 15 minutes"),
    Metric("node_filesystem_size_bytes", "gauge", "size", "bytes", _FILESYSTEM),
    Metric("node_filesystem_free_bytes", "gauge", "free space, root's too", "bytes", _FILESYSTEM),
    Metric("node_filesystem_avail_bytes", "gauge", "free space for users", "bytes", _FILESYSTEM),
    Metric("node_filesystem_files", "gauge", "inodes", "", _FILESYSTEM),
    Metric("node_filesystem_files_free", "gauge", "free inodes", "", _FILESYSTEM),
    Metric("node_filesystem_readonly", "gauge", "1 where nothing can be written", "", _FILESYSTEM),
    Metric("node_filesystem_device_error", "gauge", "1 where it gave no answer", "", _FILESYSTEM),
    Metric("node_filefd_allocated", "gauge", "open files"),
    Metric("node_filefd_maximum", "gauge", "open files allowed"),
    Metric("node_nf_conntrack_entries", "gauge", "connections tracked"),
    Metric("node_nf_conntrack_entries_limit", "gauge", "connections that can be tracked"),
    Metric(
        "node_uname_info",
        "gauge",
        "the kernel, in its labels",
        "",
        ("domainname", "machine", "nodename", "release", "sysname", "version"),
    ),
    Metric("node_timex_offset_seconds", "gauge", "the clock's offset from its reference", "s"),
    Metric("node_timex_maxerror_seconds", "gauge", "the clock's largest error", "s"),
    Metric("node_timex_estimated_error_seconds", "gauge", "the clock's estimated error", "s"),
    Metric("node_timex_sync_status", "gauge", "1 where the clock is kept right"),
    Metric("node_timex_status", "gauge", "the clock's status bits"),
    Metric("node_network_up", "gauge", "1 where the link is up", "", ("device",)),
    Metric("node_network_speed_bytes", "gauge", "speed of the link", "bytes", ("device",)),
    Metric("node_bonding_slaves", "gauge", "members of a bond", "", ("master",)),
    Metric("node_bonding_active", "gauge", "members of a bond that work", "", ("master",)),
    Metric("node_md_disks", "gauge", "members of a RAID", "", ("device", "state")),
    Metric("node_md_disks_required", "gauge", "members a RAID needs", "", ("device",)),
    Metric("node_md_state", "gauge", "1 for what a RAID does", "", ("device", "state")),
    Metric("node_md_blocks", "gauge", "blocks of a RAID, of 1 KiB", "", ("device",)),
    Metric("node_md_blocks_synced", "gauge", "those as they should be", "", ("device",)),
    Metric(
        "node_edac_correctable_errors_total",
        "counter",
        "memory errors that were corrected",
        "",
        ("controller",),
    ),
    Metric(
        "node_edac_uncorrectable_errors_total",
        "counter",
        "memory errors that were not",
        "",
        ("controller",),
    ),
    Metric("node_hwmon_temp_celsius", "gauge", "temperature", "celsius", _SENSOR),
    Metric("node_hwmon_temp_max_celsius", "gauge", "highest good temperature", "celsius", _SENSOR),
    Metric("node_hwmon_temp_crit_celsius", "gauge", "critical temperature", "celsius", _SENSOR),
    Metric("node_hwmon_temp_crit_alarm_celsius", "gauge", "1 where it is critical", "", _SENSOR),
    Metric("node_hwmon_temp_alarm", "gauge", "1 where the sensor raises an alarm", "", _SENSOR),
    Metric("onwatch_host_md_sync_ratio", "gauge", "how far a RAID's sync is", "ratio", ("device",)),
    Metric("onwatch_host_cores", "gauge", "CPUs that may be used, the container's limit included"),
    Metric(
        "onwatch_host_cpu_seconds_total",
        "counter",
        "time that those CPUs were busy, by mode",
        "s",
        ("mode",),
    ),
    Metric("onwatch_host_memory_limit_bytes", "gauge", "memory that may be used", "bytes"),
    Metric("onwatch_host_memory_used_bytes", "gauge", "memory in use of that", "bytes"),
    Metric("container_cpu_cfs_periods_total", "counter", "scheduler periods"),
    Metric("container_cpu_cfs_throttled_periods_total", "counter", "periods held back"),
    Metric("container_cpu_cfs_throttled_seconds_total", "counter", "time held back", "s"),
    Metric("container_oom_events_total", "counter", "processes killed at the memory limit"),
)


def _families() -> Iterator[Metric]:
    for field, name in MEMINFO.items():
        unit = "bytes" if name.endswith("_bytes") else ""
        yield Metric(name, "gauge", f"{field} of /proc/meminfo", unit)
    for field, name in VMSTAT.items():
        yield Metric(name, "counter", f"{field} of /proc/vmstat")
    for name, _ in DISK:
        kind = "counter" if name.endswith("_total") else "gauge"
        yield Metric(name, kind, "a column of /proc/diskstats", _unit(name), ("device",))
    for name in NETWORK:
        yield Metric(name, "counter", "a column of /proc/net/dev", _unit(name), ("device",))
    for (resource, line), name in PRESSURE.items():
        who = "somebody" if line == "some" else "everybody"
        yield Metric(name, "counter", f"time that {who} waited for {resource}", "s")
    for (protocol, field), name in NETSTAT.items():
        kind = "gauge" if field in {"CurrEstab", "Forwarding"} else "counter"
        yield Metric(name, kind, f"{field} of {protocol}")
    for (protocol, field), name in SOCKSTAT.items():
        yield Metric(name, "gauge", f"{protocol} {field} of /proc/net/sockstat")


def _unit(name: str) -> str:
    if "_bytes_" in name:
        return "bytes"
    return "s" if "_seconds_" in name else ""


METRICS: Final = (*_SINGLE, *_families())
