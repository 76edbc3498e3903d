"""How each rule on node_exporter's metrics is made to fire: on a recorded machine."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Final

from tests.checks.systemd_kit import Recorded
from tests.exporters.machine import GB, Machine
from tests.exporters.scenes import Scenes
from tests.exporters.stage import Stage
from tests.exporters.systemd_scenes import watch_units
from tests.exporters.trees import MDSTAT

__all__ = ["NODE"]

NODE: Final = Scenes[Machine]("node")


async def goes_wrong(stage: Stage, machine: Machine, quiet: int = 3) -> None:
    """Watched, and well at first."""
    machine.watch(stage)
    await stage.stays_quiet(quiet)


@NODE.scene("HostOutOfMemory", "`/proc/meminfo`: 5 % available")
async def out_of_memory(stage: Stage, machine: Machine) -> None:
    await goes_wrong(stage, machine)
    machine.memory["MemAvailable"] = 800
    await stage.fires()
    machine.memory["MemAvailable"] = 12_000
    await stage.resolves()


@NODE.scene("HostMemoryUnderMemoryPressure", "`/proc/vmstat`: 5,000 major faults a second")
async def faults(stage: Stage, machine: Machine) -> None:
    await goes_wrong(stage, machine)
    machine.vmstat["pgmajfault"] = 5000
    await stage.fires()
    machine.vmstat["pgmajfault"] = 1
    await stage.resolves()


@NODE.scene("HostMemoryIsUnderutilized", "`/proc/meminfo`: 90 % free for a week")
async def idle_memory(stage: Stage, machine: Machine) -> None:
    machine.memory["MemFree"] = 14_400
    machine.watch(stage)
    await stage.fires()
    machine.memory["MemFree"] = 8_000
    await stage.resolves()


BUSY_LINK = "`/proc/net/dev`: a link of 1 Gbit/s {} 900 Mbit/s"


@NODE.scene("HostUnusualNetworkThroughputIn", BUSY_LINK.format("receives"))
async def much_received(stage: Stage, machine: Machine) -> None:
    await counts(stage, machine.network, "in", 112.5e6, machine)


@NODE.scene("HostUnusualNetworkThroughputOut", BUSY_LINK.format("sends"))
async def much_sent(stage: Stage, machine: Machine) -> None:
    await counts(stage, machine.network, "out", 112.5e6, machine)


async def counts(
    stage: Stage, rates: dict[str, float], name: str, rate: float, machine: Machine
) -> None:
    """One counter gains ``rate`` a second, and then what it did before."""
    await goes_wrong(stage, machine)
    before, rates[name] = rates[name], rate
    await stage.fires()
    rates[name] = before
    await stage.resolves()


BUSY_DISK = "`/proc/diskstats`: a disk is at work for 950 ms a second"


@NODE.scene("HostDiskIoUtilizationHigh", BUSY_DISK)
async def busy_disk(stage: Stage, machine: Machine) -> None:
    await counts(stage, machine.disk, "io_ms", 950, machine)


@NODE.scene("HostUnusualDiskIo", BUSY_DISK)
async def busy_disk_for_long(stage: Stage, machine: Machine) -> None:
    await counts(stage, machine.disk, "io_ms", 950, machine)


@NODE.scene("HostUnusualDiskReadLatency", "`/proc/diskstats`: a read takes 200 ms")
async def slow_reads(stage: Stage, machine: Machine) -> None:
    await counts(stage, machine.disk, "read_ms", 10_000, machine)


@NODE.scene("HostUnusualDiskWriteLatency", "`/proc/diskstats`: a write takes 200 ms")
async def slow_writes(stage: Stage, machine: Machine) -> None:
    await counts(stage, machine.disk, "write_ms", 10_000, machine)


@NODE.scene("HostOutOfDiskSpace", "statvfs: 5 % available")
async def full_disk(stage: Stage, machine: Machine) -> None:
    await goes_wrong(stage, machine)
    machine.root.available = 5 * GB
    await stage.fires(mountpoint="/")
    machine.root.available = 60 * GB
    await stage.resolves()


@NODE.scene("HostDiskMayFillIn24Hours", "statvfs: 5 GB less each hour, of 60 GB; then none")
async def filling(stage: Stage, machine: Machine) -> None:
    await goes_wrong(stage, machine)
    for _ in range(40):
        machine.root.available -= int(5 * GB * stage.step / 3600)
        await stage.tick()
        if stage.firing:
            break
    assert stage.firing
    await stage.resolves()


@NODE.scene("HostOutOfInodes", "statvfs: 5 % of the inodes free")
async def no_inodes(stage: Stage, machine: Machine) -> None:
    await goes_wrong(stage, machine)
    machine.root.files_free = 50_000
    await stage.fires(mountpoint="/")
    machine.root.files_free = 900_000
    await stage.resolves()


@NODE.scene("HostInodesMayFillIn24Hours", "statvfs: 100,000 inodes less each hour; then none")
async def inodes_filling(stage: Stage, machine: Machine) -> None:
    await goes_wrong(stage, machine)
    for _ in range(40):
        machine.root.files_free -= int(100_000 * stage.step / 3600)
        await stage.tick()
        if stage.firing:
            break
    assert stage.firing
    await stage.resolves()


@NODE.scene("HostFilesystemDeviceError", "statvfs fails: Input/output error")
async def broken_disk(stage: Stage, machine: Machine) -> None:
    await goes_wrong(stage, machine)
    machine.root.fails = errno.EIO
    await stage.fires(mountpoint="/")
    machine.root.fails = 0
    await stage.resolves()


@NODE.scene("HostHighCpuLoad", "`/proc/stat`: 5 % idle")
async def busy(stage: Stage, machine: Machine) -> None:
    await uses(stage, machine, user=1.9, idle=0.1)


@NODE.scene("HostCpuStealNoisyNeighbor", "`/proc/stat`: 20 % stolen")
async def stolen(stage: Stage, machine: Machine) -> None:
    await uses(stage, machine, steal=0.4, idle=1.6)


@NODE.scene("HostCpuHighIowait", "`/proc/stat`: 20 % waiting for disks")
async def waiting(stage: Stage, machine: Machine) -> None:
    await uses(stage, machine, iowait=0.4, idle=1.6)


async def uses(stage: Stage, machine: Machine, **cpu: float) -> None:
    machine.cpu = {"user": 1.0, "idle": 1.0}
    await goes_wrong(stage, machine)
    machine.cpu = cpu
    await stage.fires()
    machine.cpu = {"user": 1.0, "idle": 1.0}
    await stage.resolves()


@NODE.scene("HostCpuIsUnderutilized", "`/proc/stat`: 90 % idle for a week", step=1790)
async def idle(stage: Stage, machine: Machine) -> None:
    machine.watch(stage)
    await stage.fires(within=350)
    machine.cpu = {"user": 1.0, "idle": 1.0}
    await stage.resolves()


@NODE.scene(
    "HostContextSwitchingHigh", "`/proc/stat`: five times the switches of the last day", step=440
)
async def switching(stage: Stage, machine: Machine) -> None:
    machine.watch(stage)
    await stage.stays_quiet(200)
    machine.switches = 5000
    await stage.fires()
    machine.switches = 1000
    await stage.resolves()


@NODE.scene("HostSwapIsFillingUp", "`/proc/meminfo`: 10 % of the swap free")
async def swapping(stage: Stage, machine: Machine) -> None:
    await goes_wrong(stage, machine)
    machine.memory["SwapFree"] = 200
    await stage.fires()
    machine.memory["SwapFree"] = 2_000
    await stage.resolves()


@NODE.scene("HostSystemdServiceCrashed", "systemctl says that a unit has failed, and that it runs")
async def crashed(stage: Stage, machine: Machine) -> None:
    answers = Recorded("252", machine.folder)
    watch_units(stage, answers, "web")
    await stage.stays_quiet()
    answers.change("web.service", ActiveState="failed", SubState="failed")
    await stage.fires(name="web.service")
    answers.change("web.service", ActiveState="active", SubState="running")
    await stage.resolves()


@dataclass(frozen=True)
class File:
    """A file, what it says when something is ill, and when all is well."""

    path: str
    ill: str
    well: str
    how: str


SENSOR = "sys/class/hwmon/hwmon0/temp1"
EDAC = "sys/devices/system/edac/mc/mc0"
CONNTRACK = "proc/sys/net/netfilter/nf_conntrack_count"
FILES: Final = {
    "HostPhysicalComponentTooHot": File(
        f"{SENSOR}_input",
        "90000",
        "55500",
        "a sensor of `/sys/class/hwmon`: 90 °C, its maximum is 84",
    ),
    "HostNodeOvertemperatureAlarm": File(
        f"{SENSOR}_crit_alarm", "1", "0", "a sensor of `/sys/class/hwmon` gives alarm"
    ),
    "HostSoftwareRaidInsufficientDrives": File(
        "proc/mdstat",
        MDSTAT.format(mark="(F)", active=3),
        MDSTAT.format(mark="", active=4),
        "`/proc/mdstat`: a disk of a RAID 6 has failed; it is replaced",
    ),
    "HostSoftwareRaidDiskFailure": File(
        "proc/mdstat",
        MDSTAT.format(mark="(F)", active=3),
        MDSTAT.format(mark="", active=4),
        "`/proc/mdstat`: a disk of a RAID 6 has failed; it is replaced",
    ),
    "HostEdacCorrectableErrorsDetected": File(
        f"{EDAC}/ce_count", "5", "5", "`/sys/devices/system/edac`: five errors; a minute passes"
    ),
    "HostEdacUncorrectableErrorsDetected": File(
        f"{EDAC}/ue_count",
        "1",
        "0",
        "`/sys/devices/system/edac`: an error; the machine starts anew",
    ),
    "HostNetworkBondDegraded": File(
        "sys/class/net/bond0/lower_eth1/bonding_slave/mii_status",
        "down",
        "up",
        "`/sys/class/net`: a link of a bond is down",
    ),
    "HostConntrackLimit": File(
        CONNTRACK, "900", "100", "`nf_conntrack_count`: 900 of 1,000 connections"
    ),
}
"""Rules that one file decides."""


def _play_file(rule: str, file: File) -> None:
    @NODE.scene(rule, file.how)
    async def play(stage: Stage, machine: Machine) -> None:
        await goes_wrong(stage, machine, 8)
        machine.tree.write(file.path, f"{file.ill}\n")
        await stage.fires()
        machine.tree.write(file.path, f"{file.well}\n")
        await stage.resolves()


for _rule, _file in FILES.items():
    _play_file(_rule, _file)


@NODE.scene(
    "HostOomKillDetected", "`/proc/vmstat`: one more process was killed; half an hour passes"
)
async def killed(stage: Stage, machine: Machine) -> None:
    await goes_wrong(stage, machine, 14)
    machine.kills += 1
    await stage.fires()
    await stage.resolves()


@NODE.scene(
    "HostKernelVersionDeviations",
    "uname: another release than before; an hour passes",
    mend=(
        "changes(node_uname_info[1h]) > 0",
        "count without (release) (count_over_time(node_uname_info[1h])) > 1",
    ),
    why="The value of `node_uname_info` is always 1; another kernel is another series. No exporter "
    "makes it fire. Where the series are counted, it fires.",
)
async def other_kernel(stage: Stage, machine: Machine) -> None:
    await goes_wrong(stage, machine)
    machine.release = "6.1.1"
    await stage.fires()
    await stage.resolves()


ERRORS = "`/proc/net/dev`: 5 % of the packets {} are wrong"


@NODE.scene("HostNetworkReceiveErrors", ERRORS.format("received"))
async def receive_errors(stage: Stage, machine: Machine) -> None:
    await counts(stage, machine.network, "errors_in", 50, machine)


@NODE.scene("HostNetworkTransmitErrors", ERRORS.format("sent"))
async def transmit_errors(stage: Stage, machine: Machine) -> None:
    await counts(stage, machine.network, "errors_out", 50, machine)


OFFSET = "node_timex_offset_seconds"


@NODE.scene("HostClockSkew", "in its samples: the clock is 0.1 s off, and is put right")
async def skewed(stage: Stage, machine: Machine) -> None:
    machine.watch(stage)
    stage.pretend(OFFSET, lambda _, __: 0.0)
    await stage.stays_quiet(5)
    stage.pretend(OFFSET, lambda _, __: 0.1)
    await stage.fires()
    stage.pretend(OFFSET, lambda _, __: 0.0)
    await stage.resolves()


@NODE.scene("HostClockNotSynchronising", "in its samples: the kernel's clock is not kept right")
async def not_kept(stage: Stage, machine: Machine) -> None:
    machine.watch(stage)
    stage.pretend("node_timex_sync_status", lambda _, __: 1.0)
    stage.pretend("node_timex_maxerror_seconds", lambda _, __: 0.01)
    await stage.stays_quiet(5)
    stage.pretend("node_timex_sync_status", lambda _, __: 0.0)
    stage.pretend("node_timex_maxerror_seconds", lambda _, __: 16.0)
    await stage.fires()
    stage.pretend("node_timex_sync_status", lambda _, __: 1.0)
    await stage.resolves()
