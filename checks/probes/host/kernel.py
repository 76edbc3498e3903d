"""Load, pressure, sockets, tables with a limit, the clock's state: one small file each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from checks.probes.host.files import Emit, Roots, fields, number, read, read_number

__all__ = [
    "NETSTAT",
    "PRESSURE",
    "SOCKSTAT",
    "Kernel",
    "collect_kernel",
    "parse_netstat",
    "parse_pressure",
]

PRESSURE: Final = {
    ("cpu", "some"): "node_pressure_cpu_waiting_seconds_total",
    ("memory", "some"): "node_pressure_memory_waiting_seconds_total",
    ("memory", "full"): "node_pressure_memory_stalled_seconds_total",
    ("io", "some"): "node_pressure_io_waiting_seconds_total",
    ("io", "full"): "node_pressure_io_stalled_seconds_total",
}
"""Resource and line of `/proc/pressure`, and its metric."""

NETSTAT: Final = {
    (protocol, field): f"node_netstat_{protocol}_{field}"
    for protocol, listed in (
        ("Tcp", "ActiveOpens PassiveOpens CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts"),
        ("Udp", "InDatagrams OutDatagrams NoPorts InErrors RcvbufErrors SndbufErrors"),
        ("TcpExt", "ListenOverflows ListenDrops SyncookiesSent SyncookiesRecv SyncookiesFailed"),
        ("TcpExt", "TCPSynRetrans TCPTimeouts TCPOFOQueue TCPRcvQDrop"),
        ("IpExt", "InOctets OutOctets"),
        ("Ip", "Forwarding"),
        ("Icmp", "InErrors InMsgs OutMsgs"),
    )
    for field in listed.split()
}
"""Protocol and field of `/proc/net/snmp` and `/proc/net/netstat`, and its metric."""

SOCKSTAT: Final = {
    ("sockets", "used"): "node_sockstat_sockets_used",
    **{
        ("TCP", field): f"node_sockstat_TCP_{field}"
        for field in ("inuse", "orphan", "tw", "alloc", "mem")
    },
    **{("UDP", field): f"node_sockstat_UDP_{field}" for field in ("inuse", "mem")},
}
"""Protocol and field of `/proc/net/sockstat`, and its metric."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """``load`` over 1, 5 and 15 minutes; ``uptime`` in seconds; None where not told."""

    load: tuple[float, float, float] | None
    uptime: float | None


def collect_kernel(roots: Roots, emit: Emit) -> Kernel:
    """Emits what the small files tell; a file that is missing costs only its own metrics."""
    _pressure(roots, emit)
    _sockets(roots, emit)
    _tables(roots, emit)
    _uname(roots, emit)
    uptime = fields(f"{roots.proc}/uptime")
    return Kernel(_load(roots, emit), number(uptime[0]) if uptime else None)


def parse_pressure(text: str) -> dict[str, float]:
    """Seconds that tasks waited, by line (``some``, ``full``)."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        total = number(rest.rpartition("total=")[2])
        if total is not None:
            found[kind] = total / 1e6
    return found


def parse_netstat(text: str) -> dict[str, float]:
    """Values by metric: a line of names, then a line of values, for each protocol."""
    found: dict[str, float] = {}
    lines = text.splitlines()
    for header, values in zip(lines[::2], lines[1::2], strict=False):
        columns = _columns(header)
        words = values.split() if columns else []
        for index, metric in columns:
            value = number(words[index]) if index < len(words) else None
            if value is not None:
                found[metric] = value
    return found


@lru_cache(maxsize=64)
def _columns(header: str) -> tuple[tuple[int, str], ...]:
    """Which columns of a line of names are wanted, and their metrics."""
    words = header.split()
    protocol = words[0].rstrip(":") if words else ""
    wanted = [(index, NETSTAT.get((protocol, field))) for index, field in enumerate(words)]
    return tuple((index, metric) for index, metric in wanted if metric is not None)


def _load(roots: Roots, emit: Emit) -> tuple[float, float, float] | None:
    found = [number(word) for word in fields(f"{roots.proc}/loadavg")[:3]]
    if len(found) < 3 or found[0] is None or found[1] is None or found[2] is None:
        return None
    load = (found[0], found[1], found[2])
    for minutes, value in zip((1, 5, 15), load, strict=True):
        emit(f"node_load{minutes}", value)
    return load


def _pressure(roots: Roots, emit: Emit) -> None:
    for resource in ("cpu", "memory", "io"):
        lines = parse_pressure(read(f"{roots.proc}/pressure/{resource}") or "")
        for line in ("some", "full"):
            metric = PRESSURE.get((resource, line))
            if metric is not None:
                emit(metric, lines.get(line))


def _sockets(roots: Roots, emit: Emit) -> None:
    for file in ("netstat", "snmp"):
        for metric, value in parse_netstat(read(f"{roots.proc}/net/{file}") or "").items():
            emit(metric, value)
    sockets: dict[tuple[str, str], float | None] = {}
    for line in (read(f"{roots.proc}/net/sockstat") or "").splitlines():
        protocol, _, rest = line.partition(":")
        words = rest.split()
        for field, text in zip(words[::2], words[1::2], strict=False):
            sockets[protocol, field] = number(text)
    for key, metric in SOCKSTAT.items():
        emit(metric, sockets.get(key))


def _tables(roots: Roots, emit: Emit) -> None:
    """Tables of the kernel that refuse work once they are full."""
    files = [number(word) for word in fields(f"{roots.proc}/sys/fs/file-nr")]
    if len(files) == 3:
        emit("node_filefd_allocated", files[0])
        emit("node_filefd_maximum", files[2])
    conntrack = f"{roots.proc}/sys/net/netfilter/nf_conntrack"
    emit("node_nf_conntrack_entries", read_number(f"{conntrack}_count"))
    emit("node_nf_conntrack_entries_limit", read_number(f"{conntrack}_max"))


def _uname(roots: Roots, emit: Emit) -> None:
    found = os.uname()
    labels: Mapping[str, str] = {
        "sysname": found.sysname,
        "release": found.release,
        "version": found.version,
        "machine": found.machine,
        "nodename": found.nodename,
        "domainname": " ".join(fields(f"{roots.proc}/sys/kernel/domainname")),
    }
    emit("node_uname_info", 1.0, labels)
