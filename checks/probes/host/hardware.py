"""What changes slowly or answers slowly: links, bonds, RAID, memory errors, temperatures.

Sensors may take milliseconds each (a bus has to be asked), so this is read seldom and in
a thread of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from checks.probes.host.files import Emit, Roots, fields, names, read, read_number

__all__ = ["STATES", "Array", "collect_hardware", "parse_mdstat"]

STATES: Final = ("active", "inactive", "recovering", "resync", "check")
"""What a software RAID does: node_exporter's values of ``state``."""
_MEGABIT: Final = 125_000.0
_ARRAY = re.compile(r"^(\S+) : (active|inactive)(.*)$")
_REQUIRED = re.compile(r"\[(\d{1,9})/(\d{1,9})\]")
_MEMBER = re.compile(r"\S+\[\d+\](?:\((\w)\))*")
_BLOCKS = re.compile(r"\s+(\d{1,18}) blocks\b")
_SYNC = re.compile(r"\b(recovery|resync|check)\s*=\s*(?:[^(]*\((\d{1,18})/(\d{1,18})\))?")
_SYNCS: Final = {"recovery": "recovering", "resync": "resync", "check": "check"}
_INPUT = re.compile(r"(temp\d+)_input")
_UNSAFE = re.compile(r"[^a-z0-9:_]")


def collect_hardware(roots: Roots, emit: Emit) -> None:
    """Emits what the machine has of these; what it lacks costs a look each."""
    _links(roots, emit)
    _bonds(roots, emit)
    for device, array in parse_mdstat(read(f"{roots.proc}/mdstat") or "").items():
        _array(device, array, emit)
    _memory_errors(roots, emit)
    _temperatures(roots, emit)


@dataclass(frozen=True, slots=True)
class Array:
    """One software RAID: its members by what they do, and what itself does.

    ``state`` is one of :data:`STATES`; a reshape leaves it active, as with node_exporter.
    ``blocks`` are of 1 KiB. ``synced`` counts those of each member where it is being synced, and
    ``progress`` is that as a ratio of a member's; None where nothing is synced, or it waits.
    """

    required: int
    active: int
    failed: int
    spare: int
    state: str
    blocks: float
    synced: float
    progress: float | None = None


def parse_mdstat(text: str) -> dict[str, Array]:
    """Each software RAID of `/proc/mdstat`, by its device.

    An array without redundancy (raid0, linear) requires all that it has.
    """
    found: dict[str, Array] = {}
    lines = text.splitlines()
    for number, line in enumerate(lines):
        array = _ARRAY.match(line)
        if array is None:
            continue
        below = list(takewhile(lambda one: one[:1].isspace() and one.strip(), lines[number + 1 :]))
        device, state, members = array.groups()
        found[device] = _parsed(state, members, below)
    return found


def _parsed(state: str, members: str, below: Sequence[str]) -> Array:
    """``below`` are the array's own lines: its blocks and members, and what it is doing."""
    marks = [member.group(1) for member in _MEMBER.finditer(members)]
    failed, spare = marks.count("F"), marks.count("S")
    counts = _REQUIRED.search(below[0]) if below else None
    present = len(marks) - failed - spare if state == "active" else 0
    required, active = map(int, counts.groups()) if counts else (present, present)
    size = _BLOCKS.match(below[0]) if below else None
    blocks = float(size.group(1)) if size else 0.0
    sync = next((one for row in below[1:] if (one := _SYNC.search(row))), None)
    if sync is None:
        return Array(required, active, failed, spare, state, blocks, blocks)
    # Without figures it waits, for another array or for the first write.
    synced, of = float(sync.group(2) or 0), float(sync.group(3) or 0)
    progress = synced / of if of else None
    state = _SYNCS[sync.group(1)]
    return Array(required, active, failed, spare, state, blocks, synced, progress)


def _array(device: str, array: Array, emit: Emit) -> None:
    labels = {"device": device}
    emit("node_md_disks_required", array.required, labels)
    for what, count in (
        ("active", array.active),
        ("failed", array.failed),
        ("spare", array.spare),
    ):
        emit("node_md_disks", count, {"device": device, "state": what})
    for state in STATES:
        emit("node_md_state", float(state == array.state), {"device": device, "state": state})
    emit("node_md_blocks", array.blocks, labels)
    emit("node_md_blocks_synced", array.synced, labels)
    emit("onwatch_host_md_sync_ratio", array.progress, labels)


def _links(roots: Roots, emit: Emit) -> None:
    for device in names(f"{roots.sys}/class/net"):
        folder = f"{roots.sys}/class/net/{device}"
        state = fields(f"{folder}/operstate")
        if state:
            emit("node_network_up", 1.0 if state[0] == "up" else 0.0, {"device": device})
        speed = read_number(f"{folder}/speed")
        if speed is not None:
            # Negative where the driver does not know: node_exporter's rules guard against it.
            emit("node_network_speed_bytes", speed * _MEGABIT, {"device": device})


def _bonds(roots: Roots, emit: Emit) -> None:
    network = f"{roots.sys}/class/net"
    for master in fields(f"{network}/bonding_masters"):
        members = fields(f"{network}/{master}/bonding/slaves")
        active = sum(
            fields(f"{network}/{master}/lower_{member}/bonding_slave/mii_status") == ["up"]
            for member in members
        )
        emit("node_bonding_slaves", len(members), {"master": master})
        emit("node_bonding_active", active, {"master": master})


def _memory_errors(roots: Roots, emit: Emit) -> None:
    folder = f"{roots.sys}/devices/system/edac/mc"
    for controller in names(folder):
        if not re.fullmatch(r"mc\d+", controller):
            continue
        labels = {"controller": controller[2:]}
        for kind, file in (("correctable", "ce_count"), ("uncorrectable", "ue_count")):
            value = read_number(f"{folder}/{controller}/{file}")
            emit(f"node_edac_{kind}_errors_total", value, labels)


def _temperatures(roots: Roots, emit: Emit) -> None:
    folder = f"{roots.sys}/class/hwmon"
    for monitor in names(folder):
        path = f"{folder}/{monitor}"
        chip = _chip(path, monitor)
        for file in names(path):
            found = _INPUT.fullmatch(file)
            if found is None:
                continue
            labels = {"chip": chip, "sensor": found.group(1)}
            start = f"{path}/{found.group(1)}"
            for suffix, metric in (("input", ""), ("max", "_max"), ("crit", "_crit")):
                value = read_number(f"{start}_{suffix}")
                celsius = None if value is None else value / 1000
                emit(f"node_hwmon_temp{metric}_celsius", celsius, labels)
            # A flag despite its name: node_exporter's thousandth of it would fire no rule.
            emit("node_hwmon_temp_crit_alarm_celsius", read_number(f"{start}_crit_alarm"), labels)
            emit("node_hwmon_temp_alarm", read_number(f"{start}_alarm"), labels)


def _chip(path: str, monitor: str) -> str:
    """Bus and device, which stay the same over reboots; else the driver's name."""
    device = os.path.realpath(f"{path}/device")
    if device != f"{path}/device":
        bus, name = os.path.split(device)
        return f"{_safe(os.path.basename(bus))}_{_safe(name)}"  # noqa: PTH119
    return _safe(" ".join(fields(f"{path}/name"))) or monitor


def _safe(text: str) -> str:
    return _UNSAFE.sub("_", text.lower()).strip("_")
